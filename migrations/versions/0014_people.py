"""People with work addresses, their links and mail; disputes.

An intake knows which event brought its report, so that a link can confirm that report alone. The source of a remit has
a `url`, in what is stored too: null where it was not known.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BATCH = 1000
_event = sa.table("event", sa.column("id", sa.Uuid()), sa.column("body", sa.Text()))
_responder = sa.table("responder", sa.column("id", sa.Uuid()), sa.column("remit", sa.JSON()))


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("responder_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_dispute_partner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_dispute_responder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index(op.f("ix_dispute_partner_id"), "dispute", ["partner_id"])
    op.create_index("ix_dispute_responder_id_partner_id_at", "dispute", ["responder_id", "partner_id", "at"])

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("responder_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_email", sa.Text(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_person_partner_id")),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_person_responder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_email_hash"), "person", ["email_hash"])
    op.create_index(op.f("ix_person_partner_id"), "person", ["partner_id"])
    op.create_index(op.f("ix_person_responder_id"), "person", ["responder_id"])

    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("responder_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_email", sa.Text(), nullable=True),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("roles", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("report_sequence", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_link_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_link_responder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("hash", name=op.f("uq_link_hash")),
    )
    op.create_index(op.f("ix_link_expires_at"), "link", ["expires_at"])
    op.create_index(op.f("ix_link_partner_id"), "link", ["partner_id"])
    op.create_index(op.f("ix_link_person_id"), "link", ["person_id"])
    op.create_index(op.f("ix_link_responder_id"), "link", ["responder_id"])

    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_link", sa.Text(), nullable=True),
        sa.Column("responder_id", sa.Uuid(), nullable=True),
        sa.Column("report_sequence", sa.BigInteger(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_mail_link_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["responder_id"], ["responder.id"], name=op.f("fk_mail_responder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(
        "ix_mail_due",
        "mail",
        ["next_attempt_at"],
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_mail_finished",
        "mail",
        ["finished_at"],
        sqlite_where=sa.text("finished_at IS NOT NULL"),
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_mail_link_id"), "mail", ["link_id"])
    op.create_index(op.f("ix_mail_person_id"), "mail", ["person_id"])
    op.create_index("ix_mail_responder_id", "mail", ["responder_id"])

    op.add_column("intake", sa.Column("reminders", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("intake", sa.Column("report_sequence", sa.BigInteger(), nullable=True))

    op.add_column("token", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.add_column("token", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_token_person_id"), "token", ["person_id"])

    op.add_column("webhook", sa.Column("failing_told_at", sa.DateTime(timezone=True), nullable=True))
    is_untold = sa.text("status = 'active' AND NOT suspended AND failing_since IS NOT NULL AND failing_told_at IS NULL")
    op.create_index(
        "ix_webhook_untold", "webhook", ["failing_since"], sqlite_where=is_untold, postgresql_where=is_untold
    )
    _fill_report_sequence()
    _change_sources(lambda source: source.setdefault("url", None))


def downgrade() -> None:
    _change_sources(lambda source: source.pop("url", None))
    op.drop_index("ix_webhook_untold", table_name="webhook")
    op.drop_column("webhook", "failing_told_at")
    op.drop_index(op.f("ix_token_person_id"), table_name="token")
    op.drop_column("token", "warned_at")
    op.drop_column("token", "person_id")
    op.drop_column("intake", "report_sequence")
    op.drop_column("intake", "reminders")
    for table in ("mail", "link", "person", "dispute"):
        op.drop_table(table)


def _fill_report_sequence() -> None:
    op.execute(
        "UPDATE intake SET report_sequence = (SELECT max(report.sequence) FROM report "
        "WHERE report.responder_id = intake.responder_id AND report.kind IN ('reported', 'started', 'counted')) "
        "WHERE intake.report IS NOT NULL"
    )


def _change_sources(change: Callable[[dict[str, Any]], object]) -> None:
    """Change the source of each remit that is stored: of responders, and in the bodies of events."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_responder)).all():
        if row.remit["source"] is not None:
            change(row.remit["source"])
            connection.execute(sa.update(_responder).where(_responder.c.id == row.id).values(remit=row.remit))
    query = sa.select(_event).where(_event.c.body.contains('"source":{')).order_by(_event.c.id).limit(_BATCH)
    rows = connection.execute(query).all()
    while rows:
        changed = []
        for row in rows:
            body = msgspec.json.decode(row.body)
            remit = body["data"].get("responder", {}).get("remit", {})
            if remit.get("source") is not None:
                change(remit["source"])
                changed.append({"key": row.id, "new_body": msgspec.json.encode(body).decode()})
        if changed:
            update = sa.update(_event).where(_event.c.id == sa.bindparam("key"))
            connection.execute(update.values(body=sa.bindparam("new_body")), changed)
        rows = connection.execute(query.where(_event.c.id > rows[-1].id)).all()
