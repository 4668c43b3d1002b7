"""Many responders whose reports lapse, stored as if each had reported: a call for each would take long."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.tables import EventRow, IntakeRow, ResponderRow, SequenceRow
from capacity_api.domain.areas import WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import Contact
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Intake, Report, ReportedState, SaidBy
from capacity_api.domain.remit import Remit
from capacity_api.representations.encoding import encode
from capacity_api.representations.event import Event, EventData
from capacity_api.representations.responder import represent_responder


def open_intake(reported_at: datetime, confirm_by: datetime, remind_at: datetime | None = None) -> Intake:
    return Intake(
        report=Report(state=ReportedState.OPEN),
        since=reported_at,
        said_by=SaidBy.RESPONDER,
        confirmed_at=reported_at,
        confirm_by=confirm_by,
        remind_at=remind_at,
    )


async def add_many(database: Database, intakes: Sequence[Intake]) -> list[ResponderRow]:
    """A responder with each of these intakes: `many-000`, `many-001` … Each has one event, with its number."""
    async with database.write() as session:
        row = await session.get_one(SequenceRow, 1)
        added = []
        for n, intake in enumerate(intakes):
            row.n += 1
            assert intake.since is not None
            responder = ResponderRow(
                id=uuid7(),
                slug=f"many-{n:03}",
                name=f"Responder {n}",
                website=None,
                contact=Contact(),
                remit=Remit(areas=(WALES,), exploitation_types=EVERYTHING, age_groups=EVERYTHING),
                valid_for_hours=168,
                sequence=row.n,
                created_at=intake.since,
                updated_at=intake.since,
                delisted_at=None,
            )
            responder.intake = IntakeRow(responder_id=responder.id)
            responder.intake.value = intake
            added.append(responder)
        session.add_all(added)
        await session.flush()
        await session.execute(insert(EventRow), [listed_event(each) for each in added])
    return added


def listed_event(row: ResponderRow) -> dict[str, Any]:
    """The event with the number of a responder: without it the database would seem to be damaged."""
    data = EventData(responder=represent_responder(row.record, row.updated_at))
    event = Event(
        id=uuid7(), type=EventType.RESPONDER_LISTED, timestamp=row.updated_at, sequence=row.sequence, data=data
    )
    return {
        "id": event.id,
        "sequence": row.sequence,
        "type": event.type,
        "at": row.updated_at,
        "responder_id": row.id,
        "body": encode(event).decode(),
    }
