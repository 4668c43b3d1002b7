"""Each webhook has its place in the events and is claimed itself; deliveries are kept once something came of them.

What waited for a webhook in the old queue is found again from its place. A delivery is known by its event from here on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A webhook that is disabled stands behind the last that it got, so that it has missed nothing when it is enabled.
PLACE = """
UPDATE webhook SET position = COALESCE(
    (SELECT min(sequence) - 1 FROM delivery WHERE webhook_id = webhook.id AND status = 'pending'),
    (SELECT max(sequence) FROM delivery WHERE webhook_id = webhook.id AND webhook.status <> 'active'),
    (SELECT max(sequence) FROM event WHERE fanned_out_at IS NOT NULL AND webhook.status = 'active'
        AND sequence > webhook.position),
    position)
"""
STATE = """
UPDATE responder SET state_sequence = COALESCE((
    SELECT max(sequence) FROM (
        SELECT responder_id, sequence, state,
               lag(state) OVER (PARTITION BY responder_id ORDER BY sequence, at, id) AS before FROM report
    ) AS step WHERE step.responder_id = responder.id AND (before IS NULL OR before <> state)), 0)
"""


def upgrade() -> None:
    with op.batch_alter_table("responder") as responder:
        responder.add_column(sa.Column("state_sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.execute(STATE)
    with op.batch_alter_table("webhook") as webhook:
        webhook.alter_column(
            "since", new_column_name="position", existing_type=sa.BigInteger(), existing_nullable=False
        )
        webhook.add_column(sa.Column("claim_id", sa.Uuid(), nullable=True))
        webhook.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
        webhook.add_column(sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
        webhook.add_column(sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
        webhook.add_column(sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True))
        webhook.add_column(sa.Column("pace_ms", sa.Integer(), server_default=sa.text("0"), nullable=False))
        webhook.add_column(sa.Column("extra_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(PLACE)
    op.execute(
        "UPDATE webhook SET extra_at = (SELECT min(next_attempt_at) FROM delivery"
        " WHERE webhook_id = webhook.id AND status = 'pending' AND sequence IS NULL)"
    )
    for name, columns, where in (
        ("ix_webhook_ready", ["position"], "status = 'active' AND next_attempt_at IS NULL"),
        ("ix_webhook_held_up", ["next_attempt_at"], "status = 'active' AND next_attempt_at IS NOT NULL"),
        ("ix_webhook_extra", ["extra_at"], "status = 'active' AND extra_at IS NOT NULL"),
    ):
        op.create_index(name, "webhook", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

    # Copied without any constraint, whose names the new tables take.
    op.execute("CREATE TABLE delivery_before AS SELECT * FROM delivery")
    op.execute("CREATE TABLE attempt_before AS SELECT * FROM attempt")
    op.drop_table("attempt")
    op.drop_table("delivery")
    _create_delivery()
    _create_attempt()
    op.execute(
        "INSERT INTO delivery SELECT webhook_id, event_id, sequence, status, attempts,"
        " CASE WHEN sequence IS NULL THEN next_attempt_at END, created_at, finished_at"
        " FROM delivery_before WHERE status <> 'pending' OR attempts > 0 OR sequence IS NULL"
    )
    op.execute(
        "INSERT INTO attempt SELECT d.webhook_id, d.event_id, a.id, a.at, a.status, a.duration_ms, a.reason, a.answer"
        " FROM attempt_before AS a JOIN delivery_before AS d ON d.id = a.delivery_id"
    )
    op.drop_table("attempt_before")
    op.drop_table("delivery_before")
    _index_fan_out("sequence IS NULL AND fanned_out_at IS NULL")


def downgrade() -> None:
    # The old queue makes deliveries of what is not fanned out yet, for each webhook from `since` on.
    op.execute(
        "UPDATE event SET fanned_out_at = CASE WHEN sequence <= COALESCE("
        "(SELECT min(position) FROM webhook WHERE status = 'active'), (SELECT n FROM sequence)) THEN at END"
        " WHERE sequence IS NOT NULL"
    )
    op.execute("CREATE TABLE delivery_before AS SELECT * FROM delivery")
    op.execute("CREATE TABLE attempt_before AS SELECT * FROM attempt")
    op.drop_table("attempt")
    op.drop_table("delivery")
    _create_old_delivery()
    _create_old_attempt()
    new_id = "lower(hex(randomblob(16)))" if op.get_context().dialect.name == "sqlite" else "gen_random_uuid()"
    # What is interpolated is one of the two words above.
    op.execute(
        f"INSERT INTO delivery SELECT {new_id}, d.webhook_id, d.event_id, d.sequence, d.status, d.attempts,"  # noqa: S608
        " CASE WHEN d.status = 'pending' THEN COALESCE(d.next_attempt_at, w.next_attempt_at, d.created_at) END,"
        " NULL, NULL, d.created_at, d.finished_at FROM delivery_before AS d JOIN webhook AS w ON w.id = d.webhook_id"
    )
    op.execute(
        "INSERT INTO attempt SELECT a.id, d.id, a.at, a.status, a.duration_ms, a.reason, a.answer"
        " FROM attempt_before AS a JOIN delivery AS d ON d.webhook_id = a.webhook_id AND d.event_id = a.event_id"
    )
    op.drop_table("attempt_before")
    op.drop_table("delivery_before")
    for name in ("ix_webhook_ready", "ix_webhook_held_up", "ix_webhook_extra"):
        op.drop_index(name, "webhook")
    with op.batch_alter_table("webhook") as webhook:
        webhook.alter_column(
            "position", new_column_name="since", existing_type=sa.BigInteger(), existing_nullable=False
        )
        for name in (
            "extra_at",
            "pace_ms",
            "next_attempt_at",
            "failing_since",
            "failures",
            "claimed_until",
            "claim_id",
        ):
            webhook.drop_column(name)
    with op.batch_alter_table("responder") as responder:
        responder.drop_column("state_sequence")
    _index_fan_out("fanned_out_at IS NULL")


def _index_fan_out(where: str) -> None:
    op.drop_index("ix_event_to_fan_out", "event")
    op.create_index(
        "ix_event_to_fan_out", "event", ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_delivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", name=op.f("pk_delivery")),
    )
    for name, columns, where in (
        ("ix_delivery_extra", ["webhook_id", "next_attempt_at"], "next_attempt_at IS NOT NULL"),
        ("ix_delivery_finished", ["finished_at"], "finished_at IS NOT NULL"),
    ):
        op.create_index(name, "delivery", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id", "event_id"],
            ["delivery.webhook_id", "delivery.event_id"],
            name=op.f("fk_attempt_webhook_id_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", "id", name=op.f("pk_attempt")),
    )


def _create_old_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_delivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_delivery_webhook_id_event_id")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["next_attempt_at"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(op.f("ix_delivery_event_id"), "delivery", ["event_id"])
    op.create_index(
        "ix_delivery_pending_by_webhook",
        "delivery",
        ["webhook_id", "sequence"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )


def _create_old_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_delivery_id"), "attempt", ["delivery_id"])
