"""The schemas of events: a union told apart by `type`, in which each type has its own `data`."""

from capacity_api.api import examples
from capacity_api.api.schemas import REFERENCE, Schema
from capacity_api.domain.events import EventType

# What the data of an event has, by its type or else by the part of the type before the dot.
_FIELDS = {
    "intake": ("responder", "previous_state"),
    "intake.confirmation_due": ("responder",),
    "responder": ("responder",),
    "responder.updated": ("responder", "previous_areas"),
    "coverage": ("cells",),
    "webhook": ("webhook_id", "since", "reason"),
    "webhook.test": ("message",),
    "directory": ("last",),
    "event": ("slug", "from", "to", "fields"),
}
_NAMES = {
    "intake": "IntakeData",
    "intake.confirmation_due": "ConfirmationDueData",
    "responder": "ResponderData",
    "responder.updated": "ResponderUpdatedData",
    "coverage": "CoverageData",
    "webhook": "WebhookHealthData",
    "webhook.test": "WebhookTestData",
    "directory": "DirectoryRestoredData",
    "event": "EventRedactedData",
}


def schema_name(event_type: str) -> str:
    """`IntakeOpenedEvent` for `intake.opened`."""
    return "".join(part.title() for part in event_type.replace("_", ".").split(".")) + "Event"


def add_event_schemas(named: dict[str, Schema]) -> None:
    """Put a schema for each event type in place of those of the structs `Event` and `EventData`."""
    event, data = named.pop("Event"), named.pop("EventData")
    available = data["properties"]
    for event_type in EventType:
        family = event_type if event_type in _FIELDS else event_type.partition(".")[0]
        fields = list(_FIELDS[family])
        named[_NAMES[family]] = {
            "type": "object",
            "properties": {name: available[name] for name in fields},
            "required": fields,
        }
        kind = {"description": event["properties"]["type"]["description"], "type": "string", "enum": [event_type]}
        content = {"description": event["properties"]["data"]["description"], "$ref": REFERENCE + _NAMES[family]}
        named[schema_name(event_type)] = {
            **event,
            "description": examples.EVENT_SUMMARIES[event_type],
            "properties": {**event["properties"], "type": kind, "data": content},
        }
    named["Event"] = {
        "description": event["description"],
        "oneOf": [{"$ref": REFERENCE + schema_name(each)} for each in EventType],
        "discriminator": {
            "propertyName": "type",
            "mapping": {each: REFERENCE + schema_name(each) for each in EventType},
        },
    }
