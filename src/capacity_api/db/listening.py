"""Hearing of what another process has changed."""

import asyncio
from collections.abc import Callable

from capacity_api import loop
from capacity_api.db.engine import Database

_AGAIN_SECONDS = 0.2


async def listening(database: Database, woken: Callable[[], None]) -> None:
    """Call `woken` when another process has changed something, on a database that can tell; until cancelled."""
    if database.settings.is_sqlite:
        return

    async def listen() -> bool:
        await database.listen(woken)
        return False

    await loop.run("notifications", listen, asyncio.Event(), _AGAIN_SECONDS)
