"""Which events pass the filters of a webhook, as far as the bodies of the events decide it."""

from datetime import UTC, datetime

import msgspec
import pytest

from capacity_api.domain.areas import ENGLAND, LONDON, SCOTLAND, SOUTH_WEST, UNITED_KINGDOM, WALES, WEST_OF_ENGLAND
from capacity_api.domain.events import TO_EVERY_WEBHOOK, EventType
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.remit import Limit
from capacity_api.domain.subscription import Subscription, summarise
from capacity_api.operations.webhooks.example_event import (
    EXAMPLE_RESPONDER,
    example_data,
    example_responder,
    reported,
)
from capacity_api.representations.event import EventData

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def body(event_type: EventType, data: EventData) -> bytes:
    return msgspec.json.encode({"type": event_type, "data": data})


def about(areas: tuple[str, ...], report: Report | None = None, previous: tuple[str, ...] = ()) -> bytes:
    """An event about a responder with these areas, whose remit may just have changed."""
    remit = msgspec.structs.replace(EXAMPLE_RESPONDER.remit, areas=areas)
    responder = example_responder(
        msgspec.structs.replace(EXAMPLE_RESPONDER, remit=remit),
        reported(report or Report(state=ReportedState.OPEN), NOON),
        NOON,
        1,
    )
    data = EventData(responder=responder)
    if previous:
        data = EventData(responder=responder, previous_areas=previous)
    return body(EventType.RESPONDER_UPDATED if previous else EventType.INTAKE_OPENED, data)


@pytest.mark.parametrize(
    ("areas", "previous", "wanted", "is_sent"),
    [
        ((ENGLAND,), (), LONDON, True),
        ((ENGLAND,), (), WALES, False),
        ((WEST_OF_ENGLAND,), (), SOUTH_WEST, True),
        # It left London, it came to London, it was never there.
        ((WALES,), (LONDON,), LONDON, True),
        ((LONDON,), (WALES,), LONDON, True),
        ((WALES,), (UNITED_KINGDOM,), LONDON, True),
        ((WALES,), (WEST_OF_ENGLAND,), SOUTH_WEST, True),
        ((WALES,), (SCOTLAND,), LONDON, False),
    ],
)
def test_areas_match_the_remit_before_or_after_a_change(
    areas: tuple[str, ...], previous: tuple[str, ...], wanted: str, is_sent: bool
) -> None:
    subscription = Subscription(areas=frozenset({wanted}))
    assert subscription.wants(summarise(about(areas, previous=previous))) is is_sent


@pytest.mark.parametrize(("wanted", "is_sent"), [(WALES, True), (LONDON, True), (SCOTLAND, False)])
def test_areas_never_look_at_the_limit_of_a_report(wanted: str, is_sent: bool) -> None:
    report = Report(state=ReportedState.OPEN, limited_to=Limit(areas=(LONDON,)))
    event = summarise(about((ENGLAND, WALES), report))
    assert Subscription(areas=frozenset({wanted})).wants(event) is is_sent


@pytest.mark.parametrize("event_type", EventType)
@pytest.mark.parametrize(
    "subscription",
    [
        Subscription(event_types=frozenset({"intake.opened"})),
        Subscription(responders=frozenset({"unseen"})),
        Subscription(areas=frozenset({SCOTLAND})),
        Subscription(event_types=frozenset({"of.another.version"})),
    ],
)
def test_only_what_every_copy_has_to_follow_passes_every_filter(
    subscription: Subscription, event_type: EventType
) -> None:
    event = summarise(body(event_type, example_data(event_type, EXAMPLE_RESPONDER, NOON, 1)))
    opened = event_type is EventType.INTAKE_OPENED and "intake.opened" in subscription.event_types
    assert subscription.wants(event) is (opened or event_type in TO_EVERY_WEBHOOK)
