"""The log alone tells the story of a day: who did what and when, what failed and why, and nothing of a reader."""

import ast
import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import processes
from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.outages import away
from tests.serving import OPEN, PATIENCE_SECONDS, client_of, serving

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.signing import make_secret
from capacity_api.operations import intake, responders

HOUR = timedelta(hours=1)
SOURCE = Path(responders.__file__).parents[1]
DOCUMENT = Path(__file__).parents[1] / "docs" / "operate" / "log.md"
Line = dict[str, Any]
# The keys that every line has, in this order, and its time.
HEAD = ["time", "level", "event", "process", "pid"]
LISTENING = {"CAPACITY_LISTEN_SECRET": make_secret("v1", bytes(32))}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(log: str) -> list[Line]:
    lines = [json.loads(text) for text in log.splitlines()]
    for line in lines:
        assert list(line)[: len(HEAD)] == HEAD, line
        assert TIME.fullmatch(line["time"]), line
        assert line["logger"], line
    return lines


@pytest.fixture
async def env(database: Database, database_url: str) -> dict[str, str]:
    """A database whose register was listed a month ago. One report lapsed an hour ago, and one plan began then."""
    now = datetime.now(UTC)
    async with database.write() as session:
        await responders.load_register(session, now - 30 * 24 * HOUR)
        await intake.report_intake(session, now - (7 * 24 + 1) * HOUR, "unseen", Report(state=ReportedState.OPEN))
        await intake.report_intake(
            session,
            now - 2 * HOUR,
            "kalayaan",
            Report(state=ReportedState.PAUSED),
            effective_from=now - HOUR,
        )
    return processes.environment(database_url, write_limit="0", egress_allow="127.0.0.0/8")


class Day:
    """What the acts of the day need, and the texts that must not be in the log."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.private = ["hush-hush", "0300 000 0000", "hunter2", "Reader/1.0", "127.0.0.1", "young_person", "open_ref"]

    async def call(self, token: str | None, method: str, path: str, status: int, body: Any = None) -> Any:
        headers = {"user-agent": "Reader/1.0"} | ({"authorization": f"Bearer {token}"} if token else {})
        answer = await self.client.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        found = answer.json() if answer.content else {}
        self.private += [found[name] for name in ("token", "secret") if isinstance(found.get(name), str)]
        return found


class Recovering(Endpoint):
    """Fails at first."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.status = 204 if self.posts else 500
        await super().__call__(scope, receive, send)


async def run_the_day(env: dict[str, str], log: Path) -> Day:
    async def issue(*owner: str) -> str:
        code, out, err = await processes.run("token", "issue", *owner, "--json", env=env)
        assert code == 0
        with log.open("a") as file:
            file.write(err)
        token: str = json.loads(out)["token"]
        return token

    tara, army = await issue("--responder", "tara"), await issue("--responder", "salvation-army")
    partner, admin = await issue("--partner", "Case tool"), await issue("--admin")
    failing, gone = Recovering(), Endpoint(410)
    async with AsyncExitStack() as stack:
        failing_url = await stack.enter_async_context(endpoints.serving(failing))
        gone_url = await stack.enter_async_context(endpoints.serving(gone))
        server = await stack.enter_async_context(processes.serving(env=env, log=log))
        client = await stack.enter_async_context(client_of(server.address))
        day = Day(client)
        day.private += [tara, army, partner, admin]
        question = {"age_group": "young_person", "area": "E12000007"}
        await day.call(None, "POST", "/matches", 200, question)
        added = await day.call(partner, "POST", "/webhooks", 201, {"url": f"{failing_url}?key=hunter2"})
        await day.call(partner, "POST", "/webhooks", 201, {"url": f"{gone_url}?key=hunter2"})

        await day.call(tara, "PUT", "/responders/tara/intake", 200, {"state": "paused", "note": "hush-hush"})
        await asyncio.gather(failing.arrived(1), gone.arrived(1))
        await day.call(tara, "POST", "/responders/tara/intake/confirmation", 200)
        await day.call(tara, "PUT", "/responders/tara/intake", 422, {"state": "hush-hush"})
        await day.call(tara, "PUT", "/responders/unseen/intake", 403, OPEN)
        await day.call(tara, "PUT", "/responders/hush-hush/intake", 404, OPEN)

        threshold = {"pause_at": 100, "reopen_below": 60, "report": {"state": "paused"}}
        await day.call(army, "PUT", "/responders/salvation-army/intake", 200, OPEN)
        await day.call(army, "PUT", "/responders/salvation-army/threshold", 200, threshold)
        for count in (99, 100, 61, 59):
            await day.call(army, "PUT", "/responders/salvation-army/caseload", 200, {"open_referrals": count})

        await day.call(admin, "PATCH", "/responders/tara", 200, {"contact": {"phone": "0300 000 0000"}})
        await day.call(admin, "DELETE", "/responders/bawso", 204)
        me = await day.call(partner, "GET", "/me", 200)
        await day.call(partner, "POST", f"/tokens/{me['token_id']}/rotate", 201, {"overlap_hours": 1})
        await day.call(partner, "PATCH", f"/webhooks/{added['id']}", 200, {"description": "hush-hush"})
        await failing.arrived(2)
        await day.call(partner, "DELETE", "/nothing", 404)
    return day


def story_of(lines: list[Line]) -> list[tuple[str, ...]]:
    """Each act as who did what to whom, with the tokens' owners as the log names them."""
    owners = {line["token_id"]: line["owner"] for line in lines if line["event"] == "token.issue"}
    story = []
    for line in lines:
        actor = line.get("actor")
        told = (line["event"], line.get("responder"), line.get("state"), line.get("code"), line.get("kind"))
        who = owners.get(actor, actor) or "-"
        story.append((who, *(str(each) for each in told if each is not None)))
    return story


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_log_of_a_day_says_who_did_what_and_what_failed(env: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    day = await run_the_day(env, log)
    text = log.read_text()
    for each in day.private:
        assert each not in text
    lines = lines_of(text)
    partner = next(line["partner_id"] for line in lines if line["event"] == "partner.add")
    of_the_worker = {"delivery.failing", "delivery.recovered", "webhook.disable"}
    story = [told for told in story_of(lines) if told[1] not in of_the_worker and not told[1].startswith("coverage.")]
    # What was due while nothing ran is recorded beside the first calls.
    by_the_service = [told for told in story if told[0] == "service"]
    assert sorted(by_the_service) == [
        ("service", "intake.paused", "kalayaan", "paused", "started"),
        ("service", "intake.unconfirmed", "unseen", "unconfirmed", "lapsed"),
    ]
    assert [told for told in story if told[0] != "service"] == [
        ("command line", "token.issue"),
        ("command line", "token.issue"),
        ("command line", "partner.add"),
        ("command line", "token.issue"),
        ("command line", "token.issue"),
        ("-", "process.start"),
        ("-", "egress.opened"),
        (partner, "webhook.add"),
        (partner, "webhook.add"),
        ("tara", "intake.paused", "tara", "paused", "reported"),
        ("tara", "intake.confirmed", "tara", "paused", "confirmed"),
        ("tara", "write.refused", "tara", "invalid"),
        ("tara", "write.refused", "unseen", "not_owner"),
        ("tara", "write.refused", "not_found"),
        ("salvation-army", "intake.opened", "salvation-army", "open", "reported"),
        ("salvation-army", "threshold.change", "salvation-army"),
        ("salvation-army", "intake.paused", "salvation-army", "paused", "counted"),
        ("salvation-army", "intake.opened", "salvation-army", "open", "counted"),
        ("admin", "responder.change", "tara"),
        ("admin", "responder.delist", "bawso"),
        ("admin", "owner.suspend"),
        (partner, "token.issue"),
        (partner, "token.rotate"),
        (partner, "webhook.change"),
        ("-", "process.stop"),
    ]
    failed = [(line["event"], line.get("reason"), line.get("status")) for line in lines if line["level"] == "warning"]
    # The reasons that the webhooks' owner does not see in a private network.
    assert sorted(failed, key=str) == [
        ("delivery.failing", "http_410", 410),
        ("delivery.failing", "http_500", 500),
        ("egress.opened", None, None),
        ("webhook.disable", "gone", None),
    ]
    assert [line["event"] for line in lines].count("delivery.recovered") == 1


async def test_a_request_that_the_database_prevents_is_logged_with_its_id(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        async with away(settings.url):
            answer = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=token)
        assert answer.status_code == 503
    logged: list[Any] = [record.msg for record in caplog.records if record.name == "capacity_api.api.problems"]
    assert [(line["event"], str(line["request_id"]), line["code"]) for line in logged] == [
        ("request.unavailable", answer.json()["request_id"], answer.json()["code"])
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_act_that_is_not_committed_is_not_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(UTC)
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session:
            await responders.load_register(session, now)
            raise ZeroDivisionError
    assert not [record for record in caplog.records if record.name == "capacity_api.db.acts"]
    async with database.write() as session:
        count = await responders.load_register(session, now)
        assert not [record for record in caplog.records if record.name == "capacity_api.db.acts"]
    logged: list[Any] = [record.msg for record in caplog.records if record.name == "capacity_api.db.acts"]
    assert [line["event"] for line in logged if line["event"] == "responder.list"] == ["responder.list"] * count


async def run_for_a_moment(*arguments: str, env: dict[str, str], until: str, times: int = 1) -> list[Line]:
    """The log of a command that is ended when standard error has said `until` so many times."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        processes.COMMAND, *arguments, env=env, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
    )
    assert process.stderr is not None
    said = ""
    try:
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            while said.count(until) < times:
                line = await process.stderr.readline()
                assert line, said
                said += line.decode()
            process.send_signal(signal.SIGTERM)
            said += (await processes.finish(process))[1].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await processes.finish(process)
    return lines_of("\n".join(text for text in said.splitlines() if not text.startswith("listening on")))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_that_nobody_connected_to_stops_in_peace(env: dict[str, str], tmp_path: Path) -> None:
    log_file = tmp_path / "log"
    async with processes.serving(env=env, log=log_file):
        pass
    assert [line["event"] for line in lines_of(log_file.read_text())][-1:] == ["process.stop"]


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_process_logs_in_the_same_way(env: dict[str, str], tmp_path: Path) -> None:
    commands = {
        "serve": ("serve", "--port", "0"),
        "worker": ("worker",),
        "site build": ("site", "build", str(tmp_path / "site"), "--watch"),
        "listen": ("listen", "--port", "0"),
    }
    for name, arguments in commands.items():
        # `listen` is ready when it says so.
        lines = await run_for_a_moment(
            *arguments, env=env | LISTENING, until="listening on" if name == "listen" else "process.start"
        )
        assert {line["process"] for line in lines} == {name}
        assert [line["event"] for line in lines if line["event"].startswith("process.")] == [
            "process.start",
            "process.stop",
        ]
    issue = ("token", "issue", "--admin", "--json")
    _, _, err = await processes.run(*issue, env=env)
    assert [(line["process"], line["event"]) for line in lines_of(err)] == [("token issue", "token.issue")]
    _, _, err = await processes.run(*issue, env=env | {"CAPACITY_LOG_LEVEL": "warning"})
    assert err == ""
    _, _, err = await processes.run(*issue, env=env | {"CAPACITY_LOG_FORMAT": "text"})
    assert re.fullmatch(rf"{TIME.pattern} \[info +\] token\.issue .* process='token issue' .*\n", err)


def test_an_exception_is_one_field_without_the_values_of_variables() -> None:
    code = (
        "import logging, structlog\n"
        "from capacity_api import log\n"
        "from capacity_api.config import Settings\n"
        "def fail(secret):\n    raise ValueError('broken')\n"
        "for format in ('json', 'text'):\n"
        "    log.configure(Settings(log_format=format), 'serve')\n"
        "    for logger in (structlog.get_logger(), logging.getLogger('uvicorn.error')):\n"
        "        try:\n            fail('hush' + '-hush')\n"
        "        except ValueError:\n            logger.exception('task.failed')\n"
    )
    err = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    ).stderr
    ours, library = lines_of("\n".join(err.splitlines()[:2]))
    assert (ours["event"], ours["level"]) == ("task.failed", "error")
    assert (library["event"], library["message"], library["logger"]) == (
        "library.message",
        "task.failed",
        "uvicorn.error",
    )
    for line in (ours, library):
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("ValueError: broken")
    assert err.count("ValueError: broken") == 4
    assert "hush-hush" not in err


def _first_arguments() -> Iterator[tuple[str, ast.expr]]:
    """The event of each call that logs or notes one, and its file. An entry of the audit may have no line."""
    places = {"note_act": 1, "add_entry": 2}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if any(each.arg == "is_logged" for each in node.keywords):
                continue
            if name in places:
                yield path.name, node.args[places[name]]
            elif re.fullmatch(r"log\.(debug|info|warning|error|exception)", ast.unparse(node.func)):
                yield path.name, node.args[0]


def test_the_document_has_every_event() -> None:
    literal = {node.value for _, node in _first_arguments() if isinstance(node, ast.Constant)}
    # The changes of the directory are logged under the names of their events; those of responders by the audit.
    of_directory = {each for each in EventType if each.startswith(("intake.", "coverage."))}
    assert {file for file, node in _first_arguments() if not isinstance(node, ast.Constant)} == {
        "audit.py",
        "changes.py",
    }
    # Another table has the reasons of a flood, which are one word each.
    documented = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert set(documented) >= literal | of_directory | {"library.message"}
    source = "".join(path.read_text() for path in SOURCE.rglob("*.py"))
    assert [name for name in documented if f'"{name}"' not in source] == []
