"""On the event loop on which `capacity-api serve` runs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOON, Clock, settings_of
from tests.databases import copy_sqlite
from tests.serving import Service, serving


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def shared_service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One service for all requests of a module that change nothing."""
    settings = settings_of(copy_sqlite(sqlite_template, tmp_path_factory.mktemp("shared") / "capacity.db"))
    async with serving(settings, Clock(NOON)) as running:
        yield running


@pytest.fixture
async def service(sqlite_url: str, clock: Clock) -> AsyncIterator[Service]:
    """What the socket does is the same on both databases."""
    async with serving(settings_of(sqlite_url), clock) as running:
        yield running
