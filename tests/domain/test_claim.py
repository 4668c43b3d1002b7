"""Where the cursor of a webhook is after a claim."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from capacity_api.domain.claim import Claim, Message, cursor_after, must_send_again
from capacity_api.domain.endpoint_health import EndpointHealth
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DONE = Delivered(status=200, duration_ms=5)
FAILED = Retry(reason="http_500", status=500, duration_ms=5)
REFUSED = GiveUp(reason="not_allowed", duration_ms=0)
GONE = GiveUp(reason="http_410", status=410, duration_ms=5, disable=True)


def message(sequence: int | None, *, is_out_of_order: bool = False) -> Message:
    return Message(event_id=UUID(int=1), sequence=sequence, at=NOON, body=b"{}", is_out_of_order=is_out_of_order)


IN_ORDER = message(42)
PRIVATE = message(None, is_out_of_order=True)
RESENT = message(7, is_out_of_order=True)


def claim(*messages: Message) -> Claim:
    return Claim(
        webhook_id=UUID(int=2),
        owner_id=None,
        claim_id=UUID(int=3),
        lease_ends_at=30.0,
        url="https://partner.example/hook",
        sealed_secrets=(),
        health=EndpointHealth(),
        cursor=41,
        messages=messages,
    )


@pytest.mark.parametrize(
    ("messages", "outcomes", "cursor"),
    [
        ([IN_ORDER], [], 41),
        ([IN_ORDER], [DONE], 42),
        ([IN_ORDER], [FAILED], 41),
        ([IN_ORDER], [REFUSED], 42),
        # The webhook is disabled. It gets the event once it is enabled again.
        ([IN_ORDER], [GONE], 41),
        # What is out of order moves no cursor.
        ([PRIVATE], [DONE], 41),
        ([RESENT], [DONE], 41),
        ([RESENT], [FAILED], 41),
        ([PRIVATE, IN_ORDER], [], 41),
        ([PRIVATE, IN_ORDER], [FAILED], 41),
        ([PRIVATE, IN_ORDER], [DONE], 41),
        ([PRIVATE, IN_ORDER], [GONE], 41),
        ([PRIVATE, IN_ORDER], [REFUSED, DONE], 42),
        ([PRIVATE, RESENT, IN_ORDER], [DONE, DONE, DONE], 42),
        ([PRIVATE, RESENT, IN_ORDER], [DONE, DONE, FAILED], 41),
    ],
)
def test_the_cursor_stays_before_the_first_event_that_must_be_sent_again(
    messages: list[Message], outcomes: list[Outcome], cursor: int
) -> None:
    assert cursor_after(claim(*messages), outcomes) == cursor


@pytest.mark.parametrize(
    ("outcome", "in_order", "out_of_order"),
    [(DONE, False, False), (FAILED, True, True), (REFUSED, False, False), (GONE, True, False)],
)
def test_a_410_ends_what_is_out_of_order_and_leaves_what_is_in_order_for_later(
    outcome: Outcome, in_order: bool, out_of_order: bool
) -> None:
    assert must_send_again(IN_ORDER, outcome) is in_order
    assert must_send_again(RESENT, outcome) is out_of_order
