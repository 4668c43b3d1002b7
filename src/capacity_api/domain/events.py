"""The event types, and who gets them. A new type starts here; CONTRIBUTING.md lists the other places."""

from enum import StrEnum


class EventType(StrEnum):
    INTAKE_OPENED = "intake.opened"
    INTAKE_WAITING_LIST = "intake.waiting_list"
    INTAKE_PAUSED = "intake.paused"
    INTAKE_UNCONFIRMED = "intake.unconfirmed"
    INTAKE_UPDATED = "intake.updated"
    INTAKE_CONFIRMED = "intake.confirmed"
    INTAKE_PLANNED = "intake.planned"
    INTAKE_CONFIRMATION_DUE = "intake.confirmation_due"
    RESPONDER_LISTED = "responder.listed"
    RESPONDER_UPDATED = "responder.updated"
    RESPONDER_DELISTED = "responder.delisted"
    COVERAGE_GAP_OPENED = "coverage.gap_opened"
    COVERAGE_GAP_CLOSED = "coverage.gap_closed"
    WEBHOOK_TEST = "webhook.test"


# Told to one owner's own webhooks; they take no sequence number and stand in no public feed.
PRIVATE = frozenset({EventType.INTAKE_CONFIRMATION_DUE, EventType.WEBHOOK_TEST})

# What "all" does not mean: a confirmation changes nobody's plans, and a busy directory makes hundreds a week.
ONLY_WHEN_NAMED = frozenset({EventType.INTAKE_CONFIRMED})

# These say in what state a responder is, and are not worth sending once it is in another.
OF_A_STATE = frozenset(
    {
        EventType.INTAKE_OPENED,
        EventType.INTAKE_WAITING_LIST,
        EventType.INTAKE_PAUSED,
        EventType.INTAKE_UNCONFIRMED,
        EventType.INTAKE_UPDATED,
        EventType.INTAKE_CONFIRMED,
        EventType.INTAKE_PLANNED,
    }
)


def is_subscribed(event_type: EventType, event_types: frozenset[EventType] | None) -> bool:
    """Whether a webhook for `event_types` (`None` for "all") hears of a public event of this type."""
    if event_types is None:
        return event_type not in ONLY_WHEN_NAMED
    return event_type in event_types
