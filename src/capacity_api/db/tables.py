"""The tables. `intake` is the current state from the rows of `report` and `event`.

Those are added, and only a redaction changes them (`operations.redaction`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from capacity_api.db import people_tables as people_tables  # the schema is whole only with them
from capacity_api.db.column_types import JsonStruct
from capacity_api.db.table import Claimed, partial_index
from capacity_api.db.table import Table as Table
from capacity_api.domain.actor import Actor
from capacity_api.domain.contact import Contact
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Intake, Plan, ReplacedReport, Report, SaidBy, State
from capacity_api.domain.remit import Remit
from capacity_api.domain.responder import ResponderRecord
from capacity_api.domain.threshold import Threshold

# After a listing the responder is unconfirmed, after a delisting it has no state. SQL, as in the partial index below.
IS_LISTING = "type IN ('responder.listed', 'responder.delisted')"
IS_RESTORE = "type = 'directory.restored'"
IS_REDACTION = "type = 'event.redacted'"


class SequenceRow(Table):
    """One row: the sequence number and time of the newest public event.

    It is the write lock: each change locks it first.
    """

    __tablename__ = "sequence"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class InstallationRow(Table):
    """One row: what has been done with this database as a whole."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Whether a mark has ever stood beside it (`db.mark`). A copy that has none is then known to be a copy.
    marked: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The number of the newest `directory.restored`. What stood before it is not comparable with what this holds.
    restored_sequence: Mapped[int | None] = mapped_column(BigInteger)
    # When every row was moved to another database. It has taken no write since.
    moved_at: Mapped[datetime | None]
    # When an operator last said that the clock is right.
    clock_accepted_at: Mapped[datetime | None]
    # When readiness was last proved by a write of its own.
    checked_at: Mapped[datetime | None]
    # The number of the newest `event.redacted` of which the files of SQLite may still hold what it removed.
    remains_sequence: Mapped[int | None] = mapped_column(BigInteger)
    # Of the newest secret key that it is used with (`Keys.fingerprints`); null until one is.
    key_fingerprint: Mapped[str | None]


class CoverageRow(Table):
    """One row: the coverage counts (`domain.coverage.counts_to_json`).

    Read and change it only under the write lock, in the transaction of the change to the responder.
    """

    __tablename__ = "coverage"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Null: not counted yet; the next change counts all responders.
    counts: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))


class ResponderRow(Table):
    __tablename__ = "responder"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    website: Mapped[str | None]
    contact: Mapped[Contact] = mapped_column(JsonStruct(Contact))
    remit: Mapped[Remit] = mapped_column(JsonStruct(Remit))
    valid_for_hours: Mapped[int]
    # The number and time of the newest event about it. Readers ask for responders that changed after a number.
    sequence: Mapped[int] = mapped_column(BigInteger, index=True)
    updated_at: Mapped[datetime]
    # The number of the event that put it into its effective state, listed or not. Older events are superseded.
    state_sequence: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    created_at: Mapped[datetime]
    delisted_at: Mapped[datetime | None]
    # While it is set, the owner's tokens do not hold and its webhooks stand still.
    suspended_at: Mapped[datetime | None]

    intake: Mapped["IntakeRow"] = relationship(lazy="joined", innerjoin=True)

    @property
    def record(self) -> ResponderRecord:
        """The row as a value, which outlives its session."""
        return ResponderRecord(
            id=self.id,
            slug=self.slug,
            name=self.name,
            website=self.website,
            contact=self.contact,
            remit=self.remit,
            intake=self.intake.value,
            sequence=self.sequence,
            updated_at=self.updated_at,
            created_at=self.created_at,
            delisted_at=self.delisted_at,
        )


class IntakeRow(Table):
    __tablename__ = "intake"
    # Read by the background task that records due steps.
    __table_args__ = (Index("ix_intake_next_due", "next_due", postgresql_where=text("next_due IS NOT NULL")),)

    responder_id: Mapped[UUID] = mapped_column(ForeignKey("responder.id"), primary_key=True)
    report: Mapped[Report | None] = mapped_column(JsonStruct(Report))
    since: Mapped[datetime | None]
    said_by: Mapped[SaidBy | None]
    confirmed_at: Mapped[datetime | None]
    confirm_by: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    lapsed: Mapped[bool]
    restored: Mapped[bool] = mapped_column(default=False, server_default=false())
    planned: Mapped[Plan | None] = mapped_column(JsonStruct(Plan))
    # The replaced report.
    before: Mapped[ReplacedReport | None] = mapped_column(JsonStruct(ReplacedReport))
    # How many reminders of this report were due: see `domain.intake`.
    reminders: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # The number of the event that brought the report. A confirmation keeps it: a link confirms this report alone.
    report_sequence: Mapped[int | None] = mapped_column(BigInteger)
    next_due: Mapped[datetime | None]

    @property
    def value(self) -> Intake:
        return Intake(
            report=self.report,
            since=self.since,
            # The column gives a plain string.
            said_by=None if self.said_by is None else SaidBy(self.said_by),
            confirmed_at=self.confirmed_at,
            confirm_by=self.confirm_by,
            remind_at=self.remind_at,
            reminders=self.reminders,
            lapsed=self.lapsed,
            restored=self.restored,
            planned=self.planned,
            before=self.before,
        )

    @value.setter
    def value(self, intake: Intake) -> None:
        self.report = intake.report
        self.since = intake.since
        self.said_by = intake.said_by
        self.confirmed_at = intake.confirmed_at
        self.confirm_by = intake.confirm_by
        self.remind_at = intake.remind_at
        self.reminders = intake.reminders
        self.lapsed = intake.lapsed
        self.restored = intake.restored
        self.planned = intake.planned
        self.before = intake.before
        self.next_due = intake.next_due


class ThresholdRow(Table):
    """A responder's threshold and its last count of open referrals. Private: never publish it."""

    __tablename__ = "threshold"

    responder_id: Mapped[UUID] = mapped_column(ForeignKey("responder.id"), primary_key=True)
    threshold: Mapped[Threshold | None] = mapped_column(JsonStruct(Threshold))
    # When it was set; null if that was before this was stored.
    set_at: Mapped[datetime | None]
    open_referrals: Mapped[int | None]
    counted_at: Mapped[datetime | None]


class ReportRow(Table):
    """One step of an intake: a report, or a change that time brought. The history is read from here."""

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_responder_id_at", "responder_id", "at", "sequence"),
        # Read by the publisher at each change: what lies after a number.
        Index("ix_report_sequence", "sequence"),
        # Read by the history: a page of one responder, newest first.
        Index("ix_report_responder_id_sequence", "responder_id", "sequence", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    responder_id: Mapped[UUID] = mapped_column(ForeignKey("responder.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[State]
    report: Mapped[Report | None] = mapped_column(JsonStruct(Report))
    said_by: Mapped[SaidBy | None]
    effective_from: Mapped[datetime | None]
    confirm_by: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(BigInteger)
    # The token that reported it; private. Null for a change that time brought.
    token_id: Mapped[UUID | None]


class EventRow(Table):
    """One thing that happened, with the body that endpoints receive. This table is also the outbox."""

    __tablename__ = "event"
    __table_args__ = (
        # Read by `find_due`: the private events without deliveries.
        partial_index("ix_event_to_fan_out", "id", where="sequence IS NULL AND fanned_out_at IS NULL"),
        # Read by the publisher at the start: when each responder was listed or delisted.
        partial_index("ix_event_listing", "responder_id", "at", where=IS_LISTING),
        # Read by whatever asks when an event happened (`operations.restores`).
        partial_index("ix_event_restore", "sequence", where=IS_RESTORE),
        # Read by the publisher, and by the directory as of a time.
        partial_index("ix_event_redaction", "sequence", where=IS_REDACTION),
        # Read by the directory as of a time: the newest event before it, and the newest of each responder.
        Index("ix_event_at_sequence", "at", "sequence"),
        Index("ix_event_responder_id_sequence", "responder_id", "sequence"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # Null for a private event.
    sequence: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    type: Mapped[EventType]
    at: Mapped[datetime]
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"))
    body: Mapped[str]
    # When the deliveries of a private event were added; a public one needs none, because each webhook has a cursor.
    fanned_out_at: Mapped[datetime | None]


class PeriodRow(Table):
    """A period that a responder spent in one effective state (`domain.periods.Period`), counted from the events.

    Times are in seconds since 1970, which both databases subtract in the same way.
    """

    __tablename__ = "period"
    __table_args__ = (
        # Read by the statistics: the last period that began before a time.
        Index("ix_period_responder_id_began", "responder_id", "began", "number"),
        # Read by the statistics: the longest pause, from the index alone. SQLite needs `state` in it for that.
        Index(
            "ix_period_pause",
            "responder_id",
            "began",
            "ended",
            "state",
            sqlite_where=text("state = 'paused' AND ended IS NOT NULL"),
            postgresql_where=text("state = 'paused' AND ended IS NOT NULL"),
        ),
    )

    responder_id: Mapped[UUID] = mapped_column(ForeignKey("responder.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[State]
    began: Mapped[int] = mapped_column(BigInteger)
    # Null while it lasts.
    ended: Mapped[int | None] = mapped_column(BigInteger)
    # The nations that the responder covered wholly when the period ended, and the age groups that it took.
    nations: Mapped[list[str]] = mapped_column(JSON)
    age_groups: Mapped[list[str]] = mapped_column(JSON)
    # The totals before it: seconds in each state, and the number of pauses.
    open: Mapped[int] = mapped_column(BigInteger)
    waiting_list: Mapped[int] = mapped_column(BigInteger)
    paused: Mapped[int] = mapped_column(BigInteger)
    unconfirmed: Mapped[int] = mapped_column(BigInteger)
    pauses: Mapped[int]


class GapRow(Table):
    """A stretch of time in which nobody was confirmed open in a place (`domain.periods.Gap`)."""

    __tablename__ = "gap"

    # A nation, or a nation and an age group: "E92000001", "E92000001/adult".
    place: Mapped[str] = mapped_column(primary_key=True)
    began: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ended: Mapped[int | None] = mapped_column(BigInteger)
    seconds_before: Mapped[int] = mapped_column(BigInteger)


class RollupRow(Table):
    """One row: the number of the last event that is counted in `period` and `gap`. Lock it to count."""

    __tablename__ = "rollup"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    # How many responders are confirmed open in each place after that event.
    open_in: Mapped[dict[str, int]] = mapped_column(JSON)


class PartnerRow(Table):
    __tablename__ = "partner"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]


class TokenRow(Table):
    """A token of one owner: a responder, a partner, or neither for an administrator."""

    __tablename__ = "token"
    __table_args__ = (CheckConstraint("responder_id IS NULL OR partner_id IS NULL", name="one_owner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str | None]
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    # The lifetime as issued; null for no end. A rotation shortens `expires_at`, and its successor lasts this long.
    lifetime_seconds: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[datetime | None]
    # The token that a rotation made in its place. There is one at most.
    successor_id: Mapped[UUID | None]
    # The person who signed in with it, and with whom it is removed. Null for a token that was issued.
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    # When its owner was last told that it ends soon.
    warned_at: Mapped[datetime | None]
    # False from a restore until an operator has said what becomes of it: it may have been revoked since the backup.
    reviewed: Mapped[bool] = mapped_column(default=True, server_default=true())
    last_used_at: Mapped[datetime | None]


class WebhookRow(Claimed, Table):
    """Which events an owner wants, the endpoint to send them to, and how far it has got.

    There is no queue table: the events after the cursor are the queue. A worker claims the row, with a lease, before it
    sends anything, and records the results under the same claim.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        # Read by `find_due`: webhooks that may be sent to at any time, by cursor; those that are backing off; and those
        # with an out-of-order delivery.
        partial_index(
            "ix_webhook_ready", "cursor", where="status = 'active' AND NOT suspended AND next_attempt_at IS NULL"
        ),
        partial_index(
            "ix_webhook_backing_off",
            "next_attempt_at",
            where="status = 'active' AND NOT suspended AND next_attempt_at IS NOT NULL",
        ),
        partial_index(
            "ix_webhook_out_of_order",
            "out_of_order_at",
            where="status = 'active' AND NOT suspended AND out_of_order_at IS NOT NULL",
        ),
        # Read by `operations.notices`: those that fail, and whose owner has not been told.
        partial_index(
            "ix_webhook_untold",
            "failing_since",
            where="status = 'active' AND NOT suspended AND failing_since IS NOT NULL AND failing_told_at IS NULL",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    responder_id: Mapped[UUID | None] = mapped_column(ForeignKey("responder.id"), index=True)
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"), index=True)
    url: Mapped[str]
    description: Mapped[str | None]
    # Sets of codes: everything is `["all"]`.
    event_types: Mapped[list[str]] = mapped_column(JSON)
    responders: Mapped[list[str]] = mapped_column(JSON)
    areas: Mapped[list[str]] = mapped_column(JSON)
    signature: Mapped[str]
    stale: Mapped[str]
    # The secrets, newest first, each encrypted; a second one while a rotation overlaps.
    secrets: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    public_key: Mapped[str | None]
    status: Mapped[str]
    # Whether its owner is suspended. It then keeps its status and its cursor.
    suspended: Mapped[bool] = mapped_column(default=False, server_default=false())
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    # The number of the last public event it is done with: delivered, failed for good, superseded or not wanted.
    cursor: Mapped[int] = mapped_column(BigInteger)
    # The health of its endpoint (`domain.endpoint_health`).
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    failed_attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    failing_since: Mapped[datetime | None]
    # When its owner was told that it fails.
    failing_told_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    cooldown_ms: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # When its next out-of-order delivery is due: a private event, or one that is resent.
    out_of_order_at: Mapped[datetime | None]


class DeliveryRow(Table):
    """One event for one webhook: once it was tried or superseded, or as soon as it is due out of order."""

    __tablename__ = "delivery"
    __table_args__ = (
        # Read by `find_due`: the out-of-order deliveries of a webhook.
        partial_index("ix_delivery_out_of_order", "webhook_id", "next_attempt_at", where="next_attempt_at IS NOT NULL"),
        # Read by the retention.
        partial_index("ix_delivery_finished", "finished_at", where="finished_at IS NOT NULL"),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("event.id"), primary_key=True)
    # The event's; null for a private one.
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str]
    attempts: Mapped[int]
    # When its first attempt failed, while it is tried again.
    failing_since: Mapped[datetime | None]
    # Of an out-of-order delivery; the others wait for their webhook.
    next_attempt_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class AttemptRow(Table):
    """One try of a delivery, for the log that the webhook's owner reads."""

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["webhook_id", "event_id"], ["delivery.webhook_id", "delivery.event_id"], ondelete="CASCADE"
        ),
    )

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    # Null when no answer came.
    status: Mapped[int | None]
    duration_ms: Mapped[int]
    reason: Mapped[str | None]
    answer: Mapped[str | None]


class HeartbeatRow(Table):
    """A task of one process that does its rounds: it says so every few seconds, and removes the row when it ends."""

    __tablename__ = "heartbeat"

    # One for each task of each start of a process. Never shown.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    # `operations.heartbeats.Task`.
    task: Mapped[str]
    beat_at: Mapped[datetime]


class AuditRow(Table):
    """Who did what, and when. Only administrators read it.

    No index serves the filters. Each act would pay for it, and reading 100,000 entries takes a tenth of a second.
    """

    __tablename__ = "audit"
    # Read before an invitation is sent: how many of this owner were sent within a day.
    __table_args__ = (partial_index("ix_audit_invite", "owner_key", "at", where="action = 'person.invite'"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[Actor] = mapped_column(JsonStruct(Actor))
    # `Actor.key` and `Owner.key`, for the filters.
    actor_key: Mapped[str]
    owner_key: Mapped[str | None]
    # The action, such as "token.revoke", and the id or slug it was done to. Never the content.
    action: Mapped[str]
    target: Mapped[str]
