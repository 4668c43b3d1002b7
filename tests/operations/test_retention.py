"""What is deleted after its time: in small batches, found by an index, and beside the reports of others."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import event, func, insert, select, text
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.workers import stepping

from capacity_api.config import Settings
from capacity_api.db.continuity import Continuity
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import LinkRow, MailRow
from capacity_api.db.tables import AttemptRow, AuditRow, DeliveryRow, EventRow
from capacity_api.domain.actor import SERVICE
from capacity_api.domain.intake import ReportedState
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.operations import audit, retention

_DAY = timedelta(days=1)
_MANY = 50_000
# Deletes everything that this test adds, which is a year old and more.
_KEEPING = Settings(keep_audit=365 * _DAY)


def id_of(at: datetime, number: int) -> UUID:
    """A UUIDv7 of this time."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number)


async def add_entries(database: Database, first: datetime, count: int, every: timedelta = _DAY) -> list[UUID]:
    """Entries of the audit from `first` on, oldest first."""
    times = [first + n * every for n in range(count)]
    fixed = {"actor": SERVICE, "actor_key": SERVICE.key, "owner_key": None, "action": "clock.accept", "target": "wall"}
    ids = [id_of(at, n) for n, at in enumerate(times)]
    async with database.write() as session:
        values = [{"id": each, "at": at, **fixed} for each, at in zip(ids, times, strict=True)]
        await session.execute(insert(AuditRow), values)
    return ids


async def ids_of_entries(database: Database) -> list[UUID]:
    async with database.read() as session:
        return list(await session.scalars(select(AuditRow.id).order_by(AuditRow.id)))


async def prune_audit(database: Database, before: datetime) -> int:
    async with database.write() as session:
        return await audit.prune(session, before)


async def test_the_audit_is_kept_for_ever_unless_a_setting_says_otherwise(
    database: Database, settings: Settings, clock: Clock
) -> None:
    kept = await add_entries(database, clock() - 1000 * _DAY, 10)
    async with stepping(database, settings, clock) as worker:
        assert not await worker.prune_some()
    assert set(kept) <= set(await ids_of_entries(database))


async def test_old_entries_of_the_audit_are_deleted_and_the_newest_of_them_stays(
    database: Database, settings: Settings, clock: Clock
) -> None:
    ids = await add_entries(database, clock() - 368 * _DAY, 6)
    settings = msgspec.structs.replace(settings, keep_audit=365 * _DAY)
    async with stepping(database, settings, clock) as worker:
        assert await worker.prune_some()
        assert not await worker.prune_some()
        # 368, 367 and 366 days old: the last of these stays, and so do those of a year or less.
        assert (await ids_of_entries(database))[:4] == ids[2:]
        clock.advance(2 * _DAY)
        while await worker.prune_some():
            pass
    assert (await ids_of_entries(database))[:2] == ids[4:]


async def test_entries_are_deleted_in_batches(database: Database, clock: Clock) -> None:
    await add_entries(database, clock() - 1000 * _DAY, 1201, timedelta(minutes=1))
    assert [await prune_audit(database, clock()) for _ in range(4)] == [500, 500, 200, 0]


async def test_a_process_that_saw_the_newest_entry_does_not_take_the_database_for_an_older_one(
    database: Database, clock: Clock
) -> None:
    """A quiet directory: its newest entry is a year old, and the next one comes while a process looks away."""
    await add_entries(database, clock() - 500 * _DAY, 3)
    async with database.read() as session:
        seen = Continuity(database.settings)
        await seen.look(session)
    await add_entries(database, clock(), 1)
    assert await prune_audit(database, clock() - 365 * _DAY) == 2
    async with database.read() as session:
        await seen.require(session)


async def add_old(database: Database, clock: Clock, count: int) -> None:
    """So many deliveries with an attempt each, mails, links with an address, and entries, all more than a year old."""
    old = clock() - 400 * _DAY
    await rows.add_responder(database, clock())
    hooks = await rows.add_webhooks(database, clock(), ["https://partner.example/hook"] * (count // 50))
    for _ in range(50):
        await rows.add_event(database, clock())
    async with database.read() as session:
        events = (await session.execute(select(EventRow.id, EventRow.sequence).order_by(EventRow.sequence))).all()
    pairs = [(hook, each) for hook in hooks for each in events[:50]]
    deliveries = [
        {
            "webhook_id": hook,
            "event_id": each.id,
            "sequence": each.sequence,
            "status": "delivered",
            "attempts": 1,
            "created_at": old,
            "finished_at": old,
        }
        for hook, each in pairs
    ]
    attempts = [
        {"webhook_id": hook, "event_id": each.id, "id": id_of(old, n), "at": old, "status": 204, "duration_ms": 9}
        for n, (hook, each) in enumerate(pairs)
    ]
    links = [
        {
            "id": id_of(old, n),
            "hash": n.to_bytes(32),
            "kind": LinkKind.INVITATION,
            "sealed_email": "sealed",
            "created_at": old,
            "expires_at": old,
        }
        for n in range(count // 10)
    ]
    mails = [
        {
            "id": id_of(old, n),
            "kind": MailKind.INVITATION,
            "link_id": link["id"],
            "status": MailStatus.SENT,
            "created_at": old,
            "finished_at": old,
        }
        for n, link in enumerate(links)
    ]
    for table, values in ((DeliveryRow, deliveries), (AttemptRow, attempts), (LinkRow, links), (MailRow, mails)):
        for start in range(0, len(values), 5000):
            async with database.write() as session:
                await session.execute(insert(table), values[start : start + 5000])
    await add_entries(database, old, count // 10, timedelta(minutes=1))


@contextmanager
def recording(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database is sent meanwhile, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "DELETE", "UPDATE")):
            sent.append((statement, parameters[0] if many else parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_no_statement_reads_a_whole_table(database: Database, clock: Clock) -> None:
    await add_old(database, clock, 5000)
    plans: dict[str, str] = {}
    is_sqlite = database.settings.is_sqlite
    async with database.write() as session:
        connection = await session.connection()
        if not is_sqlite:
            # The tables here are small. Then a whole one is read only where no index serves.
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        for prune in retention.prunes(_KEEPING):
            with recording(database) as sent:
                assert await prune(session, clock()) > 0
            for statement, parameters in sent:
                explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
                told = (await connection.exec_driver_sql(explain + statement, parameters)).all()
                plans[statement] = "\n".join(str(row[-1]) for row in told)
    assert len(plans) >= 9
    tables = ("delivery", "attempt", "mail", "link", "audit")
    for statement, plan in plans.items():
        for table in tables:
            assert f"Seq Scan on {table}" not in plan, f"{statement}\n{plan}"
            assert f"SCAN {table}" not in plan, f"{statement}\n{plan}"


@pytest.mark.soak
async def test_reports_go_on_while_fifty_thousand_rows_are_deleted(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await add_old(database, clock, _MANY)
    keeping = msgspec.structs.replace(settings, keep_audit=365 * _DAY)
    async with stepping(database, keeping, clock) as worker:
        rounds = 0

        async def prune_all() -> None:
            nonlocal rounds
            while await worker.prune_some():
                rounds += 1

        pruning = asyncio.create_task(prune_all())
        reports, most_rounds = 0, 0
        while not pruning.done():
            before = rounds
            await rows.report(database, clock(), ReportedState.OPEN)
            reports += 1
            most_rounds = max(most_rounds, rounds - before)
        await pruning
    assert rounds >= _MANY // 500
    # Each waited for a few batches at most, and not for the end.
    assert reports > 5
    assert most_rounds < rounds // 2
    async with database.read() as session:
        for table in (DeliveryRow, AttemptRow, MailRow, LinkRow):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
