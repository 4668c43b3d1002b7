"""A responder with one of everything that an operation may act on, and a valid request for each operation."""

import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar.handlers import HTTPRouteHandler
from tests.api.paths import VALUES as PATH_VALUES
from tests.api.people import add_person, make_link
from tests.api.test_declared import BODIES
from tests.api.test_openapi import OPERATIONS, handlers
from tests.serving import OPEN, Headers, Service

from capacity_api.domain.links import LinkKind
from capacity_api.domain.tokens import Scope

Route = tuple[str, str]
HANDLERS = handlers()
# Each asks something by POST and changes nothing. An address that signs in is looked up after the answer.
QUESTIONS = frozenset({"askByForm", "findMatches", "findAlternatives", "lookAtLink", "signIn"})
# What changes something for who has a link, and needs no token.
BY_LINK = frozenset({"useLink"})
# An editor's are its own owner's; an administrator names the owner.
_OF_OWNER = frozenset({"addPerson", "addInvitation"})
_numbers = itertools.count(1)
_OWN_BODIES: dict[str, dict[str, Any]] = {
    "changeOwner": {"suspended": True},
    "changeResponder": {"website": "https://changed.example/"},
    "changeWebhook": {"status": "disabled"},
    "reportIntake": OPEN,
}


def name_of(route: Route) -> str:
    return str(OPERATIONS[route]["operationId"])


def scopes_of(handler: HTTPRouteHandler) -> frozenset[Scope] | None:
    """Of which scopes a token needs one; none for any token. `None` for a route that needs no token."""
    if handler.opt.get("for_operators"):
        return frozenset({Scope.ADMIN})
    scopes: frozenset[Scope] | None = handler.opt.get("scopes")
    return scopes


def changes_something(route: Route) -> bool:
    return route[0] != "get" and name_of(route) not in QUESTIONS


@dataclass
class Stage:
    """`token` may do all that a responder's may. `values` are those of the paths' parameters."""

    service: Service
    admin: Headers
    token: Headers
    values: dict[str, str] = field(default_factory=dict)

    async def call(self, route: Route, headers: Headers, **values: str) -> httpx.Response:
        """Make a valid request. `values` take the place of those of the stage."""
        method, path = route
        name = name_of(route)
        known = {**self.values, **values}
        filled = re.sub(r"{(\w+)}", lambda found: known[found[1]], path)
        body = None
        if HANDLERS[route].parsed_data_field is not None:
            body = _OWN_BODIES[name] if name in _OWN_BODIES else BODIES[name]
        if name in {"addResponder", "addPartner"}:
            # Each is added once.
            body = json.loads(json.dumps(body))
            body["slug" if name == "addResponder" else "name"] = f"new-{next(_numbers)}"
        if name in _OF_OWNER:
            owner = {"owner": self.values["slug"]} if headers == self.admin else {}
            body = {"email": f"desk-{next(_numbers)}@stage.example", **owner}
        if name in {"lookAtLink", "useLink"}:
            body = {"link": (await make_link(self.service, LinkKind.HANDOVER, self.values["slug"])).secret}
        if name == "askByForm":
            return await self.service.client.post(filled, data={"area": "E12000007"}, headers=headers)
        return await self.service.client.request(method, filled, json=body, headers=headers)


async def set_stage(service: Service, admin: Headers) -> Stage:
    """List a responder that has reported, with a threshold, two tokens and a disabled webhook with a delivery."""
    client = service.client
    slug = f"stage-{next(_numbers)}"
    path = f"/v1/responders/{slug}"
    new = {**BODIES["addResponder"], "slug": slug}
    listed = await _made(client.post("/v1/responders", json=new, headers=admin))
    token = await service.token(responder=slug)
    me = await _made(client.get("/v1/me", headers=token))
    other = await _made(client.post("/v1/tokens", json={"owner": slug}, headers=admin))
    await _made(client.put(f"{path}/intake", json=OPEN, headers=token))
    await _made(client.put(f"{path}/threshold", json=BODIES["changeThreshold"], headers=token))
    webhook = await _made(client.post("/v1/webhooks", json=BODIES["addWebhook"], headers=token))
    delivery = await _made(client.post(f"/v1/webhooks/{webhook['id']}/test", json={}, headers=token))
    person = await add_person(service, token)
    # Not by a call: a service that sends no mail invites nobody.
    link = await make_link(service, LinkKind.INVITATION, slug, email="invited@stage.example", roles=["editor"])
    disputing = await service.token(partner=f"Disputing {slug}")
    dispute = await _made(client.post(f"{path}/disputes", json=BODIES["addDispute"], headers=disputing))
    partner = await _made(client.post("/v1/partners", json={"name": f"Partner {slug}"}, headers=admin))
    values = {
        **PATH_VALUES,
        "slug": slug,
        "token_id": other["id"],
        "own_token_id": me["token_id"],
        "webhook_id": webhook["id"],
        "delivery_id": delivery["id"],
        "partner_id": partner["id"],
        "dispute_id": dispute["id"],
        "person_id": person["id"],
        "link_id": str(link.id),
        "owner_id": listed["id"],
        "service_id": listed["id"],
        "location_id": listed["id"],
        "taxonomy_id": listed["id"],
        "term_id": listed["id"],
    }
    return Stage(service, admin, token, values)


async def _made(call: Any) -> Any:
    answer = await call
    assert answer.is_success, answer.text
    return answer.json()
