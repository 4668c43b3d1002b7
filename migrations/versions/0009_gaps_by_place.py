"""Gaps in the statistics for each nation and, in each, for each age group. They are counted again from the events."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _forget_counts()
    op.drop_table("nation_gap")
    _create_gaps("gap", "place", "seconds_before")
    op.add_column("period", sa.Column("age_groups", sa.JSON(), nullable=False))


def downgrade() -> None:
    _forget_counts()
    op.drop_column("period", "age_groups")
    op.drop_table("gap")
    _create_gaps("nation_gap", "nation", "before")


def _forget_counts() -> None:
    """The service counts again what is missing."""
    op.execute("DELETE FROM period")
    op.execute("UPDATE rollup SET sequence = 0, open_in = '{}'")


def _create_gaps(name: str, key: str, before: str) -> None:
    op.create_table(
        name,
        sa.Column(key, sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column(before, sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(key, "began", name=op.f(f"pk_{name}")),
    )
