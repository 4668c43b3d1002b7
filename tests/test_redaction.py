"""A note that names a person, redacted while the service is busy: it is gone from every place, and stays gone."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PATIENCE_SECONDS, Headers, client_of
from tests.sites import UNPACK, files, without_key
from tests.stored import files_with, places_in_tables

from capacity_api.db.engine import Database

NAME = "Xanthippe"
NOTE = f"Ask for {NAME}."
TARA = "/v1/responders/tara"
_OTHERS = ("nspcc", "unseen")
_READERS = 2
# The same query gets the answer that is kept.
_PATHS = (
    "/v1/directory",
    "/v1/directory?area=S92000003",
    "/v1/directory.csv",
    "/v1/directory?as_of={as_of}",
    TARA,
    f"{TARA}/history",
    f"{TARA}/history?limit=50",
    "/v1/events?after=0&limit=1000",
    "/v1/feed.atom",
    "/v1/changes?afterChangeNumber=0",
    "/v1/statistics",
    "/open-referral-uk/services",
    "/v1/responders/nspcc/alternatives",
    "/",
    "/r/tara",
)


class Busy:
    """A service of one or two processes with readers and writers, which go on until the end."""

    def __init__(self, clients: Sequence[httpx.AsyncClient], admin: Headers, paths: Sequence[str]) -> None:
        self.clients = clients
        self.admin = admin
        self.paths = paths
        self.reads = self.writes = 0
        self.is_redacted = False
        # Where the name was read after it had once been gone there, and when somebody last asked who was shown it.
        self.came_back: list[str] = []
        self.last_shown = 0.0
        self._gone: set[tuple[int, str]] = set()

    async def read_on(self) -> None:
        while True:
            for n in range(len(self.clients)):
                for path in self.paths:
                    await self.shows(n, path)
                    self.reads += 1

    async def shows(self, n: int, path: str) -> bool:
        asked_late = self.is_redacted and (n, path) in self._gone
        asked_at = time.monotonic()
        answer = await self.clients[n].get(path)
        assert answer.status_code == 200, (path, answer.text)
        shown = NAME in answer.text
        if shown:
            self.last_shown = max(self.last_shown, asked_at)
        if shown and asked_late:
            self.came_back.append(path)
        if self.is_redacted and not shown:
            self._gone.add((n, path))
        return shown

    async def write_on(self, slug: str) -> None:
        while True:
            self.writes += 1
            report = {**OPEN, "note": f"This is report {self.writes}."}
            answer = await self.clients[self.writes % len(self.clients)].put(
                f"/v1/responders/{slug}/intake", json=report, headers=self.admin
            )
            assert answer.status_code == 200, answer.text

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.clients[0].request(method, path, json=body, headers=self.admin)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


@asynccontextmanager
async def busy(env: dict[str, str], count: int) -> AsyncIterator[Busy]:
    admin = {"authorization": f"Bearer {await processes.issue_token(env, '--admin')}"}
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(processes.serving(env=env)) for _ in range(count)]
        clients = [await stack.enter_async_context(client_of(server.address)) for server in servers]
        yield Busy(clients, admin, _PATHS)


@asynccontextmanager
async def under_load(service: Busy) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(service.write_on(slug)) for slug in _OTHERS]
    tasks += [asyncio.create_task(service.read_on()) for _ in range(_READERS)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        failures = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in failures if not isinstance(each, asyncio.CancelledError)] == []


def built_with(root: Path) -> list[str]:
    """The built files that hold the name, in any coding."""
    found = []
    for name, body in files(root).items():
        unpack = UNPACK.get(Path(name).suffix, bytes)
        if NAME.encode() in unpack(body):
            found.append(name)
    return found


async def until(fact: Callable[[], bool]) -> None:
    """Check again and again until it is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await asyncio.to_thread(fact):
            pass


async def say_the_name(service: Busy) -> int:
    """Say it in everything that can hold a note, some of it replaced since. The number of the first event with it."""
    first: int = (await service.call("PUT", f"{TARA}/intake", {**OPEN, "note": NOTE}))["sequence"]
    for n in range(5):
        await service.call("PUT", f"{TARA}/intake", {**OPEN, "note": f"{n}: {NOTE}"})
        threshold = {"pause_at": 100, "report": {"note": f"{n}: {NAME} is away."}}
        await service.call("PUT", f"{TARA}/threshold", threshold)
    starts = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    plan = {"state": "paused", "note": f"{NAME} is on leave.", "effective_from": starts}
    await service.call("PUT", f"{TARA}/intake", plan)
    await service.call("PUT", f"{TARA}/caseload", {"open_referrals": 100})
    return first


async def redact(service: Busy, env: dict[str, str], first: int, by: str) -> float:
    """Redact by a call or by the command. Returns when the redaction had been committed."""
    service.is_redacted = True
    if by == "call":
        await service.call("POST", f"{TARA}/redactions", {"fields": ["report.note"], "from": first})
    else:
        code, out, err = await processes.run(
            "redact", "tara", "--field", "report.note", "--from", str(first), "--json", env=env
        )
        assert (code, json.loads(out)["slug"]) == (0, "tara"), err
        assert "Something may be left" not in err
    return time.monotonic()


@pytest.mark.parametrize(
    ("database_url", "by"),
    [
        pytest.param("postgresql", "call", id="postgresql-call"),
        pytest.param("sqlite", "call", id="sqlite-call", marks=pytest.mark.soak),
        pytest.param("postgresql", "command", id="postgresql-command", marks=pytest.mark.soak),
        pytest.param("sqlite", "command", id="sqlite-command", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_a_redacted_note_is_gone_from_every_place_under_load(
    listed: Database, database_url: str, root: Path, by: str
) -> None:
    env = processes.environment(database_url, write_limit="0", egress_allow="127.0.0.0/8")
    processes_of = 1 if listed.settings.is_sqlite else 2
    # One that has got the first event and does not answer, and one of a webhook that is disabled meanwhile.
    hanging, disabled = Endpoint(), Endpoint()
    hanging.gate.clear()
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(endpoints.serving(each)) for each in (hanging, disabled)]
        service = await stack.enter_async_context(busy(env, processes_of))
        partner = {"authorization": f"Bearer {await processes.issue_token(env, '--partner', 'Case tool')}"}
        for url in urls:
            body = {"url": url, "responders": ["tara"], "stale": "send"}
            answer = await service.clients[0].post("/v1/webhooks", json=body, headers=partner)
            assert answer.status_code == 201, answer.text
        webhook = f"/v1/webhooks/{answer.json()['id']}"
        answer = await service.clients[0].patch(webhook, json={"status": "disabled"}, headers=partner)
        assert answer.status_code == 200, answer.text
        first = await say_the_name(service)
        await hanging.arrived(1)
        as_of = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        service.paths = [path.format(as_of=as_of) for path in _PATHS]
        watcher = await processes.start(
            "site", "build", str(root), "--watch", env=without_key(database_url), announces="holds version "
        )
        stack.push_async_callback(watcher.kill)
        assert built_with(root)
        assert await places_in_tables(listed, NAME)
        async with under_load(service):
            shown = {path for path in service.paths if await service.shows(0, path)}
            assert {TARA, f"{TARA}/history", "/v1/directory", "/v1/events?after=0&limit=1000", "/", "/r/tara"} <= shown
            redacted = await redact(service, env, first, by)
            await until(lambda: not built_with(root))
            built_for = time.monotonic() - redacted
            await until(lambda: not files_with(listed, NAME))
            stored_for = time.monotonic() - redacted
            assert await places_in_tables(listed, NAME) == set()
            await _until_nothing_shows(service)
            # What was on its way has arrived.
            await until(lambda: time.monotonic() > redacted + 1)
            sent_before = len(hanging.posts)
            answer = await service.clients[0].post(f"{webhook}/enable", headers=partner)
            assert answer.status_code == 200, answer.text
            hanging.gate.set()
            await until(lambda: all("event.redacted" in _types(each) for each in (hanging, disabled)))
            reads, writes = service.reads, service.writes
        assert service.came_back == []
        assert reads > 0 < writes, "nobody read or wrote meanwhile"
        for late in (disabled.posts, hanging.posts[sent_before:]):
            assert len(late) > 1, "nothing but the redaction was left to be sent"
            assert [body for _, body in late if NAME.encode() in body] == []
        assert await places_in_tables(listed, NAME) == set()
        assert not files_with(listed, NAME)
    print(  # noqa: T201 - for the one who measures
        f"redacted by a {by} with {reads} reads and {writes} reports: last shown to a reader who asked "
        f"{service.last_shown - redacted:+.2f} s after it, in built files {built_for:.2f} s, in the database's files "
        f"{stored_for:.2f} s"
    )


async def _until_nothing_shows(service: Busy) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        for n in range(len(service.clients)):
            for path in service.paths:
                while await service.shows(n, path):
                    pass


def _types(endpoint: Endpoint) -> Iterator[str]:
    return (json.loads(body)["type"] for _, body in endpoint.posts)
