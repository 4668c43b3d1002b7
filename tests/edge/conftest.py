"""On the event loop on which `capacity-api serve` runs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.conftest import Clock, settings_of
from tests.serving import Service, serving


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
async def service(sqlite_url: str, clock: Clock) -> AsyncIterator[Service]:
    """What the socket does is the same on both databases."""
    async with serving(settings_of(sqlite_url), clock) as running:
        yield running
