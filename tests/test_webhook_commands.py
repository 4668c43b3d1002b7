"""`capacity-api webhook`: list, show, disable, enable and test, beside a running service."""

import json
from typing import Any

import httpx
import pytest
from tests import processes
from tests.api.refusals import assert_refused
from tests.delivery.endpoints import Endpoint, serving
from tests.listed import sqlite_template
from tests.processes import environment, issue_token, run
from tests.serving import PATIENCE_SECONDS, Headers

__all__ = ["sqlite_template"]

PATH = "/v1/webhooks"
NOBODYS = "01a2007e-b997-77a8-89c7-808e6971fa9d"


@pytest.fixture
def env(sqlite_url: str) -> dict[str, str]:
    return environment(sqlite_url, write_limit="0", egress_allow="127.0.0.0/8")


async def webhook(*arguments: str, env: dict[str, str]) -> Any:
    code, out, err = await run("webhook", *arguments, "--json", env=env)
    assert code == 0, err
    assert "whsec_" not in out
    return json.loads(out)


async def add(client: httpx.AsyncClient, token: Headers, url: str) -> dict[str, Any]:
    answer = await client.post(PATH, json={"url": url}, headers=token)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    del made["secret"]
    return made


async def test_an_operator_sees_stops_tests_and_starts_any_webhook(env: dict[str, str]) -> None:
    partner = {"authorization": f"Bearer {await issue_token(env, '--partner', 'Case tool')}"}
    responder = {"authorization": f"Bearer {await issue_token(env, '--responder', 'tara')}"}
    endpoint = Endpoint()
    async with (
        serving(endpoint) as url,
        processes.serving(env=env) as server,
        httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=PATIENCE_SECONDS) as client,
    ):
        first, second = await add(client, partner, url), await add(client, responder, f"{url}/2")
        one = first["id"]
        assert await webhook("list", env=env) == [second, first]
        assert await webhook("list", "--owner", "tara", env=env) == [second]
        assert await webhook("list", "--status", "disabled", env=env) == []
        assert await webhook("show", one, env=env) == first

        delivery = await webhook("test", one, "--type", "intake.paused", env=env)
        await endpoint.arrived(1)
        headers, body = endpoint.posts[0]
        assert (headers["webhook-id"], json.loads(body)["type"]) == (delivery["id"], "intake.paused")

        stopped = await webhook("disable", one, env=env)
        assert (stopped["status"], stopped["disabled_reason"]) == ("disabled", "administrator")
        answer = await client.post(f"{PATH}/{one}/enable", headers=partner)
        assert_refused(answer, 403, "disabled_by_administrator")
        code, _, err = await run("webhook", "test", one, env=env)
        assert (code, err.strip()) == (1, "capacity-api: The webhook is disabled; enable it first")
        assert (await webhook("enable", one, env=env))["replayed"] is True
        stopped = await webhook("disable", one, env=env)
        assert (await webhook("enable", one, "--no-replay", env=env))["replayed"] is False
        await webhook("test", one, env=env)
        await endpoint.arrived(2)

    _, out, _ = await run("audit", "--actor", "command line", "--action", "webhook", "--json", env=env)
    acts = [(entry["action"], entry["target"], entry["actor"]["type"]) for entry in reversed(json.loads(out))]
    assert acts == [
        (f"webhook.{act}", one, "command_line") for act in ("test", "disable", "enable", "disable", "enable", "test")
    ]


async def test_what_is_printed_for_people_is_a_table(env: dict[str, str]) -> None:
    token = {"authorization": f"Bearer {await issue_token(env, '--partner', 'Case tool')}"}
    async with (
        processes.serving("--no-delivery", env=env) as server,
        httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=PATIENCE_SECONDS) as client,
    ):
        made = await add(client, token, "https://partner.example.org/capacity")
    code, out, err = await run("webhook", "list", env=env)
    assert code == 0, err
    heading, line = out.splitlines()
    assert heading.split("  ")[0] == "id"
    assert [each for each in line.split("  ") if each] == [made["id"], "Case tool", "active", "-", made["url"]]
    _, out, _ = await run("webhook", "disable", made["id"], env=env)
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (shown["owner"], shown["status"], shown["disabled_reason"]) == ("Case tool", "disabled", "administrator")
    assert (shown["event_types"], shown["failing_since"]) == ("all", "-")
    _, out, _ = await run("webhook", "list", env=env)
    assert "disabled (administrator)" in out


@pytest.mark.parametrize("command", ["show", "disable", "enable", "test"])
async def test_a_webhook_that_is_not_there_is_one_line_on_stderr(env: dict[str, str], command: str) -> None:
    code, out, err = await run("webhook", command, NOBODYS, env=env)
    line = "capacity-api: There is no such webhook; `capacity-api webhook list` shows those that there are"
    assert (code, out, err.strip()) == (1, "", line)
    assert (await run("webhook", command, "mine", env=env))[0] == 2
