"""Examples for the OpenAPI document, from the briefing and with invented times. A test validates each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from capacity_api.domain.areas import WALES
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.intake import Report
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES, Outcome, ReasonCode
from capacity_api.domain.remit import AgeGroup
from capacity_api.domain.vocabulary import MATCH_REASONS
from capacity_api.formats import rpde
from capacity_api.formats.open_referral import services, taxonomies
from capacity_api.operations import responders
from capacity_api.operations.responders import ResponderRequest
from capacity_api.operations.webhooks.example_event import example_data, example_responder, reported
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event
from capacity_api.representations.responder import Responder
from capacity_api.representations.statistics import (
    GroupStatistics,
    NationStatistics,
    ResponderStatistics,
    StateSeconds,
    StateShares,
    Statistics,
)
from capacity_api.snapshot.matches import Match, Matches, MatchReason

_EVENT_ID = UUID("019e4500-0000-7000-8000-000000000042")
_NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
_PAUSE = {
    "state": "paused",
    "reason": "referral_threshold",
    "exceptions": ["self_referral", "homelessness", "detention", "criminal_investigation"],
    "note": "We have reached the number of referrals that we can take on.",
}
_OPEN = {"state": "open", "expected_response": {"min": 5, "max": 10, "unit": "working_days"}}
_WAITING = {
    "state": "waiting_list",
    "expected_response": {"min": 2, "max": 3, "unit": "working_days"},
    "expected_referral": {"min": 2, "max": 4, "unit": "weeks"},
}
_LIMITED = {"state": "open", "no_timeframe": True, "limited_to": {"areas": ["E12000007"], "genders": ["woman"]}}
_HOLIDAYS = {
    "state": "paused",
    "reason": "planned",
    "effective_from": "2026-12-23T17:00:00Z",
    "reopens_on": "2027-01-04",
}

REQUESTS: dict[str, dict[str, Any]] = {
    "reportIntake": {
        "open": {"summary": "Open, with an expected response time", "value": _OPEN},
        "waiting_list": {"summary": "A waiting list", "value": _WAITING},
        "limited": {"summary": "Open, for now only for women in London; no timeframe", "value": _LIMITED},
        "paused": {"summary": "Paused, with exceptions", "value": _PAUSE},
        "planned": {"summary": "A closure over the holidays", "value": _HOLIDAYS},
    },
    "changeResponder": {
        "contact": {"summary": "The referral line", "value": {"contact": {"phone": "0800 808 3733"}}},
        "validity": {"summary": "Reports hold for two weeks", "value": {"valid_for_hours": 336}},
    },
    "redactResponder": {
        "note": {
            "summary": "A note named somebody: take it out, from event 41 until now",
            "value": {"fields": ["report.note"], "from": 41},
        },
        "contact": {
            "summary": "A private number and where it was found, in the events 12 to 41",
            "value": {"fields": ["contact.phone", "contact.source"], "from": 12, "to": 41},
        },
    },
    "findMatches": {
        "adult": {
            "summary": "An adult woman, forced labour, London",
            "value": {
                "area": "E12000007",
                "exploitation_type": "labour",
                "age_group": "adult",
                "gender": "woman",
            },
        },
        "exception": {
            "summary": "A man who is homeless: only responders that can take him now",
            "value": {
                "area": "E12000007",
                "exploitation_type": "labour",
                "age_group": "adult",
                "gender": "man",
                "circumstances": ["homelessness"],
                "outcomes": ["yes", "waiting_list"],
            },
        },
        "none_apply": {
            "summary": "A woman for whom none of the usual exceptions applies, and who is nobody's client",
            "value": {
                "area": "E12000007",
                "exploitation_type": "domestic_servitude",
                "age_group": "adult",
                "gender": "woman",
                "circumstances_excluded": [each.value for each in ASKED_CIRCUMSTANCES],
                "existing_client_of": [],
            },
        },
        "nothing": {"summary": "Nothing is known: every responder, with what to ask", "value": {}},
    },
    "findAlternatives": {
        "adult": {
            "summary": "Who else takes an adult woman, forced labour, London?",
            "value": {
                "area": "E12000007",
                "exploitation_type": "labour",
                "age_group": "adult",
                "gender": "woman",
            },
        },
        "remit": {"summary": "Who else takes people of this remit?", "value": {}},
    },
    "addWebhook": {
        "all": {"summary": "Everything", "value": {"url": "https://partner.example.org/capacity"}},
        "pauses": {
            "summary": "Pauses and openings of responders that cover London",
            "value": {
                "url": "https://partner.example.org/capacity",
                "event_types": ["intake.paused", "intake.opened", "intake.unconfirmed"],
                "areas": ["E12000007"],
            },
        },
    },
    "changeWebhook": {
        "disable": {"summary": "Receive nothing for a while", "value": {"status": "disabled"}},
        "describe": {"summary": "Say what it is for", "value": {"description": "The case tool of our London team"}},
    },
    "testWebhook": {
        "any": {"summary": "A test of the connection", "value": {}},
        "paused": {"summary": "What a pause looks like", "value": {"type": "intake.paused"}},
    },
    "replayWebhook": {"since": {"summary": "The events after number 41", "value": {"after": 41}}},
    "issueToken": {
        "responder": {"summary": "For a responder", "value": {"owner": "salvation-army"}},
        "partner": {
            "summary": "For a partner, with a label",
            "value": {"owner": "019e4500-0000-7000-8000-000000000020", "label": "Case tool, production"},
        },
    },
    "changeOwner": {
        "suspend": {"summary": "End what its tokens and webhooks may do", "value": {"suspended": True}},
        "resume": {"summary": "Let them go on", "value": {"suspended": False}},
    },
    "countCaseload": {"hundred": {"summary": "A hundred open referrals", "value": {"open_referrals": 100}}},
    "changeThreshold": {
        "hundred": {
            "summary": "Pause at a hundred, open again below sixty",
            "value": {
                "pause_at": 100,
                "reopen_below": 60,
                "report": {"exceptions": _PAUSE["exceptions"], "note": _PAUSE["note"]},
            },
        }
    },
    "addPerson": {
        "colleague": {
            "summary": "A colleague, for both roles",
            "value": {"email": "referrals@salvation-army.example", "owner": "salvation-army"},
        }
    },
    "addInvitation": {
        "colleague": {
            "summary": "Somebody who is only reminded",
            "value": {"email": "duty@salvation-army.example", "owner": "salvation-army", "roles": ["reminded"]},
        }
    },
    "addDispute": {
        "paused": {"summary": "They said that they are paused", "value": {"found": "paused"}},
        "nobody": {"summary": "Nobody answered", "value": {"found": "no_answer"}},
    },
    "addHandover": {
        "responder": {
            "summary": "A token with which a responder reports",
            "value": {"owner": "salvation-army", "scopes": ["intake:write"], "label": "Referral team"},
        }
    },
    "lookAtLink": {"link": {"summary": "The part behind #link=", "value": {"link": "EXAMPLE"}}},
    "useLink": {"link": {"summary": "The part behind #link=", "value": {"link": "EXAMPLE"}}},
    "signIn": {"address": {"summary": "A work address", "value": {"email": "referrals@salvation-army.example"}}},
    "addPartner": {"partner": {"summary": "A partner", "value": {"name": "Case tool"}}},
    "rotateToken": {"day": {"summary": "The old token stays valid for a day", "value": {"overlap_hours": 24}}},
}

EVENT_SUMMARIES: dict[str, str] = {
    EventType.INTAKE_OPENED: "A responder takes new referrals",
    EventType.INTAKE_WAITING_LIST: "A responder runs a waiting list",
    EventType.INTAKE_PAUSED: "A responder takes no new referrals, apart from its exceptions",
    EventType.INTAKE_UNCONFIRMED: "A report lapsed: nobody has confirmed the state",
    EventType.INTAKE_UPDATED: "The state is the same, and other parts of the report changed",
    EventType.INTAKE_CONFIRMED: "A report is still true; only for webhooks that name this type",
    EventType.INTAKE_PLANNED: "A pause or waiting list was announced",
    EventType.INTAKE_CONFIRMATION_DUE: "A report lapses soon; private to the responder",
    EventType.RESPONDER_LISTED: "A responder was listed",
    EventType.RESPONDER_UPDATED: "Contact, remit, name or website changed, or something was redacted",
    EventType.RESPONDER_DELISTED: "A responder left the directory",
    EventType.COVERAGE_GAP_OPENED: "For some people, no charity is known to be open any more",
    EventType.COVERAGE_GAP_CLOSED: "A charity is confirmed open again for people in a gap",
    EventType.DIRECTORY_RESTORED: "The directory was restored from a backup: read it whole; goes to every webhook",
    EventType.EVENT_REDACTED: "Fields were taken out of earlier events: clear your copies; goes to every webhook",
    EventType.WEBHOOK_FAILING: "Another webhook of yours has failed for an hour; private to the owner",
    EventType.WEBHOOK_DISABLED: "Another webhook of yours was disabled; private to the owner",
    EventType.WEBHOOK_TEST: "A test of one webhook; private",
}


def example_event(event_type: EventType) -> dict[str, Any]:
    """An example of an event, as the body of a webhook."""
    is_gap = event_type in {EventType.COVERAGE_GAP_OPENED, EventType.COVERAGE_GAP_CLOSED}
    data = example_data(event_type, _from_register("tara" if is_gap else "salvation-army"), _NOW, 42)
    number = None if event_type in PRIVATE else 42
    body: dict[str, Any] = plain(Event(id=_EVENT_ID, type=event_type, timestamp=_NOW, sequence=number, data=data))
    return body


def _responder(report: dict[str, Any]) -> Responder:
    intake = reported(msgspec.convert(report, Report), _NOW)
    return example_responder(_from_register("salvation-army"), intake, _NOW, 42)


def _from_register(slug: str) -> ResponderRequest:
    return next(each for each in responders.read_register() if each.slug == slug)


def plain(value: Any) -> Any:
    """As a client reads it."""
    return msgspec.json.decode(encode(value))


def _matches(report: dict[str, Any], *codes: ReasonCode) -> Any:
    reasons = [MatchReason(code, MATCH_REASONS[code]) for code in codes]
    match = Match(responder=_responder(report), outcome=Outcome.YES, reasons=reasons)
    return plain(Matches(sequence=42, matches=[match]))


_TAXONOMY = next(iter(taxonomies.TAXONOMIES.values()))
_TERM = next(iter(taxonomies.TERMS.values()))
_DELISTED_ID = UUID("019e4500-0000-7000-8000-000000000011")


def _page(item: Any) -> Any:
    return plain(services.page([item], lambda representation: representation, 1, 50))


RESPONSES: dict[str, Any] = {
    "findMatches": _matches(_PAUSE, ReasonCode.WITHIN_REMIT, ReasonCode.EXCEPTION_HOMELESSNESS),
    "readAlternatives": _matches(_OPEN, ReasonCode.WITHIN_REMIT, ReasonCode.OPEN),
    "findAlternatives": _matches(_OPEN, ReasonCode.WITHIN_REMIT, ReasonCode.OPEN),
    "readChanges": plain(
        rpde.changes_page(
            [rpde.updated_item(_responder(_PAUSE)), rpde.deleted_item(_DELISTED_ID, 43)],
            0,
            "https://capacity.example.org/v1/changes",
        )
    ),
    "readOpenReferral": plain(services.About()),
    "listServices": _page(services.summarise_service(_responder(_PAUSE))),
    "readService": plain(services.represent_service(_responder(_PAUSE))),
    "listTaxonomies": _page(taxonomies.without_terms(_TAXONOMY)),
    "readTaxonomy": plain(_TAXONOMY),
    "listTaxonomyTerms": _page(_TERM),
    "readTaxonomyTerm": plain(_TERM),
    "listServiceAtLocations": plain(services.page([], services.represent_service, 1, 50)),
    "reportIntake": plain(_responder(_PAUSE)),
    "readResponder": plain(_responder(_OPEN)),
    "readStatistics": plain(
        Statistics(
            start=_NOW - timedelta(days=10),
            end=_NOW,
            counted_from=_NOW - timedelta(days=10),
            counted_until=_NOW,
            nations=[
                NationStatistics(
                    code=WALES, name="Wales", counted_seconds=864000, nobody_open_seconds=9000, nobody_open_hours=2.5
                ),
            ],
            groups=[
                GroupStatistics(
                    area=WALES,
                    age_group=AgeGroup.CHILD,
                    counted_seconds=864_000,
                    nobody_open_seconds=432_000,
                    nobody_open_hours=120.0,
                ),
            ],
            responders=[
                ResponderStatistics(
                    slug="salvation-army",
                    name="The Salvation Army",
                    listed_seconds=864_000,
                    seconds=StateSeconds(open=648_000, waiting_list=0, paused=216_000, unconfirmed=0),
                    shares=StateShares(open=0.75, waiting_list=0.0, paused=0.25, unconfirmed=0.0),
                    pause_count=2,
                    longest_pause_seconds=172_800,
                )
            ],
            months=None,
        )
    ),
}
