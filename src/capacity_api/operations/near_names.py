"""Refusals of a name that nobody has, with the names that are like it."""

import difflib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import PartnerRow, ResponderRow
from capacity_api.errors import NotFound


async def no_responder(session: AsyncSession, slug: str, *, or_delisted: bool = False) -> NotFound:
    query = select(ResponderRow.slug)
    slugs = await session.scalars(query if or_delisted else query.where(ResponderRow.delisted_at.is_(None)))
    return NotFound(
        f"No responder {slug!r} {'has ever been' if or_delisted else 'is'} listed{_like(slug, slugs.all())}"
    )


async def no_partner(session: AsyncSession, name: str) -> NotFound:
    names = (await session.scalars(select(PartnerRow.name))).all()
    return NotFound(f"There is no partner {name!r}{_like(name, names)}")


def _like(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, 3)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
