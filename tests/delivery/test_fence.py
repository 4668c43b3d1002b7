"""A worker that was stopped for longer than its lease, wherever it stood, sends nothing older after something newer."""

import asyncio
import json
import ssl
from pathlib import Path

import pytest
from tests.certificates import certified
from tests.conftest import Clock
from tests.delivery import rows
from tests.delivery.endpoints import listening, pooled, read_request
from tests.delivery.workers import deliver_all
from tests.leases import PassedTime
from tests.serving import PATIENCE_SECONDS
from tests.stalls import Stall, stalling

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery.pool import Pool
from capacity_api.delivery.worker import Worker
from capacity_api.domain.intake import ReportedState

_OK = b"HTTP/1.1 204 No Content\r\n\r\n"
_OK_AND_CLOSE = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"


class _Endpoint:
    """Keeps the numbers that arrive. It closes a connection after a request, or at the second and without an answer."""

    def __init__(self, *, is_kept: bool) -> None:
        self.numbers: list[int] = []
        self._is_kept = is_kept

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_first = True
        while not reader.at_eof():
            request = await read_request(reader)
            self.numbers.append(json.loads(request.partition(b"\r\n\r\n")[2])["sequence"])
            if not is_first:
                return
            is_first = False
            writer.write(_OK if self._is_kept else _OK_AND_CLOSE)


@pytest.mark.parametrize(
    "is_kept",
    [pytest.param(False, id="new-connection-with-tls"), pytest.param(True, id="kept-connection-that-is-cut")],
)
async def test_a_worker_stopped_past_its_lease_at_any_await_brings_nothing_older_after_something_newer(
    database: Database, settings: Settings, clock: Clock, tmp_path: Path, is_kept: bool
) -> None:
    endpoint = _Endpoint(is_kept=is_kept)
    context: ssl.SSLContext | None = None
    trusting: ssl.SSLContext | None = None
    if not is_kept:
        context, trusting = certified(tmp_path, "localhost")
    await rows.add_responder(database, clock())
    passed = PassedTime(database)

    def worker(pool: Pool) -> Worker:
        # Each message is read again before it is sent: so there is an await before a kept connection too.
        return Worker(
            database,
            rows.KEYS,
            settings,
            clock,
            asyncio.Event(),
            pool,
            fresh_seconds=0,
            boot_clock=passed.boot_clock,
        )

    held_back = 0
    async with (
        listening(endpoint, context) as port,
        pooled(context=trusting) as own_pool,
        pooled(context=trusting) as other_pool,
    ):
        await rows.add_webhook(database, clock(), f"{'http' if is_kept else 'https'}://localhost:{port}/")
        stopped, other = worker(own_pool), worker(other_pool)
        at, was_stopped = 0, True
        while was_stopped:
            at += 1
            await rows.report(database, clock(), ReportedState.PAUSED, f"before {at}")
            await deliver_all(stopped)
            older = await rows.report(database, clock(), ReportedState.OPEN)
            stall = Stall(at)
            with stalling("Worker._send_claim", stall):
                await stopped.deliver_some()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    was_stopped = await stall.wait(stopped.wait_until_sent())
            try:
                newer = await rows.report(database, clock(), ReportedState.PAUSED, f"after {at}")
                await passed.add(rows.LEASE)
                await deliver_all(other)
                assert endpoint.numbers[-1] == newer
            finally:
                stall.goes_on.set()
                await deliver_all(stopped)
            assert endpoint.numbers == sorted(endpoint.numbers), f"stopped at await {at}"
            held_back += older not in endpoint.numbers
        assert 0 < held_back < at, "it was stopped both before it sent and after"
