"""/v1/audit and `capacity-api audit`: who did what, and when; and what is found by which filter."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.api.refusals import assert_refused
from tests.conftest import NOON, Clock
from tests.serving import OPEN, PAUSED, Headers, Service

from capacity_api.operations import responders

AUDIT = "/v1/audit"
SOURCE = Path(responders.__file__).parents[1]
DOCUMENT = Path(__file__).parents[2] / "docs" / "operate" / "audit.md"
TARA = "/v1/responders/tara"


async def entries(service: Service, admin: Headers, **filters: Any) -> list[dict[str, Any]]:
    answer = await service.client.get(AUDIT, headers=admin, params={"limit": 500, **filters})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def call(service: Service, token: Headers, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await service.client.request(method, path, json=body, headers=token)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def identify(service: Service, token: Headers) -> dict[str, Any]:
    me: dict[str, Any] = await call(service, token, "GET", "/v1/me")
    return me


async def token_id_of(service: Service, token: Headers) -> str:
    return str((await identify(service, token))["token_id"])


async def test_each_act_of_a_responder_has_one_entry_without_its_content(service: Service, clock: Clock) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    me = await identify(service, tara)
    before = {each["id"] for each in await entries(service, admin)}
    plan = {"state": "paused", "effective_from": "2026-12-23T17:00:00Z", "note": "hush-hush"}
    threshold = {"pause_at": 4321, "report": {"note": "hush-hush"}}
    acts: list[tuple[str, str, Any, str]] = [
        ("PUT", "/intake", {**PAUSED, "note": "hush-hush"}, "intake.report"),
        ("PUT", "/intake", {**PAUSED, "note": "hush-hush"}, "intake.report"),
        ("POST", "/intake/confirmation", None, "intake.confirm"),
        ("PUT", "/intake", plan, "intake.plan"),
        ("PUT", "/intake", plan, "intake.plan"),
        ("DELETE", "/intake/planned", None, "intake.cancel_plan"),
        ("DELETE", "/intake/planned", None, "intake.cancel_plan"),
        ("PUT", "/caseload", {"open_referrals": 4320}, "caseload.count"),
        ("PUT", "/threshold", threshold, "threshold.change"),
        ("PUT", "/caseload", {"open_referrals": 4321}, "caseload.count"),
        ("DELETE", "/threshold", None, "threshold.remove"),
        ("DELETE", "/threshold", None, "threshold.remove"),
        ("PATCH", "", {"contact": {"phone": "0300 000 0000"}}, "responder.change"),
    ]
    for method, path, body, _ in acts:
        status = 204 if (method, path) == ("DELETE", "/threshold") else 200
        await call(service, tara, method, TARA + path, body, status=status)
    found = [each for each in await entries(service, admin) if each["id"] not in before]
    actor = {"type": "token", "id": me["token_id"], "label": None, "owner": me["owner"], "user": None}
    assert [{**each, "id": 0} for each in reversed(found)] == [
        {"id": 0, "at": "2026-11-21T12:00:00Z", "actor": actor, "action": action, "target": "tara"}
        for _, _, _, action in acts
    ]


async def test_a_coordinators_report_names_the_coordinator(service: Service) -> None:
    admin = await service.token()
    await call(service, admin, "PUT", f"{TARA}/intake", OPEN)
    newest = (await entries(service, admin))[0]
    assert (newest["action"], newest["target"], newest["actor"]["owner"]["type"]) == ("intake.report", "tara", "admin")


async def test_what_is_refused_and_what_time_brings_has_no_entry(service: Service, clock: Clock) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    await service.report("unseen", OPEN)
    clock.advance(timedelta(days=8))
    before = len(await entries(service, admin))
    for body, path, status in (
        ({"state": "closed"}, f"{TARA}/intake", 422),
        (OPEN, "/v1/responders/unseen/intake", 403),
        (OPEN, "/v1/responders/nobody/intake", 404),
    ):
        await call(service, tara, "PUT", path, body, status=status)
    await call(service, tara, "POST", f"{TARA}/intake/confirmation", status=409)
    assert len(await entries(service, admin)) == before
    # The first write records the lapse of another responder.
    await call(service, tara, "PUT", f"{TARA}/intake", OPEN)
    assert (await service.responder("unseen"))["intake"]["state"] == "unconfirmed"
    after = await entries(service, admin)
    assert [(each["action"], each["target"]) for each in after[: len(after) - before]] == [("intake.report", "tara")]


async def test_an_entry_is_there_exactly_if_the_act_is(service: Service) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    before = await entries(service, admin)
    answer = await service.client.put(f"{TARA}/intake", json=OPEN, headers={**tara, "if-match": '"other"'})
    assert_refused(answer, 412, "precondition_failed")
    assert await entries(service, admin) == before


async def test_each_filter_keeps_what_it_names_and_they_narrow_together(service: Service, clock: Clock) -> None:
    admin, tara, unseen = (
        await service.token(),
        await service.token(responder="tara"),
        await service.token(responder="unseen"),
    )
    tool = await service.token(partner="Case tool")
    partner = (await identify(service, tool))["owner"]["id"]
    tara_id, admin_id = await token_id_of(service, tara), await token_id_of(service, admin)
    await call(service, tara, "PUT", f"{TARA}/intake", OPEN)
    clock.advance(timedelta(hours=1))
    await call(service, unseen, "PUT", "/v1/responders/unseen/intake", OPEN)
    await call(service, admin, "POST", f"{TARA}/intake/confirmation")
    clock.advance(timedelta(hours=1))
    await call(service, tool, "POST", "/v1/webhooks", {"url": "https://p.example/"}, status=201)
    await call(service, admin, "PATCH", TARA, {"website": "https://t.example/"})

    async def kept(**filters: str) -> list[tuple[str, str]]:
        return [(each["action"], each["target"]) for each in await entries(service, admin, **filters)]

    report, other = ("intake.report", "tara"), ("intake.report", "unseen")
    confirmation, change = ("intake.confirm", "tara"), ("responder.change", "tara")
    assert await kept(actor="tara") == await kept(actor=tara_id) == [report]
    assert await kept(actor="admin") == await kept(actor=admin_id) == [change, confirmation]
    assert await kept(actor="unseen") == [other]
    assert {each["actor"]["owner"]["id"] for each in await entries(service, admin, actor=partner)} <= {partner}
    assert await kept(actor="nobody") == await kept(actor="command line") == []
    assert await kept(action="intake") == [confirmation, other, report]
    assert await kept(action="intake.report") == [other, report]
    assert await kept(action="intak") == await kept(action="intake.repor") == await kept(action="intak_") == []
    assert await kept(target="tara", action="responder.change") == [change]
    assert await kept(target="tara", actor="admin", action="intake") == [confirmation]
    hour = timedelta(hours=1)
    times = [moment.isoformat() for moment in (NOON, NOON + hour, NOON + 2 * hour, NOON + 3 * hour)]
    assert await kept(action="intake", to=times[1]) == [report]
    assert await kept(action="intake", **{"from": times[1]}) == [confirmation, other]
    assert await kept(target="tara", **{"from": times[1]}, to=times[2]) == [confirmation]
    assert await kept(target="tara", **{"from": times[2]}, to=times[3]) == [change]
    assert await kept(**{"from": "2026-11-22"}) == []
    first = await call(service, admin, "GET", f"{AUDIT}?action=intake&limit=2")
    second = await call(service, admin, "GET", f"{AUDIT}?action=intake&limit=2&cursor={first['next']}")
    assert [(each["action"], each["target"]) for each in first["items"] + second["items"]] == [
        confirmation,
        other,
        report,
    ]
    assert second["next"] is None


async def test_a_filter_that_cannot_be_meant_is_refused(service: Service) -> None:
    admin = await service.token()
    for filters, pointer in (
        ({"action": "intake.%"}, "?action"),
        ({"action": "intake."}, "?action"),
        ({"from": "yesterday"}, "?from"),
        ({"to": "2026-13-01"}, "?to"),
        ({"from": "2026-11-22", "to": "2026-11-21"}, "?from"),
        ({"actor": ""}, "?actor"),
        ({"target": "x" * 201}, "?target"),
    ):
        answer = await service.client.get(AUDIT, params=filters, headers=admin)
        assert_refused(answer, 422, "invalid", pointer, what=filters)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_command_prints_what_the_path_answers(service: Service, database_url: str) -> None:
    admin, tara = await service.token(), await service.token(responder="tara")
    await call(service, tara, "PUT", f"{TARA}/intake", OPEN)
    env = processes.environment(database_url)
    code, out, err = await processes.run("audit", "--limit", "3", "--json", env=env)
    assert code == 0, err
    assert json.loads(out) == (await entries(service, admin))[:3]
    filters = ("--actor", "tara", "--action", "intake", "--target", "tara", "--from", "2026-11-21T12:00:00Z")
    code, out, err = await processes.run("audit", *filters, "--to", "2026-11-22", env=env)
    assert code == 0, err
    token_id = await token_id_of(service, tara)
    assert [re.split("  +", line) for line in out.splitlines()] == [
        ["at", "action", "target", "actor", "of"],
        ["2026-11-21T12:00:00Z", "intake.report", "tara", token_id, "tara"],
    ]
    code, _, err = await processes.run("audit", "--from", "soon", env=env)
    assert (code, err.count("\n")) == (1, 1)
    assert "--from must be a time" in err


def _actions() -> Iterator[str]:
    """Each action that the code names."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "add_entry":
                for each in ast.walk(node.args[2]):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value


def test_the_document_has_every_action_and_nothing_else() -> None:
    documented = re.findall(r"^\| `([a-z_.]+\.[a-z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert set(documented) == set(_actions())
