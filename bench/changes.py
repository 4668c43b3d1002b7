"""What one change costs the process that publishes, at three sizes of register, on SQLite.

A report is committed; then the clock runs until it can be read in the directory's JSON, in every other document, and in
each content coding of the directory. Meanwhile a task wakes every millisecond: how late it comes at most is the longest
for which the event loop answered nobody.
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

from capacity_api.cli.session import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
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
    """Seconds until the change could be read, and of processor time until then; the longest stall of the loop."""

    visible: float
    compressed: float
    processor: float
    stall: float


class Ticker:
    """How long the event loop was held up at most."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            self.longest = max(self.longest, time.perf_counter() - began - _TICK_SECONDS)


async def measure_change(publication: Publisher, database: Database, slug: str, number: int) -> Change:
    state = (ReportedState.OPEN, ReportedState.PAUSED)[number % 2]
    async with database.write() as session:
        await intake.report_intake(session, utc_now(), slug, Report(state=state, note=f"Change {number}"))
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    await asyncio.sleep(0.01)
    began, used = time.perf_counter(), time.process_time()
    await publication.refresh()
    visible, processor = time.perf_counter() - began, time.process_time() - used
    found = publication.current().find("/v1/directory")
    assert found is not None
    for coding in CODINGS:
        while found.best((coding,)) is found.plain:  # noqa: ASYNC110 - the thread that compresses tells nobody
            await asyncio.sleep(_TICK_SECONDS)
    compressed = time.perf_counter() - began
    ticking.cancel()
    return Change(visible, compressed, processor, ticker.longest)


async def measure(size: int, folder: str) -> None:
    settings = Settings(database_url=f"sqlite+aiosqlite:///{Path(folder) / f'{size}.db'}")
    database = Database(settings)
    await schema.upgrade(database)
    made = rows(size, utc_now())
    async with database.write() as session:
        session.add_all(made)
        (await session.get_one(SequenceRow, 1)).n = size
    publication = Publisher(database, utc_now, catalogue(settings))
    began = time.perf_counter()
    await publication.refresh()
    start = time.perf_counter() - began
    # As the service does.
    gc.collect()
    gc.freeze()
    slugs = [row.slug for row in made]
    found = [await measure_change(publication, database, slugs[n * 7 % size], n) for n in range(CHANGES + 2)][2:]
    directory = publication.current().find("/v1/directory")
    assert directory is not None
    visible, compressed, processor, stall = (statistics.median(side) * 1000 for side in zip(*found, strict=True))
    longest = max(each.stall for each in found) * 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{size:>10,}{len(directory.body) / 1e6:>9.2f}{start:>9.2f}{visible:>11.1f}{compressed:>14.1f}"
        f"{processor:>13.1f}{stall:>11.1f}{longest:>9.1f}{memory:>9.0f}",
        flush=True,
    )
    await database.close()


async def all_sizes() -> None:
    print(
        f"{'responders':>10}{'JSON MB':>9}{'start s':>9}{'visible ms':>11}{'compressed ms':>14}{'processor ms':>13}"
        f"{'stall ms':>11}{'worst':>9}{'peak MB':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            await measure(size, folder)


def main() -> None:
    with uvloop_runner() as runner:
        runner.run(all_sizes())
