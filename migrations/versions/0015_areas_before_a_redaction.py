"""Each `responder.updated` says which areas the remit had before. Those of a redaction did not.

A redaction never changes the areas, so they are those of the event itself. A cancelled plan has a name that nobody
reads as a surprise.
"""

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BATCH = 1000
_event = sa.table("event", sa.column("id", sa.Uuid()), sa.column("type", sa.Text()), sa.column("body", sa.Text()))


def upgrade() -> None:
    op.execute("UPDATE report SET kind = 'plan_cancelled' WHERE kind = 'unplanned'")
    connection = op.get_bind()
    set_body = sa.update(_event).where(_event.c.id == sa.bindparam("key")).values(body=sa.bindparam("new_body"))
    query = sa.select(_event).where(_event.c.type == "responder.updated").order_by(_event.c.id).limit(_BATCH)
    rows = connection.execute(query).all()
    while rows:
        changed = []
        for row in rows:
            body = msgspec.json.decode(row.body)
            data = body["data"]
            if "previous_areas" not in data:
                data["previous_areas"] = [area["code"] for area in data["responder"]["remit"]["areas"]]
                changed.append({"key": row.id, "new_body": msgspec.json.encode(body).decode()})
        if changed:
            connection.execute(set_body, changed)
        rows = connection.execute(query.where(_event.c.id > rows[-1].id)).all()


def downgrade() -> None:
    """The version before reads the areas too."""
    op.execute("UPDATE report SET kind = 'unplanned' WHERE kind = 'plan_cancelled'")
