"""Every route that changes something leaves one entry in the audit, with the token as its actor; a read leaves none."""

from typing import Any

import pytest
from sqlalchemy import select
from tests.api.people import mailing
from tests.api.stages import BY_LINK, HANDLERS, QUESTIONS, Route, changes_something, name_of, scopes_of, set_stage
from tests.conftest import NOON, Clock, settings_of
from tests.serving import Headers, Service, serving

from capacity_api.db.people_tables import LinkRow
from capacity_api.domain.tokens import Scope

# What a link does is in tests/api/test_links.py.
WRITES = sorted(route for route in HANDLERS if changes_something(route) and name_of(route) not in BY_LINK)
# The actions, newest first, of what leaves more than one entry.
SEVERAL = {
    "delistResponder": ["owner.suspend", "responder.delist"],
    "rotateToken": ["token.rotate", "token.issue"],
}


@pytest.fixture(scope="module")
async def running(shared_url: str) -> Any:
    async with serving(mailing(settings_of(shared_url)), Clock(NOON)) as service:
        yield service


@pytest.fixture(scope="module")
async def admin(running: Service) -> Headers:
    return await running.token()


async def entries(service: Service, admin: Headers) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/audit", params={"limit": 500}, headers=admin)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_whoever_changes_something_needs_a_token() -> None:
    without = {name_of(route) for route, handler in HANDLERS.items() if route[0] != "get" and not _is_guarded(route)}
    assert without == QUESTIONS | BY_LINK


def _is_guarded(route: Route) -> bool:
    return scopes_of(HANDLERS[route]) is not None


@pytest.mark.parametrize("route", WRITES, ids=[name_of(route) for route in WRITES])
async def test_a_success_leaves_one_entry_in_the_name_of_the_token(
    running: Service, admin: Headers, route: Route
) -> None:
    stage = await set_stage(running, admin)
    name = name_of(route)
    caller = admin if scopes_of(HANDLERS[route]) == frozenset({Scope.ADMIN}) else stage.token
    if name == "addDispute":
        caller = await running.token(partner=f"Partner for {stage.values['slug']}")
    me = (await running.client.get("/v1/me", headers=caller)).json()
    before = {each["id"] for each in await entries(running, admin)}
    # A token changes itself alone.
    answer = await stage.call(route, caller, token_id=stage.values["own_token_id"])
    assert answer.is_success, answer.text
    added = [each for each in await entries(running, admin) if each["id"] not in before]
    assert [each["action"] for each in added] == SEVERAL.get(name, [each["action"] for each in added[:1]])
    assert added, f"{name} leaves no entry in the audit"
    made = answer.json() if answer.content else {}
    known = {*stage.values.values(), made.get("id"), made.get("slug"), *await _link_ids(running)}
    for entry in added:
        assert entry["actor"] == {
            "type": "token",
            "id": me["token_id"],
            "label": me["label"],
            "owner": me["owner"],
            "user": None,
        }
        assert entry["target"] in known
        assert set(entry) == {"id", "at", "actor", "action", "target"}


async def _link_ids(service: Service) -> list[str]:
    """No answer has the id of a link."""
    async with service.database.read() as session:
        return [str(each) for each in await session.scalars(select(LinkRow.id))]


async def test_reading_and_asking_leaves_none(running: Service, admin: Headers) -> None:
    stage = await set_stage(running, admin)
    before = await entries(running, admin)
    for route in HANDLERS:
        if not changes_something(route):
            answer = await stage.call(route, admin)
            assert answer.status_code < 500, answer.text
    assert await entries(running, admin) == before
