"""`make bench PARTS=history`: what a million events cost beside a thousand, with 13 and with 10,000 responders.

On SQLite, and with the address of a PostgreSQL database in `CAPACITY_BENCH_POSTGRESQL` there too, in databases of their
own. Both pasts are measured in turns. A million changes of 13 responders are ten years, of 10,000 one. It takes a
quarter of an hour on two cores, and 4 GB for each of the large databases.
"""

import argparse
import gc
import os
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
from bench.past import Past, build, forget_counts
from sqlalchemy.engine import make_url

from capacity_api import garbage, log
from capacity_api.cli.setup import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import history, intake, periods
from capacity_api.operations.directory import directory_as_of
from capacity_api.operations.statistics import read_statistics
from capacity_api.pages.evidence import Evidence, render_evidence
from capacity_api.pages.evidence_spans import recent_span
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.representations.encoding import encode

POSTGRESQL = "CAPACITY_BENCH_POSTGRESQL"
FEW, MANY = 1_000, 1_000_000
YEARS = {13: 10, 10_000: 1}
ROUNDS = 7
_DAY = timedelta(days=1)
SLUG = "tara"
Act = Callable[["Directory"], Awaitable[object]]


class Directory:
    """A service on one database, as far as it is measured."""

    def __init__(self, settings: Settings) -> None:
        self.database = Database(settings)
        self.publisher = Publisher(self.database, utc_now, catalogue(settings))
        self.changes = 0


async def put(directory: Directory) -> None:
    """A report, until it is stored and published."""
    directory.changes += 1
    state = (ReportedState.OPEN, ReportedState.PAUSED)[directory.changes % 2]
    async with directory.database.write() as session:
        report = Report(state=state, note=f"Change {directory.changes}")
        await intake.report_intake(session, utc_now(), SLUG, report)
    await directory.publisher.refresh()


async def start(directory: Directory) -> None:
    publisher = Publisher(directory.database, utc_now, directory.publisher.snapshot.catalogue)
    # As a server starts.
    with garbage.loading():
        await publisher.refresh()


async def page_of_history(directory: Directory) -> None:
    now = utc_now()
    async with directory.database.read() as session:
        encode(await history.read_history(session, SLUG, now - 90 * _DAY, now, 2**62, 50, None))


async def page_of_years_ago(directory: Directory) -> None:
    now = utc_now()
    async with directory.database.read() as session:
        encode(await history.read_history(session, SLUG, now - 3650 * _DAY, now - 300 * _DAY, 2**62, 50, None))


async def statistics_of_a_quarter(directory: Directory) -> None:
    now = utc_now()
    async with directory.database.read() as session:
        encode(await read_statistics(session, now - 90 * _DAY, now))


async def page_of_evidence(directory: Directory) -> None:
    now = utc_now()
    span = recent_span(now)
    async with directory.database.read() as session:
        document = await read_statistics(session, span.start, span.end, by_month=True, responders_by_month=False)
    evidence = Evidence(span=span, read_at=now, begins=span.start, statistics=document)
    render_evidence(evidence, directory.publisher.current().responders, now)


async def as_of_a_day(directory: Directory) -> None:
    async with directory.database.read() as session:
        encode(await directory_as_of(session, utc_now() - 100 * _DAY))


ACTS: dict[str, tuple[Act, int]] = {
    "a PUT, published": (put, 4 * ROUNDS),
    "a start": (start, 1),
    "a page of history": (page_of_history, ROUNDS),
    "one of years ago": (page_of_years_ago, ROUNDS),
    "statistics of 90 days": (statistics_of_a_quarter, ROUNDS),
    "/evidence": (page_of_evidence, ROUNDS),
    "as_of": (as_of_a_day, ROUNDS),
}
COUNTING = ("statistics of 90 days", "/evidence")


async def measure(act: Act, rounds: int, directories: Sequence[Directory]) -> list[tuple[float, float, float]]:
    """For each directory the median, the most, and the median of processor time, in seconds. They take turns."""
    times: list[list[tuple[float, float]]] = [[] for _ in directories]
    for _ in range(rounds):
        for directory, found in zip(directories, times, strict=True):
            began, used = time.perf_counter(), time.process_time()
            await act(directory)
            found.append((time.perf_counter() - began, time.process_time() - used))
    return [
        (statistics.median(each[0] for each in found), max(found)[0], statistics.median(each[1] for each in found))
        for found in times
    ]


async def compare(pasts: Sequence[Settings]) -> None:
    directories = [Directory(settings) for settings in pasts]
    for directory in directories:
        await directory.publisher.refresh()
        # It counts the coverage, once.
        await put(directory)
        async with directory.database.write() as session:
            while await periods.count_events(session):
                pass
    gc.collect()
    gc.freeze()
    print(f"{'':32}{'few s':>9}{'many s':>9}{'ratio':>7}{'most s':>9}{'processor s':>13}{'ratio':>7}", flush=True)
    for name, (act, rounds) in ACTS.items():
        show(name, await measure(act, rounds, directories))
    for directory in directories:
        await forget_counts(directory.database)
    for name in COUNTING:
        show(f"{name}, uncounted", await measure(ACTS[name][0], ROUNDS, directories))
    for directory in directories:
        await directory.database.close()


def show(name: str, measured: Sequence[tuple[float, float, float]]) -> None:
    few, many = measured[0], measured[-1]
    wall, processor = many[0] / few[0], many[2] / few[2]
    print(f"{name:32}{few[0]:9.3f}{many[0]:9.3f}{wall:7.2f}{many[1]:9.3f}{many[2]:13.3f}{processor:7.2f}", flush=True)


@asynccontextmanager
async def database_of(kind: str, folder: Path, past: Past) -> AsyncIterator[Settings]:
    """A database with this past, and gone afterwards."""
    name = f"capacity_{uuid4().hex}"
    if kind == "SQLite":
        path = folder / f"{name}.db"
        make_empty(path)
        settings = Settings(database_url=f"sqlite+aiosqlite:///{path}")
        await build(settings, past)
        yield settings
        path.unlink()
        return
    server = make_url(os.environ[POSTGRESQL])
    connection = await asyncpg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        url = server.set(drivername="postgresql+asyncpg", database=name)
        settings = Settings(database_url=url.render_as_string(hide_password=False))
        await build(settings, past)
        yield settings
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def run(sizes: Sequence[int], many: int) -> None:
    kinds = ["SQLite", "PostgreSQL"] if os.environ.get(POSTGRESQL) else ["SQLite"]
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            for size in sizes:
                now = utc_now() - timedelta(seconds=1)
                begins = now - YEARS.get(size, 1) * 365 * _DAY
                few_changes, many_changes = (Past(size, changes, begins, now) for changes in (FEW, many))
                async with (
                    database_of(kind, Path(folder), few_changes) as few,
                    database_of(kind, Path(folder), many_changes) as large,
                ):
                    print(f"\n{kind}, {size:,} responders: {FEW:,} changes and {many:,}", flush=True)
                    await compare([few, large])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nThe process, which held both, used at most {memory:,.0f} MB.")


def main() -> None:
    log.configure(Settings(log_level="warning"), "bench")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responders", type=int, nargs="*", default=list(YEARS))
    parser.add_argument("--changes", type=int, default=MANY)
    options = parser.parse_args([] if __name__ != "__main__" else None)
    with uvloop_runner() as runner:
        runner.run(run(options.responders, options.changes))


if __name__ == "__main__":
    main()
