"""The only wiring: settings in, a running service out."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from typing import cast

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from capacity_api import config, loop
from capacity_api.api import authorization, problems, requests
from capacity_api.api.context import Context
from capacity_api.api.headers import options, unkept
from capacity_api.api.metrics import Metrics, counted
from capacity_api.api.routes import DEPENDENCIES, ROUTES
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import CHANGED, Database
from capacity_api.db.listening import listening
from capacity_api.delivery.worker import Worker
from capacity_api.domain.keys import Keys
from capacity_api.loop import Clock, Step
from capacity_api.operations import changes, periods
from capacity_api.publication import documents
from capacity_api.publication.publication import PATIENCE_SECONDS, Publication
from capacity_api.publication.serve import Application, Published

# How often each process looks, in case nobody woke it: on SQLite nobody can, and elsewhere a notification may be lost.
_LOOK_EVERY_SECONDS = 0.5
_LAPSE_WITHIN_SECONDS = 0.25
# Statistics take in what is not counted yet by themselves; this keeps that little.
_COUNT_EVERY_SECONDS = 10.0


def create_app(
    settings: Settings,
    clock: Clock = loop.now,
    *,
    deliver: bool = True,
    alone: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> Application:
    """The service as an ASGI application, with everything that runs beside it in its lifespan.

    `alone`: the process does nothing else before or after, so what it reads at its start stays for good. `patience`, in
    seconds: how long a change waits to be shown before it is acknowledged all the same.
    """
    database = Database(settings)
    keys = Keys(settings.secret_keys)
    publication = Publication(database, clock, documents.site(settings), patience)
    wakes = {name: asyncio.Event() for name in ("publication", "lapses", "delivery")}

    def committed() -> None:
        for wake in wakes.values():
            wake.set()

    @contextlib.asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        await schema.check(database)
        await publication.refresh()
        if alone:
            # Looking through it again and again for garbage would hold up every reader.
            gc.collect()
            gc.freeze()
        tasks = [
            asyncio.create_task(
                loop.run("publication", publication.refresh, wakes["publication"], _LOOK_EVERY_SECONDS)
            ),
            asyncio.create_task(
                loop.run(
                    "lapses",
                    _recording(database, publication, clock, committed),
                    wakes["lapses"],
                    _LAPSE_WITHIN_SECONDS,
                )
            ),
            asyncio.create_task(loop.run("statistics", _counting(database), asyncio.Event(), _COUNT_EVERY_SECONDS)),
            asyncio.create_task(listening(database, committed)),
        ]
        if deliver:
            tasks.append(asyncio.create_task(Worker(database, keys, settings, clock, wakes["delivery"]).run()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await database.close()

    context = Context(
        settings=settings, database=database, keys=keys, clock=clock, publication=publication, committed=committed
    )
    metrics = Metrics()
    application = Litestar(
        ROUTES,
        dto=requests.StrictBody,
        return_dto=None,
        guards=[
            requests.refuse_odd_paths,
            authorization.authenticate,
            requests.refuse_unknown_parameters,
            requests.require_json,
            requests.refuse_unread_bodies,
        ],
        dependencies=DEPENDENCIES,
        exception_handlers={HTTPException: problems.handle, Exception: problems.handle},
        before_send=[counted(metrics), unkept, options],
        cors_config=CORSConfig(allow_origins=["*"], expose_headers=["etag"]),
        request_max_body_size=requests.MOST_BODY_BYTES,
        state=State(
            {"context": context, "metrics": metrics, "write_limit": authorization.WriteLimit(settings.write_limit)}
        ),
        lifespan=[running],
        openapi_config=None,
        logging_config=None,
    )
    return Published(cast("Application", application), publication, clock)


def _recording(database: Database, publication: Publication, clock: Clock, committed: Callable[[], None]) -> Step:
    async def record_lapses() -> bool:
        """Record what the clock has brought; the publication knows when that is, so that nobody scans for it."""
        due = publication.next_due
        if due is None or due > clock():
            return False
        async with database.write() as session:
            await changes.begin(session, clock())
            following = await changes.next_due(session)
        # A reminder takes no number, so the publication would not hear of it otherwise.
        publication.expect(following)
        if CHANGED in session.info:
            committed()
            await publication.refresh()
        return False

    return record_lapses


def _counting(database: Database) -> Step:
    async def count() -> bool:
        """Count for the statistics what was told meanwhile, without taking the writer's turn for nothing."""
        async with database.read() as session:
            if not await periods.is_behind(session):
                return False
        async with database.write() as session:
            return await periods.count(session) > 0

    return count


def from_environment() -> Application:
    """For a server that makes its own processes: `--factory capacity_api.app:from_environment`."""
    return create_app(config.with_keys(config.from_environment()), alone=True)
