"""Which migrations may run under running programs."""

from types import ModuleType
from typing import Any

import pytest
from alembic.script import Script

from capacity_api.db import migrations

_HEAD = """
import sqlalchemy as sa
from alembic import op

_SOME = sa.text("suspended")


def upgrade():
    {}
"""
_TABLE = "t = op.create_table('later', sa.Column('id', sa.Integer(), primary_key=True))"
# What a migration does, and what of it an earlier program could not live with.
ADDITIVE = [
    _TABLE,
    "op.create_table('later', sa.Column('id', sa.Uuid(), sa.ForeignKey('responder.id'), primary_key=True))",
    f"{_TABLE}; op.create_index('ix_later', 'later', ['id'], unique=True)",
    f"{_TABLE}; op.add_column('later', sa.Column('at', sa.DateTime(), nullable=False))",
    f"{_TABLE}; op.bulk_insert(t, [{{'id': 1}}])",
    f"{_TABLE}; op.execute(sa.insert(t).values(id=1))",
    "op.add_column('event', sa.Column('later', sa.Text(), nullable=True))",
    "op.add_column('event', sa.Column('later', sa.Text(), nullable=False, server_default='a'))",
    "op.add_column('event', sa.Column('later', sa.Boolean(), nullable=False, server_default=sa.false()))",
    "op.add_column('event', sa.Column('later', sa.Integer(), nullable=False, server_default=sa.text('0')))",
    "op.create_index('ix_later', 'event', ['at'], if_not_exists=True)",
    "op.create_index('ix_later', 'webhook', ['id'], if_not_exists=True, sqlite_where=_SOME, postgresql_where=_SOME)",
]
NOT_ADDITIVE = [
    ("op.add_column('event', sa.Column('later', sa.Text(), nullable=False))", "gives event.later no value"),
    (
        "op.add_column('event', sa.Column('later', sa.DateTime(), server_default=sa.func.clock_timestamp()))",
        "is not a plain value",
    ),
    ("op.add_column('event', sa.Column('later', sa.Uuid(), sa.ForeignKey('responder.id')))", "has a constraint"),
    ("op.add_column('event', sa.Column('later', sa.Text(), unique=True))", "has a constraint"),
    ("op.create_index('ix_later', 'event', ['at'])", "lacks if_not_exists=True"),
    ("op.create_index('ix_later', 'event', ['at'], unique=True, if_not_exists=True)", "is unique"),
    (
        "op.add_column('event', sa.Column('later', sa.Text()));"
        "op.create_index('ix_later', 'event', ['later'], if_not_exists=True)",
        "a migration of its own",
    ),
    ("op.create_index('ix_later', 'event', [sa.text('lower(type)')], if_not_exists=True)", "a migration of its own"),
    (f"{_TABLE}; op.execute(sa.insert(t).from_select(['id'], sa.select(sa.literal(1))))", "it runs INSERT"),
    ("op.execute(sa.text('UPDATE event SET at = at'))", "it runs UPDATE event"),
    ("op.bulk_insert(sa.table('event', sa.column('id')), [{'id': 1}])", "it adds rows to event"),
    ("op.drop_index('ix_event_at_sequence', 'event')", "it has DropIndexOp"),
    ("op.drop_column('event', 'at')", "it has DropColumnOp"),
    ("op.alter_column('event', 'at', nullable=True)", "it has AlterColumnOp"),
    ("op.rename_table('event', 'later')", "it has RenameTableOp"),
]


def _script(body: str, revision: str = "9001", **attributes: Any) -> Script:
    module: Any = ModuleType("migration")
    exec(_HEAD.format(body), vars(module))  # noqa: S102 - the texts above
    module.__dict__.update({"revision": revision, "down_revision": "0017", **attributes})
    return Script(module, revision, "migration.py")


@pytest.mark.parametrize("body", ADDITIVE)
def test_what_only_adds_may_run_under_running_programs(body: str) -> None:
    assert migrations.reasons_to_stop(migrations.read_operations(_script(body))) == []


@pytest.mark.parametrize(("body", "reason"), NOT_ADDITIVE)
def test_what_does_more_is_named(body: str, reason: str) -> None:
    (found,) = migrations.reasons_to_stop(migrations.read_operations(_script(body)))
    assert reason in found


@pytest.mark.parametrize("body", ["op.get_bind()", "op.batch_alter_table('event')"])
def test_what_cannot_be_read_beforehand_is_not_additive(body: str) -> None:
    with pytest.raises(NotImplementedError, match="additive migration"):
        migrations.read_operations(_script(body))


def test_the_indexes_that_are_built_beforehand_are_those_of_old_tables() -> None:
    body = f"{_TABLE}; op.create_index('a', 'later', ['id']); op.create_index('b', 'event', ['at'], if_not_exists=True)"
    assert [index.name for index in migrations.indexes_on_old_tables(migrations.read_operations(_script(body)))] == [
        "b"
    ]


def test_every_migration_since_1_0_only_adds_or_says_that_it_needs_a_stop() -> None:
    since = migrations.steps_between(migrations.FIRST_COMPATIBLE, "head")
    reasons = {
        step.revision: migrations.reasons_to_stop(migrations.read_operations(step))
        for step in since
        if not migrations.needs_stop(step)
    }
    assert {revision: found for revision, found in reasons.items() if found} == {}


def test_those_up_to_1_0_need_a_stop() -> None:
    assert all(map(migrations.needs_stop, migrations.steps_between("base", migrations.FIRST_COMPATIBLE)))
    assert migrations.needs_stop(_script("pass", needs_stop=True))
    assert not migrations.needs_stop(_script("pass"))
