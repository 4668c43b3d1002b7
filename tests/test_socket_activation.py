"""A restart under systemd refuses nobody: the socket outlives the process, and connections wait in its queue."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests import processes, units
from tests.edge.raw import Wire
from tests.serving import PATIENCE_SECONDS

from capacity_api.db.engine import Database

_HOST = b"host: capacity.example.org\r\n"
# What asks the database without a token is not among them: of several hundred that come at once, most are told `busy`.
_READS = (b"/v1/directory", b"/v1/responders/tara", b"/v1/directory?state=open", b"/healthz", b"/", b"/openapi.json")
_PAUSE = b'{"state": "paused", "note": "Full."}'
# Each of these connections stays open, and asks four times a second. The first of them reports.
_KEPT = 25
_EACH_SECONDS = 0.25
# A server that stops may close a connection that was silent for so long. Only a stalled client is.
_SILENT_SECONDS = 1.0


class Load:
    """Clients that ask 200 times a second: half on connections that stay open, and half each on a new one."""

    def __init__(self, address: str, token: str) -> None:
        self._address = urlsplit(address)
        self._token = token.encode()
        self.statuses: Counter[int] = Counter()
        self.last_answers = 0
        self.closed_when_silent = 0
        self.faults: list[str] = []
        self._is_ending = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._asked = 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for number in range(_KEPT):
                group.create_task(self._ask_on_one(number))
            group.create_task(self._ask_anew(group))
            try:
                yield
            finally:
                self._is_ending.set()

    async def answers(self, count: int) -> None:
        """Wait for so many more answers."""
        until = self.statuses.total() + count
        async with asyncio.timeout(4 * PATIENCE_SECONDS):
            while self.statuses.total() < until:
                self._is_answered.clear()
                await self._is_answered.wait()

    async def _ask_anew(self, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        # By the clock, however long the answers take.
        while not self._is_ending.is_set():
            group.create_task(self._ask_once())
            due += _EACH_SECONDS / _KEPT
            await asyncio.sleep(max(0, due - loop.time()))

    async def _ask_once(self) -> None:
        try:
            wire = await self._connect()
            await self._ask(wire, self._read())
            wire.writer.close()
        except (OSError, EOFError) as error:
            self.faults.append(f"a new connection: {error!r}")

    async def _ask_on_one(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        wire = None
        used_at = asked_at = 0.0
        await asyncio.sleep(number / _KEPT * _EACH_SECONDS)
        while not self._is_ending.is_set():
            is_new = wire is None
            try:
                wire = wire or await self._connect()
                asked_at = loop.time()
                if await self._ask(wire, self._read() if number else self._report()):
                    wire.writer.close()
                    wire = None
                    self.last_answers += 1
                # The first request of a connection may have waited through a restart.
                used_at = loop.time() if is_new else asked_at
            except (OSError, EOFError) as error:
                if wire is not None:
                    wire.writer.close()
                wire = None
                if not is_new and asked_at - used_at > _SILENT_SECONDS and _is_without_answer(error):
                    # This machine kept the client from asking in time. It asks again at once, as clients do.
                    self.closed_when_silent += 1
                    continue
                self.faults.append(f"a connection that was open: {error!r}")
            await asyncio.sleep(_EACH_SECONDS)
        if wire is not None:
            wire.writer.close()

    async def _connect(self) -> Wire:
        return Wire(*await asyncio.open_connection(self._address.hostname, self._address.port))

    async def _ask(self, wire: Wire, request: bytes) -> bool:
        """Ask once. Whether the answer was the last on this connection."""
        await wire.send(request)
        # It waits while a process stops, the database is upgraded and another process starts.
        answer = await wire.answer(seconds=4 * PATIENCE_SECONDS)
        self.statuses[answer.status] += 1
        self._is_answered.set()
        return answer.headers.get("connection") == "close"

    def _read(self) -> bytes:
        self._asked += 1
        return b"GET " + _READS[self._asked % len(_READS)] + b" HTTP/1.1\r\n" + _HOST + b"\r\n"

    def _report(self) -> bytes:
        head = b"content-type: application/json\r\ncontent-length: " + str(len(_PAUSE)).encode() + b"\r\n"
        head += b"authorization: Bearer " + self._token + b"\r\n"
        return b"PUT /v1/responders/tara/intake HTTP/1.1\r\n" + _HOST + head + b"\r\n" + _PAUSE


def _is_without_answer(error: OSError | EOFError) -> bool:
    return isinstance(error, ConnectionError) or (isinstance(error, asyncio.IncompleteReadError) and not error.partial)


@pytest.mark.parametrize(
    ("database_url", "arguments", "restarts"),
    [
        pytest.param("sqlite", (), 1, id="sqlite"),
        pytest.param("postgresql", ("--workers", "2"), 1, id="postgresql-two-processes"),
        pytest.param("sqlite", (), 20, id="sqlite-twenty", marks=pytest.mark.soak),
        pytest.param("postgresql", (), 20, id="postgresql-twenty", marks=pytest.mark.soak),
        pytest.param("postgresql", ("--workers", "2"), 20, id="postgresql-twenty-two", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_a_restart_with_an_upgrade_refuses_nobody_and_cuts_nobody_off(
    listed: Database, database_url: str, tmp_path: Path, arguments: tuple[str, ...], restarts: int
) -> None:
    await listed.close()
    env = processes.environment(database_url, write_limit="0", query_limit="0")
    token = await processes.issue_token(env, "--responder", "tara")
    log = tmp_path / "log"
    async with units.service("serve", *arguments, env=env, log=log) as unit:
        await unit.start()
        load = Load(unit.address, token)
        async with load.going_on():
            await load.answers(100)
            for _ in range(restarts):
                assert await unit.stop() == 0
                code, _, err = await processes.run("db", "upgrade", env=env)
                assert code == 0, err
                await unit.start()
                await load.answers(100)
        assert load.faults == []
        assert set(load.statuses) == {200}
        # Every connection that was open, and used, was told that it was its last answer.
        assert load.last_answers + load.closed_when_silent >= _KEPT * restarts
        assert await unit.stop() == 0
    said = "\n".join(unit.messages)
    assert said.count("READY=1") == said.count("STOPPING=1") == restarts + 1
    events = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert not [line for line in events if line["level"] in {"error", "critical"}], events


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_worker_and_site_say_how_they_are(listed: Database, database_url: str, tmp_path: Path) -> None:
    env = processes.environment(database_url)
    for arguments, status in (
        (("worker",), "delivers webhooks"),
        (("site", "build", str(tmp_path / "site"), "--watch"), "keeps the files up to date"),
    ):
        async with units.service(*arguments, env=env, log=tmp_path / "log", listens=False, watchdog_seconds=2) as unit:
            await unit.start()
            assert f"STATUS={status}" in unit.messages[0].split("\n")
            await unit.hears("WATCHDOG=1", 2)
            assert await unit.stop() == 0
        assert any("STOPPING=1" in each for each in unit.messages)


async def test_a_socket_that_cannot_be_used_is_refused_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    env = processes.environment(sqlite_url)
    with socket.socket(socket.AF_UNIX) as of_files, socket.create_server(("127.0.0.1", 0)) as usable:
        of_files.bind(str(tmp_path / "socket"))
        of_files.listen()
        for passed, options, said in (
            (of_files, (), "the socket http that systemd passes is not a TCP socket that listens"),
            (usable, ("--port", "8000"), "--host and --port say nothing; leave them out"),
        ):
            code, text = await units.run_with("serve", *options, env=env, passed=passed)
            assert code == 1
            assert said in text
            assert text.count("\n") == 1
