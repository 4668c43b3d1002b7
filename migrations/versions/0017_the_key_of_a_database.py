"""A database knows its secret key, by a fingerprint. The retention finds the addresses of invitations by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_HAS_ADDRESS = sa.text("sealed_email IS NOT NULL")


def upgrade() -> None:
    op.add_column("installation", sa.Column("key_fingerprint", sa.Text(), nullable=True))
    op.create_index("ix_link_address", "link", ["expires_at"], sqlite_where=_HAS_ADDRESS, postgresql_where=_HAS_ADDRESS)


def downgrade() -> None:
    op.drop_index("ix_link_address", "link")
    op.drop_column("installation", "key_fingerprint")
