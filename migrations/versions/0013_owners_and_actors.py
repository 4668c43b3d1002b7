"""Owners can be suspended, tokens have labels and successors, and the audit names every kind of actor.

Fields of earlier events can be redacted.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_webhook_ready", "cursor", "next_attempt_at IS NULL"),
    ("ix_webhook_backing_off", "next_attempt_at", "next_attempt_at IS NOT NULL"),
    ("ix_webhook_out_of_order", "out_of_order_at", "out_of_order_at IS NOT NULL"),
)
_IS_REDACTION = "type = 'event.redacted'"
_audit = sa.table(
    "audit",
    sa.column("token_id", sa.Uuid()),
    sa.column("actor", sa.JSON()),
    sa.column("actor_key", sa.Text()),
    sa.column("owner_key", sa.Text()),
)


def upgrade() -> None:
    op.add_column("responder", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("partner", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("token", sa.Column("label", sa.Text(), nullable=True))
    op.add_column("token", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.add_column("webhook", sa.Column("suspended", sa.Boolean(), server_default=sa.false(), nullable=False))
    _suspend_delisted()
    for name, column, condition in _INDEXES:
        _replace_index(name, column, f"status = 'active' AND NOT suspended AND {condition}")
    op.add_column("threshold", sa.Column("set_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("installation", sa.Column("remains_sequence", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_event_redaction",
        "event",
        ["sequence"],
        sqlite_where=sa.text(_IS_REDACTION),
        postgresql_where=sa.text(_IS_REDACTION),
    )
    op.add_column("audit", sa.Column("actor", sa.JSON(), nullable=True))
    op.add_column("audit", sa.Column("actor_key", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("owner_key", sa.Text(), nullable=True))
    _fill_actors()
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("actor", existing_type=sa.JSON(), nullable=False)
        audit.alter_column("actor_key", existing_type=sa.Text(), nullable=False)
        audit.drop_column("token_id")


def downgrade() -> None:
    op.add_column("audit", sa.Column("token_id", sa.Uuid(), nullable=True))
    _fill_tokens()
    with op.batch_alter_table("audit") as audit:
        audit.drop_column("owner_key")
        audit.drop_column("actor_key")
        audit.drop_column("actor")
    for name, column, condition in _INDEXES:
        _replace_index(name, column, f"status = 'active' AND {condition}")
    op.drop_index("ix_event_redaction", table_name="event")
    op.drop_column("installation", "remains_sequence")
    op.drop_column("threshold", "set_at")
    op.drop_column("webhook", "suspended")
    op.drop_column("token", "successor_id")
    op.drop_column("token", "label")
    op.drop_column("partner", "suspended_at")
    op.drop_column("responder", "suspended_at")


def _replace_index(name: str, column: str, condition: str) -> None:
    op.drop_index(name, table_name="webhook")
    op.create_index(name, "webhook", [column], sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def _suspend_delisted() -> None:
    """Delisting suspends from now on, so what was delisted before is suspended too."""
    responder = sa.table("responder", sa.column("id"), sa.column("delisted_at"), sa.column("suspended_at"))
    webhook = sa.table("webhook", sa.column("responder_id"), sa.column("suspended"))
    is_delisted = responder.c.delisted_at.is_not(None)
    op.execute(sa.update(responder).where(is_delisted).values(suspended_at=responder.c.delisted_at))
    delisted = sa.select(responder.c.id).where(is_delisted)
    op.execute(sa.update(webhook).where(webhook.c.responder_id.in_(delisted)).values(suspended=sa.true()))


def _fill_actors() -> None:
    """A token is known by its id alone if it has been deleted; no token was the command line."""
    connection = op.get_bind()
    owners = _owners(connection)
    for token_id in connection.execute(sa.select(_audit.c.token_id).distinct()).scalars().all():
        owner = owners.get(token_id)
        actor: dict[str, Any] = {"type": "command_line", "id": None, "label": None, "owner": None, "user": None}
        if token_id is not None:
            actor |= {"type": "token", "id": str(token_id), "owner": owner}
        key = "command line" if token_id is None else str(token_id)
        connection.execute(
            sa.update(_audit)
            .where(_audit.c.token_id.is_not_distinct_from(token_id))
            .values(actor=actor, actor_key=key, owner_key=owner and (owner["slug"] or owner["id"] or owner["type"]))
        )


def _owners(connection: sa.Connection) -> dict[Any, dict[str, Any]]:
    """The owner of each token, as `domain.owner.Owner` is stored."""
    uuid = sa.Uuid()
    token = sa.table("token", sa.column("id", uuid), sa.column("responder_id", uuid), sa.column("partner_id", uuid))
    responder = sa.table("responder", sa.column("id", uuid), sa.column("slug"), sa.column("name"))
    partner = sa.table("partner", sa.column("id", uuid), sa.column("name"))
    rows = connection.execute(
        sa.select(token.c.id, responder.c.id, responder.c.slug, responder.c.name, partner.c.id, partner.c.name)
        .outerjoin(responder, token.c.responder_id == responder.c.id)
        .outerjoin(partner, token.c.partner_id == partner.c.id)
    )
    owners = {}
    for token_id, responder_id, slug, responder_name, partner_id, partner_name in rows:
        kind = "responder" if responder_id else "partner" if partner_id else "admin"
        owner_id = responder_id or partner_id
        owners[token_id] = {
            "type": kind,
            "name": responder_name or partner_name,
            "slug": slug,
            "id": owner_id and str(owner_id),
        }
    return owners


def _fill_tokens() -> None:
    connection = op.get_bind()
    by_token = connection.execute(sa.select(_audit.c.actor_key).distinct().where(_audit.c.owner_key.is_not(None)))
    for key in by_token.scalars().all():
        connection.execute(sa.update(_audit).where(_audit.c.actor_key == key).values(token_id=UUID(key)))
