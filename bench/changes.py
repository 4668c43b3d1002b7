"""The cost of one change for the process that publishes, on SQLite, with registers of three sizes.

The clock starts when a report is committed. It stops when every document has the change, and again when each content
coding of the directory has it. Meanwhile a task wakes every millisecond. Its longest delay is the longest time for
which the event loop answered no request.
"""

import asyncio
import gc
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.registers import rows

from capacity_api.cli.setup import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import database_path, make_empty
from capacity_api.db.tables import SequenceRow
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.snapshot.resource import CODINGS

SIZES = (13, 1_000, 10_000)
CHANGES = 15
_TICK_SECONDS = 0.001


class Change(NamedTuple):
    """All in seconds: until the change was published, and compressed; processor time until then; the longest stall."""

    visible: float
    compressed: float
    processor: float
    stall: float


class Ticker:
    """Measures the longest stall of the event loop, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            self.longest = max(self.longest, time.perf_counter() - began - _TICK_SECONDS)


async def measure_change(publisher: Publisher, database: Database, slug: str, number: int) -> Change:
    state = (ReportedState.OPEN, ReportedState.PAUSED)[number % 2]
    async with database.write() as session:
        await intake.report_intake(session, utc_now(), slug, Report(state=state, note=f"Change {number}"))
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.01)
    began, used = time.perf_counter(), time.process_time()
    await publisher.refresh()
    visible, processor = time.perf_counter() - began, time.process_time() - used
    directory = publisher.current().find("/v1/directory")
    assert directory is not None
    for coding in CODINGS:
        while directory.best((coding,)) is directory.plain:  # noqa: ASYNC110 - nothing announces a compressed variant
            await asyncio.sleep(_TICK_SECONDS)
    compressed = time.perf_counter() - began
    ticking.cancel()
    return Change(visible, compressed, processor, ticker.longest)


async def measure(size: int, folder: str) -> None:
    settings = Settings(database_url=f"sqlite+aiosqlite:///{Path(folder) / f'{size}.db'}")
    make_empty(database_path(settings))
    database = Database(settings)
    await schema.upgrade(database)
    responders = rows(size, utc_now())
    async with database.write() as session:
        session.add_all(responders)
        (await session.get_one(SequenceRow, 1)).n = size
    publisher = Publisher(database, utc_now, catalogue(settings))
    began = time.perf_counter()
    await publisher.refresh()
    start = time.perf_counter() - began
    # As the service does at its start.
    gc.collect()
    gc.freeze()
    slugs = [row.slug for row in responders]
    # The first two warm up.
    changes = [await measure_change(publisher, database, slugs[n * 7 % size], n) for n in range(CHANGES + 2)][2:]
    directory = publisher.current().find("/v1/directory")
    assert directory is not None
    visible, compressed, processor, stall = (statistics.median(column) * 1000 for column in zip(*changes, strict=True))
    longest = max(change.stall for change in changes) * 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{size:>10,}{len(directory.body) / 1e6:>9.2f}{start:>9.2f}{visible:>11.1f}{compressed:>14.1f}"
        f"{processor:>13.1f}{stall:>11.1f}{longest:>9.1f}{memory:>9.0f}",
        flush=True,
    )
    await database.close()


async def measure_all() -> None:
    print(
        f"{'responders':>10}{'JSON MB':>9}{'start s':>9}{'visible ms':>11}{'compressed ms':>14}{'processor ms':>13}"
        f"{'stall ms':>11}{'worst':>9}{'peak MB':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            await measure(size, folder)


def main() -> None:
    with uvloop_runner() as runner:
        runner.run(measure_all())
