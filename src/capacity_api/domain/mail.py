"""Mail: why one is sent, and what became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class MailKind(StrEnum):
    """Why a mail is written."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    # To everybody `reminded` of a responder: three quarters of its report's time are over; it lapsed; it lapsed one,
    # two or three weeks ago; a partner was told otherwise; or a coordinator asks (`responder chase`).
    CONFIRMATION_DUE = "confirmation_due"
    LAPSED = "lapsed"
    STILL_LAPSED = "still_lapsed"
    DISPUTED = "disputed"
    CHASED = "chased"
    # To the coordinators: a responder answered none of its reminders.
    UNANSWERED = "unanswered"
    # To the coordinators: the mail server of one of an owner's people refused its address for good.
    ADDRESS_REFUSED = "address_refused"
    # To the owner's people, or the coordinators where there are none.
    TOKEN_ENDING = "token_ending"  # noqa: S105 - a kind of mail
    WEBHOOK_FAILING = "webhook_failing"
    WEBHOOK_DISABLED = "webhook_disabled"


# These ask a responder whether its report is still true.
REMINDERS = frozenset(
    {
        MailKind.CONFIRMATION_DUE,
        MailKind.LAPSED,
        MailKind.STILL_LAPSED,
        MailKind.DISPUTED,
        MailKind.CHASED,
    }
)


class MailStatus(StrEnum):
    """`refused` by the receiver's server for good; `failed` after days; `dropped` because it was no longer true."""

    WAITING = "waiting"
    SENT = "sent"
    # The mail server of its receiver refused it for good.
    REFUSED = "refused"
    # It was tried for days.
    FAILED = "failed"
    # It was no longer true, or its receiver is gone.
    DROPPED = "dropped"


class MailClaim(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, reserved for one mailer until the lease ends. What it says and to whom is read before it is sent."""

    mail_id: UUID
    claim_id: UUID
    # By the boot clock of the mailer that took it: see `domain.lease`.
    lease_ends_at: float
    kind: MailKind
    attempts: int
    # When its first attempt failed.
    failing_since: datetime | None
