"""Indexes, so that a change and a page of the history cost the same however much lies behind them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_INVITES = sa.text("action = 'person.invite'")


def upgrade() -> None:
    op.create_index("ix_report_sequence", "report", ["sequence"], if_not_exists=True)
    op.create_index("ix_report_responder_id_sequence", "report", ["responder_id", "sequence", "at"], if_not_exists=True)
    op.create_index(
        "ix_audit_invite",
        "audit",
        ["owner_key", "at"],
        sqlite_where=_INVITES,
        postgresql_where=_INVITES,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_index("ix_audit_invite", "audit")
    op.drop_index("ix_report_responder_id_sequence", "report")
    op.drop_index("ix_report_sequence", "report")
