"""What stands under the secret keys: whether they open it, and the webhooks' secrets sealed anew with the newest."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow, WebhookRow
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError
from capacity_api.operations.dispatch import valid_secrets

# Why a webhook is disabled whose secret was given up.
SECRET_LOST = "secret_lost"  # noqa: S105 - a word, not a secret


class Unreadable(msgspec.Struct, frozen=True):
    """A webhook with a secret that no key opens, and whose it is."""

    webhook_id: UUID
    owner: str


class Looked(msgspec.Struct):
    """What is sealed for how many webhooks. `old`: those with a secret that only an older key opens."""

    webhooks: int = 0
    old: list[UUID] = []
    unreadable: list[Unreadable] = []


async def is_keyed(session: AsyncSession) -> bool:
    """Whether anything is stored that would be lost with the key."""
    return bool(await session.scalar(select(or_(exists(select(TokenRow.id)), exists(select(WebhookRow.id))))))


async def look(session: AsyncSession, now: datetime, keys: Keys) -> Looked:
    """How the keys fit every secret. One that was given up, or signs no more, is not told as unreadable."""
    rows = await session.execute(
        select(WebhookRow.id, WebhookRow.secrets, WebhookRow.disabled_reason, ResponderRow.slug, PartnerRow.name)
        .outerjoin(ResponderRow, ResponderRow.id == WebhookRow.responder_id)
        .outerjoin(PartnerRow, PartnerRow.id == WebhookRow.partner_id)
        .order_by(WebhookRow.id)
    )
    looked = Looked()
    for row in rows:
        looked.webhooks += 1
        older = [each["sealed"] for each in row.secrets if not keys.newest_opens(each["sealed"])]
        if any(keys.opens(each) for each in older):
            looked.old.append(row.id)
        if row.disabled_reason != SECRET_LOST and not is_readable(row.secrets, now, keys):
            looked.unreadable.append(Unreadable(row.id, row.slug or row.name or "admin"))
    return looked


async def check(session: AsyncSession, now: datetime, keys: Keys) -> None:
    """Raises `ConfigurationError` unless every secret that signs can be unsealed."""
    looked = await look(session, now, keys)
    if looked.unreadable:
        raise ConfigurationError(
            f"no secret key opens the secrets of {len(looked.unreadable)} of {looked.webhooks} webhooks: put back the "
            "one that sealed them; `capacity-api key reseal` names them; see docs/settings.md when it is lost"
        )


async def reseal(
    session: AsyncSession, now: datetime, keys: Keys, webhooks: Collection[UUID], *, disable_unreadable: bool
) -> set[UUID]:
    """Seal the secrets of these webhooks with the newest key; returns which of them had an older one.

    With `disable_unreadable`, one with a secret that no key opens is disabled, until its owner rotates and enables it.
    What somebody else has locked is left for the next time: waiting for it while holding others could be a deadlock.
    """
    rows = await session.scalars(
        select(WebhookRow)
        .where(WebhookRow.id.in_(webhooks))
        .order_by(WebhookRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    resealed = set()
    for row in rows:
        secrets = [{**each, "sealed": _renewed(each["sealed"], keys)} for each in row.secrets]
        if secrets != row.secrets:
            row.secrets = secrets
            resealed.add(row.id)
        if disable_unreadable and not is_readable(secrets, now, keys):
            row.status, row.disabled_reason, row.next_attempt_at = "disabled", SECRET_LOST, None
    return resealed


def is_readable(secrets: Sequence[Mapping[str, Any]], now: datetime, keys: Keys) -> bool:
    """Whether the keys open all that a webhook signs with."""
    return all(keys.opens(sealed) for sealed in valid_secrets(secrets, now))


def _renewed(sealed: str, keys: Keys) -> str:
    return sealed if keys.newest_opens(sealed) or not keys.opens(sealed) else keys.seal(keys.unseal(sealed))
