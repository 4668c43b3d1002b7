"""PUT caseload and GET, PUT, DELETE threshold."""

import json
from datetime import timedelta
from typing import Any

from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

SLUG = "salvation-army"
THRESHOLD: dict[str, Any] = {
    "pause_at": 100,
    "reopen_below": 61,
    "report": {
        "state": "paused",
        "expected_response": None,
        "expected_referral": None,
        "no_timeframe": False,
        "limited_to": None,
        "reason": "referral_threshold",
        "exceptions": ["self_referral", "homelessness", "detention", "criminal_investigation"],
        "reopens_on": None,
        "note": "We have reached what we can take on.",
    },
}


async def count(service: Service, token: dict[str, str], number: int) -> dict[str, Any]:
    answer = await service.client.put(f"/v1/responders/{SLUG}/caseload", json={"open_referrals": number}, headers=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def prepare(service: Service, threshold: dict[str, Any] = THRESHOLD) -> dict[str, str]:
    token = await service.token(responder=SLUG)
    answer = await service.client.put(f"/v1/responders/{SLUG}/threshold", json=threshold, headers=token)
    assert (answer.status_code, answer.json()) == (200, threshold)
    return token


async def test_the_hundredth_referral_pauses_and_the_sixtieth_reopens(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        body = {"url": url, "responders": [SLUG], "stale": "send"}
        created = await service.client.post("/v1/webhooks", json=body, headers=partner)
        assert created.status_code == 201
        token = await prepare(service)
        first = await service.report(SLUG, OPEN)
        assert (await count(service, token, 99))["responder"] == first
        assert (await count(service, token, 100))["responder"]["intake"]["state"] == "paused"
        intake = (await service.responder(SLUG))["intake"]
        assert (intake["state"], intake["report"]) == ("paused", THRESHOLD["report"])
        await count(service, token, 101)
        await count(service, token, 60)
        assert (await service.responder(SLUG))["intake"]["state"] == "open"
        await endpoint.arrived(3)
        events = [json.loads(body) for _, body in endpoint.posts]
        assert [each["type"] for each in events] == ["intake.opened", "intake.paused", "intake.opened"]
        assert events[1]["data"]["responder"]["intake"]["report"] == THRESHOLD["report"]


async def test_a_pause_by_hand_is_not_reopened(service: Service) -> None:
    token = await prepare(service)
    await service.report(SLUG, PAUSED)
    await count(service, token, 100)
    await count(service, token, 0)
    assert (await service.responder(SLUG))["intake"]["state"] == "paused"


async def test_a_pause_that_nobody_confirmed_can_be_read_everywhere(service: Service, clock: Clock) -> None:
    token = await prepare(service)
    await count(service, token, 100)
    page = (await service.client.get("/")).text
    assert "it reached its own limit" in page
    intake = (await service.responder(SLUG))["intake"]
    assert (intake["said_by"], intake["confirmed_at"]) == ("threshold", None)
    clock.advance(timedelta(days=8))
    assert "Its last report" in (await service.client.get("/")).text
    assert (await service.responder(SLUG))["intake"] == {
        **intake,
        "state": "unconfirmed",
        "since": intake["confirm_by"],
        "report": None,
        "last_report": THRESHOLD["report"],
        "capacity_status": None,
    }


async def test_the_state_and_the_reason_of_the_prepared_report_are_filled_in(service: Service) -> None:
    token = await service.token(responder=SLUG)
    path = f"/v1/responders/{SLUG}/threshold"
    for body in (
        {"pause_at": 100},
        {"pause_at": 100, "report": {}},
        {"pause_at": 100, "report": {"state": "paused", "reason": "referral_threshold"}},
        {"pause_at": 100, "reopen_below": None, "report": {"reason": None}},
    ):
        answer = await service.client.put(path, json=body, headers=token)
        assert answer.json() == {
            "pause_at": 100,
            "reopen_below": None,
            "report": {**THRESHOLD["report"], "exceptions": [], "note": None},
        }
        assert (await service.client.get(path, headers=token)).json() == answer.json()


async def test_what_a_threshold_cannot_report_is_refused(service: Service) -> None:
    token = await prepare(service)
    path = f"/v1/responders/{SLUG}/threshold"
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"state": "open"}, "invalid", "/report/state"),
        ({"state": "waiting_list"}, "invalid", "/report/state"),
        ({"reason": "staffing"}, "invalid", "/report/reason"),
        ({"reopens_on": "2026-12-01"}, "invalid", "/report/reopens_on"),
        ({"limited_to": {"genders": ["woman"]}}, "invalid", "/report/limited_to"),
        ({"note": "x" * 501}, "invalid", "/report/note"),
        (
            {"no_timeframe": True, "expected_response": {"max": 1, "unit": "days"}},
            "invalid",
            "/report/no_timeframe",
        ),
        ({"effective_from": "2026-12-01T00:00:00Z"}, "unknown_field", "/report/effective_from"),
    ]
    for report, code, pointer in cases:
        answer = await service.client.put(path, json={"pause_at": 5, "report": report}, headers=token)
        assert_refused(answer, 422, code, pointer, what=report)
    answer = await service.client.put(path, json={"pause_at": 5, "note": "As it was before."}, headers=token)
    assert_refused(answer, 422, "unknown_field", "/note")
    assert (await service.client.get(path, headers=token)).json() == THRESHOLD


async def test_a_count_is_nobodys_confirmation(service: Service, clock: Clock) -> None:
    """The word of a responder stands beside nothing that a count brought, and comes back with what it said."""
    token = await prepare(service)
    stood = (await service.report(SLUG, {**OPEN, "note": "Ring first."}))["intake"]
    clock.advance(timedelta(days=3))
    paused = (await count(service, token, 100))["responder"]["intake"]
    assert paused == {
        **stood,
        "state": "paused",
        "since": "2026-11-24T12:00:00Z",
        "said_by": "threshold",
        "confirmed_at": None,
        "report": THRESHOLD["report"],
        "capacity_status": "no-capacity",
    }
    assert "Confirmed by" not in (await service.client.get("/")).text
    clock.advance(timedelta(days=1))
    assert (await count(service, token, 60))["responder"]["intake"] == {**stood, "since": "2026-11-25T12:00:00Z"}
    history = (await service.read(f"/v1/responders/{SLUG}/history"))["items"]
    assert [(each["kind"], each["said_by"], each["state"], each["confirm_by"]) for each in history] == [
        ("counted", "responder", "open", stood["confirm_by"]),
        ("counted", "threshold", "paused", stood["confirm_by"]),
        ("reported", "responder", "open", stood["confirm_by"]),
    ]


async def test_what_was_put_aside_and_has_passed_comes_back_as_the_last_report(service: Service, clock: Clock) -> None:
    token = await prepare(service)
    stood = (await service.report(SLUG, OPEN))["intake"]
    await count(service, token, 100)
    clock.advance(timedelta(days=6))
    confirmed = await service.client.post(f"/v1/responders/{SLUG}/intake/confirmation", headers=token)
    assert confirmed.json()["intake"]["said_by"] == "responder"
    clock.advance(timedelta(days=2))
    assert (await count(service, token, 60))["responder"]["intake"] == {
        **stood,
        "state": "unconfirmed",
        "since": "2026-11-29T12:00:00Z",
        "report": None,
        "last_report": stood["report"],
        "capacity_status": None,
    }


async def test_where_nobody_had_reported_all_is_null_again(service: Service) -> None:
    token = await prepare(service)
    never = (await service.responder(SLUG))["intake"]
    assert never == {**dict.fromkeys(never), "state": "unconfirmed"}
    await count(service, token, 100)
    assert (await count(service, token, 60))["responder"]["intake"] == never
    entry = (await service.read(f"/v1/responders/{SLUG}/history"))["items"][0]
    assert (entry["kind"], entry["state"], entry["said_by"], entry["report"]) == ("counted", "unconfirmed", None, None)


async def test_a_confirmed_pause_of_a_count_is_an_update_because_the_word_is_anothers(service: Service) -> None:
    token = await prepare(service)
    paused = (await count(service, token, 100))["responder"]
    for event in ("intake.updated", "intake.confirmed"):
        answer = await service.client.post(f"/v1/responders/{SLUG}/intake/confirmation", headers=token)
        intake = answer.json()["intake"]
        assert (intake["said_by"], intake["since"]) == ("responder", paused["intake"]["since"])
        assert intake["report"] == THRESHOLD["report"]
        assert [each["type"] for each in await service.events_after(answer.json()["sequence"] - 1)] == [event]
    # It stays the threshold's: the count alone brings back what stood before.
    assert (await count(service, token, 60))["responder"]["intake"]["state"] == "unconfirmed"


async def test_the_numbers_are_in_nothing_that_anybody_else_can_read(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner, admin = await service.token(partner="Case tool"), await service.token()
        await service.client.post("/v1/webhooks", json={"url": url}, headers=partner)
        token = await prepare(service, {**THRESHOLD, "pause_at": 7919, "reopen_below": 6007})
        await service.report(SLUG, OPEN)
        await count(service, token, 8191)
        await endpoint.arrived(2)
        paths = ["/", "/v1/directory", f"/v1/responders/{SLUG}", f"/v1/responders/{SLUG}/history", "/v1/events"]
        paths += ["/v1/directory?state=paused", "/readyz", "/v1/vocabulary"]
        texts = {path: (await service.client.get(path)).text for path in paths}
        for path in ("/metrics", "/v1/audit", "/v1/tokens", "/v1/me"):
            texts[path] = (await service.client.get(path, headers=admin)).text
        texts["webhook"] = b"".join(body for _, body in endpoint.posts).decode()
        for where, text in texts.items():
            for number in ("7919", "6007", "8191"):
                # Ids, times and hashes have digits too. Look for the number without digits around it.
                assert f":{number}" not in text.replace(": ", ":"), where
                assert f">{number}<" not in text, where
            assert "open_referrals" not in text, where
            assert "pause_at" not in text, where


async def test_a_threshold_can_be_read_changed_and_removed(service: Service) -> None:
    token = await prepare(service)
    path = f"/v1/responders/{SLUG}/threshold"
    assert (await service.client.get(path, headers=token)).json() == THRESHOLD
    assert (await service.client.get(path, headers=await service.token())).json() == THRESHOLD
    assert (await service.client.delete(path, headers=token)).status_code == 204
    assert (await service.client.get(path, headers=token)).status_code == 404
    await service.report(SLUG, OPEN)
    await count(service, token, 5000)
    assert (await service.responder(SLUG))["intake"]["state"] == "open"


async def test_wrong_tokens_and_wrong_counts_are_refused(service: Service) -> None:
    own = await service.token(responder=SLUG)
    other, partner = await service.token(responder="tara"), await service.token(partner="Case tool")
    for path, body in (
        (f"/v1/responders/{SLUG}/caseload", {"open_referrals": 1}),
        (f"/v1/responders/{SLUG}/threshold", THRESHOLD),
    ):
        for headers, status in (({}, 401), (other, 403), (partner, 403)):
            assert (await service.client.put(path, json=body, headers=headers)).status_code == status
    for headers, status in (({}, 401), (other, 403), (partner, 403)):
        assert (await service.client.get(f"/v1/responders/{SLUG}/threshold", headers=headers)).status_code == status
    for body, pointer in (
        ({"open_referrals": -1}, "/open_referrals"),
        ({"open_referrals": "5"}, "/open_referrals"),
        ({"open_referrals": 10**9}, "/open_referrals"),
        ({}, "/open_referrals"),
        ({"open_referrals": 1, "names": []}, "/names"),
    ):
        answer = await service.client.put(f"/v1/responders/{SLUG}/caseload", json=body, headers=own)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    unknown = await service.client.put(
        "/v1/responders/nobody/caseload", json={"open_referrals": 1}, headers=await service.token()
    )
    assert unknown.status_code == 404
