"""/v1/webhooks: adding, reading, changing and removing a subscription."""

import base64
from functools import partial
from typing import Any

import pytest
from tests.api.refusals import assert_refused
from tests.serving import Headers, Service, answers_at_once

PATH = "/v1/webhooks"
URL = "https://partner.example.org/capacity"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"


async def add(service: Service, token: Headers, **fields: Any) -> dict[str, Any]:
    answer = await service.client.post(PATH, json={"url": URL, **fields}, headers=token)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{PATH}/{webhook['id']}"
    return webhook


async def change(service: Service, token: Headers, webhook: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await service.client.patch(f"{PATH}/{webhook['id']}", json=fields, headers=token)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


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
        "owner": (await read(service, token, "/v1/me"))["owner"],
        "url": URL,
        "description": None,
        "event_types": ["all"],
        "responders": ["all"],
        "areas": ["all"],
        "signature": "v1",
        "stale": "drop",
        "status": "active",
        "disabled_reason": None,
        "created_at": "2026-11-21T12:00:00Z",
        "last_sequence": made["last_sequence"],
        "failing_since": None,
        "next_attempt_at": None,
        "public_key": None,
    }
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    one = f"{PATH}/{made['id']}"
    assert await read(service, token) == {"items": [made], "next": None}
    assert await read(service, token, one) == made
    event_types = ["intake.confirmed", "intake.paused", "intake.paused"]
    changed = {**made, "event_types": ["intake.paused", "intake.confirmed"], "areas": ["E12000007"]}
    assert await change(service, token, made, event_types=event_types, areas=["E12000007"]) == changed
    changes: dict[str, Any] = {"areas": ["all"], "stale": "send", "url": URL + "/2", "description": "Our case tool"}
    changed = {**changed, **changes, "responders": ["tara", "unseen"]}
    assert await change(service, token, made, **changes, responders=["unseen", "tara", "unseen"]) == changed
    assert await read(service, token, one) == changed
    assert await change(service, token, made) == changed
    assert (await change(service, token, made, description=None))["description"] is None
    answer = await service.client.delete(one, headers=token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await read(service, token) == {"items": [], "next": None}
    for method in ("GET", "DELETE"):
        assert_refused(await service.client.request(method, one, headers=token), 404, "not_found")


async def test_the_secret_is_only_in_the_answers_to_creation_and_rotation(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = await add(service, token)
    one = f"{PATH}/{made['id']}"
    rotated = (await service.client.post(f"{one}/rotate-secret", headers=token)).json()
    assert made["secret"].startswith("whsec_")
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    enabled = (await service.client.post(f"{one}/enable", headers=token)).json()
    shown = [await change(service, token, made, stale="send"), enabled, await read(service, token, one)]
    for each in [*shown, *(await read(service, token))["items"]]:
        assert "secret" not in each
        assert "whsec_" not in str(each)


async def test_a_private_key_is_in_no_answer(service: Service) -> None:
    token = await service.token(partner="Case tool")
    answer = await service.client.post(PATH, json={"url": URL, "signature": "v1a"}, headers=token)
    one = answer.headers["location"]
    answers = [
        answer,
        await service.client.post(PATH, json={"url": URL, "signature": "v1a"}, headers=token),
        await service.client.post(f"{one}/rotate-secret", headers=token),
        await service.client.post(f"{one}/enable", headers=token),
        await service.client.patch(one, json={"description": "Ours"}, headers=token),
        await service.client.get(one, headers=token),
        await service.client.get(PATH, headers=token),
    ]
    assert [each.status_code for each in answers] == [201, 200, 200, 200, 200, 200, 200]
    for each in answers:
        assert "whsk_" not in each.text
        assert '"public_key":"whpk_' in each.text
    assert not any(each.json().get("secret") for each in answers[:-1])
    first, again, rotated, *others = (each.json() for each in answers[:-1])
    assert first["public_key"] == again["public_key"] != rotated["public_key"]
    assert {each["public_key"] for each in others} == {rotated["public_key"]}


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"event_types": ["all"], "responders": ["all"], "areas": ["all"], "signature": "v1", "stale": "drop"}),
    ({}, {"description": "Another description"}),
    ({}, {"url": "HTTPS://Partner.Example.ORG:443/capacity"}),
    (
        {"event_types": ["intake.paused", "intake.opened"], "responders": ["tara", "unseen"]},
        {"event_types": ["intake.opened", "intake.paused", "intake.opened"], "responders": ["unseen", "tara"]},
    ),
    ({"areas": ["E12000007", "W92000004"]}, {"areas": ["W92000004", "E12000007"]}),
    ({"signature": "v1a", "stale": "send"}, {"signature": "v1a", "stale": "send"}),
]


@pytest.mark.parametrize(("first", "second"), SAME)
async def test_the_same_webhook_again_is_answered_as_it_stands(
    service: Service, first: dict[str, Any], second: dict[str, Any]
) -> None:
    token = await service.token(partner="Case tool")
    made = await add(service, token, description="The first", **first)
    await change(service, token, made, status="disabled")
    stands = await read(service, token, f"{PATH}/{made['id']}")
    answer = await service.client.post(PATH, json={"url": URL, **second}, headers=token)
    assert (answer.status_code, answer.json()) == (200, {**stands, "secret": None})
    assert "location" not in answer.headers
    assert (stands["status"], stands["description"]) == ("disabled", "The first")
    assert (await read(service, token))["items"] == [stands]


async def test_any_other_difference_makes_another_webhook(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = {(await add(service, token))["id"]}
    for fields in (
        {"url": URL + "/"},
        {"url": URL + "?a=1"},
        {"url": "https://partner.example.org:8443/capacity"},
        {"event_types": ["intake.paused"]},
        {"responders": ["tara"]},
        {"areas": ["E12000007"]},
        {"signature": "v1a"},
        {"stale": "send"},
    ):
        other = await add(service, token, **fields)
        assert other["id"] not in made, fields
        made.add(other["id"])
    assert {each["id"] for each in (await read(service, token))["items"]} == made


async def test_the_same_webhook_of_another_owner_is_another(service: Service) -> None:
    tokens = [
        await service.token(partner="Case tool"),
        await service.token(partner="Another tool"),
        await service.token(responder="tara"),
        await service.token(),
    ]
    assert len({(await add(service, token))["id"] for token in tokens}) == 4


async def test_of_many_equal_requests_at_once_one_makes_the_webhook(service: Service) -> None:
    token = await service.token(partner="Case tool")
    answers = await answers_at_once(
        [lambda: service.client.post(PATH, json={"url": URL, "areas": ["E12000007"]}, headers=token)] * 8
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.json()["secret"] is None for answer in answers].count(False) == 1
    assert len((await read(service, token))["items"]) == 1


async def test_its_owner_disables_a_webhook_and_makes_it_active_again(service: Service) -> None:
    token = await service.token(responder="tara")
    made = await add(service, token)
    disabled = await change(service, token, made, status="disabled")
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "owner")
    assert await change(service, token, made, status="disabled") == disabled
    answer = await service.client.post(f"{PATH}/{made['id']}/test", headers=token)
    assert_refused(answer, 409, "webhook_disabled")
    active = await change(service, token, made, status="active", description="Again")
    assert (active["status"], active["disabled_reason"], active["description"]) == ("active", None, "Again")
    assert (await change(service, token, made, status="active"))["status"] == "active"


async def test_what_every_copy_has_to_follow_may_be_named_and_cannot_be_left_out(service: Service) -> None:
    token = await service.token(partner="Case tool")
    named = await add(service, token, event_types=["event.redacted", "intake.paused", "directory.restored"])
    assert named["event_types"] == ["intake.paused", "directory.restored", "event.redacted"]


BAD: list[tuple[Any, ...]] = [
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
    ({"event_types": "all"}, "invalid", "/event_types"),
    ({"event_types": None}, "invalid", "/event_types"),
    ({"event_types": ["all", "intake.confirmed"]}, "invalid", "/event_types"),
    ({"event_types": ["webhook.test"]}, "invalid", "/event_types/0"),
    ({"event_types": ["intake.confirmation_due"]}, "invalid", "/event_types/0"),
    ({"responders": ["tara", "nobody"]}, "invalid", "/responders/1"),
    ({"responders": ["\x00"]}, "invalid", "/responders/0"),
    ({"responders": []}, "invalid", "/responders"),
    ({"responders": "tara"}, "invalid", "/responders"),
    ({"responders": ["tara", "all"]}, "invalid", "/responders"),
    ({"responders": ["unknown"]}, "invalid", "/responders/0"),
    ({"responders": ["example"]}, "invalid", "/responders/0"),
    ({"areas": ["E12000007", "London"]}, "invalid", "/areas/1"),
    ({"areas": []}, "invalid", "/areas"),
    ({"areas": 7}, "invalid", "/areas"),
    ({"areas": ["all", "K02000001"]}, "invalid", "/areas"),
    ({"areas": ["all", "all", "London"]}, "invalid", "/areas/2", "/areas"),
    ({"description": "x" * 201}, "invalid", "/description"),
    ({"description": "two\nlines"}, "invalid", "/description"),
    ({"description": 7}, "invalid", "/description"),
    ({"signature": "v2"}, "invalid", "/signature"),
    ({"stale": "keep"}, "invalid", "/stale"),
    ({"secret": "whsec_mine"}, "unknown_field", "/secret"),
    ({"owner": {"type": "admin"}}, "unknown_field", "/owner"),
    ({"disabled_reason": "owner"}, "unknown_field", "/disabled_reason"),
]


async def test_a_bad_webhook_is_refused_by_name_and_changes_nothing(service: Service) -> None:
    token = await service.token(partner="Case tool")
    made = await add(service, token)
    one = f"{PATH}/{made['id']}"
    before = await read(service, token)
    for body, code, *pointers in BAD:
        answer = await service.client.post(PATH, json={"url": URL, **body}, headers=token)
        assert_refused(answer, 422, code, *pointers, what=body)
        answer = await service.client.patch(one, json=body, headers=token)
        if "signature" in body:
            code = "unknown_field"
        assert_refused(answer, 422, code, *pointers, what=body)
    answer = await service.client.post(PATH, json={"url": URL, "status": "active"}, headers=token)
    assert_refused(answer, 422, "unknown_field", "/status")
    for status in ("failing", None):
        answer = await service.client.patch(one, json={"status": status}, headers=token)
        assert_refused(answer, 422, "invalid", "/status")
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


async def test_an_owner_has_at_most_twenty_webhooks(service: Service) -> None:
    token, other = await service.token(partner="Case tool"), await service.token(partner="Another tool")
    made = [await add(service, token, url=f"{URL}/{n}") for n in range(20)]
    answer = await service.client.post(PATH, json={"url": f"{URL}/20"}, headers=token)
    assert_refused(answer, 409, "too_many_webhooks")
    again = await service.client.post(PATH, json={"url": f"{URL}/7"}, headers=token)
    assert (again.status_code, again.json()["id"]) == (200, made[7]["id"])
    await add(service, other, url=f"{URL}/20")
    assert (await service.client.delete(f"{PATH}/{made[3]['id']}", headers=token)).status_code == 204
    await add(service, token, url=f"{URL}/20")
    assert len((await read(service, token))["items"]) == 20


async def test_of_many_new_webhooks_at_once_none_passes_the_limit(service: Service) -> None:
    token = await service.token(partner="Case tool")
    for n in range(17):
        await add(service, token, url=f"{URL}/{n}")
    answers = await answers_at_once(
        [partial(service.client.post, PATH, json={"url": f"{URL}/new/{n}"}, headers=token) for n in range(8)]
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert len((await read(service, token))["items"]) == 20
