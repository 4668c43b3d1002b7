from collections.abc import AsyncIterator

import pytest
from tests.conftest import Clock
from tests.listed import postgresql_template, sqlite_template
from tests.serving import Service, serving

from capacity_api.config import Settings

__all__ = ["postgresql_template", "sqlite_template"]


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running
