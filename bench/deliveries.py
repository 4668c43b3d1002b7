"""`python -m bench deliveries`: webhooks to an endpoint in another process.

- Throughput: one event to 10,000 webhooks, signed and logged, compared with a plain httpx loop that posts the same
  bodies with the same concurrency. Rounds alternate, so that other load on the machine affects both. On PostgreSQL also
  with two workers in other processes, and of owners that have as many webhooks as they may have.
- One webhook: a thousand events, one after the other, to a single webhook, in events a second.
- Latency: from the commit to the arrival at each of 100 webhooks, with an idle worker. Then at 49 of 50 webhooks, while
  the other one hangs, and while it does not. Then at the one webhook of an owner, while all those of another owner
  hang, and while there are none.
- The time of `PUT intake` with 10 and with 10,000 webhooks, while a worker delivers in another process.

It uses a new SQLite file, and also the empty PostgreSQL database whose URL is in `CAPACITY_BENCH_POSTGRESQL`, if any.
"""

import asyncio
import base64
import contextlib
import itertools
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

from capacity_api.cli.setup import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import database_path, make_empty
from capacity_api.db.tables import DeliveryRow, EventRow, PartnerRow, WebhookRow
from capacity_api.delivery.worker import FAST_SLOTS, Worker
from capacity_api.domain import signing
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.operations import intake, owners, responders, tokens
from capacity_api.operations.webhooks.due_work import count_waiting_events
from capacity_api.operations.webhooks.management import MAX_WEBHOOKS

DELIVERIES = 10_000
ROUNDS = 3
PORTS = 8
SUBSCRIBERS = 100
NEIGHBOURS = 50
EVENTS = 30
BACKLOG = 1000
KEYS = Keys((bytes(range(32)),))
SLUG = "nspcc"
FEW, MANY = 10, 10_000
REPORTS = 25
# What delivers the webhooks, and the options of `serve` for that.
_DELIVERED_BY = {"worker": ("--no-delivery",), "serve": ()}


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[list[str]]:
    """Run an endpoint in another process; gives its URLs."""
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
    settings = Settings(database_url=url, secret_keys=(bytes(range(32)),), egress_allow=(ip_network("127.0.0.0/8"),))
    if settings.is_sqlite:
        make_empty(database_path(settings))
    database = Database(settings)
    await schema.upgrade(database)
    async with database.write() as session:
        await responders.load_register(session, utc_now())
    try:
        yield database
    finally:
        await database.close()


async def subscribe(database: Database, urls: list[str], count: int, hanging: int = 0, each: int = 1) -> None:
    """Replace all webhooks by `count` new ones, with nothing to send. The first `hanging` of them get no response.

    Every `each` of them, one after the other, belong to one owner.
    """
    owner_ids = [uuid7() for _ in range(0, count, each)]
    async with database.write() as session:
        await session.execute(delete(WebhookRow))
        await session.execute(delete(PartnerRow))
        await session.execute(
            insert(PartnerRow), [{"id": one, "name": str(one), "created_at": utc_now()} for one in owner_ids]
        )
        latest = await session.scalar(text("SELECT n FROM sequence"))
        await session.execute(
            insert(WebhookRow),
            [
                {
                    "id": uuid7(),
                    "partner_id": owner_ids[n // each],
                    "url": urls[n % len(urls)].replace("/hook", "/hang" if n < hanging else "/hook"),
                    "event_types": ["all"],
                    "responders": ["all"],
                    "areas": ["all"],
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
    """Report once, with a new note so that there is an event. Returns the time after the commit."""
    async with database.write() as session:
        await intake.report_intake(
            session, utc_now(), SLUG, Report(state=ReportedState.OPEN, note=utc_now().isoformat())
        )
    return utc_now()


async def deliver_all(database: Database) -> tuple[float, float]:
    """Deliver everything with one worker in this process: the seconds, and the seconds of processor time."""
    worker = Worker(database, KEYS, database.settings, utc_now, asyncio.Event())
    began, used = time.perf_counter(), time.process_time()
    running = asyncio.create_task(worker.run())
    while True:
        await asyncio.sleep(0.05)
        async with database.read() as session:
            if await count_waiting_events(session) == 0:
                break
    elapsed, processor = time.perf_counter() - began, time.process_time() - used
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return elapsed, processor


async def deliver_with_workers(database: Database, workers: int) -> tuple[float, float]:
    """The same with workers in other processes. Their processor time is unknown (NaN)."""
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
    """Post the same bodies in a plain httpx loop: the seconds, and the seconds of processor time."""
    limits = httpx.Limits(max_connections=FAST_SLOTS, max_keepalive_connections=FAST_SLOTS)
    left = count
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:

        async def post() -> None:
            nonlocal left
            while left:
                left -= 1
                headers = {"content-type": "application/json"}
                response = await client.post(urls[left % len(urls)], content=body, headers=headers)
                assert response.status_code == 204

        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(post() for _ in range(FAST_SLOTS)))
        return time.perf_counter() - began, time.process_time() - used


async def throughput(
    database: Database, urls: list[str], count: int, rounds: int, workers: int = 0, each: int = 1
) -> None:
    """`workers`: how many other processes deliver; 0 means this process. `each`: how many webhooks an owner has."""
    ratios = []
    for _ in range(rounds):
        await subscribe(database, urls, count, each=each)
        if workers == 0:
            await report_once(database)
            ours, ours_used = await deliver_all(database)
        else:
            ours, ours_used = await deliver_with_workers(database, workers)
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
    name = f"{workers} workers" if workers else "one worker"
    print(f"throughput of {name}, {each} webhooks an owner, ratio to bare httpx: {statistics.median(ratios):.2f}")


async def one_webhook(database: Database, urls: list[str], rounds: int) -> None:
    """The rate at which one webhook is sent events in order, in events a second."""
    rates = []
    for _ in range(rounds):
        await subscribe(database, urls, 1)
        for _ in range(BACKLOG):
            await report_once(database)
        elapsed, processor = await deliver_all(database)
        rates.append(BACKLOG / elapsed)
        print(f"{rates[-1]:>10.0f}/s to one webhook   processor {processor / BACKLOG * 1e3:.2f} ms each")
    print(f"events to one webhook: {statistics.median(rates):.0f} a second")


async def measure_waits(
    database: Database, urls: list[str], count: int, hanging: int = 0, each: int = 1
) -> list[list[float]]:
    """For each event the milliseconds from the commit to each arrival. The first event warms up and is left out."""
    await subscribe(database, urls, count, hanging, each)
    wake = asyncio.Event()
    running = asyncio.create_task(Worker(database, KEYS, database.settings, utc_now, wake).run())
    waits: list[list[float]] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(EVENTS):
            await asyncio.sleep(0.7)
            await client.get(urls[0])
            committed = await report_once(database)
            wake.set()
            arrivals: list[float] = []
            while len(arrivals) < count - hanging:
                await asyncio.sleep(0.3)
                arrivals += (await client.get(urls[0])).json()
            waits.append([(arrival - committed.timestamp()) * 1e3 for arrival in arrivals])
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return waits[1:]


async def latency(database: Database, urls: list[str]) -> None:
    waits = list(itertools.chain.from_iterable(await measure_waits(database, urls, SUBSCRIBERS)))
    print(
        f"commit to arrival, {SUBSCRIBERS} webhooks: median {statistics.median(waits):.0f} ms,"
        f" 99 % {percent_99(waits):.0f} ms"
    )


async def isolation(database: Database, urls: list[str], rounds: int) -> None:
    """The effect of a hanging webhook on the others: of each event the wait of 99 %, and of these the median.

    The 99 % of all events together would be the worst moment of the machine.
    """
    waits: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(rounds):
        for hanging in (0, 1):
            events = await measure_waits(database, urls, NEIGHBOURS, hanging)
            waits[hanging] += [percent_99(event) for event in events]
    alone, beside = statistics.median(waits[0]), statistics.median(waits[1])
    print(
        f"commit to arrival, {NEIGHBOURS} webhooks, 99 % of an event: {alone:.0f} ms,"
        f" {beside:.0f} ms when one hangs, ratio {beside / alone:.2f}"
        f" (worst event: {max(waits[0]):.0f} and {max(waits[1]):.0f} ms)"
    )


async def fairness(database: Database, urls: list[str], rounds: int) -> None:
    """The wait of an owner's one webhook, alone and while every webhook of another owner hangs."""
    waits: dict[int, list[float]] = {0: [], MAX_WEBHOOKS: []}
    for _ in range(rounds):
        for hanging in waits:
            events = await measure_waits(database, urls, hanging + 1, hanging, MAX_WEBHOOKS)
            waits[hanging] += itertools.chain.from_iterable(events)
    alone, beside = statistics.median(waits[0]), statistics.median(waits[MAX_WEBHOOKS])
    print(
        f"commit to arrival, 1 webhook: {alone:.0f} ms,"
        f" {beside:.0f} ms beside {MAX_WEBHOOKS} of another owner that hang,"
        f" ratio {beside / alone:.2f} (worst: {max(waits[0]):.0f} and {max(waits[MAX_WEBHOOKS]):.0f} ms)"
    )


def percent_99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def reports(database: Database, urls: list[str], command: str, rounds: int) -> None:
    """The time of a report over HTTP while webhooks are delivered, with few and with many webhooks.

    `command` "worker" delivers in another process than the service, "serve" in the same one.
    """
    async with database.write() as session:
        owner = await owners.responder_owner(session, SLUG)
        token = (await tokens.issue_token(session, utc_now(), KEYS, owner)).token
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(rounds):
        for count in (FEW, MANY):
            await subscribe(database, urls, count)
            times[count].append(await report_often(database.settings.database_url, command, token))
    few, many = statistics.median(times[FEW]), statistics.median(times[MANY])
    ratio = statistics.median(with_many / with_few for with_few, with_many in zip(times[FEW], times[MANY], strict=True))
    print(
        f"PUT intake, delivered by `{command}`: {few:.1f} ms with {FEW} webhooks,"
        f" {many:.1f} ms with {MANY:,}, ratio {ratio:.2f}"
    )


async def report_often(url: str, command: str, token: str) -> float:
    """Start a service and report several times; the median time in milliseconds."""
    async with contextlib.AsyncExitStack() as stack:
        where = await stack.enter_async_context(process(url, "serve", "--port", "0", *_DELIVERED_BY[command]))
        if command == "worker":
            await stack.enter_async_context(process(url, "worker"))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=where, trust_env=False, timeout=60))
        headers = {"authorization": f"Bearer {token}"}
        times = []
        for number in range(REPORTS):
            began = time.perf_counter()
            report = {"state": "open", "note": f"{number}"}
            response = await client.put(f"/v1/responders/{SLUG}/intake", json=report, headers=headers)
            times.append((time.perf_counter() - began) * 1e3)
            assert response.status_code == 200, response.text
            await asyncio.sleep(0.2)
    # The first ones warm up.
    return statistics.median(times[3:])


@contextlib.asynccontextmanager
async def process(url: str, *arguments: str) -> AsyncIterator[str]:
    """Run a command until the end of the block; gives the last word of its first line, such as its URL."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAPACITY_")},
        "CAPACITY_DATABASE_URL": url,
        "CAPACITY_SECRET_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode(),
        "CAPACITY_EGRESS_ALLOW": "127.0.0.0/8",
        "CAPACITY_WRITE_LIMIT": "0",
        "CAPACITY_LOG_LEVEL": "error",
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
                await one_webhook(database, urls, rounds)
                await latency(database, urls)
                await isolation(database, urls, rounds)
                await fairness(database, urls, rounds)
                await throughput(database, urls, count, rounds)
                await throughput(database, urls, count, rounds, each=MAX_WEBHOOKS)
                if not database.settings.is_sqlite:
                    await throughput(database, urls, count, rounds, workers=2)
                for command in _DELIVERED_BY:
                    await reports(database, urls, command, rounds)


def run(*arguments: str) -> None:
    """`arguments`: the numbers of deliveries and of rounds, if not the usual ones."""
    with uvloop_runner() as runner:
        runner.run(main(*(int(number) for number in arguments)))
