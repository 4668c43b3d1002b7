"""POST /v1/responders/{slug}/redactions."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Headers, Service
from tests.stored import places_in_tables

from capacity_api.domain.redaction import RedactedField

NAME = "Xanthippe"
NAMED: dict[str, Any] = {**OPEN, "note": f"Ask for {NAME}."}
OTHER: dict[str, Any] = {**OPEN, "note": "Ask at the desk."}
TARA = "/v1/responders/tara"
NOTE = ["report.note"]


async def redact(service: Service, first: int, last: int | None = None, **options: Any) -> dict[str, Any]:
    body = {"fields": options.get("fields", NOTE), "from": first, "to": last}
    answer = await service.client.post(
        f"/v1/responders/{options.get('slug', 'tara')}/redactions", json=body, headers=await service.token()
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def call(service: Service, method: str, path: str, token: Headers, body: Any = None) -> dict[str, Any]:
    answer = await service.client.request(method, TARA + path, json=body, headers=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def confirm(service: Service) -> int:
    shown = await call(service, "POST", "/intake/confirmation", await service.token(responder="tara"))
    return int(shown["sequence"])


async def event(service: Service, number: int) -> dict[str, Any]:
    page = await service.read("/v1/events", after=number - 1, limit=1)
    return dict(page["events"][0])


async def note_of(service: Service, number: int) -> str | None:
    """The note in the body of an event."""
    intake = (await event(service, number))["data"]["responder"]["intake"]
    note: str | None = (intake["report"] or intake["last_report"])["note"]
    return note


async def note_now(service: Service) -> str | None:
    note: str | None = (await service.responder("tara"))["intake"]["report"]["note"]
    return note


async def test_a_note_is_taken_out_wherever_it_stands(service: Service, clock: Clock) -> None:
    token = await service.token(responder="tara")
    first = (await service.report("tara", NAMED))["sequence"]
    threshold = {"pause_at": 100, "report": {"note": f"{NAME} is away."}}
    await call(service, "PUT", "/threshold", token, threshold)
    starts = (clock() + timedelta(days=20)).isoformat()
    await call(service, "PUT", "/intake", token, {**PAUSED, "note": f"{NAME} is on leave.", "effective_from": starts})
    # The reminder is a private event.
    clock.advance(timedelta(hours=130))
    await call(service, "PUT", "/caseload", token, {"open_referrals": 100})
    await confirm(service)
    clock.advance(timedelta(days=8))
    await service.report("nspcc", OPEN)
    before = {
        "event.body",
        "report.report",
        "intake.report",
        "intake.planned",
        "intake.before",
        "threshold.threshold",
    }
    assert await places_in_tables(service.database, NAME) == before
    events = (await service.read("/v1/events", after=0))["events"]
    entries = (await service.read(f"{TARA}/history"))["items"]
    statistics = await service.read("/v1/statistics")

    done = await redact(service, first)

    assert await places_in_tables(service.database, NAME) == set()
    stored = sum(each["type"].startswith("intake.") and f"{NAME}" in json.dumps(each) for each in events)
    assert (done["from"], done["to"], done["fields"], done["event_count"]) == (
        first,
        done["sequence"] - 1,
        NOTE,
        stored + 1,
    )
    cleared = json.loads(json.dumps(events).replace(f'"Ask for {NAME}."', "null").replace(f'"{NAME} is away."', "null"))
    cleared = json.loads(json.dumps(cleared).replace(f'"{NAME} is on leave."', "null"))
    (*earlier, last) = (await service.read("/v1/events", after=0))["events"]
    assert earlier == cleared, "the events keep everything else"
    assert last["data"] == {"slug": "tara", "from": first, "to": done["to"], "fields": NOTE}
    assert (last["type"], last["sequence"]) == ("event.redacted", done["sequence"])
    after = (await service.read(f"{TARA}/history"))["items"]
    assert [{**each, "report": each["report"] and {**each["report"], "note": None}} for each in entries] == after
    assert await service.read("/v1/statistics") == statistics
    for path in (
        "/v1/directory",
        TARA,
        f"{TARA}/history",
        "/v1/events",
        "/v1/feed.atom",
        "/v1/changes",
        "/",
        "/r/tara",
        "/v1/directory.csv",
    ):
        assert NAME not in (await service.client.get(path)).text, path
    assert (await call(service, "GET", "/threshold", token))["report"]["note"] is None


DETAILS: dict[str, Any] = {
    "website": f"https://{NAME}.example/",
    "contact": {
        "phone": f"ask for {NAME}",
        "email": f"{NAME}@tara.example",
        "url": f"https://tara.example/{NAME}",
        "hours": f"when {NAME} is in",
        "languages": ["vi"],
        "source": {"name": NAME, "url": "https://tara.example/", "checked_on": "2026-11-01"},
    },
    "remit": {
        "areas": ["S92000003"],
        "exploitation_types": ["sexual"],
        "age_groups": ["adult"],
        "genders": ["woman"],
        "note": f"Ask {NAME}.",
        "as_published": {"geography": NAME},
    },
}


def value_of(responder: dict[str, Any], field: str) -> Any:
    above, _, name = field.rpartition(".")
    return (responder[above] if above else responder)[name]


@pytest.mark.parametrize("field", [field for field in RedactedField if field != RedactedField.REPORT_NOTE])
async def test_each_field_is_null_in_every_event_of_the_range_and_now(service: Service, field: str) -> None:
    first = (await call(service, "PATCH", "", await service.token(responder="tara"), DETAILS))["sequence"]
    await service.report("tara", OPEN)
    before = await service.responder("tara")
    assert NAME in json.dumps(value_of(before, field))
    done = await redact(service, first, fields=[field])
    after = await service.responder("tara")
    assert value_of(after, field) is None
    value = json.dumps(value_of(before, field))
    others = json.dumps({**before, "sequence": done["sequence"]}).replace(f": {value}", ": null", 1)
    assert after == json.loads(others), "everything else stays"
    for number in range(first, done["sequence"]):
        found = await event(service, number)
        if "responder" in found["data"]:
            assert value_of(found["data"]["responder"], field) is None, number
    assert done["event_count"] == 2


async def test_several_fields_go_at_once_each_named_once(service: Service) -> None:
    first = (await call(service, "PATCH", "", await service.token(responder="tara"), DETAILS))["sequence"]
    done = await redact(service, first, fields=[*reversed(RedactedField), "website"])
    assert done["fields"] == list(RedactedField)
    assert await places_in_tables(service.database, NAME) == set()
    responder = await service.responder("tara")
    assert (responder["contact"]["languages"], responder["remit"]["exploitation_types"]) == (["vi"], ["sexual"])


async def test_only_what_stands_in_the_range_is_taken_out(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    second = (await service.report("tara", {**NAMED, "state": "paused"}))["sequence"]
    third = (await service.report("tara", OTHER))["sequence"]
    done = await redact(service, second, second)
    assert (done["from"], done["to"], done["event_count"]) == (second, second, 1)
    notes = [await note_of(service, number) for number in (first, second, third)]
    assert notes == [NAMED["note"], None, OTHER["note"]]
    entries = (await service.read(f"{TARA}/history"))["items"]
    assert [entry["report"]["note"] for entry in entries] == [OTHER["note"], None, NAMED["note"]]
    assert await note_now(service) == OTHER["note"]
    following = await service.read("/v1/events", after=third)
    assert [each["type"] for each in following["events"] if each["sequence"] >= done["sequence"]] == ["event.redacted"]


async def test_what_was_said_in_the_range_and_still_stands_is_taken_out_and_shown_by_an_event(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    later = await confirm(service)
    done = await redact(service, first, first)
    assert await note_now(service) is None
    assert [await note_of(service, number) for number in (first, later)] == [None, NAMED["note"]]
    updated = await event(service, done["sequence"] + 1)
    assert (updated["type"], updated["data"]["responder"]) == ("responder.updated", await service.responder("tara"))
    areas = [area["code"] for area in updated["data"]["responder"]["remit"]["areas"]]
    assert updated["data"]["previous_areas"] == areas


async def test_what_was_said_before_the_range_and_still_stood_in_it_is_taken_out(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    other = (await service.report("nspcc", NAMED))["sequence"]
    done = await redact(service, other)
    assert await note_now(service) is None
    assert await note_of(service, first) == NAMED["note"], "its event is not in the range"
    assert await note_of(service, other) == NAMED["note"], "it is another responder's"
    assert done["event_count"] == 0


async def test_a_threshold_of_after_the_range_stays(service: Service, clock: Clock) -> None:
    token = await service.token(responder="tara")
    first = (await service.report("tara", NAMED))["sequence"]
    await service.report("tara", OTHER)
    clock.advance(timedelta(hours=1))
    threshold = {"pause_at": 100, "report": {"note": f"{NAME} is away."}}
    await call(service, "PUT", "/threshold", token, threshold)
    await redact(service, first, first)
    assert (await call(service, "GET", "/threshold", token))["report"]["note"] == f"{NAME} is away."
    await redact(service, first)
    assert (await call(service, "GET", "/threshold", token))["report"]["note"] is None


async def test_what_a_threshold_put_aside_comes_back_without_the_note(service: Service) -> None:
    token = await service.token(responder="tara")
    first = (await service.report("tara", NAMED))["sequence"]
    await call(service, "PUT", "/threshold", token, {"pause_at": 100, "reopen_below": 50})
    await call(service, "PUT", "/caseload", token, {"open_referrals": 100})
    await call(service, "POST", "/intake/confirmation", token)
    await redact(service, first, first)
    shown = await call(service, "PUT", "/caseload", token, {"open_referrals": 1})
    intake = shown["responder"]["intake"]
    assert (intake["state"], intake["report"]["note"]) == ("open", None)


async def test_the_directory_of_earlier_times_has_it_no_more_and_agrees_with_that_of_now(
    service: Service, clock: Clock
) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    times = [clock()]
    clock.advance(timedelta(hours=1))
    await service.report("nspcc", OPEN)
    times.append(clock())
    clock.advance(timedelta(hours=1))
    as_of = [await service.read("/v1/directory", as_of=time.isoformat()) for time in times]
    assert all(NAME in json.dumps(each) for each in as_of)
    clock.advance(timedelta(hours=1))
    await redact(service, first)
    after = [await service.read("/v1/directory", as_of=time.isoformat()) for time in times]
    assert after == json.loads(json.dumps(as_of).replace(f'"{NAMED["note"]}"', "null"))
    directory, past = (
        await service.read("/v1/directory"),
        await service.read("/v1/directory", as_of=clock().isoformat()),
    )
    assert (past["responders"], past["sequence"]) == (directory["responders"], directory["sequence"])


async def test_a_delisted_responder_can_be_redacted(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    answer = await service.client.delete(TARA, headers=await service.token())
    assert answer.status_code == 204
    done = await redact(service, first)
    assert await places_in_tables(service.database, NAME) == set()
    assert done["event_count"] == 2
    assert (await service.client.get(TARA)).status_code == 404
    assert NAME not in (await service.client.get("/v1/feed.atom")).text
    assert [each["type"] for each in await service.events_after(done["to"])] == ["event.redacted"]


async def test_a_second_time_finds_nothing_and_tells_everybody_again(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    done = await redact(service, first)
    again = await redact(service, first, done["to"])
    assert (again["event_count"], again["sequence"]) == (0, done["sequence"] + 1)
    assert (await event(service, again["sequence"]))["data"] == (await event(service, done["sequence"]))["data"]


async def test_a_harvester_and_a_reader_with_an_etag_get_the_responder_again(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    etag = (await service.client.get(TARA)).headers["etag"]
    number = (await service.read("/v1/directory"))["sequence"]
    done = await redact(service, first)
    assert (await service.client.get(TARA, headers={"if-none-match": etag})).status_code == 200
    (item,) = (await service.read("/v1/changes", afterChangeNumber=number))["items"]
    assert (item["modified"], NAME in json.dumps(item)) == (done["sequence"], False)


async def test_a_redaction_is_in_the_audit_without_what_it_took_out(service: Service) -> None:
    first = (await service.report("tara", NAMED))["sequence"]
    await redact(service, first)
    entries = (await service.client.get("/v1/audit", headers=await service.token())).json()["items"]
    (entry,) = (each for each in entries if each["action"] == "responder.redact")
    assert (entry["target"], entry["actor"]["owner"]["type"]) == ("tara", "admin")


REFUSED: list[tuple[dict[str, Any], int, str, list[str]]] = [
    ({"fields": ["name"], "from": 1}, 422, "invalid", ["/fields/0"]),
    ({"fields": [], "from": 1}, 422, "invalid", ["/fields"]),
    ({"from": 1}, 422, "invalid", ["/fields"]),
    ({"fields": NOTE}, 422, "invalid", ["/from"]),
    ({"fields": NOTE, "from": 0}, 422, "invalid", ["/from"]),
    ({"fields": NOTE, "from": "1"}, 422, "invalid", ["/from"]),
    ({"fields": NOTE, "from": 2, "to": 1}, 422, "invalid", ["/to"]),
    ({"fields": NOTE, "from": 1, "to": 2**53 + 1}, 422, "invalid", ["/to"]),
    ({"fields": NOTE, "from": 1, "until": 2}, 422, "unknown_field", ["/until"]),
    ({"fields": NOTE, "from": 14}, 409, "beyond_latest", []),
    ({"fields": NOTE, "from": 1, "to": 14}, 409, "beyond_latest", []),
]


@pytest.mark.parametrize(("body", "status", "code", "pointers"), REFUSED)
async def test_what_is_refused(
    shared_service: Service, body: dict[str, Any], status: int, code: str, pointers: list[str]
) -> None:
    answer = await shared_service.client.post(f"{TARA}/redactions", json=body, headers=await shared_service.token())
    assert_refused(answer, status, code, *pointers)


async def test_only_an_administrator_may_redact_and_only_what_was_ever_listed(shared_service: Service) -> None:
    body = {"fields": NOTE, "from": 1}
    post = shared_service.client.post
    assert_refused(await post(f"{TARA}/redactions", json=body), 401, "token_missing")
    owner = await shared_service.token(responder="tara")
    assert_refused(await post(f"{TARA}/redactions", json=body, headers=owner), 403, "insufficient_scope")
    admin = await shared_service.token()
    answer = await post("/v1/responders/nobody/redactions", json=body, headers=admin)
    assert_refused(answer, 404, "not_found")
