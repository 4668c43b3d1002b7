"""/v1/me, /v1/tokens, /v1/audit: who may do what, and who did."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, Headers, Service, answers_at_once

from capacity_api.db.tables import TokenRow

TOKENS = "/v1/tokens"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"
OF_A_RESPONDER = ["intake:write", "responder:write", "webhooks:manage"]


def bearing(issued: dict[str, Any]) -> Headers:
    return {"authorization": f"Bearer {issued['token']}"}


async def issue(service: Service, **fields: Any) -> dict[str, Any]:
    answer = await service.client.post(TOKENS, json=fields, headers=await service.token())
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def read(service: Service, token: Headers, path: str, **parameters: Any) -> Any:
    answer = await service.client.get(path, headers=token, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_token_is_issued_for_each_kind_of_owner_and_says_whose_it_is(service: Service) -> None:
    tara = await service.responder("tara")
    admin = await service.token()
    partner = (await service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)).json()
    cases: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
        (
            {"owner": "tara"},
            {"type": "responder", "name": "TARA", "slug": "tara", "id": tara["id"]},
            OF_A_RESPONDER,
        ),
        (
            {"owner": partner["id"]},
            {"type": "partner", "name": "Case tool", "slug": None, "id": partner["id"]},
            ["webhooks:manage"],
        ),
        ({"owner": "admin"}, {"type": "admin", "name": None, "slug": None, "id": None}, ["admin"]),
        (
            {"owner": "tara", "scopes": ["intake:write"]},
            {"type": "responder", "name": "TARA", "slug": "tara", "id": tara["id"]},
            ["intake:write"],
        ),
    ]
    for body, owner, scopes in cases:
        issued = await issue(service, **body)
        assert issued == {
            "id": issued["id"],
            "token": issued["token"],
            "label": None,
            "owner": owner,
            "scopes": scopes,
            "expires_at": "2027-11-21T12:00:00Z",
        }
        assert issued["token"].startswith("cap_")
        assert len(issued["token"]) == 42
        me = await read(service, bearing(issued), "/v1/me")
        assert me == {
            "token_id": issued["id"],
            "label": None,
            "owner": owner,
            "scopes": scopes,
            "expires_at": "2027-11-21T12:00:00Z",
            "last_used_at": None,
            "person_id": None,
        }


async def test_a_bad_order_for_a_token_is_refused_by_name(service: Service) -> None:
    admin = await service.token()
    partner = (await read(service, await service.token(partner="Case tool"), "/v1/me"))["owner"]["id"]
    cases: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
        ({}, "invalid", ("/owner",)),
        ({"owner": None}, "invalid", ("/owner",)),
        ({"owner": "nobody"}, "invalid", ("/owner",)),
        ({"owner": NOBODYS}, "invalid", ("/owner",)),
        # A partner is named by its id.
        ({"owner": "Case tool"}, "invalid", ("/owner",)),
        ({"owner": "\x00"}, "invalid", ("/owner",)),
        ({"owner": "tara", "responder": "tara"}, "unknown_field", ("/responder",)),
        ({"owner": "tara", "scopes": []}, "invalid", ("/scopes",)),
        ({"owner": "tara", "scopes": ["admin"]}, "invalid", ("/scopes/0",)),
        ({"owner": "tara", "scopes": ["x", "intake:write", "y"]}, "invalid", ("/scopes/0", "/scopes/2")),
        ({"owner": partner, "scopes": ["webhooks:manage", "intake:write"]}, "invalid", ("/scopes/1",)),
        ({"owner": "admin", "scopes": ["webhooks:manage"]}, "invalid", ("/scopes/0",)),
        ({"owner": "admin", "expires_at": "2026-11-21T12:00:00Z"}, "invalid", ("/expires_at",)),
        ({"owner": "admin", "expires_at": "2026-12-21T12:00:00"}, "invalid", ("/expires_at",)),
        ({"owner": "admin", "expires_at": "9999-12-31T23:59:59-01:00"}, "invalid", ("/expires_at",)),
        ({"owner": "admin", "expires_at": "soon"}, "invalid", ("/expires_at",)),
        ({"owner": True}, "invalid", ("/owner",)),
        ({"owner": "admin", "label": "x" * 101}, "invalid", ("/label",)),
        ({"owner": "admin", "label": "a\nb"}, "invalid", ("/label",)),
        ({"owner": "admin", "label": 1}, "invalid", ("/label",)),
        ({"owner": "admin", "name": "x"}, "unknown_field", ("/name",)),
    ]
    before = await read(service, admin, TOKENS)
    for body, code, pointers in cases:
        answer = await service.client.post(TOKENS, json=body, headers=admin)
        assert_refused(answer, 422, code, *pointers, what=body)
        if body.get("scopes") == []:
            assert answer.json()["errors"][0]["detail"].startswith("must name at least one of intake:write, ")
    assert await read(service, admin, TOKENS) == before


async def test_only_an_administrator_issues_tokens_adds_partners_and_reads_the_audit(service: Service) -> None:
    calls = [
        ("POST", TOKENS, {"owner": "admin"}),
        ("POST", "/v1/partners", {"name": "Mine"}),
        ("GET", "/v1/partners", None),
        ("GET", "/v1/audit", None),
    ]
    for token in (await service.token(responder="tara"), await service.token(partner="Case tool")):
        for method, path, body in calls:
            answer = await service.client.request(method, path, json=body, headers=token)
            assert_refused(answer, 403, "insufficient_scope", what=(method, path))


async def test_a_list_of_tokens_holds_the_one_that_asks_and_an_administrators_all(service: Service) -> None:
    tara, unseen = await service.token(responder="tara", label="Office"), await service.token(responder="unseen")
    partner, other, admin = (
        await service.token(partner="Case tool"),
        await service.token(partner="Another tool"),
        await service.token(),
    )
    ids = {}
    sibling = await service.token(responder="tara")
    everybody = {"tara": tara, "unseen": unseen, "partner": partner, "other": other, "admin": admin, "sibling": sibling}
    for name, token in everybody.items():
        ids[name] = (await read(service, token, "/v1/me"))["token_id"]
    for name, token in everybody.items():
        if name != "admin":
            page = await read(service, token, TOKENS)
            assert ([each["id"] for each in page["items"]], page["next"]) == ([ids[name]], None)
    all_tokens = (await read(service, admin, TOKENS))["items"]
    newest_first = ("sibling", "admin", "other", "partner", "unseen", "tara")
    assert [each["id"] for each in all_tokens] == [ids[name] for name in newest_first]
    assert all_tokens[-1] == {
        "id": ids["tara"],
        "label": "Office",
        "owner": (await read(service, tara, "/v1/me"))["owner"],
        "scopes": OF_A_RESPONDER,
        "created_at": "2026-11-21T12:00:00Z",
        "expires_at": "2027-11-21T12:00:00Z",
        "revoked_at": None,
        "successor_id": None,
        "reviewed": True,
        "last_used_at": "2026-11-21T12:00:00Z",
        "person_id": None,
    }
    first = await read(service, admin, TOKENS, limit=3)
    second = await read(service, admin, TOKENS, limit=3, cursor=first["next"])
    assert (first["items"] + second["items"], second["next"]) == (all_tokens, None)
    for parameters, pointer in (({"cursor": "MTI"}, "?cursor"), ({"limit": 0}, "?limit")):
        answer = await service.client.get(TOKENS, headers=admin, params=parameters)
        assert_refused(answer, 422, "invalid", pointer)


async def test_a_rotated_token_goes_on_until_the_overlap_ends(service: Service, clock: Clock) -> None:
    old = await issue(service, owner="tara", scopes=["intake:write"], label=" Office ", expires_at=None)
    assert (old["label"], old["expires_at"]) == ("Office", None)
    path = f"{TOKENS}/{old['id']}/rotate"
    answer = await service.client.post(path, json={"overlap_hours": 2}, headers=bearing(old))
    assert answer.status_code == 201
    new = answer.json()
    assert new["token"] != old["token"]
    assert {**new, "id": 0, "token": 0} == {**old, "id": 0, "token": 0}
    clock.advance(timedelta(hours=2, seconds=-1))
    for token in (old, new):
        answer = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=bearing(token))
        assert answer.status_code == 200
    clock.advance(timedelta(seconds=1))
    assert_refused(await service.client.get("/v1/me", headers=bearing(old)), 401, "token_expired")
    me = await read(service, bearing(new), "/v1/me")
    assert (me["label"], me["expires_at"]) == ("Office", None)
    listed = await read(service, await service.token(), f"{TOKENS}/{old['id']}")
    assert listed["successor_id"] == new["id"]


async def test_a_rotation_keeps_the_lifetime_and_never_prolongs_the_old_token(service: Service, clock: Clock) -> None:
    old = await issue(service, owner="tara", expires_at="2026-11-22T12:00:00Z")
    clock.advance(timedelta(hours=20))
    path = f"{TOKENS}/{old['id']}/rotate"
    new = (await service.client.post(path, json={"overlap_hours": 168}, headers=bearing(old))).json()
    assert new["expires_at"] == "2026-11-23T08:00:00Z"
    assert (await read(service, bearing(old), "/v1/me"))["expires_at"] == "2026-11-22T12:00:00Z"
    now = (
        await service.client.post(f"{TOKENS}/{new['id']}/rotate", json={"overlap_hours": 0}, headers=bearing(new))
    ).json()
    assert_refused(await service.client.get("/v1/me", headers=bearing(new)), 401, "token_expired")
    assert (await read(service, bearing(now), "/v1/me"))["owner"]["slug"] == "tara"
    longest = await issue(service, owner="admin", expires_at="2126-11-21T12:00:00Z")
    clock.advance(timedelta(days=1))
    answer = await service.client.post(f"{TOKENS}/{longest['id']}/rotate", json={}, headers=bearing(longest))
    assert answer.status_code == 201


async def test_a_token_has_one_successor(service: Service) -> None:
    token = await issue(service, owner="tara")
    path = f"{TOKENS}/{token['id']}/rotate"
    answers = await answers_at_once([lambda: service.client.post(path, json={}, headers=bearing(token))] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    successor = next(answer.json() for answer in answers if answer.status_code == 201)
    answers.append(await service.client.post(path, json={}, headers=await service.token()))
    for answer in answers:
        if answer.status_code != 201:
            assert_refused(answer, 409, "already_rotated")
            assert successor["id"] in answer.json()["detail"]
    everything = (await read(service, await service.token(), TOKENS))["items"]
    assert len([each for each in everything if each["owner"]["slug"] == "tara"]) == 2
    # The successor has its own.
    answer = await service.client.post(f"{TOKENS}/{successor['id']}/rotate", json={}, headers=bearing(successor))
    assert answer.status_code == 201


async def test_a_token_does_nothing_to_its_owners_other_tokens(service: Service) -> None:
    wide, narrow = (
        await issue(service, owner="tara"),
        await issue(service, owner="tara", scopes=["intake:write"]),
    )
    manages_webhooks = await issue(service, owner="tara", scopes=["webhooks:manage"])
    for token, other in ((wide, narrow), (narrow, wide), (manages_webhooks, narrow)):
        path = f"{TOKENS}/{other['id']}"
        for method in ("GET", "DELETE"):
            assert_refused(await service.client.request(method, path, headers=bearing(token)), 404, "not_found")
        answer = await service.client.post(f"{path}/rotate", json={}, headers=bearing(token))
        assert_refused(answer, 404, "not_found")
    for token in (wide, narrow, manages_webhooks):
        assert (await read(service, bearing(token), "/v1/me"))["token_id"] == token["id"]
    # An administrator does.
    admin = await service.token()
    answer = await service.client.post(f"{TOKENS}/{narrow['id']}/rotate", json={}, headers=admin)
    assert (answer.status_code, answer.json()["scopes"]) == (201, ["intake:write"])
    assert (await service.client.delete(f"{TOKENS}/{wide['id']}", headers=admin)).status_code == 204
    assert_refused(await service.client.get("/v1/me", headers=bearing(wide)), 401, "token_revoked")


async def test_a_token_ends_after_a_year_unless_its_order_says_otherwise(service: Service, clock: Clock) -> None:
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({}, "2027-11-21T12:00:00Z"),
        ({"expires_at": None}, None),
        ({"expires_at": "2026-11-22T12:00:00Z"}, "2026-11-22T12:00:00Z"),
    ]
    for order, end in cases:
        issued = await issue(service, owner="tara", **order)
        assert issued["expires_at"] == (await read(service, bearing(issued), "/v1/me"))["expires_at"] == end
    ordinary = await issue(service, owner="tara")
    clock.advance(timedelta(days=100))
    answer = await service.client.post(f"{TOKENS}/{ordinary['id']}/rotate", json={}, headers=bearing(ordinary))
    assert answer.json()["expires_at"] == "2028-02-29T12:00:00Z"


async def test_a_revoked_token_holds_no_more_at_once(service: Service) -> None:
    token, kept = await issue(service, owner="tara"), await issue(service, owner="tara")
    answer = await service.client.delete(f"{TOKENS}/{token['id']}", headers=bearing(token))
    assert (answer.status_code, answer.content) == (204, b"")
    assert_refused(await service.client.get("/v1/me", headers=bearing(token)), 401, "token_revoked")
    assert (await read(service, bearing(kept), "/v1/me"))["token_id"] == kept["id"]
    admin = await service.token()
    assert (await service.client.delete(f"{TOKENS}/{token['id']}", headers=admin)).status_code == 204
    answer = await service.client.post(f"{TOKENS}/{token['id']}/rotate", json={}, headers=admin)
    assert_refused(answer, 409, "conflict")
    listed = {each["id"]: each["revoked_at"] for each in (await read(service, admin, TOKENS))["items"]}
    assert (listed[token["id"]], listed[kept["id"]]) == ("2026-11-21T12:00:00Z", None)


async def test_somebody_elses_token_is_not_there(service: Service) -> None:
    token = await issue(service, owner="tara")
    admins = await issue(service, owner="admin")
    for other in (await service.token(responder="unseen"), await service.token(partner="Case tool")):
        for token_id in (token["id"], admins["id"], NOBODYS, "not-an-id"):
            for method in ("GET", "DELETE"):
                answer = await service.client.request(method, f"{TOKENS}/{token_id}", headers=other)
                assert_refused(answer, 404, "not_found", what=token_id)
            answer = await service.client.post(f"{TOKENS}/{token_id}/rotate", json={}, headers=other)
            assert_refused(answer, 404, "not_found", what=token_id)
    assert (await read(service, bearing(token), "/v1/me"))["token_id"] == token["id"]


async def test_a_bad_overlap_is_refused_and_rotates_nothing(service: Service) -> None:
    token = await issue(service, owner="tara")
    for overlap in (-1, 169, 1.5, "24", None):
        answer = await service.client.post(
            f"{TOKENS}/{token['id']}/rotate", json={"overlap_hours": overlap}, headers=bearing(token)
        )
        assert_refused(answer, 422, "invalid", "/overlap_hours", what=overlap)
    assert len((await read(service, bearing(token), TOKENS))["items"]) == 1


async def test_a_token_expires_at_its_second(service: Service, clock: Clock) -> None:
    token = await issue(service, owner="admin", expires_at="2026-11-21T14:00:00+01:00")
    assert token["expires_at"] == "2026-11-21T13:00:00Z"
    clock.advance(timedelta(minutes=60, seconds=-1))
    assert (await read(service, bearing(token), "/v1/me"))["expires_at"] == "2026-11-21T13:00:00Z"
    clock.advance(timedelta(seconds=1))
    assert_refused(await service.client.get("/v1/me", headers=bearing(token)), 401, "token_expired")


async def test_the_last_use_is_noted_at_most_once_a_minute(service: Service, clock: Clock) -> None:
    token = await service.token(responder="tara")

    async def last_used() -> str | None:
        used: str | None = (await read(service, token, "/v1/me"))["last_used_at"]
        return used

    assert await last_used() is None
    assert await last_used() == "2026-11-21T12:00:00Z"
    clock.advance(timedelta(seconds=59))
    for _ in range(2):
        assert await last_used() == "2026-11-21T12:00:00Z"
    clock.advance(timedelta(seconds=1))
    await last_used()
    assert await last_used() == "2026-11-21T12:01:00Z"


async def test_a_token_is_shown_once_and_only_its_hash_is_kept(service: Service) -> None:
    admin = await service.token()
    issued = await issue(service, owner="tara")
    rotated = await service.client.post(f"{TOKENS}/{issued['id']}/rotate", json={}, headers=bearing(issued))
    shown = [str(await read(service, admin, path)) for path in (TOKENS, "/v1/audit", "/v1/partners")]
    shown += [str(await read(service, bearing(issued), path)) for path in (TOKENS, "/v1/me")]
    async with service.database.read() as session:
        for row in await session.scalars(select(TokenRow)):
            shown.append(str([getattr(row, column.name) for column in TokenRow.__table__.columns]))
    for secret in (issued["token"], rotated.json()["token"], admin["authorization"].removeprefix("Bearer ")):
        assert secret[4:] not in "".join(shown)
    assert "cap_" not in "".join(shown)


async def test_where_a_new_token_is_read(service: Service) -> None:
    admin = await service.token()
    answer = await service.client.post(TOKENS, json={"owner": "tara"}, headers=admin)
    issued = answer.json()
    rotated = await service.client.post(answer.headers["location"] + "/rotate", json={}, headers=bearing(issued))
    for made in (answer, rotated):
        assert made.status_code == 201
        listed = await read(service, bearing(made.json()), made.headers["location"])
        assert listed in (await read(service, admin, TOKENS))["items"]
        assert "token" not in listed


async def test_the_audit_says_who_changed_what_newest_first(service: Service) -> None:
    admin = await service.token()
    mine = (await read(service, admin, "/v1/me"))["token_id"]
    partner = (await service.client.post("/v1/partners", json={"name": "Case tool"}, headers=admin)).json()["id"]
    token = (await service.client.post(TOKENS, json={"owner": "tara"}, headers=admin)).json()
    own = bearing(token)
    await service.client.patch("/v1/responders/tara", json={"website": "https://t.example/"}, headers=own)
    new = (await service.client.post(f"{TOKENS}/{token['id']}/rotate", json={}, headers=own)).json()
    for _ in range(2):
        await service.client.delete(f"{TOKENS}/{token['id']}", headers=own)
    await service.client.delete("/v1/responders/tara", headers=admin)
    page = await read(service, admin, "/v1/audit", limit=8)
    assert [(each["action"], each["target"], each["actor"]["id"]) for each in page["items"]] == [
        ("owner.suspend", "tara", mine),
        ("responder.delist", "tara", mine),
        ("token.revoke", token["id"], token["id"]),
        ("token.rotate", token["id"], token["id"]),
        ("token.issue", new["id"], token["id"]),
        ("responder.change", "tara", token["id"]),
        ("token.issue", token["id"], mine),
        ("partner.add", partner, mine),
    ]
    assert {each["at"] for each in page["items"]} == {"2026-11-21T12:00:00Z"}
    older = await read(service, admin, "/v1/audit", cursor=page["next"])
    assert {(each["action"], each["actor"]["type"]) for each in older["items"]} == {
        ("token.issue", "service"),
        ("responder.list", "service"),
    }
