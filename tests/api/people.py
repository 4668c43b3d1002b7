"""Links and people for tests: links are made as the operations make them, because no answer shows their secrets."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import select
from tests.serving import OPEN, PATIENCE_SECONDS, Headers, Service

from capacity_api.config import Settings, SmtpServer
from capacity_api.db.people_tables import LinkRow, MailRow
from capacity_api.db.tables import IntakeRow
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import Owner
from capacity_api.operations import links, owners
from capacity_api.operations.links import NewLink

# As somebody types it, and as it is stored.
TYPED_EMAIL = " Referrals.Desk@Tara.example"
EMAIL = "referrals.desk@tara.example"
BOTH = ["editor", "reminded"]
DAY = timedelta(days=1)


# With it a service says that it sends mail. Without delivery nobody calls it.
NOBODYS_SERVER = SmtpServer(host="127.0.0.1", port=9, is_tls=False, starttls=False)


def mailing(settings: Settings) -> Settings:
    """The settings of a service that could send mail."""
    return msgspec.structs.replace(
        settings, smtp=NOBODYS_SERVER, mail_from="capacity@example.org", public_url="https://capacity.example.org"
    )


async def add_person(service: Service, token: Headers, email: str = EMAIL, **fields: Any) -> dict[str, Any]:
    answer = await service.client.post("/v1/people", json={"email": email, **fields}, headers=token)
    assert answer.status_code == 201, answer.text
    person: dict[str, Any] = answer.json()
    return person


async def make_link(service: Service, kind: LinkKind, owner_key: str = "tara", **fields: Any) -> NewLink:
    """A link as the mailer or an administrator makes it; for "still true?", about the report that stands."""
    async with service.database.write() as session:
        owner = await owners.by_key(session, owner_key)
        if kind is LinkKind.STILL_TRUE and "report_sequence" not in fields:
            stood = select(IntakeRow.report_sequence).where(IntakeRow.responder_id == owner.id)
            fields["report_sequence"] = await session.scalar(stood)
        return links.add_link(session, service.clock(), service.keys, kind, owner, **fields)


async def look(service: Service, link: str) -> httpx.Response:
    return await service.client.post("/v1/links/look", json={"link": link})


async def use(service: Service, link: str) -> httpx.Response:
    return await service.client.post("/v1/links/use", json={"link": link})


async def sign_in(service: Service, person: dict[str, Any]) -> Headers:
    """The header of the token that a person gets by signing in."""
    owner = msgspec.convert(person["owner"], Owner)
    link = await make_link(service, LinkKind.SIGN_IN, owner.key, person_id=UUID(person["id"]))
    used = await use(service, link.secret)
    assert used.status_code == 200, used.text
    return {"authorization": f"Bearer {used.json()['token']}"}


async def mailed(service: Service, kind: MailKind) -> list[MailRow]:
    """The mail of a kind, oldest first."""
    async with service.database.read() as session:
        return list(await session.scalars(select(MailRow).where(MailRow.kind == kind).order_by(MailRow.id)))


async def wait_for_mail(service: Service, kind: MailKind, count: int) -> list[MailRow]:
    """The mail of a kind, once there is so much of it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := await mailed(service, kind)) < count:
            pass
    return found


async def invite(service: Service, token: Headers, email: str = EMAIL, **fields: Any) -> str:
    """Invite an address. Returns the link's secret."""
    answer = await service.client.post("/v1/invitations", json={"email": email, **fields}, headers=token)
    assert answer.status_code == 202, answer.text
    return await invited_secret(service)


async def invited_secret(service: Service) -> str:
    """The secret of the newest invitation, from its mail."""
    sealed = (await mailed(service, MailKind.INVITATION))[-1].sealed_link
    assert sealed is not None
    return service.keys.unseal(sealed)


async def still_true(service: Service, report: dict[str, Any] = OPEN) -> str:
    """The secret of a link that confirms what tara reports now."""
    await service.report("tara", report)
    return (await make_link(service, LinkKind.STILL_TRUE)).secret


async def audit(service: Service, **filters: Any) -> list[dict[str, Any]]:
    answer = await service.client.get("/v1/audit", params={"limit": 500, **filters}, headers=await service.token())
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def stored_link(service: Service, secret: str) -> LinkRow:
    async with service.database.read() as session:
        hashes = service.keys.link_hashes(secret)
        return (await session.scalars(select(LinkRow).where(LinkRow.hash.in_(hashes)))).one()


async def status(service: Service, secret: str) -> str:
    answer = await look(service, secret)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])
