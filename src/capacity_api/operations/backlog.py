"""What waits for the processes that work in the background: events for webhooks, and mail."""

from datetime import datetime

import msgspec
from sqlalchemy import case, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db import sequence
from capacity_api.db.people_tables import MailRow
from capacity_api.db.tables import EventRow, WebhookRow
from capacity_api.operations.webhooks.webhook import WebhookStatus

# Literal SQL, so that the partial indexes match.
_IS_SENT_TO = text("webhook.status = 'active' AND NOT webhook.suspended")
_HAS_OUT_OF_ORDER = text("webhook.status = 'active' AND NOT webhook.suspended AND webhook.out_of_order_at IS NOT NULL")
_TO_FAN_OUT = text("event.sequence IS NULL AND event.fanned_out_at IS NULL")
_MAIL_WAITS = text("mail.next_attempt_at IS NOT NULL")


class MailBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """Mail that is not sent yet, with what is tried again."""

    count: int
    oldest_at: datetime | None


async def oldest_event_at(session: AsyncSession, now: datetime) -> datetime | None:
    """Since when an event waits for an active webhook, the longest of all; `None` if none does.

    It is counted before the filters of the webhooks, as `count_waiting_events` does. An event that is sent out of order
    waits from when it was due.
    """
    latest, _ = await sequence.latest(session)
    cursor = await session.scalar(select(func.min(WebhookRow.cursor)).where(_IS_SENT_TO))
    since: list[datetime | None] = []
    if cursor is not None and cursor < latest:
        following = select(EventRow.at).where(EventRow.sequence > cursor).order_by(EventRow.sequence).limit(1)
        since.append(await session.scalar(following))
    due = select(func.min(WebhookRow.out_of_order_at)).where(_HAS_OUT_OF_ORDER, WebhookRow.out_of_order_at <= now)
    since.append(await session.scalar(due))
    since.append(await session.scalar(select(func.min(EventRow.at)).where(_TO_FAN_OUT)))
    return min((each for each in since if each is not None), default=None)


async def read_mail(session: AsyncSession) -> MailBacklog:
    query = select(func.count(), func.min(MailRow.created_at)).where(_MAIL_WAITS)
    count, oldest_at = (await session.execute(query)).one()
    return MailBacklog(count=count, oldest_at=oldest_at)


async def count_webhooks(session: AsyncSession) -> dict[str, int]:
    """How many webhooks there are of each kind: what is sent to, fails, or stands still."""
    state = case(
        (WebhookRow.status == WebhookStatus.DISABLED, "disabled"),
        (WebhookRow.suspended, "suspended"),
        (WebhookRow.failing_since.is_not(None), "failing"),
        else_="active",
    )
    counts = dict.fromkeys(("active", "failing", "suspended", "disabled"), 0)
    for name, count in await session.execute(select(state, func.count()).group_by(state)):
        counts[name] = count
    return counts
