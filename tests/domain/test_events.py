import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import unhurried

from capacity_api.domain.events import OPT_IN, PRIVATE, STATE_EVENTS, TO_EVERY_WEBHOOK, EventType, is_subscribed

PACKAGE = Path(__file__).parents[2] / "src" / "capacity_api"
# Where events are raised.
RAISED_IN = (
    "domain/intake.py",
    "domain/threshold.py",
    "operations/changes.py",
    "operations/notices.py",
    "operations/redaction.py",
    "operations/responders.py",
    "operations/restored.py",
    "api/webhooks.py",
)
# The contract: each type, whether it takes a number in the public sequence, and whether "all" means it.
CONTRACT = [
    ("intake.opened", True, True),
    ("intake.waiting_list", True, True),
    ("intake.paused", True, True),
    ("intake.unconfirmed", True, True),
    ("intake.updated", True, True),
    ("intake.confirmed", True, False),
    ("intake.planned", True, True),
    ("intake.confirmation_due", False, True),
    ("responder.listed", True, True),
    ("responder.updated", True, True),
    ("responder.delisted", True, True),
    ("coverage.gap_opened", True, True),
    ("coverage.gap_closed", True, True),
    ("directory.restored", True, True),
    ("event.redacted", True, True),
    ("webhook.failing", False, True),
    ("webhook.disabled", False, True),
    ("webhook.test", False, True),
]


def test_there_are_these_events_and_no_others() -> None:
    assert {name for name, _, _ in CONTRACT} == {event_type.value for event_type in EventType}


@pytest.mark.parametrize(("name", "public", "in_all"), CONTRACT)
def test_who_may_hear_of_an_event(name: str, public: bool, in_all: bool) -> None:
    event_type = EventType(name)
    assert (event_type not in PRIVATE) is public
    assert (event_type not in OPT_IN) is in_all
    assert is_subscribed(event_type, frozenset({"all"})) is in_all
    assert is_subscribed(event_type, frozenset({event_type}))


def test_each_public_event_about_an_intake_can_be_superseded() -> None:
    about_an_intake = {EventType(name) for name, public, _ in CONTRACT if public and name.startswith("intake.")}
    assert about_an_intake == STATE_EVENTS


@pytest.mark.parametrize("event_type", EventType)
def test_each_event_is_raised_somewhere(event_type: EventType) -> None:
    source = "".join((PACKAGE / path).read_text() for path in RAISED_IN)
    assert re.search(rf"\bEventType\.{event_type.name}\b", source)


def test_what_whoever_keeps_a_copy_must_act_on_goes_to_every_webhook_and_is_never_superseded() -> None:
    assert {"directory.restored", "event.redacted"} == TO_EVERY_WEBHOOK
    assert TO_EVERY_WEBHOOK.isdisjoint(STATE_EVENTS | PRIVATE)
    assert all(is_subscribed(each, frozenset({"intake.paused"})) for each in TO_EVERY_WEBHOOK)


@unhurried
@given(st.frozensets(st.sampled_from(EventType)), st.sampled_from(EventType))
def test_a_webhook_that_names_types_hears_of_these_and_of_what_goes_to_all(
    named: frozenset[EventType], event_type: EventType
) -> None:
    assert is_subscribed(event_type, named) is (event_type in named | TO_EVERY_WEBHOOK)
