"""Whether a mail is still true, asked when it is claimed and again directly before it is sent.

What was true when an operation wrote it may have changed since: the report was confirmed, the person was removed, the
token got a successor. Such a mail is not sent.
"""

from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import DisputeRow, LinkRow, MailRow, PersonRow
from capacity_api.db.tables import PartnerRow, ResponderRow, TokenRow, WebhookRow
from capacity_api.domain.intake import intake_at
from capacity_api.domain.links import LIFETIMES, LinkKind
from capacity_api.domain.mail import REMINDERS, MailKind, MailStatus
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.people import Role
from capacity_api.operations import owners
from capacity_api.operations.webhooks.webhook import WebhookStatus

Row = TypeVar("Row")
_OF_A_LAPSE = frozenset({MailKind.LAPSED, MailKind.STILL_LAPSED, MailKind.UNANSWERED})
_OF_A_REPORT = REMINDERS | {MailKind.UNANSWERED}
_OF_A_WEBHOOK = frozenset({MailKind.WEBHOOK_FAILING, MailKind.WEBHOOK_DISABLED})


class About(NamedTuple):
    """What a mail is about, as it is now. What no longer exists is `None`."""

    # Whose the receiver is, and whether that owner is neither suspended nor delisted.
    owner: Owner
    is_owner_active: bool
    person: PersonRow | None
    link: LinkRow | None
    responder: ResponderRow | None
    token: TokenRow | None
    webhook: WebhookRow | None
    dispute: DisputeRow | None
    # Whether a later reminder of the same responder was sent to the receiver, or waits.
    has_newer_reminder: bool
    # Whether any reminder of the same report was sent, to anybody.
    was_reminded: bool
    # Who cannot be mailed: a person, or an address that was invited.
    refused: PersonRow | LinkRow | None
    # Whose the token, the webhook or the refused address is.
    subject_owner: Owner | None


async def is_waiting_for_review(session: AsyncSession, now: datetime) -> bool:
    """Whether a restore left tokens that nobody has reviewed. Until then nobody knows what of it still holds."""
    unreviewed = exists().where(
        TokenRow.reviewed.is_(False),
        TokenRow.revoked_at.is_(None),
        or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now),
    )
    return await session.scalar(select(unreviewed)) or False


async def read_about(session: AsyncSession, mail: MailRow) -> About:
    """Read what the mail is about."""
    person = await _get(session, PersonRow, mail.person_id)
    link = await _get(session, LinkRow, mail.link_id)
    receiver = person or link
    owner_row = None if receiver is None else await _owner_row(session, receiver)
    token = await _get(session, TokenRow, mail.subject_id) if mail.kind == MailKind.TOKEN_ENDING else None
    webhook = await _get(session, WebhookRow, mail.subject_id) if mail.kind in _OF_A_WEBHOOK else None
    refused: PersonRow | LinkRow | None = None
    if mail.kind == MailKind.ADDRESS_REFUSED:
        refused = await _get(session, PersonRow, mail.subject_id) or await _get(session, LinkRow, mail.subject_id)
    subject = token or webhook or refused
    return About(
        owner=_owner(owner_row),
        is_owner_active=_is_active(owner_row),
        person=person,
        link=link,
        responder=await _get(session, ResponderRow, mail.responder_id),
        token=token,
        webhook=webhook,
        dispute=await _get(session, DisputeRow, mail.subject_id) if mail.kind == MailKind.DISPUTED else None,
        has_newer_reminder=mail.kind in REMINDERS and await _has_newer_reminder(session, mail),
        was_reminded=mail.kind == MailKind.UNANSWERED and await _was_reminded(session, mail),
        refused=refused,
        subject_owner=None if subject is None else _owner(await _owner_row(session, subject)),
    )


def why_untrue(mail: MailRow, about: About, now: datetime) -> str | None:
    """A short word for why the mail must not be sent any more, or `None` if it is still true."""
    if mail.kind == MailKind.INVITATION:
        reason = _why_not_usable(about.link, now)
    elif about.person is None:
        reason = "removed"
    elif mail.kind == MailKind.SIGN_IN:
        reason = _why_no_sign_in(mail, about, about.person, now)
    elif mail.kind in _OF_A_REPORT:
        reason = _why_no_reminder(mail, about, now) or (
            None if mail.link_id is None else _why_not_usable(about.link, now)
        )
    elif mail.kind == MailKind.TOKEN_ENDING:
        reason = _why_token_does_not_end(about.token, now)
    elif mail.kind in _OF_A_WEBHOOK:
        reason = _why_webhook_works(mail, about.webhook)
    else:
        # A new kind needs a line of its own above.
        assert mail.kind == MailKind.ADDRESS_REFUSED, mail.kind
        reason = _why_not_refused(about.refused)
    if reason is None and not about.is_owner_active:
        reason = "suspended"
    return reason


def _why_no_sign_in(mail: MailRow, about: About, person: PersonRow, now: datetime) -> str | None:
    if Role.EDITOR not in person.roles:
        return "no_editor"
    # The person who asked has gone by then.
    if now - mail.created_at >= LIFETIMES[LinkKind.SIGN_IN]:
        return "expired"
    return None if mail.link_id is None else _why_not_usable(about.link, now)


def _why_no_reminder(mail: MailRow, about: About, now: datetime) -> str | None:
    responder = about.responder
    if responder is None or not _is_active(responder):
        return "suspended"
    stored = responder.intake
    if stored.report_sequence != mail.report_sequence:
        return "reported"
    if stored.confirmed_at is not None and stored.confirmed_at > mail.created_at:
        return "confirmed"
    lapsed = intake_at(stored.value, now).lapsed
    if mail.kind in _OF_A_LAPSE and not lapsed:
        return "confirmed"
    # The reminder of the lapse says it instead.
    if mail.kind == MailKind.CONFIRMATION_DUE and lapsed:
        return "lapsed"
    # A dispute says what nothing else says.
    return "newer_reminder" if mail.kind != MailKind.DISPUTED and about.has_newer_reminder else None


def _why_not_usable(link: LinkRow | None, now: datetime) -> str | None:
    if link is None:
        return "removed"
    if link.used_at is not None:
        return "used"
    return "expired" if link.expires_at <= now else None


def _why_token_does_not_end(token: TokenRow | None, now: datetime) -> str | None:
    if token is None or token.revoked_at is not None:
        return "revoked"
    if token.successor_id is not None:
        return "rotated"
    if token.expires_at is None:
        return "no_end"
    return "expired" if token.expires_at <= now else None


def _why_webhook_works(mail: MailRow, webhook: WebhookRow | None) -> str | None:
    if webhook is None:
        return "removed"
    if webhook.suspended:
        return "suspended"
    is_disabled = webhook.status == WebhookStatus.DISABLED
    if mail.kind == MailKind.WEBHOOK_DISABLED:
        return None if is_disabled else "enabled"
    if is_disabled:
        return "disabled"
    return "recovered" if webhook.failing_since is None else None


def _why_not_refused(refused: PersonRow | LinkRow | None) -> str | None:
    if refused is None:
        return "removed"
    return "recovered" if isinstance(refused, PersonRow) and refused.refused_at is None else None


async def _has_newer_reminder(session: AsyncSession, mail: MailRow) -> bool:
    newer = exists().where(
        MailRow.person_id == mail.person_id,
        MailRow.responder_id == mail.responder_id,
        MailRow.kind.in_(REMINDERS),
        MailRow.status.in_((MailStatus.WAITING, MailStatus.SENT)),
        MailRow.created_at > mail.created_at,
    )
    return await session.scalar(select(newer)) or False


async def _was_reminded(session: AsyncSession, mail: MailRow) -> bool:
    sent = exists().where(
        MailRow.responder_id == mail.responder_id,
        MailRow.report_sequence.is_not_distinct_from(mail.report_sequence),
        MailRow.kind.in_(REMINDERS),
        MailRow.status == MailStatus.SENT,
    )
    return await session.scalar(select(sent)) or False


async def _get(session: AsyncSession, table: type[Row], row_id: UUID | None) -> Row | None:
    return None if row_id is None else await session.get(table, row_id)


async def _owner_row(
    session: AsyncSession, owned: PersonRow | LinkRow | TokenRow | WebhookRow
) -> ResponderRow | PartnerRow | None:
    """The row of the owner; `None` for the administrators, who have none."""
    return await _get(session, ResponderRow, owned.responder_id) or await _get(session, PartnerRow, owned.partner_id)


def _owner(row: ResponderRow | PartnerRow | None) -> Owner:
    if row is None:
        return ADMIN
    if isinstance(row, ResponderRow):
        return owners.responder(row.id, row.slug, row.name)
    return owners.partner(row.id, row.name)


def _is_active(row: ResponderRow | PartnerRow | None) -> bool:
    """Neither suspended nor delisted."""
    if row is None:
        return True
    return row.suspended_at is None and not (isinstance(row, ResponderRow) and row.delisted_at is not None)
