"""The report in one form everywhere, whose word it is, and sets as arrays.

Every process must be stopped: this rewrites the body of each event, in batches and in one transaction.

1. `intake` and `report` get `said_by`, and `changed_at` becomes `since`.
2. `_rewrite_public_events` goes through reports and public events in order of sequence. It carries a `_Past` for each
   responder, because an old body says neither whose word a report is nor when the state began.
3. Private events take their responder from the public event before them.
4. Responders, intakes and thresholds are rewritten.
5. Everything that is counted from these is deleted; the service counts it again.

Ids, numbers and times stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from re import IGNORECASE, compile
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import phonenumbers
import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BATCH = 1000
_LONDON_TIME = ZoneInfo("Europe/London")
_LONGEST_VALIDITY = timedelta(days=90)
_EXTENSION = compile(r"(?:ext(?:ension|n)?|x)\.? ?\d+$", IGNORECASE)
_TEXT_RELAY = compile(r"1800[012]\b")
_CAPACITY_STATUS = {"open": "capacity", "paused": "no-capacity", "waiting_list": "waitlist"}
_JSON = sa.JSON(none_as_null=True)
_TIME = sa.DateTime(timezone=True)

_EVENT = sa.table(
    "event",
    sa.column("id", sa.Uuid()),
    sa.column("sequence", sa.BigInteger()),
    sa.column("type", sa.Text()),
    sa.column("responder_id", sa.Uuid()),
    sa.column("body", sa.Text()),
)
_REPORT = sa.table(
    "report",
    sa.column("id", sa.Uuid()),
    sa.column("responder_id", sa.Uuid()),
    sa.column("kind", sa.Text()),
    sa.column("at", _TIME),
    sa.column("state", sa.Text()),
    sa.column("report", _JSON),
    sa.column("said_by", sa.Text()),
    sa.column("effective_from", _TIME),
    sa.column("confirm_by", _TIME),
    sa.column("sequence", sa.BigInteger()),
    sa.column("token_id", sa.Uuid()),
)
_INTAKE = sa.table(
    "intake",
    sa.column("responder_id", sa.Uuid()),
    sa.column("report", _JSON),
    sa.column("since", _TIME),
    sa.column("said_by", sa.Text()),
    sa.column("confirmed_at", _TIME),
    sa.column("planned", _JSON),
    sa.column("before", _JSON),
)
_RESPONDER = sa.table(
    "responder",
    sa.column("id", sa.Uuid()),
    sa.column("contact", _JSON),
    sa.column("remit", _JSON),
    sa.column("valid_for_hours", sa.Integer()),
)
_THRESHOLD = sa.table("threshold", sa.column("responder_id", sa.Uuid()), sa.column("threshold", _JSON))
_TOKEN = sa.table(
    "token", sa.column("id", sa.Uuid()), sa.column("responder_id", sa.Uuid()), sa.column("partner_id", sa.Uuid())
)


def upgrade() -> None:
    with op.batch_alter_table("intake") as table:
        table.alter_column("changed_at", new_column_name="since", existing_type=_TIME, existing_nullable=True)
        table.add_column(sa.Column("said_by", sa.Text(), nullable=True))
    with op.batch_alter_table("report") as table:
        table.add_column(sa.Column("said_by", sa.Text(), nullable=True))

    connection = op.get_bind()
    # Without it, each batch would read the whole table.
    op.create_index("ix_report_sequence", "report", ["sequence"])
    pasts = _rewrite_public_events(connection)
    op.drop_index("ix_report_sequence", "report")
    _rewrite_private_events(connection)
    _rewrite_responders(connection)
    _rewrite_intakes(connection, pasts)
    _rewrite_thresholds(connection)
    op.execute("UPDATE coverage SET counts = NULL")
    op.execute("DELETE FROM period")
    op.execute("DELETE FROM nation_gap")
    op.execute("UPDATE rollup SET sequence = 0, open_in = '{}'")


def downgrade() -> None:
    if op.get_bind().scalar(sa.select(_EVENT.c.id).limit(1)) is not None:
        raise CommandError("events of revision 0007 cannot be brought back to the old form: restore a backup instead")
    with op.batch_alter_table("report") as table:
        table.drop_column("said_by")
    with op.batch_alter_table("intake") as table:
        table.drop_column("said_by")
        table.alter_column("since", new_column_name="changed_at", existing_type=_TIME, existing_nullable=True)


@dataclass
class _Past:
    """What a responder's reports so far say of its intake. Times are aware UTC; the dicts are in the new form."""

    valid_for: timedelta
    # The plan that is stored now, in the old form: the only place of its `confirm_by`.
    stored_plan: dict[str, Any] | None
    state: str = "unconfirmed"
    since: datetime | None = None
    report: dict[str, Any] | None = None
    said_by: str | None = None
    confirmed_at: datetime | None = None
    plan: dict[str, Any] | None = None
    # Whose word a threshold put aside, and when that was confirmed; null unless a threshold paused.
    before: tuple[str | None, datetime | None] | None = None
    areas: list[str] = field(default_factory=list)

    def forget_reports(self) -> None:
        """A listing leaves no report."""
        self.state, self.since, self.report, self.plan, self.before = "unconfirmed", None, None, None, None
        self.said_by, self.confirmed_at = None, None

    def add_report(self, row: Any, actor: str, plan: dict[str, Any] | None) -> str | None:
        """Take in one row of `report`. Returns its `said_by`.

        `actor` is whose word it is if somebody said it, and `plan` is set if the row announces one.
        """
        if plan is not None:
            self.plan = plan
            return actor
        at = _aware(row.at)
        if row.kind in {"reported", "confirmed"}:
            self.said_by, self.confirmed_at = actor, at
            # The same report again keeps what a threshold put aside.
            self.before = self.before if row.kind == "confirmed" else None
            if row.confirm_by is not None and (row.report or {}).get("reopens_on") is None:
                self.valid_for = _aware(row.confirm_by) - at
        elif row.kind == "started" and self.plan is not None:
            self.said_by, self.confirmed_at = self.plan["said_by"], _parse_time(self.plan["said_at"])
            self.plan, self.before = None, None
        elif row.kind == "unplanned":
            self.plan = None
        elif row.kind == "counted" and row.state == "paused":
            self.before = self.before or (self.said_by, self.confirmed_at)
            self.said_by, self.confirmed_at = "threshold", None
        elif row.kind == "counted":
            # Below the threshold: what was put aside holds again, or has lapsed meanwhile.
            self.said_by, self.confirmed_at = self.before or (None, None)
            self.before = None
        if row.state != self.state:
            self.state, self.since = row.state, at
        self.report = _report(row.report)
        return self.said_by


def _rewrite_public_events(connection: sa.Connection) -> dict[UUID, _Past]:
    """Rewrite reports and public events. Returns each responder's past after its newest event."""
    is_administrator = sa.and_(_TOKEN.c.responder_id.is_(None), _TOKEN.c.partner_id.is_(None))
    administrators = set(connection.scalars(sa.select(_TOKEN.c.id).where(is_administrator)))
    stored = sa.select(_RESPONDER.c.id, _RESPONDER.c.valid_for_hours, _INTAKE.c.planned).join(
        _INTAKE, _INTAKE.c.responder_id == _RESPONDER.c.id
    )
    pasts = {
        row.id: _Past(valid_for=timedelta(hours=row.valid_for_hours), stored_plan=row.planned)
        for row in connection.execute(stored)
    }
    done = 0
    while True:
        query = sa.select(_EVENT).where(_EVENT.c.sequence > done).order_by(_EVENT.c.sequence).limit(_BATCH)
        events = connection.execute(query).all()
        if not events:
            return pasts
        newest = events[-1].sequence
        reports = connection.execute(
            sa.select(_REPORT)
            .where(_REPORT.c.sequence > done, _REPORT.c.sequence <= newest)
            .order_by(_REPORT.c.sequence, _REPORT.c.at, _REPORT.c.id)
        ).all()
        of_event: dict[int, list[Any]] = {}
        for row in reports:
            of_event.setdefault(row.sequence, []).append(row)
        new_reports, new_bodies = [], []
        for event in events:
            for row in of_event.get(event.sequence, ()):
                past = pasts[row.responder_id]
                actor = "coordinator" if row.token_id in administrators else "responder"
                plan = _announced_plan(connection, row, actor, past) if row.kind == "planned" else None
                said_by = past.add_report(row, actor, plan)
                new_reports.append({"key": row.id, "new_report": _report(row.report), "new_said_by": said_by})
            past_of_event = None if event.responder_id is None else pasts[event.responder_id]
            new_bodies.append({"key": event.id, "new_body": _public_body(event, past_of_event)})
        _update(connection, _REPORT, new_reports)
        _update(connection, _EVENT, new_bodies)
        done = newest


def _announced_plan(connection: sa.Connection, row: Any, actor: str, past: _Past) -> dict[str, Any]:
    """The plan of a row of kind `planned`."""
    effective_from, said_at = _aware(row.effective_from), _aware(row.at)
    stored = past.stored_plan
    if stored is not None and stored["report"] == row.report and _parse_time(stored["said_at"]) == said_at:
        confirm_by = _parse_time(stored["confirm_by"])
    else:
        confirm_by = _expiry_once_started(connection, row, effective_from) or _expiry(
            row.report, effective_from, past.valid_for
        )
    return {
        "effective_from": _time(effective_from),
        "said_by": actor,
        "said_at": _time(said_at),
        "confirm_by": _time(confirm_by),
        "report": _report(row.report),
    }


def _expiry_once_started(connection: sa.Connection, row: Any, effective_from: datetime) -> datetime | None:
    """Until when the plan held once it had started; `None` if it never started."""
    starts = connection.execute(
        sa.select(_REPORT.c.report, _REPORT.c.confirm_by).where(
            _REPORT.c.responder_id == row.responder_id,
            _REPORT.c.at == effective_from,
            _REPORT.c.kind == "started",
            _REPORT.c.sequence > row.sequence,
        )
    )
    return next((_aware(start.confirm_by) for start in starts if start.report == row.report), None)


def _expiry(report: dict[str, Any], start: datetime, valid_for: timedelta) -> datetime:
    """When a plan that was never carried out would have lapsed: the rule of that time."""
    if report.get("reopens_on") is None:
        return start + valid_for
    day_after = date.fromisoformat(report["reopens_on"]) + timedelta(days=1)
    return min(datetime.combine(day_after, time.min, _LONDON_TIME).astimezone(UTC), start + _LONGEST_VALIDITY)


def _rewrite_private_events(connection: sa.Connection) -> None:
    """Rewrite the events without a number.

    A reminder shows its responder as the public event before it did: nothing was recorded between the two.
    """
    is_left = _EVENT.c.sequence.is_(None)
    while True:
        query = sa.select(_EVENT).where(is_left).order_by(_EVENT.c.id).limit(_BATCH)
        events = connection.execute(query).all()
        if not events:
            return
        bodies = {event.id: msgspec.json.decode(event.body) for event in events}
        numbers = [body["data"]["responder"]["sequence"] for body in bodies.values() if "responder" in body["data"]]
        public = connection.execute(sa.select(_EVENT.c.sequence, _EVENT.c.body).where(_EVENT.c.sequence.in_(numbers)))
        responders = {row.sequence: msgspec.json.decode(row.body)["data"]["responder"] for row in public}
        rows = []
        for event in events:
            data = bodies[event.id]["data"]
            if "responder" in data:
                data = {"responder": responders[data["responder"]["sequence"]]}
            rows.append({"key": event.id, "new_body": _body(event, bodies[event.id]["timestamp"], data)})
        _update(connection, _EVENT, rows)
        is_left = sa.and_(_EVENT.c.sequence.is_(None), _EVENT.c.id > events[-1].id)


def _rewrite_responders(connection: sa.Connection) -> None:
    for rows in _batches(connection, _RESPONDER, _RESPONDER.c.id):
        values = [
            {"key": row.id, "new_contact": _contact(row.contact), "new_remit": _remit(row.remit, row.remit["areas"])}
            for row in rows
        ]
        _update(connection, _RESPONDER, values)


def _rewrite_intakes(connection: sa.Connection, pasts: dict[UUID, _Past]) -> None:
    for rows in _batches(connection, _INTAKE, _INTAKE.c.responder_id):
        values = []
        for row in rows:
            past = pasts[row.responder_id]
            values.append(
                {
                    "key": row.responder_id,
                    "new_report": _report(row.report),
                    "new_since": past.since,
                    "new_said_by": past.said_by,
                    "new_confirmed_at": past.confirmed_at,
                    "new_planned": None if row.planned is None else past.plan,
                    "new_before": None if row.before is None else _replaced_report(row.before, past),
                }
            )
        _update(connection, _INTAKE, values)


def _rewrite_thresholds(connection: sa.Connection) -> None:
    for rows in _batches(connection, _THRESHOLD, _THRESHOLD.c.responder_id):
        values = []
        for row in rows:
            old = row.threshold
            if old is None:
                continue
            report = _report({**old, "state": "paused", "reason": "referral_threshold"})
            new = {"pause_at": old["pause_at"], "reopen_below": old["reopen_below"], "report": report}
            values.append({"key": row.responder_id, "new_threshold": new})
        _update(connection, _THRESHOLD, values)


def _batches(connection: sa.Connection, table: sa.TableClause, key: Any) -> Iterator[Sequence[Any]]:
    query = sa.select(table).order_by(key).limit(_BATCH)
    rows = connection.execute(query).all()
    while rows:
        yield rows
        rows = connection.execute(query.where(key > getattr(rows[-1], key.name))).all()


def _update(connection: sa.Connection, table: sa.TableClause, rows: list[dict[str, Any]]) -> None:
    """Update rows by `key`, the table's first column. `new_report` is the new value of `report`."""
    if rows:
        values = {column: sa.bindparam(f"new_{column.name}") for column in table.c if f"new_{column.name}" in rows[0]}
        connection.execute(sa.update(table).where(next(iter(table.c)) == sa.bindparam("key")).values(values), rows)


def _public_body(event: Any, past: _Past | None) -> str:
    old = msgspec.json.decode(event.body)
    if past is None:
        return _body(event, old["timestamp"], {"cells": [_cells(group) for group in old["data"]["cells"]]})
    if event.type == "responder.listed":
        past.forget_reports()
    responder = old["data"]["responder"]
    data = {"responder": _responder(responder, past)}
    if "previous_state" in old["data"]:
        data["previous_state"] = old["data"]["previous_state"]
    if event.type == "responder.updated":
        data["previous_areas"] = past.areas
    past.areas = [area["code"] for area in responder["remit"]["areas"]]
    return _body(event, old["timestamp"], data)


def _body(event: Any, timestamp: str, data: dict[str, Any]) -> str:
    body = {
        "id": str(event.id),
        "type": event.type,
        "timestamp": timestamp,
        "sequence": event.sequence,
        "test": event.type == "webhook.test",
        "data": data,
    }
    return msgspec.json.encode(body).decode()


def _cells(old: dict[str, Any]) -> dict[str, Any]:
    sets = {name: _codes(old[name]) for name in ("areas", "exploitation_types", "age_groups", "genders")}
    # Nobody was named who could be asked.
    return {**sets, "ask": [], **{name: value for name, value in old.items() if name not in sets}}


def _responder(old: dict[str, Any], past: _Past) -> dict[str, Any]:
    return {
        **old,
        "contact": _contact(old["contact"]),
        "remit": _remit(old["remit"], old["remit"]["areas"]),
        "intake": _public_intake(old["intake"], past),
    }


def _public_intake(old: dict[str, Any], past: _Past) -> dict[str, Any]:
    state = old["state"]
    has_lapsed = state == "unconfirmed" and old["reported_state"] is not None
    report = _report({**old, "state": old["reported_state"]}) if old["reported_state"] is not None else None
    if has_lapsed and report is not None and past.report is not None:
        # An old body leaves out what a lapsed report expected.
        report["expected_response"] = past.report["expected_response"]
    return {
        "state": state,
        "since": _time(past.since),
        "said_by": past.said_by,
        "confirmed_at": _time(past.confirmed_at),
        "confirm_by": old["confirm_by"],
        "report": None if has_lapsed else report,
        "last_report": report if has_lapsed else None,
        "planned": None if old["planned"] is None else past.plan,
        "capacity_status": _CAPACITY_STATUS.get(state),
    }


def _report(old: dict[str, Any] | None) -> dict[str, Any] | None:
    if old is None:
        return None
    expected = old.get("expected_response")
    return {
        "state": old["state"],
        "expected_response": (
            None
            if expected is None
            else {"min": expected.get("min", 0), "max": expected["max"], "unit": expected["unit"]}
        ),
        "expected_referral": None,
        # A null `expected_response` meant "no timeframe can be given" or "nothing was said". We cannot tell which.
        "no_timeframe": False,
        "limited_to": None,
        "reason": old.get("reason"),
        "exceptions": old.get("exceptions", []),
        "reopens_on": old.get("reopens_on"),
        "note": old.get("note"),
    }


def _replaced_report(old: dict[str, Any], past: _Past) -> dict[str, Any]:
    said_by, confirmed_at = past.before or (None, None)
    return {
        "report": _report(old["report"]),
        "said_by": said_by,
        "confirmed_at": _time(confirmed_at),
        "confirm_by": old["confirm_by"],
        "remind_at": old["remind_at"],
        "lapsed": old["lapsed"],
    }


def _remit(old: dict[str, Any], areas: list[Any]) -> dict[str, Any]:
    """`areas` are codes in a row, and codes with names in a body."""
    return {
        "areas": areas,
        "exploitation_types": _codes(old["exploitation_types"]),
        "age_groups": _codes(old["age_groups"]),
        "genders": _codes(old["genders"]),
        "existing_clients_only": old["existing_clients_only"],
        "note": old["note"],
        "as_published": old["as_published"],
        "source": old["source"],
    }


def _codes(old: list[str] | str | None) -> list[str]:
    if old is None:
        return ["unknown"]
    return [old] if isinstance(old, str) else old


def _contact(old: dict[str, Any]) -> dict[str, Any]:
    return {
        "phone": None if old["phone"] is None else _phone(old["phone"]),
        "email": old["email"],
        "url": old["url"],
        "hours": old["hours"],
        "all_hours": None,
        "languages": [],
        "interpreters": None,
        "source": None,
    }


@lru_cache(maxsize=10_000)
def _phone(text: str) -> dict[str, Any]:
    """A stored number is never refused: what cannot be dialled keeps its text."""
    undialled = {"text": text, "dial": None, "extension": None}
    number = _EXTENSION.sub("", text)
    if any(character.isalpha() for character in number) or _TEXT_RELAY.match(number):
        return undialled
    try:
        parsed = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        return undialled
    if phonenumbers.is_valid_short_number_for_region(parsed, "GB"):
        return {"text": text, "dial": str(parsed.national_number), "extension": parsed.extension}
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    may_be_new = reason == phonenumbers.ValidationResult.IS_POSSIBLE and len(str(parsed.national_number)) >= 9
    if not (phonenumbers.is_valid_number(parsed) or may_be_new):
        return undialled
    dial = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return {"text": text, "dial": dial, "extension": parsed.extension}


def _aware(value: datetime) -> datetime:
    """SQLite has no time zones: stored times are UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _parse_time(text: str) -> datetime:
    return msgspec.convert(text, datetime).astimezone(UTC)


def _time(value: datetime | None) -> str | None:
    """As the bodies have it: RFC 3339 with `Z`."""
    return None if value is None else msgspec.to_builtins(value)
