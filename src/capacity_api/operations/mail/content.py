"""What one mail says, as values: read directly before it is sent, so that its words are those of now."""

from datetime import datetime
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.db.people_tables import LinkRow, MailRow, PersonRow
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.keys import Keys
from capacity_api.domain.links import link_address
from capacity_api.domain.mail import MailClaim, MailKind
from capacity_api.domain.owner import Owner
from capacity_api.domain.responder import ResponderRecord
from capacity_api.operations.mail.truth import About, is_waiting_for_review, read_about, why_untrue
from capacity_api.secrecy import repr_without


class MailContent(msgspec.Struct, frozen=True, kw_only=True):
    """All that is in one mail. `link` is the whole address of a link that works once."""

    __repr__ = repr_without("email", "link")

    mail_id: UUID
    kind: MailKind
    email: str
    # Whose the receiver is, or is invited to be.
    owner: Owner
    link: str | None
    link_expires_at: datetime | None
    # Whom a reminder is about, as it is recorded.
    responder: ResponderRecord | None
    # Of `unanswered`: whether anybody was reminded of the report.
    was_reminded: bool
    # What a partner found, and what the directory said then.
    dispute: tuple[str, str, datetime] | None
    # Of a token, a webhook or an address that was refused: whose it is, what it is called, and its time.
    subject_owner: Owner | None
    subject_name: str | None
    subject_at: datetime | None
    # Why the webhook is disabled now.
    disabled_reason: DisabledReason | None


class Untrue(msgspec.Struct, frozen=True):
    """The mail is not sent, for this reason: a short word."""

    reason: str


class NotNow(msgspec.Struct, frozen=True):
    """The mail is not this claim's any more, or nothing may be sent now."""


async def read_content(
    session: AsyncSession, now: datetime, keys: Keys, public_url: str, claim: MailClaim
) -> MailContent | Untrue | NotNow:
    """What the claimed mail says now. Raises `ConfigurationError` if no key opens its address or its link."""
    mail = await session.get(MailRow, claim.mail_id)
    if mail is None or mail.claim_id != claim.claim_id or await is_waiting_for_review(session, now):
        return NotNow()
    about = await read_about(session, mail)
    reason = why_untrue(mail, about, now)
    return _content(mail, about, keys, public_url) if reason is None else Untrue(reason)


def _content(mail: MailRow, about: About, keys: Keys, public_url: str) -> MailContent:
    receiver = about.link if mail.kind == MailKind.INVITATION else about.person
    assert receiver is not None
    assert receiver.sealed_email is not None
    link = None
    if mail.sealed_link is not None:
        link = link_address(public_url, about.owner.type, keys.unseal(mail.sealed_link))
    dispute = about.dispute
    return MailContent(
        mail_id=mail.id,
        kind=MailKind(mail.kind),
        email=keys.unseal(receiver.sealed_email),
        owner=about.owner,
        link=link,
        link_expires_at=about.link.expires_at if about.link is not None else None,
        responder=about.responder.record if about.responder is not None else None,
        was_reminded=about.was_reminded,
        dispute=None if dispute is None else (dispute.found, dispute.shown, dispute.at),
        subject_owner=about.subject_owner,
        subject_name=_subject_name(about),
        subject_at=_subject_at(about),
        disabled_reason=_disabled_reason(about),
    )


def _subject_name(about: About) -> str | None:
    if about.token is not None:
        return about.token.label
    if about.webhook is not None:
        # Its path and query may hold a secret.
        return about.webhook.description or urlsplit(about.webhook.url).hostname
    return "invitation" if isinstance(about.refused, LinkRow) else None


def _disabled_reason(about: About) -> DisabledReason | None:
    return None if about.webhook is None else cast("DisabledReason | None", about.webhook.disabled_reason)


def _subject_at(about: About) -> datetime | None:
    if about.token is not None:
        return about.token.expires_at
    if about.webhook is not None:
        return about.webhook.failing_since
    return about.refused.refused_at if isinstance(about.refused, PersonRow) else None
