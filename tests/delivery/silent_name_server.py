"""Processes that are to end while the only name server answers nothing.

`python -m tests.delivery.silent_name_server FOLDER` prints as JSON how many seconds each took to end. It is started in
a network of its own, like `lonely_network`.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests import processes
from tests.databases import copy_sqlite, migrate, sqlite_url_of
from tests.delivery import rows
from tests.delivery.lonely_network import settled

from capacity_api.cli.exit_codes import OF_CAUSE
from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.errors import OutageCause

NAMES = 100
COMMANDS = {"serve": ("serve", "--port", "0"), "worker": ("worker",)}


class SilentNameServer(asyncio.DatagramProtocol):
    """Notes who is asked for, and says nothing."""

    def __init__(self) -> None:
        self.names: set[bytes] = set()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        # The first label of the first question.
        self.names.add(data[13 : 13 + data[12]])


async def stop_while_it_hangs(folder: Path, command: Sequence[str], names: SilentNameServer) -> float:
    """How many seconds a command takes from SIGTERM to its end."""
    database_url = copy_sqlite(folder / "empty.db", folder / f"{command[0]}.db")
    database = Database(Settings(database_url=database_url))
    await rows.add_responder(database, utc_now())
    await rows.add_webhooks(database, utc_now(), [f"https://{command[0]}-{n}.example.org/" for n in range(NAMES)])
    await rows.add_event(database, utc_now())
    await database.close()
    names.names.clear()
    process = await asyncio.create_subprocess_exec(
        processes.COMMAND, *command, env=processes.environment(database_url), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while len(names.names) < NAMES:  # noqa: ASYNC110 - a datagram has no event for it
                await asyncio.sleep(0.05)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await process.wait()
        return time.monotonic() - began
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def fail_while_it_hangs(names: SilentNameServer) -> float:
    """How many seconds a command takes that cannot find its database."""
    began = time.monotonic()
    env = processes.environment("postgresql://u@database.example.org/name")
    process = await asyncio.create_subprocess_exec(processes.COMMAND, "db", "check", env=env)
    async with asyncio.timeout(60):
        assert await process.wait() == OF_CAUSE[OutageCause.NO_ANSWER]
    assert b"database" in names.names
    return time.monotonic() - began


async def stop_each(folder: Path) -> dict[str, float]:
    await migrate(sqlite_url_of(folder / "empty.db"))
    _, names = await asyncio.get_running_loop().create_datagram_endpoint(SilentNameServer, ("127.0.0.1", 53))
    seconds = {name: await stop_while_it_hangs(folder, command, names) for name, command in COMMANDS.items()}
    return seconds | {"db check": await fail_while_it_hangs(names)}


if __name__ == "__main__":
    # A lookup takes 40 seconds.
    with settled("timeout:20 attempts:2"):
        print(json.dumps(asyncio.run(stop_each(Path(sys.argv[1])))))  # noqa: T201 - the test reads it
