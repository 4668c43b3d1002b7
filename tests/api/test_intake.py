"""PUT /v1/responders/{slug}/intake, its confirmation and its planned change."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.api.refusals import assert_refused
from tests.serving import OPEN, PAUSED, WAITING, Service

INTAKE = "/v1/responders/salvation-army/intake"
INTAKE_OF_TARA = "/v1/responders/tara/intake"


async def test_a_report_can_be_read_once_it_is_answered(service: Service) -> None:
    before = await service.read("/v1/directory")
    answer = await service.report("salvation-army", PAUSED)
    after = await service.read("/v1/directory")
    assert after["sequence"] == before["sequence"] + 1 == answer["sequence"]
    shown = await service.responder("salvation-army")
    assert shown == answer == await service.read("/v1/responders/salvation-army")
    assert shown["intake"] == {
        "state": "paused",
        "since": "2026-11-21T12:00:00Z",
        "said_by": "responder",
        "confirmed_at": "2026-11-21T12:00:00Z",
        "confirm_by": "2026-11-28T12:00:00Z",
        "report": {
            "state": "paused",
            "expected_response": None,
            "expected_referral": None,
            "no_timeframe": False,
            "limited_to": None,
            "reason": "referral_threshold",
            "exceptions": ["self_referral", "homelessness"],
            "reopens_on": None,
            "note": "Full.",
        },
        "last_report": None,
        "planned": None,
        "capacity_status": "no-capacity",
    }


async def test_a_report_is_exactly_one_event_and_one_entry_of_the_history(service: Service) -> None:
    latest = (await service.read("/v1/directory"))["sequence"]
    answer = await service.report("salvation-army", PAUSED)
    page = await service.read("/v1/events", after=latest)
    assert UUID(page["events"][0].pop("id")).version == 7
    assert page == {
        "events": [
            {
                "test": False,
                "type": "intake.paused",
                "timestamp": "2026-11-21T12:00:00Z",
                "sequence": latest + 1,
                "data": {"responder": answer, "previous_state": "unconfirmed"},
            }
        ],
        "sequence": latest + 1,
        "latest": latest + 1,
    }
    history = await service.read("/v1/responders/salvation-army/history")
    assert history["items"] == [
        {
            "sequence": latest + 1,
            "kind": "reported",
            "at": "2026-11-21T12:00:00Z",
            "said_by": "responder",
            "state": "paused",
            "confirm_by": "2026-11-28T12:00:00Z",
            "effective_from": None,
            "report": answer["intake"]["report"],
        }
    ]


async def test_a_report_that_was_read_can_be_sent_back(service: Service) -> None:
    everything = {
        "state": "waiting_list",
        "expected_response": {"min": 5, "max": 10, "unit": "hours"},
        "expected_referral": {"min": 2, "max": 4, "unit": "weeks"},
        "no_timeframe": False,
        "limited_to": {
            "areas": ["all"],
            "exploitation_types": ["all"],
            "age_groups": ["young_person"],
            "genders": ["all"],
        },
        "reason": "staffing",
        "exceptions": ["detention", "existing_client"],
        "reopens_on": "2026-12-01",
        "note": "Ring first.",
    }
    first = await service.report("tara", everything)
    assert first["intake"]["report"] == everything
    again = await service.report("tara", first["intake"]["report"])
    assert again["intake"] == first["intake"]
    assert [each["type"] for each in await service.events_after(first["sequence"])] == ["intake.confirmed"]


async def test_reporting_the_same_state_again_only_confirms_it(service: Service, clock: Any) -> None:
    first = await service.report("salvation-army", PAUSED)
    clock.advance(timedelta(days=1))
    second = await service.report("salvation-army", PAUSED)
    assert {field for field in first["intake"] if first["intake"][field] != second["intake"][field]} == {
        "confirmed_at",
        "confirm_by",
    }
    page = await service.read("/v1/events", after=first["sequence"])
    assert [event["type"] for event in page["events"]] == ["intake.confirmed"]


@pytest.mark.parametrize(
    ("first", "second", "event"),
    [
        (OPEN, PAUSED, "intake.paused"),
        (PAUSED, OPEN, "intake.opened"),
        (PAUSED, WAITING, "intake.waiting_list"),
        (PAUSED, {**PAUSED, "note": "Still full."}, "intake.updated"),
        (PAUSED, PAUSED, "intake.confirmed"),
    ],
)
async def test_the_event_says_what_changed(
    service: Service, first: dict[str, Any], second: dict[str, Any], event: str
) -> None:
    before = await service.report("tara", first)
    await service.report("tara", second)
    (new_event,) = await service.events_after(before["sequence"])
    assert (new_event["type"], new_event["data"]["previous_state"]) == (event, first["state"])


async def test_still_true_moves_only_the_confirmation(service: Service, clock: Any) -> None:
    first = await service.report("tara", OPEN)
    clock.advance(timedelta(hours=5))
    token = await service.token(responder="tara")
    answer = await service.client.post(f"{INTAKE_OF_TARA}/confirmation", headers=token)
    assert answer.status_code == 200
    second = answer.json()
    assert second["intake"]["since"] == first["intake"]["since"]
    assert second["intake"]["confirmed_at"] == "2026-11-21T17:00:00Z"
    assert second["intake"]["confirm_by"] == "2026-11-28T17:00:00Z"


async def test_a_confirmation_with_content_is_refused(service: Service) -> None:
    first = await service.report("tara", OPEN)
    token = {**await service.token(responder="tara"), "content-type": "application/json"}
    answer = await service.client.post(f"{INTAKE_OF_TARA}/confirmation", content=b'{"state": "paused"}', headers=token)
    assert_refused(answer, 422, "unknown_field", "/state")
    assert await service.responder("tara") == first


async def test_nothing_can_be_confirmed_that_was_never_reported(service: Service) -> None:
    token = await service.token(responder="tara")
    answer = await service.client.post(f"{INTAKE_OF_TARA}/confirmation", headers=token)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_confirm")


async def test_confirming_after_a_lapse_brings_the_state_back(service: Service, clock: Any) -> None:
    first = await service.report("tara", OPEN)
    clock.advance(timedelta(days=8))
    token = await service.token(responder="tara")
    answer = await service.client.post(f"{INTAKE_OF_TARA}/confirmation", headers=token)
    intake = answer.json()["intake"]
    assert (intake["state"], intake["since"], intake["confirmed_at"]) == (
        "open",
        "2026-11-29T12:00:00Z",
        "2026-11-29T12:00:00Z",
    )
    assert (intake["report"], intake["last_report"]) == (first["intake"]["report"], None)
    events = await service.events_after(first["sequence"])
    assert [(each["type"], each["timestamp"], each["data"]["previous_state"]) for each in events] == [
        ("intake.unconfirmed", "2026-11-28T12:00:00Z", "open"),
        ("intake.opened", "2026-11-29T12:00:00Z", "unconfirmed"),
    ]


async def test_a_report_that_lapses_is_unconfirmed_at_its_second(service: Service, clock: Any) -> None:
    held = (await service.report("tara", OPEN))["intake"]
    clock.advance(timedelta(days=7, seconds=-1))
    assert (await service.responder("tara"))["intake"] == held
    clock.advance(timedelta(seconds=1))
    assert (await service.responder("tara"))["intake"] == {
        **held,
        "state": "unconfirmed",
        "since": held["confirm_by"],
        "report": None,
        "last_report": held["report"],
        "capacity_status": None,
    }


async def test_a_write_first_records_every_lapse_that_is_due(service: Service, clock: Any) -> None:
    first = await service.report("tara", OPEN)
    clock.advance(timedelta(days=7, hours=1))
    await service.report("unseen", OPEN)
    events = await service.events_after(first["sequence"])
    assert [(each["type"], each["data"]["responder"]["slug"], each["timestamp"]) for each in events] == [
        ("intake.unconfirmed", "tara", "2026-11-28T12:00:00Z"),
        ("intake.opened", "unseen", "2026-11-28T13:00:00Z"),
    ]


async def test_a_pause_with_a_day_holds_to_the_end_of_that_day_in_london(service: Service) -> None:
    winter = await service.report("tara", {**PAUSED, "reopens_on": "2026-12-01"})
    assert winter["intake"]["confirm_by"] == "2026-12-02T00:00:00Z"
    far = await service.report("tara", {**PAUSED, "reopens_on": "2027-06-01"})
    assert far["intake"]["confirm_by"] == "2027-02-19T12:00:00Z"


async def test_if_match_takes_the_tag_of_any_encoding(service: Service) -> None:
    token = await service.token(responder="tara")
    for coding in ("identity", "gzip"):
        read = await service.client.get("/v1/responders/tara", headers={"accept-encoding": coding})
        etag = read.headers["etag"]
        answer = await service.client.put(
            INTAKE_OF_TARA, json={**OPEN, "note": coding}, headers={**token, "if-match": etag}
        )
        assert answer.status_code == 200
        stale = await service.client.put(INTAKE_OF_TARA, json=PAUSED, headers={**token, "if-match": etag})
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert (await service.responder("tara"))["intake"]["state"] == "open"
        chained = await service.client.put(
            INTAKE_OF_TARA, json=WAITING, headers={**token, "if-match": answer.headers["etag"]}
        )
        assert chained.status_code == 200


async def test_if_match_takes_a_tag_that_a_proxy_made_weak(service: Service) -> None:
    token = await service.token(responder="tara")
    for coding in ("identity", "gzip"):
        read = await service.client.get("/v1/responders/tara", headers={"accept-encoding": coding})
        headers = {**token, "if-match": f'"other", W/{read.headers["etag"]}'}
        report = {**OPEN, "note": coding}
        answer = await service.client.put(INTAKE_OF_TARA, json=report, headers=headers)
        assert (answer.status_code, answer.json()["intake"]["report"]["note"]) == (200, coding)
        stale = await service.client.put(INTAKE_OF_TARA, json=PAUSED, headers=headers)
        assert_refused(stale, 412, "precondition_failed")


async def test_a_newline_and_bidirectional_marks_may_stand_in_a_note(service: Service) -> None:
    note = "First line\n\u202bשורה שנייה\u202c"  # a right-to-left embedding around Hebrew
    assert (await service.report("tara", {**PAUSED, "note": note}))["intake"]["report"]["note"] == note
    windows = await service.report("tara", {**PAUSED, "note": "one\r\ntwo"})
    assert windows["intake"]["report"]["note"] == "one\ntwo"


BAD: list[tuple[str, Any, int, str, str | None]] = [
    ("malformed JSON", b'{"state": "open"', 400, "malformed", None),
    ("not UTF-8", b'{"state": "open", "note": "\xff"}', 400, "malformed", None),
    ("no body", b"", 400, "malformed", None),
    ("not an object", b"[]", 422, "invalid", ""),
    ("no state", b"{}", 422, "invalid", "/state"),
    ("an unknown state", {"state": "closed"}, 422, "invalid", "/state"),
    ("unconfirmed, which nobody can say", {"state": "unconfirmed"}, 422, "invalid", "/state"),
    ("a state of the wrong type", {"state": 1}, 422, "invalid", "/state"),
    ("an unknown field", {"state": "open", "queue": 3}, 422, "unknown_field", "/queue"),
    (
        "an unknown nested field",
        {**OPEN, "expected_response": {"max": 1, "unit": "days", "mean": 1}},
        422,
        "unknown_field",
        "/expected_response/mean",
    ),
    (
        "a number as text",
        {**OPEN, "expected_response": {"max": "5", "unit": "days"}},
        422,
        "invalid",
        "/expected_response/max",
    ),
    ("an unknown exception", {"state": "paused", "exceptions": ["detention", "luck"]}, 422, "invalid", "/exceptions/1"),
    ("a note too long", {"state": "open", "note": "x" * 501}, 422, "invalid", "/note"),
    ("a control character", {"state": "open", "note": "bell\x07"}, 422, "invalid", "/note"),
    (
        "max below min",
        {**OPEN, "expected_response": {"min": 5, "max": 2, "unit": "days"}},
        422,
        "invalid",
        "/expected_response/max",
    ),
    (
        "negative",
        {**OPEN, "expected_response": {"min": -1, "max": 2, "unit": "days"}},
        422,
        "invalid",
        "/expected_response/min",
    ),
    (
        "no timeframe beside a time",
        {**OPEN, "no_timeframe": True},
        422,
        "invalid",
        "/no_timeframe",
    ),
    (
        "no timeframe beside the time of a referral",
        {"state": "open", "no_timeframe": True, "expected_referral": {"max": 2, "unit": "weeks"}},
        422,
        "invalid",
        "/no_timeframe",
    ),
    ("an unknown answer to no_timeframe", {"state": "open", "no_timeframe": None}, 422, "invalid", "/no_timeframe"),
    (
        "a referral without its end",
        {"state": "open", "expected_referral": {"min": 1, "unit": "days"}},
        422,
        "invalid",
        "/expected_referral/max",
    ),
    (
        "whose word it is, which the token says",
        {"state": "open", "said_by": "responder"},
        422,
        "unknown_field",
        "/said_by",
    ),
    ("reopening in the past", {"state": "paused", "reopens_on": "2026-11-20"}, 422, "invalid", "/reopens_on"),
    ("reopening while open", {"state": "open", "reopens_on": "2026-12-20"}, 422, "invalid", "/reopens_on"),
    ("no date", {"state": "paused", "reopens_on": "soon"}, 422, "invalid", "/reopens_on"),
    (
        "a planned opening",
        {"state": "open", "effective_from": "2026-12-20T12:00:00Z"},
        422,
        "invalid",
        "/effective_from",
    ),
    (
        "a plan for the past",
        {"state": "paused", "effective_from": "2026-11-20T12:00:00Z"},
        422,
        "invalid",
        "/effective_from",
    ),
    (
        "a time without a zone",
        {"state": "paused", "effective_from": "2026-12-20T12:00:00"},
        422,
        "invalid",
        "/effective_from",
    ),
    ("a body over 64 kB", {"state": "open", "note": "x" * 70_000}, 413, "body_too_large", None),
]


async def test_bad_input_is_refused_by_name_and_changes_nothing(service: Service) -> None:
    first = await service.report("salvation-army", WAITING)
    before = await service.read("/v1/directory")
    token = await service.token(responder="salvation-army")
    headers = {**token, "content-type": "application/json"}
    for what, body, status, code, pointer in BAD:
        options = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await service.client.put(INTAKE, headers=headers, **options)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", what
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), (what, problem)
        if pointer is not None:
            assert pointer in [each["pointer"] for each in problem["errors"]], (what, problem)
    assert await service.responder("salvation-army") == first
    assert await service.read("/v1/directory") == before
    assert (await service.read("/v1/events", after=before["sequence"]))["events"] == []


async def test_every_fault_of_a_report_is_named_at_once(service: Service) -> None:
    token = await service.token(responder="tara")
    body = {
        "state": "open",
        "note": "\x00",
        "reopens_on": "2027-01-01",
        "expected_response": {"max": 0, "unit": "days"},
    }
    answer = await service.client.put(INTAKE_OF_TARA, json=body, headers=token)
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/reopens_on", "/expected_response/max", "/note"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=latin-1"]
)
async def test_another_media_type_is_refused(shared_service: Service, media_type: str) -> None:
    token = await shared_service.token(responder="tara")
    answer = await shared_service.client.put(
        INTAKE_OF_TARA, content=b'{"state": "open"}', headers={**token, "content-type": media_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_an_unknown_parameter_is_refused(service: Service) -> None:
    token = await service.token(responder="tara")
    answer = await service.client.put("/v1/responders/tara/intake?dry_run=1", json=OPEN, headers=token)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert answer.json()["errors"] == [{"pointer": "?dry_run", "detail": "unknown"}]
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"


async def test_who_may_not_report(service: Service, clock: Any) -> None:
    own = await service.token(responder="salvation-army", expires_at=clock() + timedelta(hours=1))
    revoked = await service.token(responder="salvation-army")
    me = (await service.client.get("/v1/me", headers=revoked)).json()
    await service.client.delete(f"/v1/tokens/{me['token_id']}", headers=revoked)
    good = own["authorization"]
    clock.advance(timedelta(hours=1))
    cases = [
        ({}, 401, "token_missing"),
        ({"authorization": "Basic dXNlcjpwYXNz"}, 401, "token_malformed"),
        ({"authorization": good[:-1]}, 401, "token_malformed"),
        ({"authorization": good[:-1] + ("A" if good[-1] != "A" else "B")}, 401, "token_malformed"),
        (await _never_issued(), 401, "token_unknown"),
        (own, 401, "token_expired"),
        (revoked, 401, "token_revoked"),
        (await service.token(responder="tara"), 403, "not_owner"),
        (await service.token(partner="Case tool"), 403, "insufficient_scope"),
    ]
    for headers, status, code in cases:
        answer = await service.client.put(INTAKE, json=PAUSED, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert ("www-authenticate" in answer.headers) == (status == 401)
    assert (await service.responder("salvation-army"))["intake"]["state"] == "unconfirmed"


async def test_an_unknown_slug_is_not_found(service: Service) -> None:
    answer = await service.client.put("/v1/responders/nobody/intake", json=OPEN, headers=await service.token())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_responder_that_was_delisted_cannot_report(service: Service) -> None:
    own = await service.token(responder="tara")
    delisted = await service.client.delete("/v1/responders/tara", headers=await service.token())
    assert delisted.status_code == 204
    for token, expected in ((own, (401, "owner_suspended")), (await service.token(), (404, "not_found"))):
        answer = await service.client.put(INTAKE_OF_TARA, json=OPEN, headers=token)
        assert (answer.status_code, answer.json()["code"]) == expected


async def _never_issued() -> dict[str, str]:
    from capacity_api.domain import tokens

    return {"authorization": f"Bearer {tokens.make_token(bytes(40))}"}
