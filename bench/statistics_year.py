"""`python -m bench.statistics_year`: the statistics of a year of 10,000 responders with 100 reports each, on SQLite.

SQL writes the events into a new file. The results are the time to count them into periods, the time to read the
statistics of the year and of a month and for the page of the year, and the memory for that.
"""

import argparse
import asyncio
import resource
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import text

from capacity_api.cli.database import count_all
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.operations import responders, statistics
from capacity_api.pages.evidence import Evidence, render_evidence
from capacity_api.pages.evidence_spans import find_span
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import represent_remit

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)

# Each responder is open, then paused, on a waiting list and unconfirmed, so that every report begins a new period.
EVENTS = """
WITH RECURSIVE n(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM n WHERE n < :reports * :responders - 1)
INSERT INTO event (id, sequence, type, at, responder_id, body, fanned_out_at)
SELECT printf('%032x', n + 1), n + 1, 'intake.updated',
       strftime('%Y-%m-%d %H:%M:%f', :start + n * 31536000.0 / (:reports * :responders), 'unixepoch') || '000',
       printf('%032x', n % :responders + 1),
       replace(:body, '"STATE"', CASE (n / :responders + n % :responders) % 4
         WHEN 0 THEN '"open"' WHEN 1 THEN '"paused"' WHEN 2 THEN '"waiting_list"' ELSE '"unconfirmed"' END),
       '2026-01-01 00:00:00.000000'
FROM n
"""
RESPONDERS = """
WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < :responders)
INSERT INTO responder (id, slug, name, contact, remit, valid_for_hours, sequence, updated_at, created_at)
SELECT printf('%032x', n), 'responder-' || n, 'Responder ' || n, '{}', :remit, 168, n, :at, :at FROM n
"""


async def fill(database: Database, count: int, reports: int) -> None:
    new = responders.read_register()[0]
    public_remit = msgspec.to_builtins(represent_remit(new.remit))
    body = msgspec.json.encode(
        {"data": {"responder": {"remit": public_remit, "intake": {"state": "STATE", "report": None}}}}
    ).decode()
    at = START.strftime("%Y-%m-%d %H:%M:%S.%f")
    async with database.write() as session:
        remit = msgspec.json.encode(new.remit).decode()
        await session.execute(text(RESPONDERS), {"responders": count, "remit": remit, "at": at})
        await session.execute(text("INSERT INTO intake (responder_id, lapsed) SELECT id, 0 FROM responder"))
        values = {"responders": count, "reports": reports, "body": body, "start": int(START.timestamp())}
        await session.execute(text(EVENTS), values)
        await session.execute(text("UPDATE sequence SET n = :n, at = :at"), {"n": count * reports, "at": at})


async def measure_read(database: Database, start: datetime, end: datetime) -> float:
    """The seconds to read and encode the statistics."""
    began = time.perf_counter()
    async with database.read() as session:
        document = await statistics.read_statistics(session, start, end)
    encode(document)
    return time.perf_counter() - began


async def measure_page(database: Database) -> float:
    """The seconds to read and render `/evidence` of the year."""
    began = time.perf_counter()
    span = find_span("2025", None, START + 2 * YEAR)
    async with database.read() as session:
        document = await statistics.read_statistics(
            session, span.start, span.end, by_month=True, responders_by_month=False
        )
    render_evidence(Evidence(span=span, read_at=span.end, begins=START, statistics=document), {}, span.end)
    return time.perf_counter() - began


async def main(count: int, reports: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.db"
        make_empty(path)
        database = Database(Settings(database_url=f"sqlite+aiosqlite:///{path}"))
        await schema.upgrade(database)
        await fill(database, count, reports)
        began = time.perf_counter()
        events = await count_all(database)
        elapsed = time.perf_counter() - began
        print(f"counted {events} events in {elapsed:.1f} s; the file has {path.stat().st_size / 1e6:.0f} MB")
        spans = {"the year": (START, START + YEAR), "a month": (START + YEAR / 2, START + YEAR / 2 + YEAR / 12)}
        for name, (start, end) in spans.items():
            times = sorted([await measure_read(database, start, end) for _ in range(5)])
            print(f"{name:<10} median {times[2]:.2f} s, slowest {times[-1]:.2f} s")
        times = sorted([await measure_page(database) for _ in range(5)])
        print(f"{'the page':<10} median {times[2]:.2f} s, slowest {times[-1]:.2f} s")
        print(f"the process used at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
        tracemalloc.start()
        await measure_read(database, START, START + YEAR)
        print(f"the year took at most {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB more")
        await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responders", type=int, default=10_000)
    parser.add_argument("--reports", type=int, default=100)
    options = parser.parse_args()
    asyncio.run(main(options.responders, options.reports))
