"""The only wiring: settings in, a running service out."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from capacity_api import background, garbage, log
from capacity_api.api import problems
from capacity_api.api.admission import AdmissionMiddleware
from capacity_api.api.application import ApiApplication, deprecated_reads
from capacity_api.api.context import Context
from capacity_api.api.known_tokens import READ_TOKENS_EVERY_SECONDS, KnownTokens
from capacity_api.api.metrics import Metrics
from capacity_api.api.shared_counts import ProcessCounts
from capacity_api.api.shutdown import ShutdownMiddleware
from capacity_api.api.sign_in_queue import MAIL_SIGN_INS_EVERY_SECONDS, SignInQueue
from capacity_api.api.write_limit import WriteLimit
from capacity_api.background import Round
from capacity_api.clock import Clock, utc_now
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import Conditions
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.clock import LOOK_AT_CLOCK_EVERY_SECONDS, look_at_clock
from capacity_api.db.engine import CHANGED, Database
from capacity_api.db.erasure import ERASE_EVERY_SECONDS, Eraser
from capacity_api.db.listening import listen_for_changes
from capacity_api.db.watch import Watch
from capacity_api.delivery.worker import Worker
from capacity_api.domain.keys import Keys
from capacity_api.edge.application import Edge, EdgeApplication
from capacity_api.edge.connections import Connections, Limits
from capacity_api.edge.durations import Durations
from capacity_api.edge.refusals import Refusals
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.mail.transport import Transport
from capacity_api.mail.worker import Mailer, transport_of
from capacity_api.operations import changes, periods
from capacity_api.operations.key_check import LOOK_AT_SECRETS_EVERY_SECONDS, KeyCheck
from capacity_api.publication.documents import catalogue
from capacity_api.publication.middleware import PublicationMiddleware
from capacity_api.publication.publisher import ACKNOWLEDGE_TIMEOUT_SECONDS, PREPARE_EVERY_SECONDS, Publisher
from capacity_api.publication.readiness import Readiness

# How often each task looks by itself: SQLite cannot wake another process, and a notification may be lost.
_REFRESH_EVERY_SECONDS = 0.5
_RECORD_LAPSES_EVERY_SECONDS = 0.25
# Between two steps while much is due at once. On SQLite nobody queues for the write lock: who waits for it looks ten
# times a second whether it is free, so it must be free for a good part of the time, also where a step takes long.
_REST_SECONDS = 0.02
_REST_SHARE = 0.5
# Python's own is 0.005.
_SWITCH_THREADS_SECONDS = 0.001
# The statistics read what is not counted yet from the events; this keeps that little.
_COUNT_EVERY_SECONDS = 10.0
_CHECK_READINESS_EVERY_SECONDS = 1.0
_SHARE_COUNTS_EVERY_SECONDS = 1.0


def create_app(
    settings: Settings,
    clock: Clock = utc_now,
    *,
    clock_watch: ClockWatch | None = None,
    database: Database | None = None,
    deliver: bool = True,
    owns_process: bool = False,
    acknowledge_timeout: float = ACKNOWLEDGE_TIMEOUT_SECONDS,
    formats: Sequence[Format] = FORMATS,
    limits: Limits | None = None,
    mail_transport: Transport | None = None,
    counts: ProcessCounts | None = None,
) -> EdgeApplication:
    """The service as an ASGI application; its background tasks run in its lifespan.

    `owns_process`: the process runs nothing else, so what is loaded at the start stays until the end.
    `clock_watch` compares `clock` with the machine's boot clock, unless a test says with what.
    `database`: a test looks into it. It is closed at the end.
    `acknowledge_timeout`, in seconds: how long a write waits to be shown before it is acknowledged all the same.
    `limits`: what one client may use, unless a test has other limits than the settings.
    `counts`: those of all processes of the service, where it has several.
    `mail_transport`: what sends mail in place of the SMTP server of the settings.
    """
    database = database or Database(settings)
    clock_watch = clock_watch or ClockWatch(clock)
    database.clock_watch = clock_watch
    keys = Keys(settings.secret_keys)
    published = catalogue(settings, formats, deprecated=deprecated_reads(formats))
    publisher = Publisher(database, clock_watch.latest, published, acknowledge_timeout, wall=clock_watch.wall)
    conditions = Conditions(clock)
    readiness = Readiness(database, publisher, conditions, clock)
    watch = Watch(database, conditions)
    key_check = KeyCheck(database, keys, conditions, clock)
    known_tokens = KnownTokens(database, keys, clock)
    mail_transport = mail_transport or transport_of(settings)
    wakes = {name: asyncio.Event() for name in ("publication", "lapses", "delivery", "mail")}

    def notify() -> None:
        for wake in wakes.values():
            wake.set()
        watch.notify()

    sign_ins = SignInQueue(database, keys, clock, notify)
    look_at_clocks = partial(look_at_clock, database, clock_watch, conditions)
    refusals, reads, durations = Refusals(), Counter[int](), Durations()
    metrics = Metrics(
        database=database,
        clock_watch=clock_watch,
        publisher=publisher,
        readiness=readiness,
        refusals=refusals,
        reads=reads,
        durations=durations,
        counts=counts,
    )

    async def share_counts() -> bool:
        metrics.share()
        return False

    async def background_tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(
                background.run("publication", publisher.refresh, wakes["publication"], _REFRESH_EVERY_SECONDS)
            )
            group.create_task(background.run("preparation", publisher.prepare, asyncio.Event(), PREPARE_EVERY_SECONDS))
            group.create_task(background.run("clock", look_at_clocks, asyncio.Event(), LOOK_AT_CLOCK_EVERY_SECONDS))
            group.create_task(
                background.run(
                    "lapses",
                    _lapse_recorder(database, publisher, clock_watch, notify),
                    wakes["lapses"],
                    _RECORD_LAPSES_EVERY_SECONDS,
                )
            )
            group.create_task(
                background.run("statistics", _period_counter(database), asyncio.Event(), _COUNT_EVERY_SECONDS)
            )
            group.create_task(
                background.run("readiness", readiness.check, asyncio.Event(), _CHECK_READINESS_EVERY_SECONDS)
            )
            group.create_task(
                background.run("erasure", Eraser(database).erase_some, asyncio.Event(), ERASE_EVERY_SECONDS)
            )
            group.create_task(
                background.run("tokens", known_tokens.refresh, asyncio.Event(), READ_TOKENS_EVERY_SECONDS)
            )
            group.create_task(
                background.run("sign-ins", sign_ins.mail_waiting, asyncio.Event(), MAIL_SIGN_INS_EVERY_SECONDS)
            )
            group.create_task(background.run("secrets", key_check.look, asyncio.Event(), LOOK_AT_SECRETS_EVERY_SECONDS))
            if counts is not None:
                group.create_task(background.run("metrics", share_counts, asyncio.Event(), _SHARE_COUNTS_EVERY_SECONDS))
            group.create_task(watch.run())
            group.create_task(listen_for_changes(database, notify))
            if deliver:
                group.create_task(Worker(database, keys, settings, clock, wakes["delivery"]).run())
            if deliver and mail_transport is not None:
                group.create_task(Mailer(database, keys, settings, clock, wakes["mail"], mail_transport).run())

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        # The command line has compared the tables already.
        await schema.check_revision(database)
        with garbage.loading() if owns_process else contextlib.nullcontext():
            await watch.look()
            await look_at_clocks()
            await publisher.refresh()
            await known_tokens.refresh()
            await readiness.check()
        if owns_process:
            # Readers wait for as long at each turn, while a snapshot is built in a thread.
            sys.setswitchinterval(_SWITCH_THREADS_SECONDS)
        with log.lifetime():
            running = asyncio.create_task(background_tasks())
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await database.close()

    context = Context(
        settings=settings,
        database=database,
        keys=keys,
        clock=clock,
        publisher=publisher,
        known_tokens=known_tokens,
        sign_ins=sign_ins,
        refusals=refusals,
        notify=notify,
    )
    application = ApiApplication(
        formats,
        {
            "context": context,
            "metrics": metrics,
            "readiness": readiness,
            "write_limit": WriteLimit(settings.write_limit),
        },
        lifespan,
    )
    connections = Connections(limits or _limits(settings), refusals, settings.trusted_proxies)
    admission = AdmissionMiddleware(application, settings, known_tokens)
    return EdgeApplication(
        ShutdownMiddleware(PublicationMiddleware(admission, publisher)),
        Edge(publisher, connections, refusals, reads, durations, partial(problems.represent_refusal, publisher)),
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        keep_alive_seconds=settings.keep_alive_seconds,
        connections=settings.max_connections,
        connections_per_address=settings.max_connections_per_address,
    )


def _lapse_recorder(
    database: Database, publisher: Publisher, clock_watch: ClockWatch, notify: Callable[[], None]
) -> Round:
    async def record_lapses() -> bool:
        """Record some of what is due; true if more is. The publisher knows when, so nobody has to search for it."""
        loop = asyncio.get_running_loop()
        due = publisher.next_due
        if due is None or due > clock_watch.wall() or clock_watch.in_doubt:
            return False
        began = loop.time()
        async with database.write(bulkhead=Bulkhead.PUBLICATION) as session:
            await changes.begin(session, clock_watch.wall())
            next_due = await changes.next_due(session)
            may_have_more = next_due is not None and next_due <= clock_watch.wall()
            if may_have_more:
                # Readers are shown it already. Woken for each step, publication and delivery would do little else.
                session.info.pop(CHANGED, None)
        # A reminder takes no number, so the publisher would not notice it.
        publisher.set_next_due(next_due)
        if may_have_more:
            await asyncio.sleep(max(_REST_SECONDS, _REST_SHARE * (loop.time() - began)))
        elif CHANGED in session.info:
            notify()
            await publisher.refresh()
        return may_have_more

    return record_lapses


def _period_counter(database: Database) -> Round:
    async def count_periods() -> bool:
        """Count new events for the statistics, without taking the write lock where there are none."""
        async with database.read(Bulkhead.PUBLICATION) as session:
            if not await periods.is_behind(session):
                return False
        async with database.write(bulkhead=Bulkhead.PUBLICATION) as session:
            return await periods.count_events(session) > 0

    return count_periods
