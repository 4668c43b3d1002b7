"""A real pgbouncer before the PostgreSQL of the tests."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from tests.processes import finish
from tests.scratch import scratch_folder
from tests.serving import patience

# Debian installs it in a folder that is only on the path of administrators.
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
# Of its socket file: no other process listens in its folder.
_PORT = 6432
# Fewer connections to the server than any process opens, so that its clients share them from the first moment.
_CONNECTIONS = 3


@asynccontextmanager
async def pooling(database_url: str, mode: str) -> AsyncIterator[str]:
    """The URL of the same database through a pgbouncer in this `pool_mode`, which the URL does not name."""
    assert PGBOUNCER is not None
    server = make_url(database_url)
    host, address = _address(server)
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir=scratch_folder()))
    # It does not run as root.
    folder.chmod(0o777)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{server.database} = {address} user={server.username}\n"
        f"[pgbouncer]\nlisten_port = {_PORT}\nunix_socket_dir = {folder}\nauth_type = any\npool_mode = {mode}\n"
        f"default_pool_size = {_CONNECTIONS if mode == 'transaction' else 60}\nmax_client_conn = 200\n"
    )
    # As the server's own user, who alone may use its socket file.
    user = ("-u", Path(host).owner()) if os.geteuid() == 0 and host.startswith("/") else ()
    with (folder / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            PGBOUNCER, *user, str(folder / "pgbouncer.ini"), stdout=log, stderr=log
        )
    try:
        async with patience(lambda: f"pgbouncer: {(folder / 'log').read_text()}"):
            while not await _answers(folder):
                assert process.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)  # it does not say that it listens
        query = {"host": str(folder), "port": str(_PORT)}
        yield URL.create(server.drivername, server.username, database=server.database, query=query).render_as_string(
            hide_password=False
        )
    finally:
        with suppress(ProcessLookupError):
            # At once: SIGTERM would wait for its clients.
            process.kill()
        await finish(process)
        shutil.rmtree(folder)


def _address(server: URL) -> tuple[str, str]:
    """The host of the server, and how pgbouncer takes host and port."""
    _, options = server.get_dialect()().create_connect_args(server)
    named = {name: str(options[name]) for name in ("host", "port") if options.get(name)}
    return named.get("host", ""), " ".join(f"{name}={value}" for name, value in named.items())


async def _answers(folder: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(folder / f".s.PGSQL.{_PORT}")
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    writer.close()
    return True
