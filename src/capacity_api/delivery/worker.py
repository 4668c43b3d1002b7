"""Delivers: turns committed events into deliveries, claims what is due, sends it, and records how it went.

Any number of workers may run on one database. Killing one loses nothing: what it had claimed is due again when the
lease has run out, and is sent under the same `webhook-id`.
"""

import asyncio
import logging
from datetime import datetime
from secrets import SystemRandom

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import loop
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.domain.retry import Outcome, Retry
from capacity_api.errors import ConfigurationError, DatabaseUnavailable
from capacity_api.loop import Clock
from capacity_api.operations import deliveries
from capacity_api.operations.deliveries import Claimed

_logger = logging.getLogger(__name__)
_IDLE_SECONDS = 0.5
_MOST_IN_FLIGHT = 64
_GRACE_SECONDS = 3.0


class Worker:
    """Set `wake` after a commit that added an event or a delivery; without it, looking every 0.5 s finds them."""

    def __init__(self, database: Database, keys: Keys, settings: Settings, clock: Clock, wake: asyncio.Event) -> None:
        self._database = database
        self._keys = keys
        self._lease = settings.lease
        self._clock = clock
        self._wake = wake
        self._pool = Pool(Guard(settings.egress_allow))
        self._random = SystemRandom()
        # Woken by the fan-out and by each answer.
        self._due = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        # Answered and not recorded yet; never more than what was in flight.
        self._answered: list[tuple[Claimed, Outcome, datetime]] = []

    async def run(self) -> None:
        """Deliver until cancelled; then what is in flight has a few seconds to be answered and recorded."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(loop.run("fan-out", self.fan_out_one, self._wake, _IDLE_SECONDS))
                group.create_task(loop.run("delivery", self.deliver_some, self._due, _IDLE_SECONDS))
        finally:
            await self.close()

    async def fan_out_one(self) -> bool:
        """Make the deliveries of one batch of events; whether there was one."""
        try:
            async with self._database.write() as session:
                return await deliveries.fan_out(session, self._clock()) > 0
        finally:
            # Whoever woke this may also have added a delivery directly.
            self._due.set()

    async def deliver_some(self) -> bool:
        """Record what was answered, claim what is due for the free places and start sending it; whether there was any.

        One transaction for both, which has ended before anything is sent. It does not wait for the answers: a slow
        endpoint takes one place and nobody's time.
        """
        answered, self._answered = self._answered, []
        claims: list[Claimed] = []
        try:
            async with self._database.write() as session:
                await self._record(session, answered)
                free = _MOST_IN_FLIGHT - len(self._in_flight)
                if free > 0:
                    claims = await deliveries.claim(session, self._clock(), self._lease, free)
        except (DatabaseUnavailable, asyncio.CancelledError):
            self._answered = answered + self._answered
            raise
        for claimed in claims:
            task = asyncio.create_task(self._send(claimed))
            self._in_flight.add(task)
            task.add_done_callback(self._ended)
        return bool(answered or claims)

    async def all_answered(self) -> None:
        """Wait until nothing is in flight; what came back is recorded by the next `deliver_some`."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def close(self) -> None:
        """Give what is in flight a few seconds, record it, and let go of the rest: its lease brings it back."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_GRACE_SECONDS)
        late = list(self._in_flight)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        answered, self._answered = self._answered, []
        if answered:
            try:
                async with self._database.write() as session:
                    await self._record(session, answered)
            except DatabaseUnavailable:
                _logger.warning("delivery: %d results could not be recorded; they will be sent again", len(answered))
        await self._pool.aclose()

    async def _record(self, session: AsyncSession, answered: list[tuple[Claimed, Outcome, datetime]]) -> None:
        for claimed, outcome, ended in answered:
            await deliveries.record(session, ended, claimed, outcome, self._random.random())

    async def _send(self, claimed: Claimed) -> None:
        try:
            outcome = await self._attempt(claimed)
        except Exception:
            # A fault of ours must not leave it claimed, nor stop the others.
            _logger.exception("delivery %s: the attempt failed", claimed.delivery_id)
            outcome = Retry(reason="internal_error", duration_ms=0)
        self._answered.append((claimed, outcome, self._clock()))

    async def _attempt(self, claimed: Claimed) -> Outcome:
        now = self._clock()
        try:
            secrets = [self._keys.unseal(sealed) for sealed in claimed.secrets]
        except ConfigurationError as error:
            _logger.error("webhook %s: %s", claimed.webhook_id, error)
            return Retry(reason="secret_unreadable", duration_ms=0)
        headers = signing.headers(secrets, str(claimed.event_id), int(now.timestamp()), claimed.body)
        return await sender.post(self._pool, claimed.url, headers, claimed.body, now)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._due.set()
