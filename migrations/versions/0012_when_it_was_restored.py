"""An index of the events that say that the directory was restored. They decide when an event happened."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_IS_RESTORE = "type = 'directory.restored'"


def upgrade() -> None:
    op.create_index(
        "ix_event_restore",
        "event",
        ["sequence"],
        sqlite_where=sa.text(_IS_RESTORE),
        postgresql_where=sa.text(_IS_RESTORE),
    )


def downgrade() -> None:
    op.drop_index("ix_event_restore", table_name="event")
