"""What is sealed with the service's keys besides the secrets of webhooks: addresses of people, and links in their mail.

An address is found by its hash, so a new key needs a new hash as well. The hash of a link cannot be made anew, because
nobody keeps its secret. A link works while the key is there that it was made under, and for 30 days at most.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.domain.keys import Keys
from capacity_api.operations import audit


class SealedReport(msgspec.Struct):
    """The people, links and mail that need an older key (`to_reseal`), and the people whose address no key opens."""

    people: int = 0
    to_reseal: list[UUID] = []
    unreadable: list[UUID] = []


async def are_stored(session: AsyncSession) -> bool:
    """Whether addresses or links are stored that would be lost with the key."""
    return bool(await session.scalar(select(or_(exists(select(PersonRow.id)), exists(select(LinkRow.id))))))


async def examine(session: AsyncSession, keys: Keys) -> SealedReport:
    """Try the keys on every address, and on every link that waits to be mailed.

    Of an invitation or a mail that no key opens nothing is said: neither lasts long.
    """
    report = SealedReport()
    for person_id, sealed in await session.execute(select(PersonRow.id, PersonRow.sealed_email).order_by(PersonRow.id)):
        report.people += 1
        if not keys.can_unseal(sealed):
            report.unreadable.append(person_id)
        elif not keys.newest_can_unseal(sealed):
            report.to_reseal.append(person_id)
    for column, row_id in ((LinkRow.sealed_email, LinkRow.id), (MailRow.sealed_link, MailRow.id)):
        rows = await session.execute(select(row_id, column).where(column.is_not(None)).order_by(row_id))
        report.to_reseal += [found for found, sealed in rows if sealed is not None and _needs_reseal(sealed, keys)]
    return report


async def reseal(session: AsyncSession, now: datetime, keys: Keys, ids: Collection[UUID]) -> set[UUID]:
    """Seal these people, links and mail with the newest key. Returns those that had an older one.

    Locked rows are skipped: waiting for them while holding others could be a deadlock.
    """
    resealed = set()
    for person in await session.scalars(
        select(PersonRow)
        .where(PersonRow.id.in_(ids))
        .order_by(PersonRow.id)
        # Not a full lock: the outbox skips people whose keys are locked, and their reminders would be lost.
        .with_for_update(key_share=True, skip_locked=True)
    ):
        if _needs_reseal(person.sealed_email, keys):
            email = keys.unseal(person.sealed_email)
            person.sealed_email, person.email_hash = keys.seal(email), keys.email_hashes(email)[0]
            audit.add_entry(session, now, "person.reseal", person.id, is_logged=False)
            resealed.add(person.id)
    for link in await session.scalars(
        select(LinkRow).where(LinkRow.id.in_(ids)).order_by(LinkRow.id).with_for_update(skip_locked=True)
    ):
        if link.sealed_email is not None and _needs_reseal(link.sealed_email, keys):
            email = keys.unseal(link.sealed_email)
            link.sealed_email, link.email_hash = keys.seal(email), keys.email_hashes(email)[0]
            resealed.add(link.id)
    for mail in await session.scalars(
        select(MailRow).where(MailRow.id.in_(ids)).order_by(MailRow.id).with_for_update(skip_locked=True)
    ):
        if mail.sealed_link is not None and _needs_reseal(mail.sealed_link, keys):
            mail.sealed_link = keys.seal(keys.unseal(mail.sealed_link))
            resealed.add(mail.id)
    return resealed


def _needs_reseal(sealed: str, keys: Keys) -> bool:
    """Whether only an older key unseals it."""
    return not keys.newest_can_unseal(sealed) and keys.can_unseal(sealed)
