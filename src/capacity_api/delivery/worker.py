"""Delivers: claims webhooks that have something to hear, sends it to them, and records how it went.

Any number of workers may run on one database. Killing one loses nothing: what it had claimed is due again when the
lease has run out, and is sent under the same `webhook-id`.

A slow endpoint costs the others nothing. It holds one of the places of the quick for half a second at most, and then
goes on beside them; once it was slow or has failed, it gets only the places that are kept for such.
"""

import asyncio
import logging
from collections import deque
from datetime import timedelta
from secrets import SystemRandom

from capacity_api import background
from capacity_api.clock import Clock
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool
from capacity_api.domain import signing
from capacity_api.domain.keys import Keys
from capacity_api.domain.retry import GiveUp, Outcome, Retry
from capacity_api.errors import ConfigurationError, DatabaseUnavailable
from capacity_api.operations import attempts, deliveries, dispatch
from capacity_api.operations.attempts import Ended, Result
from capacity_api.operations.dispatch import Claimed, Message

_logger = logging.getLogger(__name__)
_IDLE_SECONDS = 0.5
_PRUNE_EVERY_SECONDS = 60.0
_GRACE_SECONDS = 3.0
# How many are sent to at once, of those that answer quickly; how many wait for that, claimed already.
AT_ONCE = 64
_MOST_READY = 128
_QUICK_SECONDS = 0.5
# How many of those that failed or were slow, and how many in all. A connection takes memory.
_MOST_HELD_UP = 64
MOST_IN_FLIGHT = 512
# From so many results on nothing new is begun, and all of them are written down in one transaction once the quick ones
# in flight have ended, or this long after the first. A transaction takes a dozen steps, each of which waits for
# whatever else this process does, and everybody who writes waits for it.
_GATHERED = 50
_GATHER_SECONDS = 0.1
# What is left of a lease when the last attempt may begin: its deadline, and the time to record it.
_LEASE_LEFT = timedelta(seconds=sender.DEADLINE_SECONDS + 2)


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
        # Claimed and not begun yet.
        self._ready: deque[Claimed] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        # Those that hold a place of the quick, and those that were held up when they were claimed.
        self._quick: set[asyncio.Task[None]] = set()
        self._held_up: set[asyncio.Task[None]] = set()
        self._is_writing = False
        # Ended and not recorded yet; never more than what was claimed.
        self._ended: list[Result] = []

    async def run(self) -> None:
        """Deliver until cancelled; then what is in flight has a few seconds to be answered and recorded."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(background.run("delivery", self.deliver_some, self._wake, _IDLE_SECONDS))
                group.create_task(background.run("retention", self.prune_some, asyncio.Event(), _PRUNE_EVERY_SECONDS))
        finally:
            await self.close()

    async def deliver_some(self) -> bool:
        """Record what has ended, claim what is due for the free places and start sending; whether there may be more.

        Everybody who writes to SQLite waits for a transaction that does: so there is one for both, none when there is
        nothing to write, and what is due is looked up before. It does not wait for the answers.
        """
        room = MOST_IN_FLIGHT - len(self._in_flight) - len(self._ready)
        quick = min(room, _MOST_READY - len(self._ready))
        held_up = min(room, _MOST_HELD_UP - len(self._held_up))
        async with self._database.read() as session:
            sight = await dispatch.look(session, self._clock(), quick, held_up)
        ended, self._ended = self._ended, []
        if not ended and not sight:
            return False
        self._is_writing = True
        try:
            async with self._database.write() as session:
                if ended:
                    await attempts.record(session, ended, self._random.random)
                claims = await dispatch.take(session, sight, self._clock(), self._lease)
        except (DatabaseUnavailable, asyncio.CancelledError):
            self._ended = ended + self._ended
            raise
        finally:
            self._is_writing = False
        for claimed in claims:
            if claimed.standing.next_attempt_at is None:
                self._ready.append(claimed)
            else:
                self._held_up.add(self._start(claimed))
        self._start_ready()
        # What was recorded may leave more to be sent; where all places are taken, the next that ends leads here again.
        return (sight.more or bool(ended)) and not self._ready and len(self._quick) < AT_ONCE

    async def prune_some(self) -> bool:
        """Delete one batch of what is older than the log is kept; whether there was any."""
        async with self._database.write() as session:
            return await deliveries.prune(session, self._clock()) > 0

    async def all_ended(self) -> bool:
        """Wait until nothing is in flight, and say whether anything was: the next `deliver_some` records it."""
        waited = bool(self._in_flight)
        while self._in_flight:
            await asyncio.wait(self._in_flight)
        return waited

    async def close(self) -> None:
        """Give what is in flight a few seconds, record it, and let go of the rest: its lease brings it back."""
        unsent = list(self._ready)
        self._ready.clear()
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_GRACE_SECONDS)
        late = list(self._in_flight)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        ended, self._ended = self._ended, []
        if ended or unsent:
            try:
                async with self._database.write() as session:
                    await attempts.record(session, ended, self._random.random)
                    await dispatch.release(session, unsent)
            except DatabaseUnavailable:
                _logger.warning("delivery: %d results could not be recorded; they will be sent again", len(ended))
        await self._pool.aclose()

    def _start_ready(self) -> None:
        while self._ready and len(self._quick) < AT_ONCE and len(self._ended) < _GATHERED and not self._is_writing:
            task = self._start(self._ready.popleft())
            self._quick.add(task)
            asyncio.get_running_loop().call_later(_QUICK_SECONDS, self._give_place, task)

    def _start(self, claimed: Claimed) -> asyncio.Task[None]:
        task = asyncio.create_task(self._send_all(claimed))
        self._in_flight.add(task)
        task.add_done_callback(self._ended_task)
        return task

    def _give_place(self, task: asyncio.Task[None]) -> None:
        if task in self._quick:
            self._quick.discard(task)
            self._start_ready()
            if not self._quick:
                self._wake.set()

    def _ended_task(self, task: asyncio.Task[None]) -> None:
        for held in (self._in_flight, self._quick, self._held_up):
            held.discard(task)
        self._start_ready()
        if not self._quick:
            self._wake.set()
        elif len(self._ended) == 1:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._wake.set)

    async def _send_all(self, claimed: Claimed) -> None:
        """Send what was claimed, in order, until something has to be tried again or half a second is over.

        An endpoint that asked for time gets one at a time.
        """
        clock = asyncio.get_running_loop().time
        enough = clock() + _QUICK_SECONDS
        ended: list[Ended] = []
        for message in claimed.messages:
            if self._clock() + _LEASE_LEFT > claimed.until or (ended and (claimed.standing.pace or clock() > enough)):
                break
            outcome = await self._send(claimed, message)
            ended.append(Ended(message, outcome, self._clock()))
            if isinstance(outcome, Retry) or (isinstance(outcome, GiveUp) and outcome.disable):
                break
        self._ended.append(Result(claimed, tuple(ended)))

    async def _send(self, claimed: Claimed, message: Message) -> Outcome:
        try:
            now = self._clock()
            secrets = [self._keys.unseal(sealed) for sealed in claimed.secrets]
            headers = signing.headers(secrets, str(message.event_id), int(now.timestamp()), message.body)
            return await sender.post(self._pool, claimed.url, headers, message.body, now)
        except ConfigurationError as error:
            _logger.error("webhook %s: %s", claimed.webhook_id, error)
            return Retry(reason="secret_unreadable", duration_ms=0)
        except Exception:
            # A fault of ours must not leave it claimed, nor stop the others.
            _logger.exception("webhook %s: an attempt failed", claimed.webhook_id)
            return Retry(reason="internal_error", duration_ms=0)
