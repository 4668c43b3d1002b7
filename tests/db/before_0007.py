"""A database of revision 0006, written by the code of that time, and what that code read from it.

Three responders live through a month: reports, confirmations, lapses, thresholds, plans, a coordinator's reports,
changed remits, delisting and listing again, reminders, tests of webhooks and deliveries that wait. Keep
`before_0007.json` as it is: nothing can write that form any more.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import CHAR, JSON, DateTime, LargeBinary, MetaData, Uuid, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.tables import DeliveryRow, EventRow, WebhookRow
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.intake import Report
from capacity_api.operations import history, periods
from capacity_api.operations.directory import directory_as_of
from capacity_api.operations.statistics import read_statistics
from capacity_api.operations.webhooks import event_record
from capacity_api.operations.webhooks.superseded import find_superseded
from capacity_api.operations.webhooks.webhook import subscription_of
from capacity_api.representations.responder import HistoryEntry, Responder

_FILE = Path(__file__).with_suffix(".json")


def old_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, parents first."""
    rows: dict[str, list[dict[str, Any]]] = json.loads(_FILE.read_text())["rows"]
    return rows


def old_facts() -> dict[str, Any]:
    """What the old code read."""
    facts: dict[str, Any] = json.loads(_FILE.read_text())["facts"]
    return facts


async def load(database: Database, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Bring an empty database to revision 0006, with these rows."""
    await schema.upgrade(database, "0006")

    def add(connection: Connection) -> None:
        tables = MetaData()
        tables.reflect(connection)
        for name in ("coverage", "rollup", "sequence"):
            connection.execute(tables.tables[name].delete())
        for name, of_table in rows.items():
            table = tables.tables[name]
            for row in of_table:
                values = {key: _stored(table.c[key].type, value) for key, value in row.items() if value is not None}
                connection.execute(insert(table), values)

    async with database.write(recovering=True) as session:
        await (await session.connection()).run_sync(add)
    await database.close()


def _stored(kind: TypeEngine[Any], value: Any) -> Any:
    """A value of the file as the column takes it. SQLite has UUIDs as text, and times without a zone."""
    if isinstance(kind, JSON):
        return value
    if isinstance(kind, DateTime):
        time = datetime.fromisoformat(value)
        return time if kind.timezone else time.replace(tzinfo=None)
    if isinstance(kind, CHAR):
        return UUID(value).hex
    if isinstance(kind, Uuid):
        return UUID(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value


async def new_facts(database: Database) -> dict[str, Any]:
    """The same facts, as this version reads them: what the old form could not say is left out."""
    async with database.write(recovering=True) as session:
        while await periods.count_events(session):
            pass
    old = old_facts()
    async with database.read() as session:
        versions: list[dict[str, Any]] = []
        return {
            "as_of": [await _as_of(session, datetime.fromisoformat(at), versions) for at, _, _ in old["as_of"]],
            "versions": versions,
            "history": {slug: await _history(session, slug) for slug in old["history"]},
            "statistics": [await _statistics(session, each) for each in old["statistics"]],
            "webhooks": await _webhooks(session),
            "events": [
                [str(row.id), row.sequence, row.type, _plain(row.at)]
                for row in await session.scalars(select(EventRow).order_by(EventRow.id))
            ],
        }


async def _as_of(session: AsyncSession, at: datetime, versions: list[dict[str, Any]]) -> list[Any]:
    """The directory at a time. Each responder is a number in `versions`."""
    directory = await directory_as_of(session, at)
    numbers = {}
    for responder in directory.responders:
        version = _version(responder)
        if version not in versions:
            versions.append(version)
        numbers[responder.slug] = versions.index(version)
    return [_plain(at), directory.sequence, numbers]


def _version(responder: Responder) -> dict[str, Any]:
    contact, intake, planned = responder.contact, responder.intake, responder.intake.planned
    remit = _plain(responder.remit)
    if remit["source"] is not None:
        # The old form knew no address of it.
        assert remit["source"].pop("url") is None
    return {
        "id": str(responder.id),
        "slug": responder.slug,
        "name": responder.name,
        "website": responder.website,
        "sequence": responder.sequence,
        "updated_at": _plain(responder.updated_at),
        "remit": remit,
        "contact": {
            "phone": None if contact.phone is None else contact.phone.text,
            "email": contact.email,
            "url": contact.url,
            "hours": contact.hours,
        },
        # The old form left out what a lapsed report expected.
        "report": _report(intake.report) if intake.report else _report(intake.last_report, has_lapsed=True),
        "planned": None if planned is None else [_plain(planned.effective_from), _report(planned.report)],
        "state": _plain(intake.state),
        "confirm_by": _plain(intake.confirm_by),
    }


def _report(report: Report | None, *, has_lapsed: bool = False) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "state": _plain(report.state),
        "expected_response": None if has_lapsed else _plain(report.expected_response),
        "reason": _plain(report.reason),
        "exceptions": _plain(report.exceptions),
        "reopens_on": _plain(report.reopens_on),
        "note": report.note,
    }


async def _history(session: AsyncSession, slug: str) -> list[dict[str, Any]]:
    start, end = datetime.fromisoformat("2026-01-01T00:00:00Z"), datetime.fromisoformat("2027-01-01T00:00:00Z")
    return [_entry(each) for each in (await history.read_history(session, slug, start, end, 2**53, 1000, None)).items]


def _entry(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "kind": "unplanned" if entry.kind == "plan_cancelled" else entry.kind,
        "at": _plain(entry.at),
        "state": _plain(entry.state),
        "confirm_by": _plain(entry.confirm_by),
        "effective_from": _plain(entry.effective_from),
        "report": _report(entry.report),
    }


async def _statistics(session: AsyncSession, old: dict[str, Any]) -> dict[str, Any]:
    found = _plain(
        await read_statistics(session, datetime.fromisoformat(old["from"]), datetime.fromisoformat(old["to"]))
    )
    for responder in found["responders"]:
        responder["pauses"] = responder.pop("pause_count")
    return {key: found[key] for key in old}


async def _webhooks(session: AsyncSession) -> list[dict[str, Any]]:
    rows = (await session.scalars(select(WebhookRow).order_by(WebhookRow.id))).all()
    return [
        {
            "id": str(row.id),
            "cursor": row.cursor,
            "areas": None if tuple(row.areas) == EVERYTHING else row.areas,
            "undelivered": await _undelivered(session, row),
            "deliveries": [
                [str(each.event_id), each.sequence, each.status, each.attempts, _plain(each.next_attempt_at)]
                for each in await session.scalars(
                    select(DeliveryRow).where(DeliveryRow.webhook_id == row.id).order_by(DeliveryRow.event_id)
                )
            ],
            "next_attempt_at": _plain(row.next_attempt_at),
            "cooldown_ms": row.cooldown_ms,
            "out_of_order_at": _plain(row.out_of_order_at),
            "failing_since": _plain(row.failing_since),
            "failures": row.failures,
        }
        for row in rows
    ]


async def _undelivered(session: AsyncSession, webhook: WebhookRow) -> list[list[Any]]:
    """The events after the cursor that the webhook still gets, with ids and numbers."""
    rows = await session.execute(
        select(*event_record.COLUMNS).where(EventRow.sequence > webhook.cursor).order_by(EventRow.sequence)
    )
    records = [event_record.from_row(row) for row in rows]
    superseded = await find_superseded(session, records) if webhook.stale == "drop" else frozenset()
    wants = subscription_of(webhook).wants
    return [[str(each.id), each.sequence] for each in records if wants(each.summary) and each.id not in superseded]


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))
