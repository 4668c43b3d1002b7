"""How many cover whom: one row, to be counted by the next change."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    coverage = op.create_table(
        "coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_coverage_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
    )
    op.bulk_insert(coverage, [{"id": 1, "counts": None}])


def downgrade() -> None:
    op.drop_table("coverage")
