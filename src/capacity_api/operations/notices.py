"""Notices: an owner's people are told that a token ends soon, or that a webhook fails or was disabled.

Where an owner has nobody, the coordinators are told. Its other webhooks also hear about a webhook.

1. `find_notices` reads which are due.
2. `add_notices` marks each as told, and writes its mail and its event. A second process finds it marked.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.tables import AttemptRow, PartnerRow, ResponderRow, TokenRow, WebhookRow
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.events import EventType
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.tokens import WARN_BEFORE_END, WARNED_LIFETIME, is_warning_due
from capacity_api.operations.mail.outbox import add_mail, people_or_coordinators
from capacity_api.operations.webhooks.private_events import add_about_webhook

FAILING_AFTER = timedelta(hours=1)
_MAX_AT_ONCE = 100
# Literal SQL, so that the partial index matches.
_IS_UNTOLD = text(
    "webhook.status = 'active' AND NOT webhook.suspended AND webhook.failing_since IS NOT NULL "
    "AND webhook.failing_told_at IS NULL"
)


class EndingToken(msgspec.Struct, frozen=True):
    token_id: UUID
    owner: Owner
    warned_at: datetime | None


class FailingWebhook(msgspec.Struct, frozen=True):
    webhook_id: UUID
    owner: Owner
    failing_since: datetime


class DueNotices(msgspec.Struct, frozen=True):
    tokens: list[EndingToken]
    webhooks: list[FailingWebhook]

    def __bool__(self) -> bool:
        return bool(self.tokens or self.webhooks)


async def find_notices(session: AsyncSession, now: datetime) -> DueNotices:
    """What owners are to be told now, at most so much at once. It takes no locks."""
    return DueNotices(await _find_ending(session, now), await _find_failing(session, now))


async def add_notices(session: AsyncSession, now: datetime, due: DueNotices) -> None:
    """Tell the owners what was found, unless another process has, or it is no longer true."""
    for token in due.tokens:
        marked = await session.execute(
            update(TokenRow)
            .where(
                TokenRow.id == token.token_id,
                TokenRow.warned_at.is_not_distinct_from(token.warned_at),
                TokenRow.revoked_at.is_(None),
                TokenRow.successor_id.is_(None),
            )
            .values(warned_at=now)
            .returning(TokenRow.id)
        )
        if marked.first() is not None:
            people = await people_or_coordinators(session, token.owner)
            await add_mail(session, now, MailKind.TOKEN_ENDING, people, subject_id=token.token_id)
    for webhook in due.webhooks:
        marked = await session.execute(
            update(WebhookRow)
            .where(WebhookRow.id == webhook.webhook_id, _IS_UNTOLD, WebhookRow.failing_since == webhook.failing_since)
            .values(failing_told_at=now)
            .returning(WebhookRow.id)
        )
        if marked.first() is not None:
            await _tell_failing(session, now, webhook)


async def tell_disabled(
    session: AsyncSession, now: datetime, webhook: WebhookRow | Row[Any], reason: DisabledReason
) -> None:
    """Tell the owner of a webhook that it was disabled, and why. The caller disables it in the same transaction."""
    owner = _owner(webhook.responder_id, webhook.partner_id)
    people = await people_or_coordinators(session, owner)
    await add_mail(session, now, MailKind.WEBHOOK_DISABLED, people, subject_id=webhook.id)
    add_about_webhook(session, now, EventType.WEBHOOK_DISABLED, webhook.id, now, reason)


async def _find_ending(session: AsyncSession, now: datetime) -> list[EndingToken]:
    rows = await session.execute(
        select(TokenRow.id, TokenRow.responder_id, TokenRow.partner_id, TokenRow.expires_at, TokenRow.warned_at)
        .outerjoin(ResponderRow, ResponderRow.id == TokenRow.responder_id)
        .outerjoin(PartnerRow, PartnerRow.id == TokenRow.partner_id)
        .where(
            TokenRow.expires_at > now,
            TokenRow.expires_at <= now + max(WARN_BEFORE_END),
            TokenRow.lifetime_seconds > WARNED_LIFETIME.total_seconds(),
            TokenRow.revoked_at.is_(None),
            TokenRow.successor_id.is_(None),
            TokenRow.person_id.is_(None),
            TokenRow.reviewed,
            ResponderRow.suspended_at.is_(None),
            PartnerRow.suspended_at.is_(None),
        )
        .order_by(TokenRow.expires_at)
    )
    ending = [
        EndingToken(row.id, _owner(row.responder_id, row.partner_id), row.warned_at)
        for row in rows
        if is_warning_due(now, row.expires_at, row.warned_at)
    ]
    return ending[:_MAX_AT_ONCE]


async def _find_failing(session: AsyncSession, now: datetime) -> list[FailingWebhook]:
    rows = await session.execute(
        select(WebhookRow.id, WebhookRow.responder_id, WebhookRow.partner_id, WebhookRow.failing_since)
        .where(_IS_UNTOLD, WebhookRow.failing_since <= now - FAILING_AFTER)
        .order_by(WebhookRow.failing_since)
        .limit(_MAX_AT_ONCE)
    )
    failing = [FailingWebhook(row.id, _owner(row.responder_id, row.partner_id), row.failing_since) for row in rows]
    # In the order in which results are recorded, to avoid a deadlock.
    return sorted(failing, key=lambda each: each.webhook_id)


async def _tell_failing(session: AsyncSession, now: datetime, webhook: FailingWebhook) -> None:
    people = await people_or_coordinators(session, webhook.owner)
    await add_mail(session, now, MailKind.WEBHOOK_FAILING, people, subject_id=webhook.webhook_id)
    # As its owner may see it: an attempt is stored without what a private network answered (`retry.conceal`).
    reason = await session.scalar(
        select(AttemptRow.reason)
        .where(AttemptRow.webhook_id == webhook.webhook_id, AttemptRow.reason.is_not(None))
        .order_by(AttemptRow.id.desc())
        .limit(1)
    )
    add_about_webhook(
        session, now, EventType.WEBHOOK_FAILING, webhook.webhook_id, webhook.failing_since, reason or "failed"
    )


def _owner(responder_id: UUID | None, partner_id: UUID | None) -> Owner:
    """The owner of a row, by its id alone."""
    if responder_id is not None:
        return Owner(type="responder", id=responder_id)
    return Owner(type="admin") if partner_id is None else Owner(type="partner", id=partner_id)
