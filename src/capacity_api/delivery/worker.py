"""The worker delivers the messages of webhooks: it finds due work, claims it, sends it and records the results.

Any number of workers may run on one database. If one is killed, nothing is lost: its claims expire,
and another worker sends the same messages again, with the same `webhook-id`.

A slow endpoint does not hold up the others. After a tenth of a second, a send gives up its fast slot
and continues in the background. While many do, those in fast slots have a second to connect. A webhook
whose endpoint was slow or failed gets a slow slot next time, and the whole time to connect. No owner
has more than a few sends under way (`due_work.MAX_SENDS_PER_OWNER`), however many webhooks it has.
"""

import asyncio
from collections import Counter, deque
from functools import partial
from secrets import SystemRandom
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog

from capacity_api import background
from capacity_api.clock import BootClock, Clock, read_boot_clock
from capacity_api.clock_watch import steady_clock
from capacity_api.config import Settings
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool
from capacity_api.domain import signing
from capacity_api.domain.claim import Claim, Message
from capacity_api.domain.keys import Keys
from capacity_api.domain.lease import LeaseEnded, require_lease
from capacity_api.domain.retry import Outcome, Retry, is_gone
from capacity_api.errors import ConfigurationError, Unavailable
from capacity_api.operations import notices, retention
from capacity_api.operations.heartbeats import Heartbeat, Task
from capacity_api.operations.webhooks import claims, due_work, results
from capacity_api.operations.webhooks.due_work import DueWork
from capacity_api.operations.webhooks.results import ClaimResult, SendResult

log = structlog.get_logger()
_IDLE_SECONDS = 0.5
_PRUNE_EVERY_SECONDS = 60.0
_TELL_EVERY_SECONDS = 60.0
_GRACE_SECONDS = 3.0
# At the end, a database that does not answer may not keep the process from stopping.
_RECORD_SECONDS = 2.0
FAST_SLOTS = 64
_SLOW_SLOTS = 64
# After this long, a send gives up its fast slot.
_FAST_SECONDS = 0.1
# For so long a claim goes on with its next message.
_CLAIM_SECONDS = 0.5
# With this many in flight outside the slow slots, most of them hang. A thousand dead endpoints may not hold up one that
# works, so a send in a fast slot then has this long to connect.
_CROWD = 64
_CROWDED_CONNECT_SECONDS = 1.0
# How many claims may wait for a fast slot, so that a free slot need not wait for the database.
_MAX_READY = 128
# Each send takes memory for its connection. A round may exceed this, since each of its three searches may
# fill the free room alone.
MAX_IN_FLIGHT = 512
# A transaction takes a dozen statements, and every other writer waits for it. So results are
# recorded in batches: with this many sends nothing new is started until they are recorded, and the
# first result waits this long for others. With so many, one transaction takes no further result.
_BATCH = 50
_MAX_RECORDED = 2 * _BATCH
_BATCH_SECONDS = 0.1
# What must be left of a lease to start another send: its deadline, and the time to record it.
_LEASE_NEEDED_SECONDS = sender.DEADLINE_SECONDS + 2
# A message that was read longer ago is read again before it is sent: it may have been redacted since, or its webhook
# disabled.
_FRESH_SECONDS = 0.5


class _DatedClaim(NamedTuple):
    """A claim, and when its messages were read from the database, on the loop's clock."""

    claim: Claim
    read_at: float


class Worker:
    """Set `wake` after a commit that added an event or a delivery, or it may wait for half a second."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        settings: Settings,
        clock: Clock,
        wake: asyncio.Event,
        pool: Pool | None = None,
        *,
        fresh_seconds: float = _FRESH_SECONDS,
        boot_clock: BootClock = read_boot_clock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._lease = settings.lease
        self._clock = clock
        self._now = steady_clock(database.clock_watch, clock)
        self._boot_clock = boot_clock
        self._wake = wake
        self._prunes = retention.prunes(settings)
        self._opened = () if settings.demonstration else settings.egress_allow
        self._pool = pool or Pool(Guard(settings.egress_allow))
        self._fresh_seconds = fresh_seconds
        self._random = SystemRandom()
        # A claim is ready until it is started, in flight while it is sent, and finished until it is
        # recorded.
        self._ready: deque[_DatedClaim] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._finished: list[ClaimResult] = []
        # The sends that hold a slot. Others are in flight without one.
        self._fast: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()
        # How many claims of each owner are ready or in flight. `None` is the administrators.
        self._held: Counter[UUID | None] = Counter()
        self._is_recording = False

    async def run(self) -> None:
        """Deliver until cancelled. Sends in flight then have a few seconds to finish."""
        if self._opened:
            log.warning(
                "egress.opened",
                networks=[str(network) for network in self._opened],
                detail="CAPACITY_EGRESS_ALLOW is for development and private networks: all who may add webhooks can "
                "send to these networks, and learns of each attempt there only whether it was accepted",
            )
        heartbeat = Heartbeat(self._database, Bulkhead.DELIVERY, Task.DELIVERY, self._clock)
        try:
            async with asyncio.TaskGroup() as group:
                deliver_some = heartbeat.after(self.deliver_some)
                group.create_task(background.run("delivery", deliver_some, self._wake, _IDLE_SECONDS))
                group.create_task(heartbeat.run())
                group.create_task(background.run("retention", self.prune_some, asyncio.Event(), _PRUNE_EVERY_SECONDS))
                group.create_task(background.run("notices", self.tell_owners, asyncio.Event(), _TELL_EVERY_SECONDS))
        finally:
            await self.close()

    async def deliver_some(self) -> bool:
        """One round, which does not wait for the endpoints. True if there may be more to do at once."""
        # 1. Find due work. This only reads.
        read_at = asyncio.get_running_loop().time()
        due = await self._find_due()
        finished = self._take_batch()
        if not due and not finished:
            return False
        # 2. Record finished sends and claim the due work, in one short transaction for both.
        new_claims = await self._record_and_claim(finished, due)
        # 3. Start to send, outside the transaction.
        self._start([_DatedClaim(claim, read_at) for claim in new_claims])
        # Recording frees webhooks for their next event. While all fast slots are busy, wait for a
        # send to finish.
        is_waiting = bool(self._ready) or not self._has_free_fast_slot()
        return self._has_full_batch() or ((due.may_have_more or bool(finished)) and not is_waiting)

    async def prune_some(self) -> bool:
        """Delete one batch of each thing that was kept for long enough, whether or not this process sends mail.

        True if there was any. Nothing is old by a clock in doubt.
        """
        watch = self._database.clock_watch
        if watch is not None and watch.in_doubt:
            return False
        count = 0
        for prune in self._prunes:
            async with self._database.write(bulkhead=Bulkhead.DELIVERY) as session:
                count += await prune(session, self._clock())
        return count > 0

    async def tell_owners(self) -> bool:
        """Tell owners which tokens end and which webhooks fail, once each. True if there was any to tell.

        Nothing ends and nothing has failed for long by a clock in doubt.
        """
        watch = self._database.clock_watch
        if watch is not None and watch.in_doubt:
            return False
        now = self._clock()
        async with self._database.read(Bulkhead.DELIVERY) as session:
            due = await notices.find_notices(session, now)
        if not due:
            return False
        async with self._database.write(bulkhead=Bulkhead.DELIVERY) as session:
            await notices.add_notices(session, now, due)
        return True

    async def wait_until_sent(self) -> bool:
        """Wait until nothing is in flight. True if anything was; the next round records it."""
        was_sending = bool(self._in_flight)
        while self._in_flight:
            await asyncio.wait(self._in_flight)
        return was_sending

    async def close(self) -> None:
        """Stop: wait briefly for what is in flight, record it, and give back the claims that were not started."""
        # 1. Start nothing more.
        unsent = [each.claim for each in self._ready]
        self._ready.clear()
        # 2. Give the sends a few seconds, then cancel them. Their claims expire, and another worker
        # sends them again.
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_GRACE_SECONDS)
        late = list(self._in_flight)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        # 3. Record what finished.
        finished, self._finished = self._finished, []
        if finished or unsent:
            try:
                async with (
                    asyncio.timeout(_RECORD_SECONDS),
                    self._database.write(bulkhead=Bulkhead.DELIVERY) as session,
                ):
                    await results.record(session, finished, self._random.random)
                    await claims.release(session, unsent)
            except (Unavailable, TimeoutError):
                log.warning("delivery.results_lost", count=len(finished))
        await self._pool.aclose()

    def _take_batch(self) -> list[ClaimResult]:
        """The results to record next: those that finished first, of not many more sends than one batch has."""
        sends = count = 0
        while count < len(self._finished) and sends < _MAX_RECORDED:
            sends += len(self._finished[count].sends)
            count += 1
        finished, self._finished = self._finished[:count], self._finished[count:]
        if self._finished:
            asyncio.get_running_loop().call_later(_BATCH_SECONDS, self._wake.set)
        return finished

    async def _find_due(self) -> DueWork:
        free = MAX_IN_FLIGHT - len(self._in_flight) - len(self._ready)
        async with self._database.read(Bulkhead.DELIVERY) as session:
            return await due_work.find_due(
                session,
                self._now(),
                max_ready=min(free, _MAX_READY - len(self._ready)),
                max_slow=min(free, _SLOW_SLOTS - len(self._slow)),
                held=self._held,
                boot_time=self._boot_clock(),
            )

    async def _record_and_claim(self, finished: list[ClaimResult], due: DueWork) -> list[Claim]:
        self._is_recording = True
        # Before the database counts the lease, so that it ends here first.
        boot_time = self._boot_clock()
        try:
            async with self._database.write(bulkhead=Bulkhead.DELIVERY) as session:
                await results.record(session, finished, self._random.random)
                return await claims.claim(session, due, self._now(), self._lease, boot_time=boot_time)
        except (Unavailable, asyncio.CancelledError):
            # Record these results later.
            self._finished = finished + self._finished
            raise
        finally:
            self._is_recording = False

    def _start(self, new_claims: list[_DatedClaim]) -> None:
        """Start the claims of webhooks that are backing off, in slow slots. The others wait for a fast slot."""
        self._held.update(each.claim.owner_id for each in new_claims)
        for each in new_claims:
            if each.claim.health.next_attempt_at is None:
                self._ready.append(each)
            else:
                self._slow.add(self._start_sending(each))
        self._fill_fast_slots()

    def _fill_fast_slots(self) -> None:
        while self._ready and self._has_free_fast_slot() and not self._has_full_batch() and not self._is_recording:
            task = self._start_sending(self._ready.popleft())
            self._fast.add(task)
            asyncio.get_running_loop().call_later(_FAST_SECONDS, self._give_up_fast_slot, task)

    def _has_full_batch(self) -> bool:
        return len(self._finished) >= _BATCH or sum(len(each.sends) for each in self._finished) >= _BATCH

    def _has_free_fast_slot(self) -> bool:
        return len(self._fast) < FAST_SLOTS

    def _start_sending(self, dated: _DatedClaim) -> asyncio.Task[None]:
        task = asyncio.create_task(self._send_claim(*dated))
        self._in_flight.add(task)
        task.add_done_callback(partial(self._on_finished, dated.claim))
        return task

    def _give_up_fast_slot(self, task: asyncio.Task[None]) -> None:
        if task not in self._fast:
            return
        self._fast.discard(task)
        self._fill_fast_slots()
        if not self._fast:
            self._wake.set()

    def _on_finished(self, claim: Claim, task: asyncio.Task[None]) -> None:
        self._held[claim.owner_id] -= 1
        if not self._held[claim.owner_id]:
            del self._held[claim.owner_id]
        for tasks in (self._in_flight, self._fast, self._slow):
            tasks.discard(task)
        self._fill_fast_slots()
        if not self._fast:
            self._wake.set()
        elif len(self._finished) == 1:
            asyncio.get_running_loop().call_later(_BATCH_SECONDS, self._wake.set)

    async def _send_claim(self, claim: Claim, read_at: float) -> None:
        """Send the messages in order.

        Stop at one that must be sent again, at an endpoint that is gone or cooling down, after half a second, or when
        the lease is too short for another or has ended. Of those in order, only the first is read again to be sent
        late: the others may be superseded by then, which the next claim finds out.
        """
        monotonic = asyncio.get_running_loop().time
        stop_at = monotonic() + _CLAIM_SECONDS
        sends: list[SendResult] = []
        for each in claim.messages:
            if self._boot_clock() + _LEASE_NEEDED_SECONDS > claim.lease_ends_at:
                break
            is_old = monotonic() - read_at > self._fresh_seconds
            if is_old and any(not send.message.is_out_of_order for send in sends):
                break
            message = await self._read_again(claim, each) if is_old else each
            if message is None:
                break
            outcome = await self._send(claim, message)
            if outcome is None:
                break
            sends.append(SendResult(message, outcome, self._now()))
            if isinstance(outcome, Retry) or is_gone(outcome):
                break
            # An endpoint that cools down gets one message at a time.
            if claim.health.cooldown or monotonic() > stop_at:
                break
        self._finished.append(ClaimResult(claim, tuple(sends)))

    async def _read_again(self, claim: Claim, message: Message) -> Message | None:
        """The message as it is now, or `None` if it must not be sent any more, or the database does not say."""
        try:
            async with self._database.read(Bulkhead.DELIVERY) as session:
                body = await claims.read_body(session, claim, message.event_id)
        except Unavailable:
            return None
        return None if body is None else msgspec.structs.replace(message, body=body)

    async def _send(self, claim: Claim, message: Message) -> Outcome | None:
        """Send one message, or nothing if the lease ends before the first byte: the process or the machine stood still.

        The outcome is then `None`.
        """
        try:
            now = self._clock()
            secrets = [self._keys.unseal(sealed) for sealed in claim.sealed_secrets]
            headers = signing.signature_headers(secrets, str(message.event_id), int(now.timestamp()), message.body)
            return await sender.post(
                self._pool,
                claim.url,
                headers,
                message.body,
                now,
                connect_seconds=self._connect_seconds(claim),
                require_lease=partial(require_lease, claim.lease_ends_at, self._boot_clock),
            )
        except LeaseEnded:
            log.warning("delivery.lease_ended", webhook=claim.webhook_id)
            return None
        except ConfigurationError:
            log.error("delivery.secret_unreadable", webhook=claim.webhook_id)
            return Retry(reason="secret_unreadable", duration_ms=0, is_ours=True)
        except Exception:
            # Our own bug must not keep the claim or stop other deliveries.
            log.exception("delivery.failed", webhook=claim.webhook_id)
            return Retry(reason="internal_error", duration_ms=0)

    def _connect_seconds(self, claim: Claim) -> float | None:
        """How long the send may take to connect, or `None` for as long as it takes."""
        is_backing_off = claim.health.next_attempt_at is not None
        is_crowded = len(self._in_flight) - len(self._slow) >= _CROWD
        return _CROWDED_CONNECT_SECONDS if is_crowded and not is_backing_off else None
