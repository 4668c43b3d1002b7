"""Many reports that lapse at once: everybody is mailed once, however many steps it takes to record them."""

from uuid import UUID

from sqlalchemy import insert, select
from tests.conftest import NOON
from tests.many import add_many, open_intake
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.domain.intake import DEFAULT_VALID_FOR
from capacity_api.domain.mail import MailKind
from capacity_api.operations import changes

MANY = 2 * changes.MAX_DUE + 1
LAPSE = NOON + DEFAULT_VALID_FOR


async def add_people(database: Database, responder_ids: list[UUID]) -> list[UUID]:
    """One person to remind of each."""
    people = [
        {
            "id": uuid7(),
            "responder_id": responder_id,
            "sealed_email": "",
            "email_hash": b"",
            "roles": ["reminded"],
            "created_at": NOON,
        }
        for responder_id in responder_ids
    ]
    async with database.write() as session:
        await session.execute(insert(PersonRow), people)
    return [person["id"] for person in people]  # type: ignore[misc]  # a dict of values of several types


async def test_everybody_is_mailed_once(database: Database) -> None:
    # The last one has nobody to remind.
    added = await add_many(database, [open_intake(NOON, LAPSE)] * (MANY + 1))
    people = await add_people(database, [row.id for row in added[:-1]])
    steps = 0
    while True:
        async with database.write() as session:
            await changes.begin(session, LAPSE)
            steps += 1
            if await changes.next_due(session) != LAPSE:
                break
    assert steps == 3
    async with database.read() as session:
        mails = (await session.execute(select(MailRow.kind, MailRow.person_id))).all()
    assert {kind for kind, _ in mails} == {MailKind.LAPSED}
    assert sorted(person_id for _, person_id in mails if person_id) == sorted(people)
