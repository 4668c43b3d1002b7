"""Webhooks: plain names for columns and indexes, sets as arrays (`["all"]` in place of null), a description.

And what decides when an event is given up, and its webhook disabled.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_webhook_ready", "webhook", ["cursor"], "status = 'active' AND next_attempt_at IS NULL"),
    ("ix_webhook_backing_off", "webhook", ["next_attempt_at"], "status = 'active' AND next_attempt_at IS NOT NULL"),
    ("ix_webhook_out_of_order", "webhook", ["out_of_order_at"], "status = 'active' AND out_of_order_at IS NOT NULL"),
    ("ix_delivery_out_of_order", "delivery", ["webhook_id", "next_attempt_at"], "next_attempt_at IS NOT NULL"),
)
_OLD_INDEXES = (
    ("ix_webhook_ready", "webhook", ["position"], "status = 'active' AND next_attempt_at IS NULL"),
    ("ix_webhook_held_up", "webhook", ["next_attempt_at"], "status = 'active' AND next_attempt_at IS NOT NULL"),
    ("ix_webhook_extra", "webhook", ["extra_at"], "status = 'active' AND extra_at IS NOT NULL"),
    ("ix_delivery_extra", "delivery", ["webhook_id", "next_attempt_at"], "next_attempt_at IS NOT NULL"),
)
# The old name, the new one, the type, and whether it may be null.
_COLUMNS = (
    ("position", "cursor", sa.BigInteger(), False),
    ("pace_ms", "cooldown_ms", sa.Integer(), False),
    ("extra_at", "out_of_order_at", sa.DateTime(timezone=True), True),
)
_SETS = ("event_types", "responders", "areas")


def upgrade() -> None:
    for name in _SETS:
        op.execute(f"UPDATE webhook SET {name} = '[\"all\"]' WHERE {name} IS NULL")  # noqa: S608 - a name of ours
    _drop_indexes(_OLD_INDEXES)
    with op.batch_alter_table("webhook") as table:
        for old, new, kind, is_nullable in _COLUMNS:
            table.alter_column(old, new_column_name=new, existing_type=kind, existing_nullable=is_nullable)
        for name in _SETS:
            table.alter_column(name, nullable=False, existing_type=sa.JSON())
        table.add_column(sa.Column("description", sa.Text(), nullable=True))
        table.add_column(sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE webhook SET failed_attempts = failures")
    op.add_column("delivery", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    _create_indexes(_INDEXES)


def downgrade() -> None:
    _drop_indexes(_INDEXES)
    with op.batch_alter_table("delivery") as table:
        table.drop_column("failing_since")
    with op.batch_alter_table("webhook") as table:
        table.drop_column("failed_attempts")
        table.drop_column("description")
        for old, new, kind, is_nullable in _COLUMNS:
            table.alter_column(new, new_column_name=old, existing_type=kind, existing_nullable=is_nullable)
        for name in _SETS:
            table.alter_column(name, nullable=True, existing_type=sa.JSON())
    _create_indexes(_OLD_INDEXES)
    for name in _SETS:
        # PostgreSQL does not compare JSON, only text.
        op.execute(f"UPDATE webhook SET {name} = NULL WHERE CAST({name} AS TEXT) = '[\"all\"]'")  # noqa: S608 - a name of ours


def _drop_indexes(indexes: tuple[tuple[str, str, list[str], str], ...]) -> None:
    for name, table, _, _ in indexes:
        op.drop_index(name, table)


def _create_indexes(indexes: tuple[tuple[str, str, list[str], str], ...]) -> None:
    for name, table, columns, where in indexes:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
