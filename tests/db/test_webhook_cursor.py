"""What the migration from the queue table to cursors does with the old queue, and the way back."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from capacity_api.db import schema
from capacity_api.db.engine import Database

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACTIVE, DISABLED, RESPONDER = UUID(int=1), UUID(int=2), UUID(int=3)


async def _run(database: Database, statement: str, **values: Any) -> None:
    """Execute it with these values; `:at` is the one time that there is."""

    def bound(value: Any) -> Any:
        if not database.settings.is_sqlite:
            return value
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%d %H:%M:%S.%f")
        return value.hex if isinstance(value, UUID) else value

    values |= {"at": AT} if ":at" in statement else {}
    async with database.write(recovering=True) as session:
        await session.execute(text(statement), {name: bound(value) for name, value in values.items()})


async def _rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def _old_queue(database: Database) -> None:
    """Two webhooks and five events, of which the fifth was not fanned out; the active one waits for the third."""
    await _run(
        database,
        "INSERT INTO responder (id, slug, name, contact, remit, valid_for_hours, sequence, updated_at, created_at)"
        " VALUES (:id, 'one', 'One', '{}', '{}', 168, 5, :at, :at)",
        id=RESPONDER,
    )
    for number, state in enumerate(("open", "paused", "paused", "open", "open"), start=1):
        await _run(
            database,
            "INSERT INTO event (id, sequence, type, at, responder_id, body, fanned_out_at)"
            " VALUES (:id, :n, 'intake.updated', :at, :responder, '{}', :fanned)",
            fanned=None if number == 5 else AT,
            id=UUID(int=100 + number),
            n=number,
            responder=RESPONDER,
        )
        await _run(
            database,
            "INSERT INTO report (id, responder_id, kind, at, state, sequence)"
            " VALUES (:id, :responder, 'reported', :at, :state, :n)",
            id=UUID(int=200 + number),
            n=number,
            responder=RESPONDER,
            state=state,
        )
    await _run(database, "UPDATE sequence SET n = 5, at = :at")
    for webhook, status in ((ACTIVE, "active"), (DISABLED, "disabled")):
        await _run(
            database,
            "INSERT INTO webhook (id, url, signature, stale, since, secrets, status, created_at)"
            " VALUES (:id, 'https://example.org', 'v1', 'drop', 0, :secrets, :status, :at)",
            id=webhook,
            status=status,
            secrets=json.dumps([]),
        )
    deliveries = [(ACTIVE, 1, "delivered", 1), (ACTIVE, 2, "delivered", 1), (ACTIVE, 3, "pending", 2)]
    deliveries += [(ACTIVE, 4, "pending", 0), (DISABLED, 1, "delivered", 1), (DISABLED, 2, "failed", 1)]
    for webhook, number, status, attempts in deliveries:
        await _run(
            database,
            "INSERT INTO delivery (id, webhook_id, event_id, sequence, status, attempts, created_at, next_attempt_at)"
            " VALUES (:id, :webhook, :event, :n, :status, :attempts, :at, :due)",
            due=AT if status == "pending" else None,
            id=UUID(int=webhook.int * 1000 + number),
            webhook=webhook,
            event=UUID(int=100 + number),
            n=number,
            status=status,
            attempts=attempts,
        )
        for attempt in range(attempts):
            await _run(
                database,
                "INSERT INTO attempt (id, delivery_id, at, duration_ms) VALUES (:id, :delivery, :at, 5)",
                id=UUID(int=webhook.int * 10000 + number * 10 + attempt),
                delivery=UUID(int=webhook.int * 1000 + number),
            )


async def test_a_cursor_is_just_before_the_first_event_that_waited_and_nothing_is_lost(
    empty_database: Database,
) -> None:
    await schema.upgrade(empty_database, "0004")
    await _old_queue(empty_database)
    await schema.upgrade(empty_database, "0005")

    # The disabled one goes on after the last event that was tried, so it misses nothing.
    assert await _rows(empty_database, "SELECT status, position FROM webhook ORDER BY id") == [
        ("active", 2),
        ("disabled", 2),
    ]
    # It has been open since the fourth event.
    assert await _rows(empty_database, "SELECT state_sequence FROM responder") == [(4,)]
    kept = "SELECT w.status, d.sequence, d.status, d.attempts, count(a.id) FROM delivery AS d"
    kept += " JOIN webhook AS w ON w.id = d.webhook_id"
    kept += " LEFT JOIN attempt AS a ON a.webhook_id = d.webhook_id AND a.event_id = d.event_id"
    kept += " GROUP BY w.status, d.sequence, d.status, d.attempts ORDER BY w.status, d.sequence"
    assert await _rows(empty_database, kept) == [
        ("active", 1, "delivered", 1, 1),
        ("active", 2, "delivered", 1, 1),
        ("active", 3, "pending", 2, 2),
        ("disabled", 1, "delivered", 1, 1),
        ("disabled", 2, "failed", 1, 1),
    ]


async def test_the_way_back_fans_out_what_has_not_arrived(empty_database: Database) -> None:
    await schema.upgrade(empty_database, "0004")
    await _old_queue(empty_database)
    await schema.upgrade(empty_database, "0005")
    await schema.downgrade(empty_database, "0004")

    waiting = await _rows(empty_database, "SELECT sequence FROM event WHERE fanned_out_at IS NULL ORDER BY sequence")
    assert waiting == [(3,), (4,), (5,)]
    assert await _rows(empty_database, "SELECT since FROM webhook ORDER BY id") == [(2,), (2,)]
    found = await _rows(
        empty_database,
        "SELECT d.sequence, d.status, count(a.id) FROM delivery AS d LEFT JOIN attempt AS a ON a.delivery_id = d.id"
        " GROUP BY d.id, d.sequence, d.status ORDER BY d.sequence, d.status",
    )
    assert found == [
        (1, "delivered", 1),
        (1, "delivered", 1),
        (2, "delivered", 1),
        (2, "failed", 1),
        (3, "pending", 2),
    ]
