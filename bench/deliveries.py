"""`python -m bench deliveries`: webhooks, against an endpoint in a process of its own.

- Throughput: one event to so many webhooks, signatures and log included, and a bare httpx loop that posts the same
  bodies with the same concurrency. Rounds alternate, so that what else the machine does meets both. On PostgreSQL also
  with two workers in processes of their own.
- Latency: from the commit to the arrival at each of 100 webhooks, on an idle worker; and at 49 of 50, one of which
  hangs or answers like the others.
- What `PUT intake` takes with 10 and with 10,000 webhooks, while a worker in a process of its own delivers.

SQLite in a file of its own; with an address in `CAPACITY_BENCH_POSTGRESQL`, that (empty) database as well.
"""

import asyncio
import base64
import contextlib
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path

import httpx
from sqlalchemy import delete, insert, select, text
from uuid_utils.compat import uuid7

from capacity_api.cli.session import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.delivery.worker import FAST_SLOTS, Worker
from capacity_api.domain import signing
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.operations import intake, responders, tokens
from capacity_api.operations.webhooks.due_work import count_waiting_events

DELIVERIES = 10_000
ROUNDS = 3
PORTS = 8
SUBSCRIBERS = 100
NEIGHBOURS = 50
NEWS = 30
KEYS = Keys((bytes(range(32)),))
SLUG = "nspcc"
FEW, MANY = 10, 10_000
REPORTS = 25
_AWAY = {"worker": ("--no-delivery",), "serve": ()}


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[list[str]]:
    """The addresses of an endpoint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.receiver", str(PORTS), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        ports = (await process.stdout.readline()).decode().split()
        yield [f"http://127.0.0.1:{port}/hook" for port in ports]
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def open_prepared(url: str) -> AsyncIterator[Database]:
    database = Database(
        Settings(database_url=url, secret_keys=(bytes(range(32)),), egress_allow=(ip_network("127.0.0.0/8"),))
    )
    await schema.upgrade(database)
    async with database.write() as session:
        await responders.load_register(session, utc_now())
    try:
        yield database
    finally:
        await database.close()


async def subscribe(database: Database, urls: list[str], count: int, hanging: int = 0) -> None:
    """So many webhooks in place of those before, all of them up to date; the first of them may hang."""
    async with database.write() as session:
        await session.execute(delete(WebhookRow))
        latest = await session.scalar(text("SELECT n FROM sequence"))
        await session.execute(
            insert(WebhookRow),
            [
                {
                    "id": uuid7(),
                    "url": urls[n % len(urls)].replace("/hook", "/hang" if n < hanging else "/hook"),
                    "signature": "v1",
                    "stale": "drop",
                    "cursor": latest,
                    "secrets": [{"sealed": KEYS.seal(signing.make_secret("v1", os.urandom(32))), "until": None}],
                    "status": "active",
                    "created_at": utc_now(),
                }
                for n in range(count)
            ],
        )


async def report_once(database: Database) -> datetime:
    """One event, and when it was committed. No note twice: what changes nothing is no event."""
    async with database.write() as session:
        await intake.report_intake(
            session, utc_now(), SLUG, Report(state=ReportedState.OPEN, note=utc_now().isoformat())
        )
    return utc_now()


async def deliver_all(database: Database) -> tuple[float, float]:
    """Deliver what there is with one worker: seconds, and seconds of the processor."""
    worker = Worker(database, KEYS, database.settings, utc_now, asyncio.Event())
    began, used = time.perf_counter(), time.process_time()
    running = asyncio.create_task(worker.run())
    while True:
        await asyncio.sleep(0.05)
        async with database.read() as session:
            if await count_waiting_events(session) == 0:
                break
    taken = time.perf_counter() - began, time.process_time() - used
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return taken


async def deliver_beside(database: Database, workers: int) -> tuple[float, float]:
    """The same with so many workers, each in a process of its own; only the seconds are known."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(workers):
            await stack.enter_async_context(process(database.settings.database_url, "worker"))
        await report_once(database)
        began = time.perf_counter()
        while True:
            await asyncio.sleep(0.05)
            async with database.read() as session:
                if await count_waiting_events(session) == 0:
                    return time.perf_counter() - began, math.nan


async def post_with_httpx(urls: list[str], body: bytes, count: int) -> tuple[float, float]:
    """The same posts in a plain httpx loop."""
    limits = httpx.Limits(max_connections=FAST_SLOTS, max_keepalive_connections=FAST_SLOTS)
    left = count
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:

        async def post() -> None:
            nonlocal left
            while left:
                left -= 1
                headers = {"content-type": "application/json"}
                answer = await client.post(urls[left % len(urls)], content=body, headers=headers)
                assert answer.status_code == 204

        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(post() for _ in range(FAST_SLOTS)))
        return time.perf_counter() - began, time.process_time() - used


async def throughput(database: Database, urls: list[str], count: int, rounds: int, workers: int = 0) -> None:
    """`workers`: how many processes deliver; 0 for this one."""
    ratios = []
    for _ in range(rounds):
        await subscribe(database, urls, count)
        if workers == 0:
            await report_once(database)
        ours, ours_used = await (deliver_beside(database, workers) if workers else deliver_all(database))
        async with database.read() as session:
            body = (
                await session.execute(select(EventRow.body).order_by(EventRow.sequence.desc()).limit(1))
            ).scalar_one()
        async with database.read() as session:
            rows = await session.scalars(select(DeliveryRow.status))
            assert {*rows} == {"delivered"}
        peer, peer_used = await post_with_httpx(urls, body.encode(), count)
        ratios.append(peer / ours)
        print(
            f"{count / ours:>10.0f}/s {count / peer:>9.0f}/s bare {peer / ours:>7.2f}"
            f"   processor {ours_used / count * 1e3:.2f} ms, bare {peer_used / count * 1e3:.2f} ms each"
        )
    who = f"{workers} workers" if workers else "one worker"
    print(f"throughput of {who}, ratio to bare httpx: {statistics.median(ratios):.2f}")


async def measure_waits(database: Database, urls: list[str], count: int, hanging: int = 0) -> list[list[float]]:
    """For each event what it took from the commit to each arrival, in milliseconds. The first event is left out."""
    await subscribe(database, urls, count, hanging)
    wake = asyncio.Event()
    running = asyncio.create_task(Worker(database, KEYS, database.settings, utc_now, wake).run())
    taken: list[list[float]] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(NEWS):
            await asyncio.sleep(0.7)
            await client.get(urls[0])
            committed = await report_once(database)
            wake.set()
            arrived: list[float] = []
            while len(arrived) < count - hanging:
                await asyncio.sleep(0.3)
                arrived += (await client.get(urls[0])).json()
            taken.append([(each - committed.timestamp()) * 1e3 for each in arrived])
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return taken[1:]


async def latency(database: Database, urls: list[str]) -> None:
    taken = [each for event in await measure_waits(database, urls, SUBSCRIBERS) for each in event]
    print(
        f"commit to arrival, {SUBSCRIBERS} webhooks: median {statistics.median(taken):.0f} ms,"
        f" 99 % {percent_99(taken):.0f} ms"
    )


async def isolation(database: Database, urls: list[str], rounds: int) -> None:
    """99 % of an event's arrivals, the median over the events: over all of them it would be the machine's worst one."""
    found: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(rounds):
        for hanging, taken in found.items():
            taken += [percent_99(event) for event in await measure_waits(database, urls, NEIGHBOURS, hanging)]
    before, beside = (statistics.median(taken) for taken in found.values())
    worst = " and ".join(f"{max(taken):.0f}" for taken in found.values())
    print(
        f"commit to arrival, {NEIGHBOURS} webhooks, 99 % of an event: {before:.0f} ms,"
        f" {beside:.0f} ms when one hangs, ratio {beside / before:.2f} (worst event: {worst} ms)"
    )


def percent_99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


async def reports(database: Database, urls: list[str], command: str, rounds: int) -> None:
    """What a report takes over HTTP while webhooks are delivered, with few and with many of them.

    `command`: "worker" delivers in a process of its own, "serve" in the one that answers.
    """
    async with database.write() as session:
        owner = await tokens.responder_owner(session, SLUG)
        token = (await tokens.issue_token(session, utc_now(), KEYS, owner)).token
    found: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(rounds):
        for count, taken in found.items():
            await subscribe(database, urls, count)
            taken.append(await report_often(database.settings.database_url, command, token))
    few, many = (statistics.median(taken) for taken in found.values())
    ratio = statistics.median(many / few for few, many in zip(*found.values(), strict=True))
    print(
        f"PUT intake, delivered by `{command}`: {few:.1f} ms with {FEW} webhooks,"
        f" {many:.1f} ms with {MANY:,}, ratio {ratio:.2f}"
    )


async def report_often(url: str, command: str, token: str) -> float:
    """The median over some reports, in milliseconds, of a service that was started for them."""
    async with contextlib.AsyncExitStack() as stack:
        where = await stack.enter_async_context(process(url, "serve", "--port", "0", *_AWAY[command]))
        if command == "worker":
            await stack.enter_async_context(process(url, "worker"))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=where, trust_env=False, timeout=60))
        headers = {"authorization": f"Bearer {token}"}
        taken = []
        for number in range(REPORTS):
            began = time.perf_counter()
            said = {"state": "open", "note": f"{number}"}
            answer = await client.put(f"/v1/responders/{SLUG}/intake", json=said, headers=headers)
            taken.append((time.perf_counter() - began) * 1e3)
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(0.2)
    return statistics.median(taken[3:])


@contextlib.asynccontextmanager
async def process(url: str, *arguments: str) -> AsyncIterator[str]:
    """A command that runs until the end of the block, and what it said last on its first line."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAPACITY_")},
        "CAPACITY_DATABASE_URL": url,
        "CAPACITY_SECRET_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode(),
        "CAPACITY_EGRESS_ALLOW": "127.0.0.0/8",
        "CAPACITY_WRITE_LIMIT": "0",
    }
    command = str(Path(sys.executable).parent / "capacity-api")
    running = await asyncio.create_subprocess_exec(command, *arguments, env=env, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        yield (await running.stdout.readline()).decode().split()[-1]
    finally:
        running.kill()
        await running.wait()


async def main(count: int = DELIVERIES, rounds: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        addresses = {"sqlite": f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"}
        if "CAPACITY_BENCH_POSTGRESQL" in os.environ:
            addresses["postgresql"] = os.environ.pop("CAPACITY_BENCH_POSTGRESQL")
        for name, address in addresses.items():
            async with receiver() as urls, open_prepared(address) as database:
                print(name)
                await latency(database, urls)
                await isolation(database, urls, rounds)
                await throughput(database, urls, count, rounds)
                if not database.settings.is_sqlite:
                    await throughput(database, urls, count, rounds, workers=2)
                for command in _AWAY:
                    await reports(database, urls, command, rounds)


def run(*arguments: str) -> None:
    """`DELIVERIES ROUNDS`, both left out as a rule."""
    with uvloop_runner() as runner:
        runner.run(main(*(int(each) for each in arguments)))
