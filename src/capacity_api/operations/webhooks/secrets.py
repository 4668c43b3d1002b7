"""The signing secrets of webhooks: new ones, and sealing them with the service's own keys."""

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow, WebhookRow
from capacity_api.domain import signing
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.operations import audit, notices
from capacity_api.operations.webhooks.webhook import (
    WebhookStatus,
    WebhookWithSecret,
    get_webhook_row,
    represent_with_secret,
    require_own,
)

_BREATHER = 50
ROTATION_OVERLAP = timedelta(hours=24)
# How many secrets sign at once, however often they are rotated: each makes a header longer.
MAX_SECRETS = 5
# Why a webhook is disabled when no key unseals its secret and the operator has declared it lost (`key reseal`).
_LOST: DisabledReason = "secret_lost"
# Webhooks that are disabled for these reasons sign nothing. To enable one takes a secret that can be unsealed.
_SIGN_NOTHING: frozenset[str | None] = frozenset({_LOST, "administrator"})


class UnreadableWebhook(msgspec.Struct, frozen=True):
    """A webhook with a secret that no key unseals, and whose it is."""

    webhook_id: UUID
    owner: str


class SecretsReport(msgspec.Struct):
    """Which webhooks have secrets that need an older key (`to_reseal`), or that no key unseals.

    `opened`: of how many webhooks a key unseals at least one secret.
    """

    webhooks: int = 0
    opened: int = 0
    to_reseal: list[UUID] = []
    unreadable: list[UnreadableWebhook] = []


def new_secret(signature: str) -> str:
    """A random secret for `v1` or `v1a`."""
    return signing.make_secret("v1a" if signature == "v1a" else "v1", secrets.token_bytes(signing.SECRET_BYTES))


async def rotate(
    session: AsyncSession, now: datetime, keys: Keys, caller: Owner, webhook_id: UUID
) -> WebhookWithSecret:
    """Give a webhook a new secret. The old one also signs for 24 hours, unless it is lost.

    Raises `NotFound`; and `NotOwner` for an administrator, who may see no secret of another owner.
    """
    row = await get_webhook_row(session, caller, webhook_id, for_update=True)
    require_own(row, caller)
    secret = new_secret(row.signature)
    until = (now + ROTATION_OVERLAP).isoformat()
    # A secret that was rotated earlier keeps its own end.
    older = [each if each["until"] else {**each, "until": until} for each in row.secrets]
    still_signing = [each for each in older if _is_valid(each, now) and keys.can_unseal(each["sealed"])]
    row.secrets = [{"sealed": keys.seal(secret), "until": None}, *still_signing[: MAX_SECRETS - 1]]
    row.public_key = signing.public_key(secret)
    audit.add_entry(session, now, "webhook.rotate", row.id)
    return represent_with_secret(row, caller, secret)


def valid_secrets(sealed_secrets: Sequence[Mapping[str, Any]], now: datetime) -> tuple[str, ...]:
    """The sealed secrets that sign at `now`, newest first."""
    return tuple(each["sealed"] for each in sealed_secrets if _is_valid(each, now))


def are_readable(sealed_secrets: Sequence[Mapping[str, Any]], now: datetime, keys: Keys) -> bool:
    """Whether the keys unseal every secret that a webhook signs with."""
    return all(keys.can_unseal(sealed) for sealed in valid_secrets(sealed_secrets, now))


async def are_stored(session: AsyncSession) -> bool:
    """Whether tokens or secrets are stored that would be lost with the key."""
    return bool(await session.scalar(select(or_(exists(select(TokenRow.id)), exists(select(WebhookRow.id))))))


async def examine(session: AsyncSession, now: datetime, keys: Keys) -> SecretsReport:
    """Try the keys on the secrets of all webhooks.

    Not `unreadable`: a webhook disabled as `secret_lost` or by an administrator, and a secret that has expired.
    """
    rows = await session.execute(
        select(WebhookRow.id, WebhookRow.secrets, WebhookRow.disabled_reason, ResponderRow.slug, PartnerRow.name)
        .outerjoin(ResponderRow, ResponderRow.id == WebhookRow.responder_id)
        .outerjoin(PartnerRow, PartnerRow.id == WebhookRow.partner_id)
        .order_by(WebhookRow.id)
    )
    report = SecretsReport()
    for row in rows:
        report.webhooks += 1
        if report.webhooks % _BREATHER == 0:
            # Each takes a tenth of a millisecond, and there may be thousands.
            await asyncio.sleep(0)
        report.opened += any(keys.can_unseal(each["sealed"]) for each in row.secrets)
        if any(_needs_reseal(each["sealed"], keys) for each in row.secrets):
            report.to_reseal.append(row.id)
        if row.disabled_reason not in _SIGN_NOTHING and not are_readable(row.secrets, now, keys):
            report.unreadable.append(UnreadableWebhook(row.id, row.slug or row.name or "admin"))
    return report


async def reseal(
    session: AsyncSession, now: datetime, keys: Keys, webhooks: Collection[UUID], *, disable_unreadable: bool
) -> set[UUID]:
    """Seal the secrets of these webhooks with the newest key. Returns the webhooks that had an older one.

    With `disable_unreadable`, a webhook with a secret that no key unseals is disabled, until its
    owner rotates the secret and enables it. Locked rows are skipped: waiting for them while holding
    others could be a deadlock.
    """
    rows = await session.scalars(
        select(WebhookRow)
        .where(WebhookRow.id.in_(webhooks))
        .order_by(WebhookRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )
    resealed = set()
    for row in rows:
        if any(_needs_reseal(each["sealed"], keys) for each in row.secrets):
            row.secrets = [{**each, "sealed": _reseal(each["sealed"], keys)} for each in row.secrets]
            audit.add_entry(session, now, "webhook.reseal", row.id, is_logged=False)
            resealed.add(row.id)
        if not disable_unreadable or row.disabled_reason in _SIGN_NOTHING:
            continue
        if not are_readable(row.secrets, now, keys):
            row.status, row.disabled_reason, row.next_attempt_at = WebhookStatus.DISABLED, _LOST, None
            await notices.tell_disabled(session, now, row, _LOST)
            audit.add_entry(session, now, "webhook.disable", row.id, reason=_LOST)
    return resealed


def _is_valid(secret: Mapping[str, Any], now: datetime) -> bool:
    return secret["until"] is None or datetime.fromisoformat(secret["until"]) > now


def _needs_reseal(sealed: str, keys: Keys) -> bool:
    """Whether only an older key unseals the secret."""
    return not keys.newest_can_unseal(sealed) and keys.can_unseal(sealed)


def _reseal(sealed: str, keys: Keys) -> str:
    return keys.seal(keys.unseal(sealed)) if _needs_reseal(sealed, keys) else sealed
