"""Databases with the starting register already listed, so that the service need not list it for every test."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from tests.conftest import NOON
from tests.databases import Server, sqlite_url_of

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.operations import periods, responders


@pytest.fixture(scope="session")
def sqlite_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("listed") / "capacity.db"
    shutil.copyfile(sqlite_template, path)
    asyncio.run(list_and_count(sqlite_url_of(path), NOON))
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Server, postgresql_template: URL) -> Iterator[URL]:
    with postgresql_server.create_database(postgresql_template) as url:
        asyncio.run(list_and_count(url, NOON))
        yield url


async def list_and_count(url: URL, now: datetime) -> None:
    """List the starting register, and count its events for the statistics, as each service does in its first second."""
    database = Database(Settings(database_url=url.render_as_string(hide_password=False)))
    async with database.write() as session:
        await responders.load_register(session, now)
    async with database.write() as session:
        while await periods.count_events(session):
            pass
    await database.close()
