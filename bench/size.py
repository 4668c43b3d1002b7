"""`python -m bench.size`: the bytes of each stored thing, and a database after ten years.

1,000 reports of one responder, by turns open and paused, with one webhook that takes everything, while every other
responder is open: so the coverage stays the same. Without a URL it measures a new SQLite file, else an empty PostgreSQL
database.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, text
from uuid_utils.compat import uuid7

from capacity_api import log
from capacity_api.cli.database import count_all
from capacity_api.config import Settings
from capacity_api.database_url import parse_database_url
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import make_empty
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.actor import Actor, ActorType
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.domain.signing import SECRET_BYTES, make_secret
from capacity_api.operations import intake, responders

REPORTS = 1000
REPORTING = "salvation-army"
START = datetime(2026, 1, 1, tzinfo=UTC)
PER_WEEK, YEARS = 3, 10
# What each report adds, and stays.
_FOR_EVER = ("event", "report", "audit", "period")
_FOR_A_WHILE = ("delivery", "attempt")
_SQLITE = text(
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY m.tbl_name"
)
_POSTGRESQL = text("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables")


async def fill(database: Database) -> None:
    async with database.write() as session:
        await responders.load_register(session, START)
    slugs = [each.slug for each in responders.read_register()]
    # Others help everywhere and everybody whom it does.
    slugs.remove(REPORTING)
    async with database.write() as session:
        for slug in slugs:
            await intake.report_intake(session, START, slug, Report(state=ReportedState.OPEN))
    owner = Owner(type="responder", name="The Salvation Army", slug=REPORTING, id=uuid7())
    actor = Actor(type=ActorType.TOKEN, id=uuid7(), label="their case tool", owner=owner)
    states = (ReportedState.OPEN, ReportedState.PAUSED)
    for n in range(REPORTS):
        async with database.write(actor) as session:
            at = START + timedelta(minutes=n)
            await intake.report_intake(session, at, REPORTING, Report(state=states[n % 2]))
    await _deliver(database)


async def _deliver(database: Database) -> None:
    """What a worker stores of one delivery of each event, which is accepted at once."""
    webhook = uuid7()
    sealed = Keys((bytes(32),)).seal(make_secret("v1", bytes(SECRET_BYTES)))
    everything = {"event_types": ["all"], "responders": ["all"], "areas": ["all"]}
    async with database.write() as session:
        session.add(
            WebhookRow(
                id=webhook,
                url="https://partner.example.org/hooks/capacity",
                signature="v1",
                stale="drop",
                secrets=[{"sealed": sealed, "until": None}],
                status="active",
                created_at=START,
                cursor=0,
                **everything,
            )
        )
        await session.flush()
        found = (await session.execute(select(EventRow.id, EventRow.sequence))).all()
        sent = [{"webhook_id": webhook, "event_id": each.id} for each in found]
        deliveries = [
            {
                **keys,
                "sequence": each.sequence,
                "status": "delivered",
                "attempts": 1,
                "created_at": START,
                "finished_at": START,
            }
            for keys, each in zip(sent, found, strict=True)
        ]
        await session.execute(insert(DeliveryRow), deliveries)
        attempts = [{**keys, "id": uuid7(), "at": START, "status": 204, "duration_ms": 21} for keys in sent]
        await session.execute(insert(AttemptRow), attempts)


async def measure(database: Database) -> Mapping[str, float]:
    """Bytes of each row with its share of the indexes, by table."""
    async with database.read() as session:
        sizes = {name: int(size) for name, size in await session.execute(_SQLITE if database.file else _POSTGRESQL)}
        measured = {}
        for name in (*_FOR_EVER, *_FOR_A_WHILE):
            count = await session.scalar(text(f"SELECT count(*) FROM {name}"))  # noqa: S608 - our own names
            measured[name] = sizes[name] / (count or 1)
        by_type = await session.execute(
            select(EventRow.type, func.count(), func.avg(func.length(EventRow.body))).group_by(EventRow.type)
        )
        for kind, count, body in by_type:
            print(f"{kind:26}{count:8,}  body {float(body):6,.0f} bytes")
    return measured


@contextmanager
def opened(url: str | None) -> Iterator[Settings]:
    if url is not None:
        yield Settings(database_url=parse_database_url(url))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "size.db"
        make_empty(path)
        yield Settings(database_url=f"sqlite+aiosqlite:///{path}")


async def run(settings: Settings) -> None:
    database = Database(settings)
    try:
        await schema.upgrade(database)
        await fill(database)
        await count_all(database)
        measured = await measure(database)
    finally:
        await database.close()
    for name, size in measured.items():
        print(f"{name:26}{size:8,.0f} bytes each")
    of_report = sum(measured[name] for name in _FOR_EVER)
    print(f"a report, for ever        {of_report:8,.0f} bytes")
    for count in (13, 10_000):
        reports = count * PER_WEEK * 52 * YEARS
        kept = reports / YEARS / 365 * 30 * sum(measured[name] for name in _FOR_A_WHILE)
        print(
            f"{count:,} responders: {reports:,} reports, {reports * of_report / 1e9:,.2f} GB, "
            f"{kept / 1e6:,.1f} MB of deliveries for each webhook"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="of an empty PostgreSQL database")
    log.configure(Settings(log_level="warning"), "bench")
    with opened(parser.parse_args().url) as settings:
        asyncio.run(run(settings))
