"""A claim: one webhook, reserved for one worker, with the messages to send to it now."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from capacity_api.domain.endpoint_health import EndpointHealth
from capacity_api.domain.retry import Outcome, Retry, is_gone
from capacity_api.secrecy import repr_without


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook.

    It is out of order when it is private or was resent on request. `attempts` counts the earlier
    attempts of an out-of-order message; for the others, the health of the endpoint counts.
    """

    event_id: UUID
    sequence: int | None
    at: datetime
    body: bytes
    is_out_of_order: bool = False
    attempts: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker needs to send.

    `messages` has the out-of-order ones first, then a few that are in order. `cursor` is before the first of these,
    with nothing to send between.
    """

    __repr__ = repr_without("sealed_secrets", "url")

    webhook_id: UUID
    # `None` for the administrators.
    owner_id: UUID | None
    claim_id: UUID
    # By the boot clock of the worker that took it: see `domain.lease`.
    lease_ends_at: float
    url: str
    sealed_secrets: tuple[str, ...]
    health: EndpointHealth
    cursor: int
    messages: tuple[Message, ...]


def must_send_again(message: Message, outcome: Outcome) -> bool:
    """Whether the message has to be sent again after this outcome.

    An event in order that met a 410 has to, once its webhook is enabled again: it was missed like
    those after it.
    """
    return isinstance(outcome, Retry) or (is_gone(outcome) and not message.is_out_of_order)


def cursor_after(claim: Claim, outcomes: Sequence[Outcome]) -> int:
    """The cursor once these outcomes are recorded: just before the first event that must be sent again.

    `outcomes` are those of the first messages of the claim. The others were not sent.
    """
    cursor = claim.cursor
    for message, outcome in zip(claim.messages, outcomes, strict=False):
        if message.is_out_of_order or message.sequence is None:
            continue
        if must_send_again(message, outcome):
            break
        cursor = message.sequence
    return cursor
