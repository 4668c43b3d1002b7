"""Notifications from other processes."""

import asyncio
from collections.abc import Callable

from capacity_api import background
from capacity_api.db.engine import Database

_RECONNECT_AFTER_SECONDS = 0.2


async def listen_for_changes(database: Database, notify: Callable[[], None]) -> None:
    """Call `notify` when another process has committed a change, on a database that can tell; until cancelled."""
    if database.settings.is_sqlite or not database.settings.asks_for_primary:
        return
    if database.settings.pooler == "transaction":
        # LISTEN would stay with a connection to the server that others use too. Each process asks twice a second.
        return

    async def listen_once() -> bool:
        await database.listen(notify)
        return False

    await background.run("notifications", listen_once, asyncio.Event(), _RECONNECT_AFTER_SECONDS)
