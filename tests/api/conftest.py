from collections.abc import AsyncIterator

import pytest
from tests.conftest import Clock
from tests.serving import Service, serving

from capacity_api.config import Settings


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running
