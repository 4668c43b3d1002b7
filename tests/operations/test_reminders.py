"""Many reports that lapse at once: everybody is mailed, and the people are read once."""

from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, insert, select
from tests.conftest import NOON
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.db.tables import IntakeRow, ResponderRow
from capacity_api.domain.areas import WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import DEFAULT_VALID_FOR, NEVER_REPORTED, Report, ReportedState, SaidBy, apply_report
from capacity_api.domain.mail import MailKind
from capacity_api.domain.remit import Remit
from capacity_api.operations import changes

MANY = 501
OPEN = Report(state=ReportedState.OPEN)


async def add_many(database: Database) -> list[UUID]:
    """Many responders that have reported, with one person to remind each, and one with nobody."""
    people: list[UUID] = []
    async with database.write() as session:
        for n in range(MANY + 1):
            row = ResponderRow(
                id=uuid7(),
                slug=f"responder-{n}",
                name=f"Responder {n}",
                website=None,
                contact=Contact(),
                remit=Remit(areas=(WALES,), exploitation_types=EVERYTHING, age_groups=EVERYTHING),
                valid_for_hours=168,
                sequence=0,
                updated_at=NOON,
                created_at=NOON,
                delisted_at=None,
            )
            row.intake = IntakeRow(responder_id=row.id)
            row.intake.value = apply_report(NEVER_REPORTED, OPEN, SaidBy.RESPONDER, NOON, DEFAULT_VALID_FOR).after
            session.add(row)
            await session.flush()
            if n < MANY:
                people.append(uuid7())
                values = {
                    "id": people[-1],
                    "responder_id": row.id,
                    "sealed_email": "",
                    "email_hash": b"",
                    "roles": ["reminded"],
                    "created_at": NOON,
                }
                await session.execute(insert(PersonRow), [values])
    return people


async def test_everybody_is_mailed_and_the_people_are_read_once(database: Database) -> None:
    people = await add_many(database)
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        if "FROM person" in arguments[2]:
            asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with database.write() as session:
            await changes.begin(session, NOON + DEFAULT_VALID_FOR)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # Read once, and once held so that nobody of them is removed meanwhile.
    assert len(asked) == 2
    async with database.read() as session:
        mails = (await session.execute(select(MailRow.kind, MailRow.person_id))).all()
    assert {kind for kind, _ in mails} == {MailKind.LAPSED}
    assert sorted(person_id for _, person_id in mails if person_id) == sorted(people)
