"""The tables of people: their work addresses, links, mail and disputes. Nothing of them is ever published."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from capacity_api.db.table import Claimed, Table, partial_index
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus


class PersonRow(Table):
    """A work address at one owner: a responder, a partner, or neither for a coordinator.

    Outside this row a person is its id. A removal deletes the row with the person's links, tokens and mail.
    """

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"), index=True)
    # Sealed; found by its keyed hash. The same address may be at several owners.
    sealed_email: Mapped[str]
    email_hash: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    # When its mail server refused it for good; null while mail gets there.
    refused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LinkRow(Table):
    """A link that works once. Only its keyed hash is stored."""

    __tablename__ = "link"
    # Read by the retention: addresses of invitations, which are forgotten when they end.
    __table_args__ = (partial_index("ix_link_address", "expires_at", where="sealed_email IS NOT NULL"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[LinkKind]
    # Whose it is: a responder, a partner, or neither for the administrators.
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"), index=True)
    # Who signs in, or was reminded.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    # Of an invitation: who becomes a person of the owner.
    sealed_email: Mapped[str | None]
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    roles: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # Of a handover: the token to make.
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    label: Mapped[str | None]
    # Of an invitation or handover: the person or token that made it, without a foreign key. Its end ends the link.
    actor_id: Mapped[UUID | None]
    # Of a reminder: the one report that it may confirm (`intake.report_sequence`).
    report_sequence: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class MailRow(Claimed, Table):
    """One mail to one address. This table is the outbox of the mailer."""

    __tablename__ = "mail"
    __table_args__ = (
        # Read by the mailer: what is due.
        partial_index("ix_mail_due", "next_attempt_at", where="next_attempt_at IS NOT NULL"),
        # Read by the retention.
        partial_index("ix_mail_finished", "finished_at", where="finished_at IS NOT NULL"),
        Index("ix_mail_responder_id", "responder_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[MailKind]
    # To whom; null for an invitation, which goes to the address of its link.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    # The link in it, sealed until the mail is finished: another worker must be able to send the same mail again.
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"), index=True)
    sealed_link: Mapped[str | None]
    # What it is about: a responder and the report that stood; or a token, a webhook, a dispute or a person.
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"))
    report_sequence: Mapped[int | None] = mapped_column(BigInteger)
    subject_id: Mapped[UUID | None]
    status: Mapped[MailStatus]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # When its first attempt failed, while it is tried again.
    failing_since: Mapped[datetime | None]
    # Null once it is finished.
    next_attempt_at: Mapped[datetime | None]
    # Why it was not sent: a short word.
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DisputeRow(Table):
    """A partner rang a responder and was told otherwise than the directory says. It changes nothing public."""

    __tablename__ = "dispute"
    __table_args__ = (Index("ix_dispute_responder_id_partner_id_at", "responder_id", "partner_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    responder_id: Mapped[UUID] = mapped_column(ForeignKey("responder.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id", ondelete="CASCADE"), index=True)
    found: Mapped[str]
    # What the directory said then.
    shown: Mapped[str]
    at: Mapped[datetime]
