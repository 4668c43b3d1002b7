"""The mailer sends what waits in the outbox: it claims a few mails, sends one after the other, and records each.

Any number may run on one database. If one is killed, nothing is lost: its lease ends, and another sends the same
mails again, with the same `Message-ID`. A mail server that is away counts against no mail: what was claimed is given
back, and the mailer waits, each time for longer.
"""

import asyncio
from collections import deque
from datetime import timedelta
from functools import partial
from secrets import SystemRandom

import structlog

from capacity_api import background
from capacity_api.clock import BootClock, Clock, read_boot_clock
from capacity_api.clock_watch import steady_clock
from capacity_api.config import Settings
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.domain.lease import LeaseEnded, require_lease
from capacity_api.domain.mail import MailClaim
from capacity_api.domain.retry import Outcome, Retry
from capacity_api.errors import ConfigurationError, Unavailable
from capacity_api.mail.messages import Writer
from capacity_api.mail.smtp import DEADLINE_SECONDS, SmtpTransport
from capacity_api.mail.transport import ServerUnavailable, Transport
from capacity_api.operations.heartbeats import Heartbeat, Task
from capacity_api.operations.mail import claims, results
from capacity_api.operations.mail.content import MailContent, NotNow, Untrue, read_content
from capacity_api.operations.mail.results import MailResult

log = structlog.get_logger()
_IDLE_SECONDS = 0.5
# At the end, what is being sent has this long to be sent and recorded.
_GRACE_SECONDS = 3.0
_RELEASE_SECONDS = 2.0
# A claim of ten takes a second or two. A server that takes longer gets fewer at a time.
_LEASE = timedelta(seconds=2 * DEADLINE_SECONDS)
# What must be left of it to send another: its deadline, and the time to record it.
_LEASE_NEEDED_SECONDS = DEADLINE_SECONDS + 2
# How long to wait for a mail server that is away: doubled each time.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0


class Mailer:
    """Set `wake` after a commit that added a mail, or it may wait for half a second."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        settings: Settings,
        clock: Clock,
        wake: asyncio.Event,
        transport: Transport,
        *,
        first_pause_seconds: float = _FIRST_PAUSE_SECONDS,
        boot_clock: BootClock = read_boot_clock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._now = steady_clock(database.clock_watch, clock)
        self._boot_clock = boot_clock
        self._wake = wake
        self._transport = transport
        self._writer = Writer(settings)
        self._public_url = settings.public_url or ""
        self._random = SystemRandom()
        # Claimed and not sent yet; and sent and not recorded yet, where the database did not answer.
        self._claimed: deque[MailClaim] = deque()
        self._finished: list[MailResult] = []
        self._sending: asyncio.Task[None] | None = None
        self._is_unreachable = False
        # On the loop's clock.
        self._resume_at = 0.0
        self._first_pause_seconds = self._pause_seconds = first_pause_seconds

    async def run(self) -> None:
        """Send until cancelled. What is being sent then has a few seconds to finish."""
        heartbeat = Heartbeat(self._database, Bulkhead.MAIL, Task.MAIL, self._clock)
        try:
            async with asyncio.TaskGroup() as group:
                send_some = heartbeat.after(self.send_some)
                group.create_task(background.run("mail", send_some, self._wake, _IDLE_SECONDS))
                group.create_task(heartbeat.run())
        finally:
            await self.close()

    async def send_some(self) -> bool:
        """One round: one claim. True if there may be more to do at once."""
        # 1. What was sent must be recorded before anything else is.
        await self._record_finished()
        # By a clock in doubt, a report may seem lapsed that holds.
        watch = self._database.clock_watch
        if (watch is not None and watch.in_doubt) or asyncio.get_running_loop().time() < self._resume_at:
            return False
        # 2. Find what is due, and claim it once the mail server answers.
        if not self._claimed and not await self._claim():
            return False
        # 3. Send one after the other.
        while self._claimed:
            if self._boot_clock() + _LEASE_NEEDED_SECONDS > self._claimed[0].lease_ends_at:
                await self._release_claimed()
                break
            # A mail that is on its way is sent to the end when this stops.
            self._sending = asyncio.create_task(self._send(self._claimed.popleft()))
            await asyncio.shield(self._sending)
        return not self._is_unreachable

    async def close(self) -> None:
        """Stop: let what is being sent finish, and give back the rest."""
        if self._sending is not None and not self._sending.done():
            await asyncio.wait({self._sending}, timeout=_GRACE_SECONDS)
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._record_finished()
                await self._release_claimed()
        except (Unavailable, TimeoutError):
            log.warning("mail.results_lost", count=len(self._finished))
        await self._transport.close()

    async def _claim(self) -> bool:
        """Claim what is due. False if nothing is, or if the mail server does not answer."""
        async with self._database.read(Bulkhead.MAIL) as session:
            due = await claims.find_due(session, self._now(), boot_time=self._boot_clock())
        if not due:
            await self._transport.close()
            return False
        try:
            await self._transport.open()
        except ServerUnavailable as error:
            self._pause(error)
            return False
        # Before the database counts the lease, so that it ends here first.
        boot_time = self._boot_clock()
        async with self._database.write(bulkhead=Bulkhead.MAIL) as session:
            claimed = await claims.claim(session, self._now(), self._keys, due, _LEASE, boot_time=boot_time)
        self._claimed.extend(claimed)
        return True

    async def _send(self, claim: MailClaim) -> None:
        """Send one mail as it is now, and record what became of it."""
        try:
            outcome = await self._attempt(claim)
        except ServerUnavailable as error:
            self._pause(error)
            self._claimed.appendleft(claim)
            await self._release_claimed()
            return
        except Unavailable:
            self._claimed.appendleft(claim)
            raise
        if outcome is None:
            self._claimed.appendleft(claim)
            await self._release_claimed()
            return
        self._finished.append(MailResult(claim, outcome, self._now()))
        await self._record_finished()

    async def _attempt(self, claim: MailClaim) -> Outcome | str | None:
        """The outcome, or a word for why it is not true any more, or `None` if it is not for this claim to send."""
        try:
            async with self._database.read(Bulkhead.MAIL) as session:
                content = await read_content(session, self._clock(), self._keys, self._public_url, claim)
            if isinstance(content, NotNow):
                return None
            if isinstance(content, Untrue):
                return content.reason
            return await self._send_content(claim, content)
        except LeaseEnded:
            # The process or the machine stood still.
            log.warning("mail.lease_ended", mail=claim.mail_id)
            return None
        except ConfigurationError:
            log.error("mail.secret_unreadable", mail=claim.mail_id)
            return Retry(reason="secret_unreadable", duration_ms=0)
        except (ServerUnavailable, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - our own bug must not stop other mail
            # Its message might hold the address, so only its type is logged.
            log.error("mail.broken", mail=claim.mail_id, error=type(error).__name__)
            return Retry(reason="internal_error", duration_ms=0)

    async def _send_content(self, claim: MailClaim, content: MailContent) -> Outcome:
        message = self._writer.write(content, self._clock())
        outcome = await self._transport.send(
            message, content.email, partial(require_lease, claim.lease_ends_at, self._boot_clock)
        )
        if self._is_unreachable:
            log.info("mail.reachable")
        self._is_unreachable, self._pause_seconds = False, self._first_pause_seconds
        return outcome

    def _pause(self, error: ServerUnavailable) -> None:
        if not self._is_unreachable:
            log.warning("mail.unreachable", reason=error.reason, status=error.status)
        self._is_unreachable = True
        self._resume_at = asyncio.get_running_loop().time() + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)

    async def _record_finished(self) -> None:
        while self._finished:
            async with self._database.write(bulkhead=Bulkhead.MAIL) as session:
                await results.record(session, self._finished[0], self._random.random)
            del self._finished[0]

    async def _release_claimed(self) -> None:
        if self._claimed:
            async with self._database.write(bulkhead=Bulkhead.MAIL) as session:
                await claims.release(session, list(self._claimed))
            self._claimed.clear()


def transport_of(settings: Settings) -> Transport | None:
    """What sends mail by the settings; `None` where they name no mail server."""
    if settings.smtp is None or settings.mail_from is None:
        return None
    return SmtpTransport(settings.smtp, settings.mail_from)
