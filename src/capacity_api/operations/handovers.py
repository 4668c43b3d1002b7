"""Handovers: a token by a link that works once, in place of one that is read out aloud."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.domain.keys import Keys
from capacity_api.domain.links import LinkKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.text import plain_text
from capacity_api.domain.tokens import Scope
from capacity_api.operations import audit, links, owners, tokens
from capacity_api.operations.links import NewLink


async def add_handover(
    session: AsyncSession,
    now: datetime,
    keys: Keys,
    owner: Owner,
    *,
    scopes: tuple[Scope, ...] | None = None,
    label: str | None = None,
) -> NewLink:
    """A link whose use issues a token of `owner`, with `scopes` or else every scope that such an owner may have.

    Raises `Invalid`, and `Conflict` if the owner is suspended.
    """
    tokens.require_scopes(owner, scopes)
    label = plain_text(label, "/label", tokens.MAX_LABEL_LENGTH)
    await owners.require_active(session, owner)
    await links.hold_actor(session)
    link = links.add_link(session, now, keys, LinkKind.HANDOVER, owner, scopes=scopes, label=label)
    audit.add_entry(session, now, "handover.add", link.id, owner=owner.key)
    return link
