"""People who are mailed, and the outbox: what was written for whom, without sending it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from tests.conftest import NOON
from tests.serving import Service
from uuid_utils.compat import uuid7

from capacity_api.db.engine import Database
from capacity_api.db.people_tables import MailRow, PersonRow
from capacity_api.domain.keys import Keys
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.operations import owners

EVERYTHING = (Role.EDITOR, Role.REMINDED)


async def owner_of(database: Database, *, responder: str | None = None, partner: str | None = None) -> Owner:
    """The owner, or the administrators. A partner must be there already."""
    async with database.read() as session:
        if responder is not None:
            return await owners.responder_owner(session, responder)
        return ADMIN if partner is None else await owners.partner_owner(session, partner)


async def add_person(database: Database, owner: Owner, roles: tuple[Role, ...] = EVERYTHING) -> UUID:
    """Add somebody to an owner; returns the id."""
    person_id: UUID = uuid7()
    email = f"{person_id}@example.org"
    keys = Keys(database.settings.secret_keys)
    async with database.write() as session:
        session.add(
            PersonRow(
                id=person_id,
                sealed_email=keys.seal(email),
                email_hash=keys.email_hashes(email)[0],
                roles=[str(role) for role in roles],
                created_at=NOON,
                **owners.owner_columns(owner),
            )
        )
    return person_id


async def mails(database: Database, *, kind: MailKind | None = None) -> list[MailRow]:
    """The outbox, oldest first."""
    query = select(MailRow) if kind is None else select(MailRow).where(MailRow.kind == kind)
    async with database.read() as session:
        return list(await session.scalars(query.order_by(MailRow.id)))


async def mailed(database: Database) -> list[tuple[str, UUID | None]]:
    """The kinds of the mails in the outbox, oldest first, and to whom."""
    return [(str(each.kind), each.person_id) for each in await mails(database)]


async def record_due(service: Service) -> None:
    """Record what is due by now, as any write does before its own."""
    admin = await service.token()
    body: dict[str, Any] = {"state": "waiting_list"}
    answer = await service.client.put("/v1/responders/unseen/intake", json=body, headers=admin)
    assert answer.status_code == 200, answer.text
