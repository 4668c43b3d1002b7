"""/v1/webhooks: adding, reading, changing and removing a subscription."""

import base64
from typing import Any

import pytest
from tests.api.refusals import assert_refused
from tests.serving import Headers, Service

from capacity_api.domain import signing

PATH = "/v1/webhooks"
URL = "https://partner.example.org/capacity"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"


async def add(service: Service, token: Headers, **fields: Any) -> dict[str, Any]:
    answer = await service.client.post(PATH, json={"url": URL, **fields}, headers=token)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


async def read(service: Service, token: Headers, path: str = PATH, **parameters: Any) -> Any:
    answer = await service.client.get(path, headers=token, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("owner", [{"responder": "tara"}, {"partner": "Case tool"}, {}])
async def test_a_webhook_is_added_read_listed_changed_and_removed(service: Service, owner: dict[str, str]) -> None:
    token = await service.token(**owner)
    made = await add(service, token)
    secret = made.pop("secret")
    assert made == {
        "id": made["id"],
        "url": URL,
        "event_types": "all",
        "responders": "all",
        "areas": "all",
        "signature": "v1",
        "stale": "drop",
        "status": "active",
        "disabled_reason": None,
        "created_at": "2026-11-21T12:00:00Z",
        "sequence": made["sequence"],
        "failing_since": None,
        "next_attempt_at": None,
        "public_key": None,
    }
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    one = f"{PATH}/{made['id']}"
    assert await read(service, token) == {"items": [made], "next": None}
    assert await read(service, token, one) == made
    change: dict[str, Any] = {
        "event_types": ["intake.confirmed", "intake.paused", "intake.paused"],
        "areas": ["E12000007"],
    }
    answer = await service.client.patch(one, json=change, headers=token)
    changed = {**made, "event_types": ["intake.paused", "intake.confirmed"], "areas": ["E12000007"]}
    assert (answer.status_code, answer.json()) == (200, changed)
    change = {"areas": "all", "responders": ["unseen", "tara", "unseen"], "stale": "send", "url": URL + "/2"}
    answer = await service.client.patch(one, json=change, headers=token)
    changed = {**changed, **change, "responders": ["tara", "unseen"]}
    assert answer.json() == changed == await read(service, token, one)
    assert (await service.client.patch(one, json={}, headers=token)).json() == changed
    answer = await service.client.delete(one, headers=token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await read(service, token) == {"items": [], "next": None}
    for method in ("GET", "DELETE"):
        assert_refused(await service.client.request(method, one, headers=token), 404, "not_found")


async def test_the_secret_stands_in_the_answer_to_creation_alone(service: Service) -> None:
    token = await service.token(partner="Case tool")
    for signature, prefix in (("v1", "whsec_"), ("v1a", "whsk_")):
        made = await add(service, token, signature=signature)
        one = f"{PATH}/{made['id']}"
        assert made["secret"].startswith(prefix)
        changed = await service.client.patch(one, json={"stale": "send"}, headers=token)
        for shown in (changed.text, str(await read(service, token, one)), str(await read(service, token))):
            assert "secret" not in shown
            assert made["secret"] not in shown
            assert prefix not in shown


async def test_the_public_key_of_v1a_is_always_shown_and_verifies(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = await add(service, token, signature="v1a")
    shown = await read(service, token, f"{PATH}/{made['id']}")
    assert shown["public_key"] == made["public_key"] == signing.public_key(made["secret"])
    signature = signing.sign(made["secret"], "id", 1, b"body")
    assert signing.is_signed(shown["public_key"], "id", "1", signature, b"body", 1)


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"url": None}, "invalid", "/url"),
    ({"url": ""}, "invalid", "/url"),
    ({"url": "partner.example.org"}, "invalid", "/url"),
    ({"url": "ftp://partner.example.org/"}, "invalid", "/url"),
    ({"url": "https://user:pass@partner.example.org/"}, "invalid", "/url"),
    ({"url": "https://partner.example.org/#here"}, "invalid", "/url"),
    ({"url": "https://10.0.0.1/"}, "invalid", "/url"),
    ({"url": "https://169.254.169.254/latest/meta-data"}, "invalid", "/url"),
    ({"url": "https://0x7f.1.1/\n"}, "invalid", "/url"),
    ({"url": URL + "x" * 2000}, "invalid", "/url"),
    ({"event_types": ["intake.paused", "intake.closed"]}, "invalid", "/event_types/1"),
    ({"event_types": []}, "invalid", "/event_types"),
    ({"event_types": "some"}, "invalid", "/event_types"),
    ({"event_types": None}, "invalid", "/event_types"),
    ({"responders": ["tara", "nobody"]}, "invalid", "/responders/1"),
    ({"responders": ["\x00"]}, "invalid", "/responders/0"),
    ({"responders": []}, "invalid", "/responders"),
    ({"responders": "tara"}, "invalid", "/responders"),
    ({"areas": ["E12000007", "London"]}, "invalid", "/areas/1"),
    ({"areas": []}, "invalid", "/areas"),
    ({"areas": 7}, "invalid", "/areas"),
    ({"signature": "v2"}, "invalid", "/signature"),
    ({"stale": "keep"}, "invalid", "/stale"),
    ({"secret": "whsec_mine"}, "unknown_field", "/secret"),
    ({"status": "active"}, "unknown_field", "/status"),
]


async def test_a_bad_webhook_is_refused_by_name_and_changes_nothing(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = await add(service, token)
    one = f"{PATH}/{made['id']}"
    before = await read(service, token)
    for body, code, pointer in BAD:
        answer = await service.client.post(PATH, json={"url": URL, **body}, headers=token)
        assert_refused(answer, 422, code, pointer, what=body)
        answer = await service.client.patch(one, json=body, headers=token)
        if "signature" in body:
            code = "unknown_field"
        assert_refused(answer, 422, code, pointer, what=body)
    assert_refused(await service.client.post(PATH, json={}, headers=token), 422, "invalid", "/url")
    body = {"url": URL, "responders": ["a", "tara", "b"]}
    answer = await service.client.post(PATH, json=body, headers=token)
    assert_refused(answer, 422, "invalid", "/responders/0", "/responders/2")
    assert await read(service, token) == before


async def test_another_owners_webhook_is_not_there(service: Service) -> None:
    partner, responder = await service.token(partner="Case tool"), await service.token(responder="tara")
    made = await add(service, partner)
    others = [
        responder,
        await service.token(partner="Another tool"),
        await service.token(responder="unseen"),
        await service.token(),
    ]
    for token in others:
        assert (await read(service, token))["items"] == []
        for webhook in (made["id"], NOBODYS, "not-an-id"):
            one = f"{PATH}/{webhook}"
            calls = [("GET", one), ("DELETE", one), ("GET", f"{one}/deliveries"), ("POST", f"{one}/test")]
            calls += [("POST", f"{one}/{what}") for what in ("enable", "rotate-secret", f"deliveries/{NOBODYS}/resend")]
            for method, path in calls:
                answer = await service.client.request(method, path, headers=token)
                assert_refused(answer, 404, "not_found", what=(method, path))
            answer = await service.client.patch(one, json={"url": URL + "/mine"}, headers=token)
            assert_refused(answer, 404, "not_found")
            answer = await service.client.post(f"{one}/replay", json={"after": 0}, headers=token)
            assert_refused(answer, 404, "not_found")
    # Another token of the same owner reaches it.
    made.pop("secret")
    again = await service.token(responder="tara")
    assert (await read(service, partner))["items"] == [made]
    own = await add(service, responder)
    assert (await read(service, again, f"{PATH}/{own['id']}"))["id"] == own["id"]


async def test_managing_webhooks_takes_its_scope(service: Service) -> None:
    narrow = await service.token(responder="tara", scopes=("intake:write", "responder:write"))
    calls = [
        ("POST", PATH, {"url": URL}),
        ("GET", PATH, None),
        ("GET", f"{PATH}/{NOBODYS}", None),
        ("PATCH", f"{PATH}/{NOBODYS}", {}),
        ("DELETE", f"{PATH}/{NOBODYS}", None),
        ("GET", f"{PATH}/{NOBODYS}/deliveries", None),
        ("POST", f"{PATH}/{NOBODYS}/test", None),
        ("POST", f"{PATH}/{NOBODYS}/enable", None),
        ("POST", f"{PATH}/{NOBODYS}/rotate-secret", None),
        ("POST", f"{PATH}/{NOBODYS}/replay", {"after": 0}),
        ("POST", f"{PATH}/{NOBODYS}/deliveries/{NOBODYS}/resend", None),
    ]
    for method, path, body in calls:
        answer = await service.client.request(method, path, json=body, headers=narrow)
        assert_refused(answer, 403, "insufficient_scope", what=(method, path))
        assert_refused(await service.client.request(method, path, json=body), 401, "token_missing")
    enough = await service.token(responder="tara", scopes=("webhooks:manage",))
    assert (await add(service, enough))["status"] == "active"


async def test_webhooks_are_listed_newest_first_in_pages(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = [(await add(service, token, url=f"{URL}/{n}"))["url"] for n in range(3)]
    first = await read(service, token, limit=2)
    second = await read(service, token, limit=2, cursor=first["next"])
    assert [each["url"] for each in first["items"] + second["items"]] == made[::-1]
    assert second["next"] is None
