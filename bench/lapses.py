"""`python -m bench lapses`: 10,000 reports that lapse in one moment, with `capacity-api serve` in another process.

Until all of them are recorded, four readers ask again and again, each for one resource, and a writer reports for one
responder after the other. It prints the longest that a reader waited, for each resource, and the writer, from five
seconds before that moment on. It also prints how long it took until the last lapse was recorded. A reader that is
shown "open" from that moment on is an error.

It uses a new SQLite file, and also the empty PostgreSQL database whose URL is in `CAPACITY_BENCH_POSTGRESQL`, if any.
"""

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from bench.deliveries import KEYS, process
from bench.registers import rows
from sqlalchemy import func, insert, select, update
from tests.many import listed_event

from capacity_api.cli.setup import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import database_path, make_empty
from capacity_api.db.tables import EventRow, IntakeRow, ResponderRow, SequenceRow
from capacity_api.domain.intake import Intake, Report, ReportedState, SaidBy
from capacity_api.domain.owner import Owner
from capacity_api.operations import tokens

LAPSES = 10_000
# From the start of the service to that moment.
_START_SECONDS = 60.0
_QUIET_SECONDS = 5.0
_ASK_EVERY_SECONDS = 0.005
_REPORT_EVERY_SECONDS = 0.5
# What is long is asked for without its body, which is built all the same.
_READS = ("HEAD /v1/directory", "HEAD /", "HEAD /v1/coverage", "GET /v1/responders/{slug}")


@asynccontextmanager
async def open_register(url: str, size: int) -> AsyncIterator[Database]:
    """A new database with `size` responders, all of them open."""
    settings = Settings(database_url=url)
    if settings.is_sqlite:
        make_empty(database_path(settings))
    database = Database(settings)
    await schema.upgrade(database)
    now = utc_now()
    responders = rows(size, now)
    for row in responders:
        row.intake.value = Intake(
            report=Report(state=ReportedState.OPEN),
            since=now,
            said_by=SaidBy.RESPONDER,
            confirmed_at=now,
            confirm_by=now + timedelta(days=7),
        )
    events = [listed_event(row) for row in responders]
    async with database.write() as session:
        session.add_all(responders)
        await session.flush()
        await session.execute(insert(EventRow), events)
        (await session.get_one(SequenceRow, 1)).n = size
    try:
        yield database
    finally:
        await database.close()


async def lapse_at(database: Database, moment: datetime) -> None:
    """Let every report lapse at one moment."""
    async with database.write() as session:
        await session.execute(update(IntakeRow).values(confirm_by=moment, next_due=moment))


async def count_unrecorded(database: Database, moment: datetime) -> int:
    """How many reports of that moment are not recorded as lapsed, nor replaced."""
    async with database.read() as session:
        due = select(func.count()).select_from(IntakeRow).where(IntakeRow.next_due <= moment)
        return await session.scalar(due) or 0


async def ask(
    call: Callable[[], Awaitable[None]], every: float, waits: list[tuple[float, float]], since: float
) -> None:
    """Call until cancelled. Of each call that began after `since`: how many seconds it took, and when it began."""
    while True:
        began = time.time()
        await call()
        if began >= since:
            waits.append((time.time() - began, began))
        await asyncio.sleep(every)  # as often as it was asked for


async def measure(url: str, size: int) -> None:
    async with open_register(url, size) as database, AsyncExitStack() as stack:
        async with database.write() as session:
            issued = await tokens.issue_token(session, utc_now(), KEYS, Owner(type="admin"))
        async with database.read() as session:
            slugs = list(await session.scalars(select(ResponderRow.slug).order_by(ResponderRow.slug)))
        moment = utc_now() + timedelta(seconds=_START_SECONDS)
        await lapse_at(database, moment)
        at = moment.timestamp()
        where = await stack.enter_async_context(process(url, "serve", "--port", "0", "--no-delivery"))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=where, trust_env=False, timeout=60))
        client.headers["authorization"] = f"Bearer {issued.token}"
        reported = iter(slugs[1:])

        async def read(method: str, path: str) -> None:
            began = time.time()
            answer = await client.request(method, path)
            assert answer.status_code == 200, answer.text
            is_open = method == "GET" and answer.json()["intake"]["state"] == "open"
            assert not (is_open and began >= at), "shown as open after its time"

        async def report() -> None:
            answer = await client.put(f"/v1/responders/{next(reported)}/intake", json={"state": "paused"})
            assert answer.status_code == 200, answer.text

        assert time.time() < at - _QUIET_SECONDS, "the service was not ready in time"
        waits: dict[str, list[tuple[float, float]]] = {}
        asking = []
        for each in _READS:
            method, path = each.format(slug=slugs[0]).split()

            async def call(method: str = method, path: str = path) -> None:
                await read(method, path)

            asking.append(ask(call, _ASK_EVERY_SECONDS, waits.setdefault(each, []), at - _QUIET_SECONDS))
        asking.append(ask(report, _REPORT_EVERY_SECONDS, waits.setdefault("PUT intake", []), at - _QUIET_SECONDS))
        running = [asyncio.create_task(each) for each in asking]
        # What this process collects is no wait of the service.
        gc.disable()
        await asyncio.sleep(max(0.0, at - time.time()))  # until they lapse
        while await count_unrecorded(database, moment):
            for task in running:
                if task.done():
                    await task
            await asyncio.sleep(0.2)  # the service is another process
        recorded = time.time() - at
        gc.enable()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        print(f"{size:,} lapses recorded in {recorded:.1f} s")
        for name, each_wait in waits.items():
            ordered = sorted(each_wait)
            longest, began = ordered[-1]
            seconds = [seconds for seconds, _ in ordered]
            print(
                f"  {name:<28} {len(seconds):>6} times, median {statistics.median(seconds) * 1e3:>6.1f} ms,"
                f" 99 % {seconds[int(len(seconds) * 0.99)] * 1e3:>6.1f} ms,"
                f" longest {longest * 1e3:>6.1f} ms at {began - at:+.1f} s",
                flush=True,
            )


async def measure_all(size: int = LAPSES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        addresses = {"sqlite": f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"}
        if "CAPACITY_BENCH_POSTGRESQL" in os.environ:
            addresses["postgresql"] = os.environ.pop("CAPACITY_BENCH_POSTGRESQL")
        for name, address in addresses.items():
            print(name)
            await measure(address, size)


def run(*arguments: str) -> None:
    """`arguments`: the number of responders, if not the usual one."""
    with uvloop_runner() as runner:
        runner.run(measure_all(*(int(number) for number in arguments)))
