"""The comparison of a database's tables with those that the code declares, and who is stopped by a difference."""

import pytest
from sqlalchemy import text
from tests.processes import environment, run

from capacity_api.db import schema
from capacity_api.db.differences import find_differences
from capacity_api.db.engine import Database
from capacity_api.errors import ConfigurationError

# What somebody did, and the lines that name it.
ON_BOTH = [
    ("ALTER TABLE token DROP COLUMN lifetime_seconds", ["the column token.lifetime_seconds is missing"]),
    ("DROP TABLE gap", ["the table gap is missing"]),
    ("DROP INDEX ix_event_at_sequence", ["the index ix_event_at_sequence of event is missing"]),
    (
        "DROP INDEX ix_event_listing;"
        "CREATE INDEX ix_event_listing ON event (responder_id, at) WHERE type = 'responder.listed'",
        ["the index ix_event_listing of event is for other rows than it should be"],
    ),
    (
        "DROP INDEX ix_event_at_sequence; CREATE INDEX ix_event_at_sequence ON event (at)",
        ["the index ix_event_at_sequence of event does not have the columns at, sequence"],
    ),
    ("CREATE UNIQUE INDEX mine ON report (at)", ["report (at) is unique and should not be"]),
]
ON_POSTGRESQL = [
    ("ALTER TABLE webhook ALTER url DROP NOT NULL", ["the column webhook.url may be null and should not"]),
    (
        "ALTER TABLE webhook ALTER description SET NOT NULL",
        ["the column webhook.description may not be null and should"],
    ),
    (
        "ALTER TABLE webhook ALTER failures DROP DEFAULT",
        ["the column webhook.failures has the default null and should have 0"],
    ),
    ("ALTER TABLE period ALTER began TYPE integer", ["the column period.began is INTEGER and should be BIGINT"]),
    (
        "ALTER TABLE event ALTER at TYPE timestamp",
        ["the column event.at is TIMESTAMP WITHOUT TIME ZONE and should be TIMESTAMP WITH TIME ZONE"],
    ),
    ("ALTER TABLE partner DROP CONSTRAINT uq_partner_name", ["partner (name) is not unique and should be"]),
    ("ALTER TABLE token DROP CONSTRAINT ck_token_one_owner", ["the check ck_token_one_owner of token is missing"]),
    (
        "ALTER TABLE sequence DROP CONSTRAINT ck_sequence_one_row;"
        "ALTER TABLE sequence ADD CONSTRAINT ck_sequence_one_row CHECK (id < 2)",
        ["the check ck_sequence_one_row of sequence differs"],
    ),
    ("ALTER TABLE audit ADD CHECK (at > '2020-01-01')", ["the check audit_at_check of audit is unknown"]),
    (
        "ALTER TABLE report DROP CONSTRAINT fk_report_responder_id",
        ["the foreign key report (responder_id) to responder (id) is missing"],
    ),
    (
        "ALTER TABLE token ADD FOREIGN KEY (id) REFERENCES partner (id)",
        ["the foreign key token (id) to partner (id) is unknown"],
    ),
    (
        "ALTER TABLE attempt DROP CONSTRAINT pk_attempt",
        ["the primary key of attempt is nothing and should be webhook_id, event_id, id"],
    ),
    (
        "ALTER TABLE partner ADD COLUMN region text NOT NULL",
        ["the column partner.region is unknown and has to have a value"],
    ),
]
# Of others, or an addition that refuses none of our rows.
HARMLESS = [
    "CREATE TABLE tokens (id INTEGER)",
    "CREATE INDEX mine ON report (token_id)",
    "ALTER TABLE partner ADD COLUMN region TEXT",
    "ALTER TABLE partner ADD COLUMN region TEXT DEFAULT '' NOT NULL",
]


@pytest.fixture
def service_role() -> None:
    """The owner's: these tests change the schema."""


async def _run(database: Database, statements: str) -> None:
    async with database.write(recovering=True) as session:
        for statement in statements.split(";"):
            await session.execute(text(statement))


async def _differences(database: Database) -> list[str]:
    async with database.read() as session:
        return await (await session.connection()).run_sync(find_differences)


async def test_the_migrations_lead_to_the_declared_tables(database: Database) -> None:
    assert await _differences(database) == []


@pytest.mark.parametrize(("statements", "lines"), ON_BOTH)
async def test_a_difference_is_a_line(database: Database, statements: str, lines: list[str]) -> None:
    await _run(database, statements)
    assert await _differences(database) == lines


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("statements", "lines"), ON_POSTGRESQL)
async def test_a_difference_that_only_postgresql_can_have_made_is_a_line(
    database: Database, statements: str, lines: list[str]
) -> None:
    await _run(database, statements)
    assert await _differences(database) == lines


@pytest.mark.parametrize("statements", HARMLESS)
async def test_what_somebody_added_beside_it_is_no_difference(database: Database, statements: str) -> None:
    await _run(database, statements)
    assert await _differences(database) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_tables_of_another_schema_are_not_looked_at(database: Database) -> None:
    await _run(
        database, "CREATE SCHEMA other; CREATE TABLE other.token (id INTEGER); CREATE TABLE other.mine (id INTEGER)"
    )
    assert await _differences(database) == []


async def test_the_check_names_each_difference_and_serve_does_not_start(database: Database, database_url: str) -> None:
    await _run(database, "ALTER TABLE token DROP COLUMN lifetime_seconds; DROP INDEX ix_event_at_sequence")
    await database.close()
    said = (
        "capacity-api: the database's tables are not those of this version; docs/settings.md says what to do:\n"
        "  the index ix_event_at_sequence of event is missing\n"
        "  the column token.lifetime_seconds is missing\n"
    )
    for command in (("db", "check"), ("serve", "--port", "0"), ("worker",)):
        assert await run(*command, env=environment(database_url)) == (43, "", said), command


async def test_an_upgrade_that_does_not_lead_to_the_declared_tables_is_undone(empty_database: Database) -> None:
    await schema.upgrade(empty_database, "0009")
    await _run(empty_database, "DROP INDEX ix_event_at_sequence")
    before = await _differences(empty_database)
    await empty_database.close()

    with pytest.raises(ConfigurationError) as refusal:
        await schema.upgrade(empty_database)
    assert refusal.value.detail == (
        "the upgrade did not lead to the tables of this version, so it was undone; docs/settings.md says what to do:\n"
        "  the index ix_event_at_sequence of event is missing"
    )
    assert await schema.read_revision(empty_database) == "0009"
    assert await _differences(empty_database) == before
