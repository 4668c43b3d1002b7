"""An index of the few events that list or delist a responder, for whoever starts to publish."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IS_LISTING = "type IN ('responder.listed', 'responder.delisted')"


def upgrade() -> None:
    op.create_index(
        "ix_event_listing",
        "event",
        ["responder_id", "at"],
        sqlite_where=sa.text(_IS_LISTING),
        postgresql_where=sa.text(_IS_LISTING),
    )


def downgrade() -> None:
    op.drop_index("ix_event_listing", table_name="event")
