"""Every type of event, and who may receive it. CONTRIBUTING.md has the recipe for a new one."""

from collections.abc import Collection
from enum import StrEnum

from capacity_api.domain.codes import ALL


class EventType(StrEnum):
    """What happened. More types may come: ignore one that you do not know."""

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
    DIRECTORY_RESTORED = "directory.restored"
    EVENT_REDACTED = "event.redacted"
    WEBHOOK_FAILING = "webhook.failing"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_TEST = "webhook.test"


# For one owner's own webhooks. They have no sequence number and are in no public feed.
PRIVATE = frozenset(
    {
        EventType.INTAKE_CONFIRMATION_DUE,
        EventType.WEBHOOK_FAILING,
        EventType.WEBHOOK_DISABLED,
        EventType.WEBHOOK_TEST,
    }
)

# A partner with a copy must act on these, so they go to every webhook, whatever its filters are.
TO_EVERY_WEBHOOK = frozenset({EventType.DIRECTORY_RESTORED, EventType.EVENT_REDACTED})

# "all" leaves these out. A confirmation changes nothing for a reader, and a busy directory has hundreds a week.
OPT_IN = frozenset({EventType.INTAKE_CONFIRMED})

# These say which state a responder is in. They are superseded once it is in another.
STATE_EVENTS = frozenset(
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


def is_subscribed(event_type: EventType, event_types: Collection[str]) -> bool:
    """Whether a webhook for `event_types` receives events of this type. `["all"]` means all but `OPT_IN`."""
    if event_type in TO_EVERY_WEBHOOK or event_type in event_types:
        return True
    return ALL in event_types and event_type not in OPT_IN
