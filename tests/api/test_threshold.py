"""PUT caseload and GET, PUT, DELETE threshold."""

import json
from datetime import timedelta
from typing import Any

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
    "exceptions": ["self_referral", "homelessness", "detention", "criminal_investigation"],
    "expected_response": None,
    "note": "We have reached what we can take on.",
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
        shown = (await service.responder(SLUG))["intake"]
        assert (shown["state"], shown["reason"]) == ("paused", "referral_threshold")
        assert shown["exceptions"] == THRESHOLD["exceptions"]
        await count(service, token, 101)
        await count(service, token, 60)
        assert (await service.responder(SLUG))["intake"]["state"] == "open"
        await endpoint.arrived(3)
        events = [json.loads(body) for _, body in endpoint.posts]
        assert [each["type"] for each in events] == ["intake.opened", "intake.paused", "intake.opened"]
        assert events[1]["data"]["responder"]["intake"]["reason"] == "referral_threshold"


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
    assert "Paused at its own limit" in page
    assert (await service.responder(SLUG))["intake"]["confirmed_at"] is None
    clock.advance(timedelta(days=8))
    assert "Its last report" in (await service.client.get("/")).text
    assert (await service.responder(SLUG))["intake"]["state"] == "unconfirmed"


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
        for headers, status in (({}, 401), (other, 404), (partner, 403)):
            assert (await service.client.put(path, json=body, headers=headers)).status_code == status
    for headers, status in (({}, 401), (other, 404), (partner, 403)):
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
