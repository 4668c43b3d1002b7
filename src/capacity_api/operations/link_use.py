"""Using a link: what its kind does and that it was used, in one transaction, so that it works once.

Anyone who holds the secret may use it, so the link itself is the actor.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.acts import set_actor
from capacity_api.db.people_tables import LinkRow
from capacity_api.domain.actor import Actor, ActorType
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.tokens import EDITOR_SCOPES, Scope
from capacity_api.errors import Conflict, LinkExpired
from capacity_api.operations import audit, links, owners, tokens
from capacity_api.operations.intake import confirm_intake
from capacity_api.operations.invitations import accept_invitation
from capacity_api.operations.links import StoredLink
from capacity_api.operations.people import Person
from capacity_api.operations.tokens import IssuedToken
from capacity_api.representations.responder import Responder
from capacity_api.secrecy import repr_without

SIGNED_IN_FOR = timedelta(hours=12)


class LinkToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token that a link brought. It is shown this once."""

    __repr__ = repr_without("token")

    token: str
    owner: Owner
    scopes: list[Scope]
    expires_at: datetime | None


async def use_link(
    session: AsyncSession, now: datetime, keys: Keys, secret: str | None
) -> LinkToken | Responder | Person:
    """Use a link: sign in, confirm a report, accept an invitation or take a token.

    Raises `NotFound`, what `StoredLink.require_usable` raises, and what `confirm_intake` raises.
    """
    found = await links.find_link(session, keys, secret)
    await _lock(session, found)
    found = await links.find_link(session, keys, secret)
    found.require_usable(now)
    row, owner = found.row, found.owner
    set_actor(session, Actor(type=ActorType.LINK, id=row.id, owner=owner))
    row.used_at = now
    audit.add_entry(session, now, "link.use", row.id, kind=found.kind)
    match found.kind:
        case LinkKind.SIGN_IN:
            issued = await tokens.issue_token(
                session,
                now,
                keys,
                owner,
                scopes=EDITOR_SCOPES[owner.type],
                expires_at=now + SIGNED_IN_FOR,
                person_id=row.person_id,
            )
            return _token(issued)
        case LinkKind.HANDOVER:
            scopes = None if row.scopes is None else tuple(Scope(scope) for scope in row.scopes)
            return _token(await tokens.issue_token(session, now, keys, owner, scopes=scopes, label=row.label))
        case LinkKind.INVITATION:
            return await accept_invitation(session, now, keys, row, owner)
        case LinkKind.STILL_TRUE:
            assert owner.slug is not None
            return await confirm_intake(session, now, owner.slug, report_sequence=row.report_sequence)


async def _lock(session: AsyncSession, found: StoredLink) -> None:
    """Lock the link, after everything else that its use locks: a removal and a delisting lock in this order too."""
    if found.kind is LinkKind.STILL_TRUE:
        await sequence.lock(session)
    if found.kind is LinkKind.INVITATION:
        await owners.lock_owner(session, found.owner.id)
    try:
        await owners.require_active(session, found.owner)
    except Conflict:
        raise LinkExpired from None
    await session.execute(select(LinkRow.id).where(LinkRow.id == found.row.id).with_for_update())


def _token(issued: IssuedToken) -> LinkToken:
    return LinkToken(token=issued.token, owner=issued.owner, scopes=issued.scopes, expires_at=issued.expires_at)
