"""Periods for the statistics, counted from the events by the running service; and the past directory's indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "period",
        sa.Column("responder_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("nations", sa.JSON(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("waiting_list", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("unconfirmed", sa.BigInteger(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_period_responder_id")),
        sa.PrimaryKeyConstraint("responder_id", "number", name=op.f("pk_period")),
    )
    op.create_index("ix_period_responder_id_began", "period", ["responder_id", "began", "number"])
    op.create_index(
        "ix_period_pause",
        "period",
        ["responder_id", "began", "ended", "state"],
        sqlite_where=sa.text("state = 'paused' AND ended IS NOT NULL"),
        postgresql_where=sa.text("state = 'paused' AND ended IS NOT NULL"),
    )
    op.create_table(
        "nation_gap",
        sa.Column("nation", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nation", "began", name=op.f("pk_nation_gap")),
    )
    rollup = op.create_table(
        "rollup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("open_in", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_rollup_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollup")),
    )
    # Nothing is counted yet: the service does it from the first event on, in batches.
    op.bulk_insert(rollup, [{"id": 1, "sequence": 0, "open_in": {}}])
    op.create_index("ix_event_at_sequence", "event", ["at", "sequence"])
    op.create_index("ix_event_responder_id_sequence", "event", ["responder_id", "sequence"])
    op.drop_index("ix_event_responder_id", "event")


def downgrade() -> None:
    op.create_index("ix_event_responder_id", "event", ["responder_id"])
    op.drop_index("ix_event_responder_id_sequence", "event")
    op.drop_index("ix_event_at_sequence", "event")
    op.drop_table("rollup")
    op.drop_table("nation_gap")
    op.drop_table("period")
