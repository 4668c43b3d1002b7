"""The column that a database of the first day lacks: it came into 0001 after databases had run that migration.

It looks at what is there, so on a sound database it changes nothing.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TOKEN = sa.table(
    "token",
    sa.column("id", sa.Uuid()),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("expires_at", sa.DateTime(timezone=True)),
    sa.column("lifetime_seconds", sa.BigInteger()),
)


def upgrade() -> None:
    # As SQL for another time (`alembic upgrade --sql`) there is no database to look at. One that is made from that SQL
    # has the column.
    if context.is_offline_mode() or _has_lifetimes():
        return
    op.add_column("token", sa.Column("lifetime_seconds", sa.BigInteger(), nullable=True))
    _set_lifetimes()


def downgrade() -> None:
    """Nothing to undo: 0001 has the column."""


def _has_lifetimes() -> bool:
    return any(column["name"] == "lifetime_seconds" for column in sa.inspect(op.get_bind()).get_columns("token"))


def _set_lifetimes() -> None:
    """As the code of that day reckoned them. Null would mean that a token's successor never ends."""
    connection = op.get_bind()
    ending = connection.execute(sa.select(_TOKEN).where(_TOKEN.c.expires_at.is_not(None))).all()
    for row in ending:
        lifetime = int((row.expires_at - row.created_at).total_seconds())
        connection.execute(sa.update(_TOKEN).where(_TOKEN.c.id == row.id).values(lifetime_seconds=lifetime))
