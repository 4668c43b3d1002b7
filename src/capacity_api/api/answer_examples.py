"""An example of what each operation answers when it succeeds, by the name of the operation. A test validates each."""

from collections.abc import Mapping
from typing import Any

import msgspec

from capacity_api.api import examples
from capacity_api.domain.events import EventType
from capacity_api.formats.csv import directory_table, row
from capacity_api.formats.statistics import statistics_table
from capacity_api.representations.encoding import LICENCE, TTL_SECONDS
from capacity_api.representations.responder import Responder
from capacity_api.representations.statistics import Statistics
from capacity_api.representations.vocabulary import represent_vocabulary

_AT = "2026-05-20T09:30:00Z"
_LATER = "2026-05-20T09:31:00Z"
_PAGE = "<!doctype html><html lang=en-GB><title>First Responder capacity</title>…</html>"
PROBLEM_PAGE = "<!doctype html><html lang=en-GB><title>There is nothing here</title>…</html>"
_FEED = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
    "<id>https://capacity.example.org/v1/feed.atom</id><title>First Responder capacity</title>"
    f"<updated>{_AT}</updated></feed>"
)
_RESPONDER = examples.RESPONSES["readResponder"]
_REPORT = _RESPONDER["intake"]["report"]
_PAUSED = examples.RESPONSES["reportIntake"]
_OWNER = {"type": "partner", "name": "Case tool", "slug": None, "id": "019e4500-0000-7000-8000-000000000020"}
_OWNER_DETAILS = {
    **_OWNER,
    "suspended": True,
    "suspended_at": "2026-05-20T09:31:00Z",
    "token_count": 1,
    "webhook_count": 1,
    "people_count": 0,
}
_PARTNER = {"id": _OWNER["id"], "name": _OWNER["name"], "created_at": _AT}
_TOKEN = {
    "id": "019e4500-0000-7000-8000-000000000021",
    "label": "Case tool, production",
    "owner": _OWNER,
    "scopes": ["webhooks:manage"],
    "created_at": _AT,
    "expires_at": "2027-05-20T09:30:00Z",
    "revoked_at": None,
    "successor_id": None,
    "reviewed": True,
    "last_used_at": None,
    "person_id": None,
}
_ISSUED_TOKEN = {
    "id": _TOKEN["id"],
    "token": "cap_EXAMPLE",
    "label": _TOKEN["label"],
    "owner": _OWNER,
    "scopes": _TOKEN["scopes"],
    "expires_at": _TOKEN["expires_at"],
}
_OPEN_LINK = {
    "id": "019e4500-0000-7000-8000-000000000060",
    "kind": "invitation",
    "owner": _OWNER,
    "email": "desk@case-tool.example",
    "roles": ["editor", "reminded"],
    "scopes": None,
    "label": None,
    "created_at": _AT,
    "expires_at": "2026-05-27T09:30:00Z",
}
_PERSON = {
    "id": "019e4500-0000-7000-8000-000000000050",
    "email": "referrals@salvation-army.example",
    "owner": {
        "type": "responder",
        "name": _RESPONDER["name"],
        "slug": _RESPONDER["slug"],
        "id": _RESPONDER["id"],
    },
    "roles": ["editor", "reminded"],
    "mail": "ok",
    "created_at": _AT,
}
_DISPUTE = {
    "id": "019e4500-0000-7000-8000-000000000060",
    "slug": _RESPONDER["slug"],
    "partner": _OWNER,
    "found": "paused",
    "shown": "open",
    "at": _AT,
}
_WEBHOOK = {
    "id": "019e4500-0000-7000-8000-000000000030",
    "owner": _OWNER,
    "url": "https://partner.example.org/capacity",
    "description": None,
    "event_types": ["intake.paused", "intake.opened", "intake.unconfirmed"],
    "responders": ["salvation-army"],
    "areas": ["E12000007"],
    "signature": "v1",
    "stale": "drop",
    "status": "active",
    "disabled_reason": None,
    "created_at": _AT,
    "last_sequence": 42,
    "failing_since": None,
    "next_attempt_at": None,
    "public_key": None,
}
_WEBHOOK_WITH_SECRET = {**_WEBHOOK, "secret": "whsec_EXAMPLE"}
_EVENT = examples.example_event(EventType.INTAKE_PAUSED)
_DELIVERY = {
    "id": _EVENT["id"],
    "event_id": _EVENT["id"],
    "type": _EVENT["type"],
    "sequence": _EVENT["sequence"],
    "status": "delivered",
    "attempts": [{"at": _LATER, "status": 204, "duration_ms": 85, "reason": None, "answer": ""}],
    "next_attempt_at": None,
    "created_at": _AT,
    "finished_at": _LATER,
}
_TEST = {
    **_DELIVERY,
    "type": "webhook.test",
    "sequence": None,
    "status": "pending",
    "attempts": [],
    "finished_at": None,
}
_CELL = {
    "area": "E12000007",
    "exploitation_type": "labour",
    "age_group": "adult",
    "gender": "woman",
    "open": 0,
    "waiting_list": 1,
    "paused": 12,
    "unconfirmed": 0,
    "ask": 2,
}
_THRESHOLD = {
    "pause_at": 100,
    "reopen_below": 60,
    "report": {**_PAUSED["intake"]["report"], "reason": "referral_threshold"},
}
_HISTORY = {
    "sequence": 42,
    "kind": "reported",
    "at": _AT,
    "said_by": "responder",
    "state": "open",
    "confirm_by": "2026-05-27T09:30:00Z",
    "effective_from": None,
    "report": _REPORT,
}
_MAIL = {
    "id": "019e4500-0000-7000-8000-000000000050",
    "kind": "confirmation_due",
    "owner": {
        "type": "responder",
        "name": "The Salvation Army",
        "slug": "salvation-army",
        "id": "019e4500-0000-7000-8000-000000000010",
    },
    "person_id": "019e4500-0000-7000-8000-000000000051",
    "slug": "salvation-army",
    "status": "sent",
    "attempt_count": 1,
    "reason": None,
    "created_at": _AT,
    "next_attempt_at": None,
    "finished_at": _LATER,
}
_AUDIT = {
    "id": "019e4500-0000-7000-8000-000000000040",
    "at": _AT,
    "actor": {
        "type": "token",
        "id": "019e4500-0000-7000-8000-000000000022",
        "label": "Coordinator",
        "owner": {"type": "admin", "name": None, "slug": None, "id": None},
        "user": None,
    },
    "action": "responder.list",
    "target": "salvation-army",
}


def _page(item: Any) -> dict[str, Any]:
    return {"items": [item], "next": None}


def _table(table: bytes) -> str:
    return table.decode("utf-8-sig")


ANSWERS: Mapping[str, Any] = {
    "addDispute": _DISPUTE,
    "chaseResponder": {"people_count": 2},
    "listDisputes": {"items": [_DISPUTE], "next": None},
    "readDispute": _DISPUTE,
    **examples.RESPONSES,
    "addHandover": {
        "link": "https://capacity.example.org/update#link=EXAMPLE",
        "expires_at": "2026-05-21T09:30:00Z",
    },
    "addPartner": _PARTNER,
    "addPerson": _PERSON,
    "addResponder": _RESPONDER,
    "addWebhook": _WEBHOOK_WITH_SECRET,
    "cancelPlannedIntake": _RESPONDER,
    "changeOwner": _OWNER_DETAILS,
    "changeResponder": _RESPONDER,
    "changeThreshold": _THRESHOLD,
    "changeWebhook": _WEBHOOK,
    "confirmIntake": _RESPONDER,
    "countCaseload": {"open_referrals": 100, "counted_at": _AT, "responder": _PAUSED},
    "enableWebhook": {**_WEBHOOK, "missed": {"after": 40, "event_count": 2}, "replayed": True},
    "addInvitation": {"expires_at": "2026-05-27T09:30:00Z"},
    "issueToken": _ISSUED_TOKEN,
    "listDeliveries": _page(_DELIVERY),
    "listLinks": _page(_OPEN_LINK),
    "listMail": _page(_MAIL),
    "listOwners": _page(_OWNER_DETAILS),
    "listPartners": _page(_PARTNER),
    "listPeople": _page(_PERSON),
    "listTokens": _page(_TOKEN),
    "listWebhooks": _page(_WEBHOOK),
    "lookAtLink": {
        "kind": "still_true",
        "status": "usable",
        "owner": _PERSON["owner"],
        "slug": _RESPONDER["slug"],
        "report": _REPORT,
        "expires_at": "2026-06-19T09:30:00Z",
    },
    "listAudit": _page(_AUDIT),
    "readCoverage": {
        "sequence": 42,
        "updated_at": _AT,
        "demonstration": False,
        "gaps": examples.example_event(EventType.COVERAGE_GAP_OPENED)["data"]["cells"],
        "cells": [_CELL],
    },
    "readAboutPage": _PAGE,
    "readCoveragePage": _PAGE,
    "readEvidencePage": _PAGE,
    "readEvidencePageOfDays": _PAGE,
    "readEvidencePageOfPeriod": _PAGE,
    "readDirectory": {
        "version": "1",
        "sequence": 42,
        "updated_at": _AT,
        "ttl": TTL_SECONDS,
        "valid_until": "2026-05-27T09:30:00Z",
        "licence": LICENCE,
        "demonstration": False,
        "total": 1,
        "responders": [_RESPONDER],
    },
    "readDirectoryTable": _table(directory_table([row(msgspec.convert(_RESPONDER, Responder))])),
    "readEvents": {"events": [_EVENT], "sequence": 42, "latest": 42},
    "readFeed": _FEED,
    "readHealth": {"status": "ok"},
    "listHistory": _page(_HISTORY),
    "readMe": {
        "token_id": _TOKEN["id"],
        "label": "Case tool, production",
        "owner": _OWNER,
        "scopes": _TOKEN["scopes"],
        "expires_at": _TOKEN["expires_at"],
        "last_used_at": _AT,
        "person_id": None,
    },
    "readMetrics": "# TYPE capacity_sequence gauge\ncapacity_sequence 42.0\n",
    "askByForm": _PAGE,
    "readOpenapi": {"openapi": "3.1.0", "info": {"title": "capacity_api", "version": "1"}, "paths": {}},
    "readOwner": _OWNER_DETAILS,
    "readManagePage": _PAGE,
    "readPage": _PAGE,
    "readPartner": _PARTNER,
    "readPerson": _PERSON,
    "readPromptness": {
        "from": "2026-02-19T09:30:00Z",
        "to": _AT,
        "reported_count": 3,
        "confirmed_count": 9,
        "lapsed_count": 1,
    },
    "readReadiness": {
        "status": "ok",
        "reasons": [],
        "warnings": [],
        "published": 42,
        "latest": 42,
        "age_seconds": 0.4,
    },
    "readReference": _PAGE,
    "readResponderPage": _PAGE,
    # It never succeeds: there are no locations.
    "readServiceAtLocation": examples.RESPONSES["readService"],
    "readStatisticsTable": _table(statistics_table(msgspec.convert(examples.RESPONSES["readStatistics"], Statistics))),
    "readThreshold": _THRESHOLD,
    "readToken": _TOKEN,
    "readUpdatePage": _PAGE,
    "readVocabulary": msgspec.to_builtins(represent_vocabulary()),
    "readWallSheet": _PAGE,
    "readWebhook": _WEBHOOK,
    "redactResponder": {
        "sequence": 43,
        "slug": "salvation-army",
        "fields": ["report.note"],
        "from": 41,
        "to": 42,
        "event_count": 2,
    },
    "replayWebhook": {**_WEBHOOK, "last_sequence": 0},
    "resendDelivery": {**_DELIVERY, "status": "pending", "finished_at": None},
    "rotateToken": _ISSUED_TOKEN,
    "rotateWebhookSecret": _WEBHOOK_WITH_SECRET,
    "signIn": {},
    "testWebhook": _TEST,
    "useLink": {
        "token": "cap_EXAMPLE",
        "owner": _PERSON["owner"],
        "scopes": ["intake:write", "responder:write"],
        "expires_at": "2026-05-20T21:30:00Z",
    },
}
NOT_READY = {
    "status": "unavailable",
    "reasons": [
        {
            "code": "database_unavailable",
            "cause": "not_accepting",
            "since": _AT,
            "detail": "the database takes no connections now; it starts, stops or lacks memory, or its administrator "
            "closed it: its own log says which",
        }
    ],
    "warnings": [],
    "published": 42,
    "latest": 42,
    "age_seconds": 0.4,
}
