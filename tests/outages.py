"""Ways to make a database unavailable during a test."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL


@asynccontextmanager
async def away(url: URL) -> AsyncIterator[None]:
    """Inside the block, nothing can be read from the database or written to it."""
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        ruin(Path(url.database))
        yield
        return
    connection = await asyncpg.connect(
        url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    )
    try:
        await connection.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        await connection.execute(
            # First those that wait for a lock: the end of its holder must not let them go on.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
            " ORDER BY coalesce(wait_event_type = 'Lock', false) DESC",
            url.database,
        )
        yield
        await connection.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
    finally:
        await connection.close()


async def end_connections(url: URL) -> None:
    """End every connection to a PostgreSQL database, as its restart would."""
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            url.database,
        )
    finally:
        await connection.close()


def ruin(path: Path) -> None:
    """Make the database file, its log and the log's index unreadable, as a failing disk would."""
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with file.open("r+b") as opened:
            size = file.stat().st_size
            opened.write(b"\xff" * size)


# PostgreSQL's documentation, "Message Formats".
_SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class Proxy:
    """Stands between a client and a PostgreSQL server. While it `hangs`, connections stay open and nothing passes.

    With a `context` it also speaks TLS, which the server behind it need not, and counts the connections that use it.
    """

    def __init__(self, upstream: URL, context: ssl.SSLContext | None = None) -> None:
        self._upstream = upstream
        self._context = context
        self.connections = 0
        self.encrypted = 0
        self._passes = asyncio.Event()
        self._passes.set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        url = self._upstream.difference_update_query(["host", "port"]).set(host="127.0.0.1", port=self.port)
        return url.render_as_string(hide_password=False)

    def hang(self) -> None:
        self._passes.clear()

    def resume(self) -> None:
        self._passes.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await self._start(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        query = self._upstream.query
        if "host" in query:
            path = f"{query['host']}/.s.PGSQL.{query.get('port', self._upstream.port or 5432)}"
            server_reader, server_writer = await asyncio.open_unix_connection(path)
        else:
            server_reader, server_writer = await asyncio.open_connection(self._upstream.host, self._upstream.port)
        server_writer.write(first)
        for source, target in ((reader, server_writer), (server_reader, writer)):
            pump = asyncio.create_task(self._pump(source, target))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def close(self) -> None:
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Begin TLS if the client asks for it. Returns what the server behind is to read first."""
        self.connections += 1
        if self._context is None:
            return b""
        first = await reader.readexactly(len(_SSL_REQUEST))
        if first != _SSL_REQUEST:
            return first
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(self._context)
        self.encrypted += 1
        return b""

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._passes.wait()
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass
        finally:
            target.close()


@asynccontextmanager
async def proxying(url: URL, context: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """A proxy in front of the PostgreSQL server of this URL, which may be on a Unix socket."""
    proxy = Proxy(url, context)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
