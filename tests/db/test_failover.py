"""A real primary is lost under load and its standby promoted: writes work again, and nothing acknowledged is lost."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from tests import processes
from tests.conftest import NOON, settings_of
from tests.outages import proxying
from tests.replication import Cluster, replicating
from tests.serving import PATIENCE_SECONDS, bound, client_of, patience
from tests.test_kill import _read_events as read_events

from capacity_api.db.bulkheads import CONNECTIONS, Bulkhead
from capacity_api.db.engine import Database
from capacity_api.db.listening import listen_for_changes
from capacity_api.db.tables import PartnerRow
from capacity_api.errors import DatabaseUnavailable

# On a machine that cannot do as many: what waits longer than 5 s for a connection is refused, fail-over or not.
_AT_ONCE = 18
# How many reports, and how many a second: beside other tests a machine has no time for more.
_LONG = (150, 10) if "PYTEST_XDIST_WORKER" in os.environ else (500, 50)
_BACK_WITHIN_SECONDS = bound(5.0)
_SLUGS = ("salvation-army", "migrant-help", "tara", "unseen")


class Answer(msgspec.Struct):
    at: float
    status: int
    sequence: int | None
    note: str


class Load:
    """Reports at a steady rate, each without waiting for the one before, as many charities send them, up to a limit."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, str], rate: int) -> None:
        self.answers: list[Answer] = []
        self.failures: list[BaseException] = []
        self._client = client
        self._tokens = tokens
        self._rate = rate
        self._pending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        start = time.monotonic()
        try:
            for number in itertools.count():
                # At a steady rate, by the clock.
                await asyncio.sleep(max(0, start + number / self._rate - time.monotonic()))
                if len(self._pending) >= _AT_ONCE:
                    continue
                task = asyncio.create_task(self._report(number))
                self._pending.add(task)
                task.add_done_callback(self._note_end)
        finally:
            await asyncio.gather(*self._pending, return_exceptions=True)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._pending.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.failures.append(failure)

    async def wait_for(self, status: int, after: float, count: int = 1) -> Answer:
        """The first answer with this status after a time, once there are `count`."""
        what = f"{count} answers {status}"
        async with patience(lambda: f"{what}; {len(self.answers)} came, {self.failures}", 5 * PATIENCE_SECONDS):
            while True:
                found = [answer for answer in self.answers if answer.status == status and answer.at > after]
                if len(found) >= count:
                    return found[0]
                # The load goes on meanwhile.
                await asyncio.sleep(0.02)

    async def _report(self, number: int) -> None:
        slug, note = _SLUGS[number % len(_SLUGS)], f"report {number}"
        answer = await self._client.put(
            f"/v1/responders/{slug}/intake",
            json={"state": "open", "note": note},
            headers={"authorization": f"Bearer {self._tokens[slug]}"},
        )
        body = answer.json()
        if answer.status_code != 200:
            assert (answer.status_code, body["code"]) == (503, "database_unavailable"), body
        self.answers.append(Answer(time.monotonic(), answer.status_code, body.get("sequence"), note))


@pytest.mark.parametrize(
    ("synchronous", "reports", "rate"),
    [
        pytest.param(True, 50, 10, id="synchronous"),
        pytest.param(True, *_LONG, id="synchronous-long", marks=pytest.mark.soak),
        pytest.param(False, *_LONG, id="asynchronous-long", marks=pytest.mark.soak),
    ],
)
async def test_writes_work_again_within_five_seconds_of_a_promotion(synchronous: bool, reports: int, rate: int) -> None:
    async with replicating(synchronous=synchronous) as cluster:
        env = processes.environment(cluster.url, write_limit="0")
        code, _, err = await processes.run("db", "create", env=env)
        assert code == 0, err
        tokens = {slug: await processes.issue_token(env, "--responder", slug) for slug in _SLUGS}
        async with (
            processes.serving("--no-delivery", env=env) as server,
            client_of(server.address, limits=httpx.Limits(max_connections=None)) as client,
        ):
            async with _loading(client, tokens, rate) as load:
                await load.wait_for(200, 0, reports)
                await cluster.primary.stop()
                lost_at = time.monotonic()
                await load.wait_for(503, lost_at)
                await _until_readiness_is(client, 503)
                await cluster.standby.promote()
                promoted_at = time.monotonic()
                first = await load.wait_for(200, promoted_at)
                await load.wait_for(200, promoted_at, reports)
                await _until_readiness_is(client, 200)
            events = await read_events(client)
    assert load.failures == []
    assert first.at - promoted_at < _BACK_WITHIN_SECONDS
    late = [each for each in load.answers if each.status != 200 and each.at > promoted_at + _BACK_WITHIN_SECONDS]
    assert not late, "once they work, they go on working"
    acknowledged = {each.sequence: each.note for each in load.answers if each.status == 200}
    stored = {
        event["sequence"]: (event["data"]["responder"]["intake"]["report"] or {}).get("note")
        for event in events
        if "responder" in event["data"]
    }
    if synchronous:
        assert {number: stored.get(number) for number in acknowledged} == acknowledged


@asynccontextmanager
async def _loading(client: httpx.AsyncClient, tokens: dict[str, str], rate: int) -> AsyncIterator[Load]:
    """A load that ends with the block, however that ends: it would go on into the tests that follow."""
    load = Load(client, tokens, rate)
    running = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _until_readiness_is(client: httpx.AsyncClient, status: int) -> None:
    """Wait until `/readyz` tells the truth: its task looks each second, and waits for the database meanwhile."""
    async with patience(lambda: f"/readyz {status}", _BACK_WITHIN_SECONDS):
        while (await client.get("/readyz")).status_code != status:  # noqa: ASYNC110 - nothing announces it
            # The service has to have time for it, and the load goes on.
            await asyncio.sleep(0.05)


async def test_a_standby_is_not_taken_for_a_server_that_can_be_written_to() -> None:
    async with replicating(synchronous=False) as cluster:
        await _upgrade(cluster)
        standby_first = _url_of(cluster.standby.port, cluster.primary.port)
        database = Database(settings_of(standby_first))
        async with database.write() as session:
            assert not (await session.connection()).closed
        await database.close()
        alone = Database(settings_of(_url_of(cluster.standby.port)))
        with pytest.raises(DatabaseUnavailable):
            async with alone.write():
                raise AssertionError("it took the standby")
        await alone.close()


async def test_one_refused_write_throws_away_every_connection_to_a_server_that_turned_read_only(
    postgresql_url: str,
) -> None:
    """Those of every bulkhead: a reader would be told what the new primary no longer holds to be true."""
    database = Database(settings_of(postgresql_url))
    held = asyncio.Barrier(sum(CONNECTIONS.values()))
    show = text("SHOW default_transaction_read_only")

    async def turn_read_only(bulkhead: Bulkhead) -> None:
        async with database.read(bulkhead) as session:
            await session.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            await held.wait()

    async def is_read_only(bulkhead: Bulkhead) -> str | None:
        async with database.read(bulkhead) as session:
            found: str | None = await session.scalar(show)
            return found

    await asyncio.gather(*(turn_read_only(each) for each in Bulkhead for _ in range(CONNECTIONS[each])))
    assert {await is_read_only(each) for each in Bulkhead} == {"on"}
    with pytest.raises(DatabaseUnavailable):
        await _write(database)
    for _ in range(3):
        assert {await is_read_only(each) for each in Bulkhead} == {"off"}
        await _write(database)
    await database.close()


async def test_writes_work_as_soon_as_a_server_is_no_longer_read_only(postgresql_url: str) -> None:
    database, operator = Database(settings_of(postgresql_url)), Database(settings_of(postgresql_url))
    await _write(database)
    name = make_url(postgresql_url).database
    async with operator.write() as session:
        await session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    async with operator.write() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                await _write(database)
        await session.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    await _write(database)
    await database.close()
    await operator.close()


async def test_a_host_that_never_answers_does_not_keep_the_next_one_from_being_tried(postgresql_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with proxying(make_url(postgresql_url)) as proxy:
            url = make_url(proxy.url)
            hosts = {"host": "127.0.0.1,127.0.0.1", "port": f"{silent.getsockname()[1]},{url.port}"}
            several = url.set(host=None, port=None).update_query_dict(hosts)
            database = Database(settings_of(several.render_as_string(hide_password=False)))
            started = time.monotonic()
            await _write(database)
            assert time.monotonic() - started < _BACK_WITHIN_SECONDS
            await database.close()


async def test_a_server_that_hangs_is_noticed_by_the_connection_that_listens(postgresql_url: str) -> None:
    async with proxying(make_url(postgresql_url)) as proxy:
        database = Database(settings_of(proxy.url))
        listens = asyncio.Event()
        waits = asyncio.Event()

        async def wait_long() -> None:
            async with database.write() as session:
                await session.execute(text("SELECT 1"))
                waits.set()
                await session.execute(text("SELECT pg_sleep(60)"))

        listening = asyncio.create_task(database.listen(listens.set))
        waiting = asyncio.create_task(wait_long())
        await asyncio.gather(listens.wait(), waits.wait())
        proxy.hang()
        async with asyncio.timeout(PATIENCE_SECONDS):
            outcomes = await asyncio.gather(listening, waiting, return_exceptions=True)
            await database.close()
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable, DatabaseUnavailable]


async def test_a_command_that_only_reads_may_use_a_standby_without_listening() -> None:
    async with replicating(synchronous=False) as cluster:
        await _upgrade(cluster)
        await cluster.wait_until_replayed()
        database = Database(settings_of(f"{_url_of(cluster.standby.port)}&target_session_attrs=any"))
        async with database.read() as session:
            assert await session.scalar(text("SELECT pg_is_in_recovery()"))
        # A standby refuses to listen.
        async with asyncio.timeout(PATIENCE_SECONDS):
            await listen_for_changes(database, lambda: None)
        await database.close()


async def _write(database: Database) -> None:
    async with database.write() as session:
        session.add(PartnerRow(id=uuid4(), name=uuid4().hex, created_at=NOON))


async def _upgrade(cluster: Cluster) -> None:
    code, _, err = await processes.run("db", "create", env=processes.environment(cluster.url))
    assert code == 0, err


def _url_of(*ports: int) -> str:
    hosts, numbers = ",".join("127.0.0.1" for _ in ports), ",".join(str(port) for port in ports)
    return f"postgresql+asyncpg://postgres@/capacity?host={hosts}&port={numbers}"
