"""What every table is made from: its base, the types of its columns, and partial indexes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, MetaData, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from capacity_api.db.column_types import UtcTime
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import SaidBy, State
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind, MailStatus


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcTime(),
        UUID: Uuid(),
        str: Text(),
        EventType: Text(),
        State: Text(),
        SaidBy: Text(),
        LinkKind: Text(),
        MailKind: Text(),
        MailStatus: Text(),
    }


class Claimed:
    """Columns of what a worker claims. `operations.leases` says how a lease is stored and judged."""

    claim_id: Mapped[UUID | None]
    # By the database's clock; on SQLite, which has none, by the wall's clock.
    claimed_until: Mapped[datetime | None]
    # On SQLite the lease by the boot clock: whose it is, of which boot, and when it ends, in seconds of that boot. It
    # counts only while `claim_id` is the same, because version 1.0 sets that alone.
    lease_claim_id: Mapped[UUID | None]
    lease_boot_id: Mapped[str | None]
    lease_boot_time: Mapped[float | None]


def partial_index(name: str, *columns: str, where: str) -> Index:
    """A partial index. A query must repeat `where` as literal SQL: with bound values the database does not use it."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
