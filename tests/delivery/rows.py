"""The rows that the tests of delivery add to the database, and how they read them back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from capacity_api.clock import read_boot_clock
from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.tables import AttemptRow, DeliveryRow, EventRow, IntakeRow, PartnerRow, ResponderRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.areas import ENGLAND
from capacity_api.domain.claim import Claim
from capacity_api.domain.codes import NOT_KNOWN
from capacity_api.domain.contact import Contact
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Intake, Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.domain.remit import AgeGroup, Remit
from capacity_api.domain.retry import Delivered, Outcome
from capacity_api.operations import changes, intake
from capacity_api.operations.webhooks import claims, due_work, example_event, results
from capacity_api.operations.webhooks.due_work import DueWork
from capacity_api.operations.webhooks.results import ClaimResult, SendResult
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event

KEYS = Keys((bytes(range(32)),))
SECRET = signing.make_secret("v1", bytes(range(32)))
LEASE = timedelta(seconds=30)


async def add_responder(
    database: Database,
    now: datetime,
    slug: str = "kalayaan",
    areas: Sequence[str] = (ENGLAND,),
    exploitation_types: tuple[str, ...] = NOT_KNOWN,
) -> UUID:
    identity = uuid7()
    async with database.write() as session:
        row = ResponderRow(
            id=identity,
            slug=slug,
            name=slug.title(),
            website=None,
            contact=Contact(),
            remit=Remit(areas=tuple(areas), exploitation_types=exploitation_types, age_groups=(AgeGroup.ADULT,)),
            valid_for_hours=168,
            sequence=0,
            updated_at=now,
            created_at=now,
            delisted_at=None,
        )
        row.intake = IntakeRow(responder_id=identity)
        row.intake.value = Intake()
        session.add(row)
    return identity


async def add_webhook(database: Database, now: datetime, url: str, **fields: Any) -> UUID:
    (identity,) = await add_webhooks(database, now, [url], **fields)
    return identity


async def add_partner(database: Database, now: datetime) -> UUID:
    (identity,) = await _add_partners(database, now, 1)
    return identity


async def _add_partners(database: Database, now: datetime, count: int) -> list[UUID]:
    identities = [uuid7() for _ in range(count)]
    async with database.write() as session:
        await session.execute(
            insert(PartnerRow), [{"id": each, "name": f"Partner {each}", "created_at": now} for each in identities]
        )
    return identities


async def add_webhooks(database: Database, now: datetime, urls: Sequence[str], **fields: Any) -> list[UUID]:
    """Add webhooks. Without a `responder_id` or `partner_id`, each belongs to a partner of its own."""
    identities = [uuid7() for _ in urls]
    owners: list[dict[str, UUID]] = [{} for _ in urls]
    if not {"responder_id", "partner_id"} & fields.keys():
        owners = [{"partner_id": each} for each in await _add_partners(database, now, len(urls))]
    values: dict[str, Any] = {
        "event_types": ["all"],
        "responders": ["all"],
        "areas": ["all"],
        "signature": "v1",
        "stale": "drop",
        "cursor": 0,
        "secrets": [{"sealed": KEYS.seal(SECRET), "until": None}],
        "status": "active",
        "created_at": now,
    }
    async with database.write() as session:
        await session.execute(
            insert(WebhookRow),
            [
                {"id": identity, "url": url, **owner, **values, **fields}
                for identity, url, owner in zip(identities, urls, owners, strict=True)
            ],
        )
    return identities


async def add_event(
    database: Database, now: datetime, slug: str = "kalayaan", event_type: EventType = EventType.INTAKE_PAUSED
) -> int:
    """Add one public event about a responder and return its number."""
    async with database.write() as session:
        change = await changes.begin(session, now)
        return await change.add_event(event_type, await change.get_responder(slug), now)


async def add_reserved_event(database: Database, now: datetime, event_type: EventType) -> int:
    """Add an event of a type that nothing raises yet, about no responder, and return its number."""
    async with database.write() as session:
        number = sequence.next_number(await sequence.lock(session), now)
        data = example_event.example_data(event_type, example_event.EXAMPLE_RESPONDER, now, number)
        event = Event(id=uuid7(), type=event_type, timestamp=now, sequence=number, data=data)
        session.add(
            EventRow(
                id=event.id, sequence=number, type=event_type, at=now, responder_id=None, body=encode(event).decode()
            )
        )
    return number


async def add_private_event(database: Database, now: datetime, responder_id: UUID) -> None:
    """Add a reminder to this responder, which its own webhooks alone receive."""
    async with database.write() as session:
        change = await changes.begin(session, now)
        row = await session.get_one(ResponderRow, responder_id)
        change.add_private_event(EventType.INTAKE_CONFIRMATION_DUE, row, now)


async def report(database: Database, now: datetime, state: ReportedState, note: str | None = None) -> int:
    """Report a state for the responder, and return the number of the event."""
    async with database.write() as session:
        return (await intake.report_intake(session, now, "kalayaan", Report(state=state, note=note))).sequence


async def find_due(
    database: Database,
    now: datetime,
    max_ready: int = 64,
    max_slow: int = 64,
    held: Mapping[UUID | None, int] = MappingProxyType({}),
) -> DueWork:
    async with database.read() as session:
        return await due_work.find_due(session, now, max_ready, max_slow, held, boot_time=read_boot_clock())


async def claim_due(database: Database, now: datetime, due: DueWork) -> list[Claim]:
    boot_time = read_boot_clock()
    async with database.write() as session:
        return await claims.claim(session, due, now, LEASE, boot_time=boot_time)


async def claim_webhooks(database: Database, now: datetime, limit: int = 64) -> list[Claim]:
    due = await find_due(database, now, limit, limit)
    if due.has_private_events:
        await claim_due(database, now, due)
        due = await find_due(database, now, limit, limit)
    return await claim_due(database, now, due)


async def record(database: Database, now: datetime, claim: Claim, *outcomes: Outcome, jitter: float = 0.5) -> None:
    """Record how the first messages of a claim ended."""
    sends = tuple(SendResult(message, outcome, now) for message, outcome in zip(claim.messages, outcomes, strict=False))
    async with database.write() as session:
        await results.record(session, [ClaimResult(claim, sends)], lambda: jitter)


async def bring_up_to_date(database: Database, now: datetime, outcome: Outcome) -> list[int | None]:
    """Deliver everything that is due, each with this outcome, and return the numbers of the sent events in order."""
    sent: list[int | None] = []
    while True:
        due = await find_due(database, now)
        found = await claim_due(database, now, due)
        async with database.write() as session:
            await results.record(
                session,
                [ClaimResult(each, tuple(SendResult(one, outcome, now) for one in each.messages)) for each in found],
                lambda: 0.5,
            )
        sent += [message.sequence for each in found for message in each.messages]
        if not found and not due.may_have_more:
            return sent


async def deliver_to(database: Database, now: datetime, webhook: UUID) -> list[int | None]:
    """Deliver everything that is due to every webhook, and return the numbers of the events that this one received."""
    outcome = Delivered(status=204, duration_ms=12)
    sent: list[int | None] = []
    while found := await claim_webhooks(database, now):
        for each in found:
            await record(database, now, each, *[outcome] * len(each.messages))
            if each.webhook_id == webhook:
                sent += [message.sequence for message in each.messages]
    return sent


async def read_statuses(database: Database) -> dict[int | None, str]:
    return {row.sequence: row.status for row in await read_deliveries(database)}


async def read_deliveries(database: Database) -> Sequence[DeliveryRow]:
    async with database.read() as session:
        return (await session.scalars(select(DeliveryRow).order_by(DeliveryRow.sequence, DeliveryRow.event_id))).all()


async def read_attempts(database: Database) -> Sequence[AttemptRow]:
    async with database.read() as session:
        return (await session.scalars(select(AttemptRow).order_by(AttemptRow.id))).all()


async def read_webhook(database: Database, identity: UUID) -> WebhookRow:
    async with database.read() as session:
        return (await session.scalars(select(WebhookRow).where(WebhookRow.id == identity))).one()
