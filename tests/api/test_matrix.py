"""Every route for every kind of caller. What to expect follows from the route's scopes and from whose its target is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update
from tests.api.people import mailing
from tests.api.refusals import assert_refused
from tests.api.stages import HANDLERS, Route, Stage, changes_something, name_of, scopes_of, set_stage
from tests.conftest import NOON, Clock, settings_of
from tests.serving import PAUSED, Headers, Service, serving

from capacity_api.db.tables import Table, TokenRow
from capacity_api.domain.tokens import EDITOR_SCOPES, RANDOM_BYTES, RESPONDER_SCOPES, Scope, make_token

ROUTES = sorted(HANDLERS)
NO_SCOPE: frozenset[Scope] = frozenset()
# Whose rows no refused call may change. `last_used_at` says that a token was used, also in vain.
TABLES = [
    Table.metadata.tables[name]
    for name in (
        "audit",
        "event",
        "token",
        "webhook",
        "delivery",
        "responder",
        "intake",
        "report",
        "threshold",
        "person",
        "link",
        "mail",
        "dispute",
    )
]
# The age of what is published, and a token that is made anew.
VARIES = frozenset({"readReadiness", "useLink"})
# What a narrow token may call to change something, for any target.
NARROW = {
    scope: [
        each
        for each in ROUTES
        if changes_something(each) and scopes_of(HANDLERS[each]) in (frozenset({scope}), NO_SCOPE)
    ]
    for scope in (Scope.WEBHOOKS_MANAGE, Scope.RESPONDER_WRITE)
}
Refusal = tuple[int, str]
# What an administrator does for no other owner: nobody but the owner sees a secret.
REFUSED_TO_ADMINISTRATORS: dict[str, Refusal] = {"rotateWebhookSecret": (403, "not_owner")}


@dataclass(frozen=True)
class Caller:
    """`refusal`: why the token does not hold. `owns`: whether it is a token of the stage's responder."""

    name: str
    headers: Headers
    scopes: frozenset[Scope] = frozenset()
    owns: bool = False
    refusal: str | None = None
    owner_type: str = "responder"

    def expect(self, route: Route) -> Refusal | None:
        """How a route refuses this caller, whatever it asks for; `None` if it does not."""
        _, path = route
        scopes = scopes_of(HANDLERS[route])
        if scopes is None:
            return None
        if self.refusal is not None:
            return 401, self.refusal
        if name_of(route) == "addDispute":
            # Whatever its scopes are: anybody but a partner is refused, and a partner names any responder.
            return None if self.owner_type == "partner" else (403, "insufficient_scope")
        if Scope.ADMIN in self.scopes:
            return REFUSED_TO_ADMINISTRATORS.get(name_of(route))
        if scopes and scopes.isdisjoint(self.scopes):
            return 403, "insufficient_scope"
        if HANDLERS[route].opt.get("for_editors") and not self.scopes >= set(EDITOR_SCOPES[self.owner_type]):
            return 403, "insufficient_scope"
        if "{dispute_id}" in path:
            # It is another partner's.
            return 404, "not_found"
        if "{token_id}" in path:
            # No token reaches another, not even one of the same owner.
            return 404, "not_found"
        if self.owns or "{" not in path:
            return None
        return (403, "not_owner") if "{slug}" in path else (404, "not_found")


async def spoil(service: Service, headers: Headers, **values: Any) -> Headers:
    """The token, after these columns of it were set."""
    async with service.database.write() as session:
        token = service.keys.token_hashes(headers["authorization"].removeprefix("Bearer "))[0]
        await session.execute(update(TokenRow).where(TokenRow.hash == token).values(**values))
    return headers


class Cast:
    """Sets stages, and knows who may call on one: its responder's tokens, and strangers that are the same on each."""

    def __init__(self, service: Service, admin: Headers, strangers: list[Caller]) -> None:
        self.service = service
        self._admin = admin
        self._strangers = strangers

    async def set_stage(self) -> Stage:
        return await set_stage(self.service, self._admin)

    async def callers(self, stage: Stage) -> list[Caller]:
        slug = stage.values["slug"]
        everything = frozenset(RESPONDER_SCOPES)

        async def spoilt(refusal: str, **values: Any) -> Caller:
            headers = await spoil(self.service, await self.service.token(responder=slug), **values)
            return Caller(refusal, headers, everything, owns=True, refusal=refusal)

        return [
            await spoilt("token_expired", expires_at=NOON),
            await spoilt("token_revoked", revoked_at=NOON),
            await spoilt("token_unreviewed", reviewed=False),
            *[await self.find(stage, name) for name in ("responder", *RESPONDER_SCOPES)],
            *self._strangers,
        ]

    async def find(self, stage: Stage, name: str) -> Caller:
        """One of those whose tokens hold: the stage's responder, with all its scopes or with one, or a stranger."""
        if name == "responder":
            return Caller(name, stage.token, frozenset(RESPONDER_SCOPES), owns=True)
        if name in RESPONDER_SCOPES:
            scope = Scope(name)
            token = await self.service.token(responder=stage.values["slug"], scopes=(scope,))
            return Caller(name, token, frozenset({scope}), owns=True)
        return next(each for each in self._strangers if each.name == name)


async def make_cast(service: Service) -> Cast:
    admin = await service.token()
    suspended = await service.token(responder="bawso")
    bawso = await service.responder("bawso")
    answer = await service.client.patch(f"/v1/owners/{bawso['id']}", json={"suspended": True}, headers=admin)
    assert answer.status_code == 200, answer.text
    unknown = make_token(bytes(RANDOM_BYTES))
    everything = frozenset(RESPONDER_SCOPES)
    strangers = [
        Caller("nobody", {}, refusal="token_missing"),
        Caller("malformed", {"authorization": "Bearer cap_x"}, refusal="token_malformed"),
        Caller("unknown", {"authorization": f"Bearer {unknown}"}, refusal="token_unknown"),
        Caller("suspended", suspended, everything, refusal="owner_suspended"),
        Caller("another responder", await service.token(responder="tara"), everything),
        Caller(
            "partner",
            await service.token(partner="Case tool"),
            frozenset({Scope.WEBHOOKS_MANAGE}),
            owner_type="partner",
        ),
        Caller("admin", admin, frozenset({Scope.ADMIN}), owner_type="admin"),
    ]
    return Cast(service, admin, strangers)


@pytest.fixture(scope="module")
async def running(shared_url: str) -> AsyncIterator[Service]:
    async with serving(mailing(settings_of(shared_url)), Clock(NOON)) as service:
        yield service


@pytest.fixture(scope="module")
async def cast(running: Service) -> Cast:
    return await make_cast(running)


@pytest.fixture(scope="module")
async def scene(cast: Cast) -> tuple[Stage, list[Caller]]:
    """A stage on which nothing ever changes, with its callers. To set one takes longer than to call on it."""
    stage = await cast.set_stage()
    return stage, await cast.callers(stage)


async def stored(service: Service) -> dict[str, list[str]]:
    async with service.database.read() as session:
        return {
            table.name: sorted(
                repr(tuple(row))
                for row in await session.execute(select(*(each for each in table.c if each.name != "last_used_at")))
            )
            for table in TABLES
        }


@pytest.mark.parametrize("route", ROUTES, ids=[name_of(route) for route in ROUTES])
async def test_a_route_takes_whom_its_scopes_and_its_target_name_and_nobody_else(
    running: Service, cast: Cast, scene: tuple[Stage, list[Caller]], route: Route
) -> None:
    stage, callers = scene
    before = await stored(running)
    for caller in callers:
        refusal = caller.expect(route)
        if refusal is not None:
            assert_refused(await stage.call(route, caller.headers), *refusal, what=caller.name)
    assert await stored(running) == before, "a refused call changed something"
    is_public = scopes_of(HANDLERS[route]) is None
    anybodys = await stage.call(route, {}) if is_public else None
    for caller in callers:
        if caller.expect(route) is not None:
            continue
        if anybodys is not None:
            answer = await stage.call(route, caller.headers)
            # Who asks makes no difference, not even with a token that does not hold.
            assert answer.status_code == anybodys.status_code, caller.name
            if answer.is_success and name_of(route) not in VARIES:
                assert answer.content == anybodys.content, caller.name
            continue
        if changes_something(route):
            stage = await cast.set_stage()
            caller = await cast.find(stage, caller.name)
        answer = await stage.call(route, caller.headers)
        assert answer.is_success, (caller.name, answer.text)


@pytest.mark.parametrize("name", ["responder", *RESPONDER_SCOPES, "partner", "admin"])
async def test_a_token_reads_rotates_and_revokes_itself(cast: Cast, name: str) -> None:
    stage = await cast.set_stage()
    caller = await cast.find(stage, name)
    me = (await stage.service.client.get("/v1/me", headers=caller.headers)).json()
    rotated: dict[str, Any] = {}
    for route in (("get", "/v1/tokens/{token_id}"), ("post", "/v1/tokens/{token_id}/rotate")):
        answer = await stage.call(route, caller.headers, token_id=me["token_id"])
        assert answer.is_success, answer.text
        rotated = answer.json()
    assert rotated["scopes"] == me["scopes"]
    successor = {"authorization": f"Bearer {rotated['token']}"}
    route = ("delete", "/v1/tokens/{token_id}")
    assert (await stage.call(route, successor, token_id=rotated["id"])).status_code == 204
    assert_refused(await stage.service.client.get("/v1/me", headers=successor), 401, "token_revoked")
    # Nobody else's token ended with it.
    assert (await stage.service.client.get("/v1/me", headers=stage.token)).status_code == 200


async def test_a_narrow_token_locks_nobody_out(shared_url: str) -> None:
    limit = 20
    async with serving(msgspec.structs.replace(settings_of(shared_url), write_limit=limit), Clock(NOON)) as service:
        admin = await service.token()
        for scope in (Scope.WEBHOOKS_MANAGE, Scope.RESPONDER_WRITE):
            stage = await set_stage(service, admin)
            slug = stage.values["slug"]
            narrow = await service.token(responder=slug, scopes=(scope,))
            pausing = await service.token(responder=slug, scopes=(Scope.INTAKE_WRITE,))
            answers = [await stage.call(route, narrow) for _ in range(limit) for route in NARROW[scope]]
            assert answers[-1].status_code == 429, "it did not use up what it may write"
            for token in (pausing, stage.token):
                answer = await service.client.put(f"/v1/responders/{slug}/intake", json=PAUSED, headers=token)
                assert answer.status_code == 200, answer.text
            assert (await service.responder(slug))["intake"]["state"] == "paused"
