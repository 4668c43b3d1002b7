"""Thresholds, and when a responder is reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "threshold",
        sa.Column("responder_id", sa.Uuid(), nullable=False),
        sa.Column("threshold", sa.JSON(), nullable=True),
        sa.Column("open_referrals", sa.Integer(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_threshold_responder_id")),
        sa.PrimaryKeyConstraint("responder_id", name=op.f("pk_threshold")),
    )
    with op.batch_alter_table("intake") as intake:
        intake.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        intake.add_column(sa.Column("before", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("intake") as intake:
        intake.drop_column("before")
        intake.drop_column("remind_at")
    op.drop_table("threshold")
