"""Each alert fires when its fault is caused in a real service, and no other does."""

import asyncio
import json
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text
from tests import processes
from tests.alerts import Scrape, absent, assert_fires, needs_promtool, parse, scrape, scraped, value_of
from tests.conftest import Clock, settings_of
from tests.delivery import endpoints, rows
from tests.delivery.endpoints import Endpoint
from tests.in_process import call
from tests.mailed import add_person, owner_of
from tests.outages import away
from tests.processes import environment
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Service, client_of, patience, serving
from tests.sites import list_register

from capacity_api.clock import utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.mail import MailKind
from capacity_api.operations.mail.outbox import add_mail

pytestmark = needs_promtool
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# More than half of the register.
_REPORTED = ("barnardos", "bawso", "kalayaan", "medaille-trust", "migrant-help", "nspcc", "tara", "unseen")
_OF_A_NEW_REGISTER = frozenset({"CapacityManyUnconfirmed"})
_LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def watched(settings: Settings) -> Settings:
    """Prometheus on this machine may read the metrics."""
    return msgspec.structs.replace(settings, metrics_allow=_LOOPBACK, egress_allow=_LOOPBACK, query_limit=10)


async def report_all(service: Service) -> None:
    admin = await service.token()
    for slug in _REPORTED:
        answer = await service.client.put(f"/v1/responders/{slug}/intake", json=OPEN, headers=admin)
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def service(watched: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(watched, clock) as running:
        await report_all(running)
        yield running


@pytest.fixture
async def delivering(watched: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(watched, clock, deliver=True) as running:
        await report_all(running)
        yield running


async def test_none_fires_while_all_is_well(delivering: Service, tmp_path: Path) -> None:
    before = await scraped(delivering, _delivers, "a heartbeat")
    await delivering.report("tara", PAUSED)
    await assert_fires(before, await scrape(delivering), set(), tmp_path)


async def test_a_server_that_is_gone(watched: Settings, clock: Clock, tmp_path: Path) -> None:
    async with serving(watched, clock) as service:
        await report_all(service)
        before = await scrape(service)
    await assert_fires(before, absent(), {"CapacityAway"}, tmp_path)


async def test_a_database_that_is_away(service: Service, watched: Settings, tmp_path: Path) -> None:
    before = await scrape(service)
    async with away(watched.url):
        after = await scraped(
            service,
            lambda found: value_of(found, "capacity_database_up") == value_of(found, "capacity_ready") == 0,
            "a scrape without the database",
        )
        assert value_of(after, "capacity_deliveries_pending") is None
        assert value_of(after, "capacity_responders", 'state="open"') == len(_REPORTED)
        await assert_fires(before, after, {"CapacityDatabaseAway", "CapacityNotReady"}, tmp_path)


async def test_what_is_stored_and_cannot_be_shown(service: Service, tmp_path: Path) -> None:
    before = await scrape(service)
    async with service.database.write() as session:
        # A row that nothing here could have written.
        await session.execute(text("UPDATE responder SET remit = '[1]', sequence = 99 WHERE slug = 'unseen'"))
        await session.execute(text("UPDATE sequence SET n = 99"))
    after = await scraped(service, lambda found: value_of(found, "capacity_ready") == 0, "a publication that is behind")
    assert value_of(after, "capacity_stored_sequence") == 99
    await assert_fires(before, after, {"CapacityPublicationBehind", "CapacityNotReady"}, tmp_path)


@on_sqlite
async def test_servers_that_show_different_states_or_are_of_different_versions(
    service: Service, sqlite_template: Path, tmp_path: Path, clock: Clock
) -> None:
    """One of them uses another database: somebody copied its file."""
    other = tmp_path / "other.db"
    other.write_bytes(sqlite_template.read_bytes())
    settings = msgspec.structs.replace(settings_of(f"sqlite:///{other}"), metrics_allow=_LOOPBACK)
    one = await scrape(service)
    async with serving(settings, clock) as copied:
        await report_all(copied)
        same = await scrape(copied, "two")
        await copied.report("tara", PAUSED)
        two = await scrape(copied, "two")
    await assert_fires(one | same, one | two, {"CapacityServersDiffer"}, tmp_path)
    earlier = {_as_earlier(series): value for series, value in same.items()}
    await assert_fires(one | same, one | earlier, {"CapacityVersionsDiffer"}, tmp_path)


@on_sqlite
@pytest.mark.parametrize(
    ("seconds", "alerts"),
    [
        (30, {"CapacityClockDrifts"}),
        (-30, {"CapacityClockDrifts"}),
        (300, {"CapacityClockDrifts", "CapacityClockInDoubt", "CapacityNotReady"}),
    ],
)
async def test_a_clock_that_somebody_set(
    watched: Settings, clock: Clock, seconds: int, alerts: set[str], tmp_path: Path
) -> None:
    boot = Clock(clock())
    watch = ClockWatch(clock, lambda: boot().timestamp(), asks_database=False)
    async with serving(watched, clock, clock_watch=watch) as service:
        await report_all(service)
        before = await scrape(service)
        assert value_of(before, "capacity_clock_ahead_seconds") == 0
        clock.advance(timedelta(seconds=seconds))
        doubt = int("CapacityClockInDoubt" in alerts)
        after = await scraped(
            service, lambda found: value_of(found, "capacity_clock_in_doubt") == doubt, f"{doubt} for doubt"
        )
        assert value_of(after, "capacity_clock_ahead_seconds") == seconds
        await assert_fires(before, after, alerts, tmp_path)


@on_sqlite
async def test_a_database_in_which_nothing_can_be_stored(
    service: Service, watched: Settings, clock: Clock, tmp_path: Path
) -> None:
    """Another program holds its lock: reports end with 503, and a lapse has no record."""
    before = await scrape(service)
    token = await service.token()
    other = sqlite3.connect(
        str(watched.url.database), timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
    )
    # In a thread: the service in this one may have to end a transaction first.
    await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
    clock.advance(timedelta(days=8))
    for _ in range(2):
        answer = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
        assert answer.status_code == 503
    after = await scraped(service, lambda found: value_of(found, "capacity_ready") == 0, "a service that is not ready")
    assert value_of(after, "capacity_database_up") == 1
    other.close()
    await assert_fires(before, after, {"CapacityErrors", "CapacityNotReady", "CapacityStepOverdue"}, tmp_path)


@on_sqlite
async def test_reports_that_take_long(service: Service, tmp_path: Path) -> None:
    token = await service.token()
    before = await scrape(service)
    async with service.database.write():
        # On SQLite, everybody waits who writes.
        began = time.perf_counter()
        report = asyncio.create_task(service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token))
        while time.perf_counter() - began < 1:
            assert (await service.client.get("/healthz")).status_code == 200
    assert (await report).status_code == 200
    after = await scrape(service)
    slow, soon = (
        value_of(after, "capacity_request_duration_seconds_bucket", 'class="write"', f'le="{le}"')
        for le in ("+Inf", "0.5")
    )
    assert slow is not None
    assert soon is not None
    assert slow - soon >= 1
    await assert_fires(before, after, {"CapacitySlow"}, tmp_path)


@on_sqlite
async def test_a_reader_that_floods(service: Service, tmp_path: Path) -> None:
    before = await scrape(service)
    # 127.0.0.1 has no limit.
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.3")
    async with client_of(str(service.client.base_url), transport=transport) as client:
        for _ in range(150):
            answer = await client.get("/v1/directory?as_of=2026-11-21T11:00:00Z")
    assert answer.status_code == 429
    await assert_fires(before, await scrape(service), {"CapacityFlood"}, tmp_path)


@on_sqlite
async def test_events_that_nobody_delivers(service: Service, clock: Clock, tmp_path: Path) -> None:
    await rows.add_webhook(service.database, clock(), "https://tool.example/", partner_id=None)
    before = await scrape(service)
    await service.report("tara", PAUSED)
    after = await scrape(service)
    assert value_of(after, "capacity_oldest_delivery_age_seconds") == 0
    await assert_fires(before, after, {"CapacityNoWorker"}, tmp_path)
    clock.advance(timedelta(minutes=11))
    after = await scrape(service)
    assert value_of(after, "capacity_oldest_delivery_age_seconds") == 660
    await assert_fires(before, after, {"CapacityNoWorker", "CapacityDeliveryLate"}, tmp_path)


@on_sqlite
@pytest.mark.parametrize(
    ("status", "state", "alert"),
    [(500, "failing", "CapacityWebhookFailing"), (410, "disabled", "CapacityWebhookDisabled")],
)
async def test_an_endpoint_that_fails_or_is_gone(
    delivering: Service, clock: Clock, status: int, state: str, alert: str, tmp_path: Path
) -> None:
    endpoint = Endpoint(status)
    async with endpoints.serving(endpoint) as address:
        token = await delivering.token(partner="Tool")
        answer = await delivering.client.post("/v1/webhooks", json={"url": f"{address}/"}, headers=token)
        assert answer.status_code == 201, answer.text
        before = await scraped(delivering, _delivers, "a heartbeat")
        await delivering.report("tara", PAUSED)
        after = await scraped(
            delivering, lambda found: value_of(found, "capacity_webhooks", f'state="{state}"') == 1, f"one {state}"
        )
    await assert_fires(before, after, {alert}, tmp_path)


async def test_a_process_that_hangs(postgresql_url: str, tmp_path: Path) -> None:
    database = Database(settings_of(postgresql_url))
    await list_register(database)
    await database.close()
    env = environment(postgresql_url, metrics_allow="127.0.0.0/8")
    log = tmp_path / "log"
    async with processes.serving("--workers", "2", "--no-delivery", env=env, log=log) as serve:
        before = await _of_processes(serve.address, 2)
        pids = [json.loads(line)["pid"] for line in log.read_text().splitlines() if '"process.start"' in line]
        os.kill(pids[0], signal.SIGSTOP)
        try:
            after = await _of_processes(serve.address, 1)
        finally:
            # It may have been replaced meanwhile.
            with suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGCONT)
    # Nobody has reported, so nobody is known.
    await assert_fires(before, after, {"CapacityProcessMissing"}, tmp_path, hours=0.25, ignored=_OF_A_NEW_REGISTER)


async def _of_processes(address: str, count: int) -> Scrape:
    """The first scrape that counts so many processes."""
    async with patience(lambda: f"{count} processes"):
        while True:
            async with client_of(address) as client:
                found = parse((await client.get("/metrics")).text)
            if value_of(found, "capacity_processes") == count:
                return found


@on_sqlite
async def test_mail_that_nobody_sends(service: Service, clock: Clock, tmp_path: Path) -> None:
    person = await add_person(service.database, await owner_of(service.database, responder="tara"))
    before = await scrape(service)
    async with service.database.write() as session:
        await add_mail(session, clock(), MailKind.SIGN_IN, [person])
    await assert_fires(before, await scrape(service), {"CapacityNoMailer"}, tmp_path)
    clock.advance(timedelta(minutes=16))
    after = await scrape(service)
    assert value_of(after, "capacity_oldest_mail_age_seconds") == 960
    await assert_fires(before, after, {"CapacityNoMailer", "CapacityMailLate"}, tmp_path)


async def test_a_worker_that_was_killed(watched: Settings, database_url: str, tmp_path: Path) -> None:
    """It is watched by the metrics of `serve`. One that ends as it should leaves nothing behind."""
    clock = Clock(utc_now())
    env = environment(database_url, egress_allow="127.0.0.0/8")
    async with serving(watched, clock) as service:
        await report_all(service)
        for ends_well in (True, False):
            worker = await processes.start("worker", env=env, announces="delivers webhooks")
            before = await scraped(service, _delivers, "a heartbeat")
            if ends_well:
                worker.send_signal(signal.SIGTERM)
                await worker.wait()
                after = await scrape(service)
                assert value_of(after, "capacity_workers", 'task="delivery"') == 0
                assert value_of(after, "capacity_workers_silent", 'task="delivery"') == 0
            else:
                worker.send_signal(signal.SIGKILL)
                await worker.wait()
        # The worker went by the real clock, which is later by as long as this test has taken.
        clock.advance(timedelta(minutes=40))
        after = await scrape(service)
        assert value_of(after, "capacity_workers", 'task="delivery"') == 0
        await assert_fires(before, after, {"CapacityWorkerSilent"}, tmp_path)


@on_sqlite
async def test_responders_of_whom_nobody_knows(service: Service, clock: Clock, tmp_path: Path) -> None:
    before = await scrape(service)
    clock.advance(timedelta(days=8))

    def is_recorded(found: Scrape) -> bool:
        lapses = value_of(found, "capacity_acts_total", 'act="intake.unconfirmed"')
        return (
            lapses == len(_REPORTED)
            and value_of(found, "capacity_step_overdue_seconds") == 0
            and value_of(found, "capacity_sequence") == value_of(found, "capacity_stored_sequence")
        )

    after = await scraped(service, is_recorded, "the lapses")
    assert value_of(before, "capacity_next_lapse_timestamp_seconds") == (clock() - timedelta(days=1)).timestamp()
    assert value_of(after, "capacity_next_lapse_timestamp_seconds") is None
    await assert_fires(before, after, {"CapacityManyUnconfirmed"}, tmp_path, hours=25)


@on_sqlite
async def test_a_backup_that_is_old(watched: Settings, database_url: str, tmp_path: Path) -> None:
    clock = Clock(utc_now())
    async with serving(watched, clock) as service:
        await report_all(service)
        ended = await asyncio.to_thread(call, "backup", str(tmp_path / "backup"), env=environment(database_url))
        assert ended.code == 0, ended.out
        before = await scrape(service)
        assert value_of(before, "capacity_backup_age_seconds") is not None
        clock.advance(timedelta(days=3))
        await assert_fires(before, await scrape(service), {"CapacityBackupOld"}, tmp_path)


@on_sqlite
async def test_a_disk_that_fills(service: Service, tmp_path: Path) -> None:
    """No test may fill the disk of its machine, so this one says that its room is gone."""
    found = await scrape(service)
    (series,) = (each for each in found if each.startswith("capacity_disk_free_bytes{"))
    assert found[series] > 0
    await assert_fires(found | {series: 501e6}, found | {series: 499e6}, {"CapacityDiskFilling"}, tmp_path)


def _delivers(found: Scrape) -> bool:
    return value_of(found, "capacity_workers", 'task="delivery"') == 1


def _as_earlier(series: str) -> str:
    if not series.startswith("capacity_build_info{"):
        return series
    _, _, rest = series.partition('version="')
    return series.replace(rest.partition('"')[0], "0.0.1")
