"""A lease on SQLite is kept by the boot clock, with the boot that it was taken in. A moved clock changes nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("webhook", "mail"):
        op.add_column(table, sa.Column("lease_claim_id", sa.Uuid(), nullable=True))
        op.add_column(table, sa.Column("lease_boot_id", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("lease_boot_time", sa.Double(), nullable=True))


def downgrade() -> None:
    for table in ("mail", "webhook"):
        for column in ("lease_boot_time", "lease_boot_id", "lease_claim_id"):
            op.drop_column(table, column)
