"""A database with a long past: the rows that the service writes, in bulk. Only the gap events are left out.

Each responder is by turns open, paused, on a waiting list and, when that report lapsed, unconfirmed. The last change is
just over, so that the reports hold and the newest lapse is past.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from bench.registers import rows as register_rows
from sqlalchemy import delete, update

from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import database_path
from capacity_api.db.tables import (
    AuditRow,
    CoverageRow,
    EventRow,
    GapRow,
    IntakeRow,
    PeriodRow,
    ReportRow,
    ResponderRow,
    RollupRow,
    SequenceRow,
)
from capacity_api.domain.actor import Actor, ActorType
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import NEVER_REPORTED, Intake, Report, ReportedState, SaidBy, State
from capacity_api.domain.owner import Owner
from capacity_api.domain.periods import Ledger, state_change, to_second
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData
from capacity_api.representations.responder import represent_responder

# Each state by turns, what brings it, and what was reported: the last is the lapse of the report before it.
_TURNS = (
    (State.OPEN, EventType.INTAKE_OPENED, ReportedState.OPEN),
    (State.PAUSED, EventType.INTAKE_PAUSED, ReportedState.PAUSED),
    (State.WAITING_LIST, EventType.INTAKE_WAITING_LIST, ReportedState.WAITING_LIST),
    (State.UNCONFIRMED, EventType.INTAKE_UNCONFIRMED, ReportedState.WAITING_LIST),
)
_BATCH = 20_000
_WEEK = timedelta(days=7)
_JSON = msgspec.json.encode
# What stands for a number and three times in the body of an event until they are known.
_NUMBER = 123_456_789_012
_ID = UUID(int=0)
_AT, _SINCE, _UNTIL = (datetime(2001, 1, 1, 1, 1, second, 123_456, tzinfo=UTC) for second in (1, 2, 3))


class Past(msgspec.Struct, frozen=True):
    """So many changes of so many responders, evenly from `start` to `end`."""

    responders: int
    changes: int
    start: datetime
    end: datetime

    def time_of(self, n: int) -> datetime:
        # In floats: of ten years and a million changes, the product of times would be too long.
        return self.start + (self.end - self.start) * ((n + 1) / self.changes)


def _id(n: int, kind: int) -> UUID:
    """An id in the order of the numbers, as UUIDv7 are."""
    return UUID(int=(n << 80) | 0x7 << 76 | kind << 64 | 0x2 << 62 | n)


class _Body:
    """The body of an event of one responder in one state, in which numbers and times are filled in."""

    def __init__(self, row: ResponderRow, event_type: EventType, intake: Intake) -> None:
        record = msgspec.structs.replace(row.record, intake=intake, sequence=_NUMBER, updated_at=_AT)
        event = Event(
            id=_ID,
            type=event_type,
            timestamp=_AT,
            sequence=_NUMBER,
            data=EventData(responder=represent_responder(record, _AT)),
        )
        self._text = encode(event).decode()

    def fill(self, event_id: UUID, number: int, at: datetime, since: datetime, until: datetime) -> str:
        filled = self._text.replace(str(_ID), str(event_id), 1).replace(str(_NUMBER), str(number))
        for mark, time in ((_AT, at), (_SINCE, since), (_UNTIL, until)):
            filled = filled.replace(_utc(mark), _utc(time))
        return filled


def _utc(time: datetime) -> str:
    return encode(time).decode().strip('"')


class _Writer:
    """Writes rows in bulk, past SQLAlchemy: it would take minutes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> "_Writer":
        if self._settings.is_sqlite:
            self._file = sqlite3.connect(database_path(self._settings))
            self._file.execute("PRAGMA synchronous = off")
        else:
            url = self._settings.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = await asyncpg.connect(url)
            await self._connection.execute("SET synchronous_commit = off")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._settings.is_sqlite:
            self._file.close()
        else:
            await self._connection.execute("VACUUM (ANALYZE)", timeout=600)
            await self._connection.close()

    async def add(self, table: Any, columns: Sequence[str], records: Iterable[tuple[Any, ...]]) -> None:
        name = table.__tablename__
        if self._settings.is_sqlite:
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names
            with self._file:
                self._file.executemany(statement, (tuple(map(_for_sqlite, record)) for record in records))
        else:
            await self._connection.copy_records_to_table(name, columns=columns, records=records, timeout=600)


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


async def build(settings: Settings, past: Past) -> None:
    """Fill an empty database, which may have the schema already."""
    database = Database(settings)
    await schema.upgrade(database)
    responders = register_rows(past.responders, past.start)
    for row in responders:
        row.intake.value = NEVER_REPORTED
    for row in responders[:13]:
        # These are the starting register itself.
        row.slug, row.name = row.slug.rpartition("-")[0], row.name.rpartition(" ")[0]
    # Numbers as after the listings.
    async with database.write() as session:
        session.add_all(responders)
    await database.close()
    changes = _Changes(past, responders)
    async with _Writer(settings) as writer:
        await _add_listings(writer, past, responders)
        ledger = Ledger({}, {})
        for row in responders:
            ledger.apply(state_change(row.id, to_second(past.start), State.UNCONFIRMED, row.remit))
        for first in range(0, past.changes, _BATCH):
            batch = list(changes.make(range(first, min(first + _BATCH, past.changes))))
            for change in batch:
                ledger.apply(change.counted)
            await writer.add(
                EventRow, ("id", "sequence", "type", "at", "responder_id", "body"), [each.event for each in batch]
            )
            await writer.add(ReportRow, _REPORT, [each.report for each in batch])
            await writer.add(AuditRow, _AUDIT, [each.audit for each in batch])
        await _add_counts(writer, ledger)
    newest = past.responders + past.changes
    database = Database(settings)
    async with database.write() as session:
        await session.execute(update(SequenceRow).values(n=newest, at=past.time_of(past.changes - 1)))
        await session.execute(update(RollupRow).values(sequence=newest, open_in=ledger.open_in))
        await session.execute(update(CoverageRow).values(counts=None))
        for table, changed in (
            (IntakeRow, [row.intake for row in changes.responders]),
            (ResponderRow, changes.responders),
        ):
            columns = [column.key for column in table.__table__.columns]
            await session.execute(update(table), [{name: getattr(row, name) for name in columns} for row in changed])
    await database.close()


async def forget_counts(database: Database) -> None:
    """As after an upgrade that counts again: nothing is counted yet for the statistics."""
    async with database.write() as session:
        for table in (PeriodRow, GapRow):
            await session.execute(delete(table))
        await session.execute(update(RollupRow).values(sequence=0, open_in={}))


_REPORT = ("id", "responder_id", "kind", "at", "state", "report", "said_by", "confirm_by", "sequence", "token_id")
_AUDIT = ("id", "at", "actor", "actor_key", "owner_key", "action", "target")


class _Change(msgspec.Struct, frozen=True):
    event: tuple[Any, ...]
    report: tuple[Any, ...]
    audit: tuple[Any, ...]
    counted: Any


class _Changes:
    def __init__(self, past: Past, responders: list[ResponderRow]) -> None:
        self._past = past
        self.responders = responders
        self._bodies: dict[tuple[int, int], _Body] = {}
        self._encoded: dict[Report | Actor, str] = {}
        self._actors = [
            Actor(
                type=ActorType.TOKEN,
                id=_id(n + 1, 5),
                label="their case tool",
                owner=Owner(type="responder", name=row.name, slug=row.slug, id=row.id),
            )
            for n, row in enumerate(responders)
        ]

    def make(self, numbers: range) -> Iterator[_Change]:
        count = self._past.responders
        for n in numbers:
            which, round_of = n % count, n // count
            turn = (which + round_of) % len(_TURNS)
            yield self._change(n, which, turn, is_last=n >= self._past.changes - count)

    def _change(self, n: int, which: int, turn: int, *, is_last: bool) -> _Change:
        row, actor, number = self.responders[which], self._actors[which], self._past.responders + n + 1
        at = self._past.time_of(n)
        state, event_type, reported = _TURNS[turn]
        report, lapsed = Report(state=reported), state is State.UNCONFIRMED
        until = at if lapsed else at + _WEEK
        if turn == len(_TURNS) - 2 and not is_last:
            # This report lapses with the next change.
            until = self._past.time_of(n + self._past.responders)
        body = self._bodies.get((which, turn))
        if body is None:
            body = self._bodies[which, turn] = _Body(row, event_type, _intake(report, _SINCE, _UNTIL, lapsed=lapsed))
        if is_last:
            row.intake.value = _intake(report, at, until, lapsed=lapsed)
            row.intake.report_sequence = number
            row.sequence, row.updated_at, row.state_sequence = number, at, number
        event_id, said_by = _id(number, 1), SaidBy.RESPONDER.value
        kind, token = ("lapsed", None) if lapsed else ("reported", actor.id)
        owner = actor.owner.key if actor.owner else None
        return _Change(
            event=(event_id, number, event_type.value, at, row.id, body.fill(event_id, number, at, at, until)),
            report=(_id(number, 2), row.id, kind, at, state.value, self._json(report), said_by, until, number, token),
            audit=(_id(number, 3), at, self._json(actor), actor.key, owner, "intake.report", row.slug),
            counted=state_change(row.id, to_second(at), state, row.remit),
        )

    def _json(self, value: Report | Actor) -> str:
        found = self._encoded.get(value)
        if found is None:
            found = self._encoded[value] = msgspec.json.encode(value).decode()
        return found


def _intake(report: Report, since: datetime, until: datetime, *, lapsed: bool) -> Intake:
    return Intake(
        report=report,
        since=since,
        said_by=SaidBy.RESPONDER,
        confirmed_at=since,
        confirm_by=until,
        lapsed=lapsed,
    )


async def _add_listings(writer: _Writer, past: Past, responders: list[ResponderRow]) -> None:
    events = []
    for number, row in enumerate(responders, 1):
        body = _Body(row, EventType.RESPONDER_LISTED, NEVER_REPORTED)
        event_id = _id(number, 1)
        text = body.fill(event_id, number, past.start, past.start, past.start)
        events.append((event_id, number, "responder.listed", past.start, row.id, text))
    await writer.add(EventRow, ("id", "sequence", "type", "at", "responder_id", "body"), events)


async def _add_counts(writer: _Writer, ledger: Ledger) -> None:
    columns = ("responder_id", *ledger_fields(PeriodRow))
    for responder_id, periods in ledger.periods.items():
        await writer.add(
            PeriodRow,
            columns,
            [
                (
                    responder_id,
                    each.number,
                    each.state.value,
                    each.began,
                    each.ended,
                    _JSON(each.nations).decode(),
                    _JSON(each.age_groups).decode(),
                    each.open,
                    each.waiting_list,
                    each.paused,
                    each.unconfirmed,
                    each.pauses,
                )
                for each in periods
            ],
        )
    gaps = [
        (place, each.began, each.ended, each.seconds_before) for place, known in ledger.gaps.items() for each in known
    ]
    await writer.add(GapRow, ("place", "began", "ended", "seconds_before"), gaps)


def ledger_fields(table: Any) -> list[str]:
    return [column.name for column in table.__table__.columns if column.name != "responder_id"]
