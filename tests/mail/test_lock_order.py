"""The mailer and a removal lock people before their mail, so that neither waits for the other for ever."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.conftest import Clock
from tests.copies import connecting, waits_for_lock
from tests.mail import rows

from capacity_api.clock import read_boot_clock
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import PersonRow
from capacity_api.db.tables import PartnerRow
from capacity_api.domain.mail import MailClaim, MailKind
from capacity_api.domain.retry import Delivered
from capacity_api.operations import owners, people
from capacity_api.operations.mail import claims, results
from capacity_api.operations.mail.results import MailResult

pytestmark = [
    pytest.mark.usefixtures("listed"),
    # On SQLite one writes at a time.
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


async def _claim(database: Database, clock: Clock) -> list[MailClaim]:
    async with database.read() as session:
        due = await claims.find_due(session, clock(), boot_time=read_boot_clock())
    async with database.write() as session:
        return await claims.claim(session, clock(), rows.KEYS, due, timedelta(minutes=1), boot_time=read_boot_clock())


async def test_a_result_waits_for_the_removal_of_its_person(
    database: Database, database_url: str, clock: Clock
) -> None:
    person = await rows.add_person(database, clock(), "ada@example.org")
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    (claim,) = await _claim(database, clock)

    async def record() -> bool:
        async with database.write() as session:
            return await results.record(
                session, MailResult(claim, Delivered(status=250, duration_ms=1), clock()), lambda: 0.5
            )

    async with connecting(database_url) as observer, database.write() as session:
        await session.execute(select(PersonRow.id).where(PersonRow.id == person).with_for_update())
        recording = asyncio.create_task(record())
        await waits_for_lock(observer)
        await people.remove_person(session, clock(), rows.KEYS, person)
    assert not await recording
    assert await rows.read_mail(database) == []


@pytest.mark.parametrize("is_partner", [False, True], ids=["person", "partner"])
async def test_a_claim_waits_for_the_removal_of_its_person(
    database: Database, database_url: str, clock: Clock, is_partner: bool
) -> None:
    async with database.write() as session:
        partner = await owners.add_partner(session, clock(), "Partner")
    owner = owners.partner(partner.id, partner.name)
    person = await rows.add_person(database, clock(), "ada@example.org", owner)
    await rows.add_mail(database, clock(), MailKind.SIGN_IN, [person])
    async with connecting(database_url) as observer, database.write() as session:
        held = select(PartnerRow.id) if is_partner else select(PersonRow.id)
        await session.execute(held.with_for_update())
        claiming = asyncio.create_task(_claim(database, clock))
        await waits_for_lock(observer)
        if is_partner:
            await owners.remove_partner(session, clock(), partner.id)
        else:
            await people.remove_person(session, clock(), rows.KEYS, person)
    assert await claiming == []
    assert await rows.read_mail(database) == []
