"""`kill -9` of the mailer in the middle of 500 reminders, again and again, while responders go on reporting.

None is lost, none is sent twice but what was being sent at a kill, and none is sent that is no longer true.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select
from tests import mail_server, processes
from tests.mail import rows
from tests.mail.mailers import SENDER
from tests.mail_server import MailServer
from tests.serving import PATIENCE_SECONDS
from uuid_utils.compat import uuid7

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.db.tables import IntakeRow
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.owner import Owner
from capacity_api.domain.people import Role

# Two show that it works; twenty take minutes on each database.
_ROUNDS = int(os.environ.get("KILL_MAILER_ROUNDS", "2"))
_SLUGS = ("salvation-army", "migrant-help", "tara", "unseen", "bawso", "kalayaan", "medaille-trust", "barnardos")
_REMINDERS = 500
# The lease of a claim whose mailer died.
_LEASE_SECONDS = 60


class _Report(NamedTuple):
    """A responder reported anew: which report stood before, and how many mails had arrived once this was stored."""

    responder_id: UUID | None
    sequence_before: int | None
    received: int


class _Directory:
    """The responders with their people, and what was said while mail was sent."""

    def __init__(self, settings: Settings, server: MailServer) -> None:
        self._settings = settings
        self._server = server
        self._owners: dict[str, Owner] = {}
        self._people: dict[str, list[UUID]] = {}
        self.reports: list[_Report] = []

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Database]:
        """Open it for a moment: the first to open it after a kill reads the log again, and that shall be the mailer."""
        database = Database(self._settings)
        try:
            yield database
        finally:
            await database.close()

    async def fill(self) -> None:
        now = utc_now()
        async with self._open() as database:
            for slug in _SLUGS:
                self._owners[slug] = await rows.report(database, now, slug)
                self._people[slug] = []
            values = []
            for number in range(_REMINDERS):
                slug = _SLUGS[number % len(_SLUGS)]
                email = f"person-{number}@{slug}.example"
                person_id = uuid7()
                self._people[slug].append(person_id)
                values.append(
                    {
                        "id": person_id,
                        "responder_id": self._owners[slug].id,
                        "sealed_email": rows.KEYS.seal(email),
                        "email_hash": rows.KEYS.email_hashes(email)[0],
                        "roles": list(Role),
                        "created_at": now,
                    }
                )
            async with database.write() as session:
                await session.execute(insert(PersonRow), values)

    async def remind(self) -> None:
        """Add one reminder to each person."""
        async with self._open() as database:
            for slug in _SLUGS:
                await rows.add_reminders(
                    database, utc_now(), self._owners[slug], self._people[slug], MailKind.CONFIRMATION_DUE
                )

    async def report_anew(self, slug: str) -> None:
        owner_id = self._owners[slug].id
        async with self._open() as database:
            async with database.read() as session:
                before = (await session.get_one(IntakeRow, owner_id)).report_sequence
            await rows.report(database, utc_now(), slug, note=str(uuid7()))
        self.reports.append(_Report(owner_id, before, len(self._server.received)))

    async def count_unfinished(self) -> int:
        unfinished = select(func.count()).select_from(MailRow).where(MailRow.finished_at.is_(None))
        async with self._open() as database, database.read() as session:
            return await session.scalar(unfinished) or 0

    async def read_mail(self) -> dict[UUID, MailRow]:
        async with self._open() as database:
            return {mail.id: mail for mail in await rows.read_mail(database)}


@pytest.mark.soak
async def test_a_killed_mailer_loses_nothing_and_sends_nothing_untrue(
    listed: Database, settings: Settings, database_url: str, chance: Random
) -> None:
    await listed.close()
    async with mail_server.serving() as server:
        env = processes.environment(
            database_url,
            smtp_url=f"smtp://127.0.0.1:{server.port}?starttls=no",
            mail_from=SENDER,
            public_url="https://directory.example",
        )
        directory = _Directory(settings, server)
        await directory.fill()
        for _ in range(_ROUNDS):
            await directory.remind()
            begun = len(server.received)
            mailer = await processes.start("worker", env=env, announces="delivers webhooks")
            report_at = chance.randrange(1, _REMINDERS // 2)
            await server.arrived(begun + report_at, seconds=2 * PATIENCE_SECONDS)
            await directory.report_anew(chance.choice(_SLUGS))
            kill_at = begun + report_at + chance.randrange(1, _REMINDERS // 4)
            await server.arrived(kill_at, seconds=2 * PATIENCE_SECONDS)
            # At any place of its work.
            await asyncio.sleep(chance.uniform(0, 0.05))
            await mailer.kill()
        last = await processes.start("worker", env=env, announces="delivers webhooks")
        try:
            await _finish(directory, server)
        finally:
            await last.kill()
    mail = await directory.read_mail()
    received = [mail[_id_of(message)] for _, message in server.received]
    times = Counter(each.id for each in received)
    assert len(mail) == _ROUNDS * _REMINDERS
    assert {each.status for each in mail.values()} == {MailStatus.SENT, MailStatus.DROPPED}
    assert {each.id for each in mail.values() if each.status == MailStatus.SENT} - times.keys() == set(), "none is lost"
    # Each is recorded before the next is sent.
    assert len([count for count in times.values() if count > 1]) <= _ROUNDS
    assert max(times.values()) <= 2
    replaced = {(report.responder_id, report.sequence_before) for report in directory.reports}
    newest = {each.person_id: each.id for each in sorted(mail.values(), key=lambda each: (each.created_at, each.id))}
    for each in mail.values():
        if each.reason == "newer_reminder":
            assert newest[each.person_id] != each.id
        elif each.status == MailStatus.DROPPED:
            assert (each.responder_id, each.report_sequence) in replaced, "only what is no longer true is dropped"
    for report in directory.reports:
        late = [
            number
            for number, each in enumerate(received[report.received :])
            if (each.responder_id, each.report_sequence) == (report.responder_id, report.sequence_before)
        ]
        assert late in ([], [0]), "only the mail that was on its way then may still arrive"


def _id_of(message: EmailMessage) -> UUID:
    return UUID(str(message["Message-ID"]).strip("<>").partition("@")[0])


async def _finish(directory: _Directory, server: MailServer) -> None:
    """Wait until every mail is finished; fails when nothing comes for longer than a lease."""
    while True:
        count = len(server.received)
        async with asyncio.timeout(_LEASE_SECONDS + PATIENCE_SECONDS):
            while len(server.received) == count:
                if not await directory.count_unfinished():
                    return
                # The mailer is another process.
                await asyncio.sleep(0.5)
