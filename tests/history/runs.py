"""One run: everybody at once for so many seconds, and then the question whether every promise was kept."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
from tests import varnish
from tests.conftest import settings_of
from tests.delivery import endpoints
from tests.history import troubles
from tests.history.clients import VALID_FOR, Client, Responder
from tests.history.endings import POLL_SECONDS, agreed, all_told, check_counts, check_tokens, read_webhooks
from tests.history.owners import PARTNER, Coordinator, Partner
from tests.history.places import Place, place
from tests.history.readers import Source, read_all, read_files
from tests.history.record import Finding, Json, Record
from tests.history.servers import LEASE_SECONDS, Before, Installation, Member, passes, running
from tests.history.subscribers import EVERY_TYPE, Subscriber, replayed
from tests.history.troubles import Trouble, Troubles
from tests.serving import Headers, client_of, patience

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.operations import intake, owners, responders, tokens
from capacity_api.operations.responders import ResponderPatch

# Each of these reports for itself; the others of the register are left to lapse.
_SLUGS = ("bawso", "kalayaan", "migrant-help", "salvation-army", "tara", "unseen")
# The last is suspended now and then, and so is the partner.
_SUSPENDED = _SLUGS[-1]
# An event may be dated so far ahead of the clock: somebody has set it back.
_AHEAD = timedelta(minutes=3)
# On a slow machine, a run goes on in peace until so many are made.
_FEWEST_CHANGES = 50
# What it may take until all processes run, or more.
_START_SECONDS = 15
# One of two runs has files, and one of two a cache.
_HALF = 0.5


class Tokens(msgspec.Struct):
    """The headers of everybody who has a token, and the ids of the owners that are suspended now and then."""

    admin: Headers
    partner: Headers
    responders: dict[str, Headers]
    owners: dict[str, str]


class Run:
    """One run of the checker; `kind` is "sqlite" or "postgresql". `befell` and `did` say what happened."""

    def __init__(
        self,
        kind: str,
        chance: Random,
        seconds: float,
        folder: Path,
        before: Before | None = None,
        *,
        drawn: frozenset[Trouble] | None = None,
    ) -> None:
        self._kind = kind
        self._chance = chance
        self._seconds = seconds
        self._folder = folder
        self._before = before
        is_sqlite = kind == "sqlite"
        self.drawn = troubles.draw(chance, is_sqlite=is_sqlite) if drawn is None else drawn
        self._moved = troubles.draw_moved(chance, self.drawn, is_sqlite=is_sqlite)
        self.has_files, self.has_cache = chance.random() < _HALF, chance.random() < _HALF and bool(varnish.VARNISHD)
        self.did: Counter[str] = Counter()
        self.befell: list[str] = []
        self.record = Record()

    def describe(self) -> str:
        names = sorted(each.name for each in self.drawn)
        names += [name for name, has in (("FILES", self.has_files), ("CACHE", self.has_cache)) if has]
        return f"{self._kind} with {', '.join(names) or 'nothing special'}"

    async def check(self) -> None:
        """Raise `Finding` where a promise is broken."""
        async with place(self._kind, self._folder, has_standby=Trouble.PROMOTION in self.drawn) as where:
            issued = await self._prepare(where)
            installation = Installation(where, self._folder, self._before, moved=self._moved, has_files=self.has_files)
            async with running(installation), AsyncExitStack() as stack:
                await self._live(installation, issued, stack)

    async def _live(self, installation: Installation, issued: Tokens, stack: AsyncExitStack) -> None:
        record, servers = self.record, installation.servers
        subscribers = [
            Subscriber(name, record, self._fork(), self._folder, servers, slugs=slugs, forgets=name == "forgetful")
            for name, slugs in (("everything", ()), ("what holds", ()), ("two", _SLUGS[:2]), ("forgetful", ()))
        ]
        for each in subscribers:
            each.url = await stack.enter_async_context(endpoints.serving(each))
            await _subscribe(each, servers[0], issued, record)
        partner = Partner(servers, record, self._fork(), issued.partner, subscribers=subscribers)
        clients = [
            *(Responder(slug, servers, record, self._fork(), issued.responders[slug]) for slug in _SLUGS),
            Coordinator(servers, record, self._fork(), issued.admin, slugs=_SLUGS, owners=issued.owners),
            partner,
        ]
        stopped = installation.workers[0] if Trouble.STOP in self.drawn else None
        befalling = Troubles(installation, record, self._fork(), self.drawn, self._folder, stopped)
        self.befell = befalling.befell
        sources = [_source(server.name, server, server.client) for server in servers]
        if self.has_cache:
            address = await stack.enter_async_context(varnish.proxying(str(servers[0].client.base_url), self._folder))
            client = await stack.enter_async_context(client_of(address))
            sources.append(_source("the cache", servers[0], client))
        try:
            await self._change(installation, issued, clients, sources, befalling, stopped)
            await _resume(clients)
            for each in subscribers:
                each.is_well = True
            await self._check_all(installation, issued, subscribers, partner, in_order=stopped is None)
        finally:
            self.did = sum((each.did for each in clients), Counter())
            self.did["webhooks"] = sum(len(each.posts) for each in subscribers)

    async def _change(
        self,
        installation: Installation,
        issued: Tokens,
        clients: list[Client],
        sources: list[Source],
        befalling: Troubles,
        stopped: Member | None,
    ) -> None:
        """Let everybody do what they do for so many seconds, and end all of it in good order."""
        record = self.record
        reporting = [each for each in clients if isinstance(each, Responder)]
        for each in reporting:
            await each.prepare()
        at_peace, ended = asyncio.Event(), asyncio.Event()
        tasks: list[Coroutine[Any, Any, None]] = [
            befalling.befall(at_peace, self._seconds),
            _watch_cursors(ended, installation.servers[-1], issued, record),
            *(each.live(ended) for each in clients),
            *(read_all(ended, source, record, self._fork()) for source in sources),
        ]
        if self.has_files:
            tasks.append(read_files(ended, installation.root, record))
        if stopped is not None:
            # It lasts longer than the changes do.
            tasks.append(_stop_past_the_lease(stopped, self._chance.uniform(0, 3)))
        try:
            async with asyncio.TaskGroup() as group:
                first, *_ = [group.create_task(task) for task in tasks]
                await asyncio.sleep(self._seconds)
                at_peace.set()
                # What happens once may still have to happen.
                await first
                async with patience(lambda: f"{_FEWEST_CHANGES} changes"):
                    while sum(each.did.total() for each in reporting) < _FEWEST_CHANGES:  # noqa: ASYNC110 - many add to it
                        await asyncio.sleep(POLL_SECONDS)
                ended.set()
        except ExceptionGroup as group_of_errors:
            findings = group_of_errors.subgroup(Finding)
            if findings is None:
                raise
            raise findings.exceptions[0] from None

    async def _check_all(
        self,
        installation: Installation,
        issued: Tokens,
        subscribers: list[Subscriber],
        partner: Partner,
        *,
        in_order: bool,
    ) -> None:
        record = self.record
        ending = await agreed(installation, self._folder)
        latest = ending.events[-1]["sequence"]
        for each in subscribers:
            if each.forgotten is not None:
                # Who has lost something has it sent again.
                async with patience(lambda: "a replay"):
                    while not await partner.replay(each, each.forgotten - 1):
                        pass
        await all_told(installation.servers[0], issued.admin, latest, record)
        record.check_events(ending.events)
        record.check_bodies()
        await check_tokens(installation.servers, record)
        record.check_directory(ending.responders, replayed(ending.pages, self._folder))
        ending.check_gaps()
        for each in subscribers:
            if each.wants_all:
                each.check_all_taken(event["sequence"] for event in ending.events)
            # No sender can promise it of a worker that was stopped between its look at the lease and its first byte.
            # Whatever befalls an installation may cost a worker its life, or the results of one claim.
            each.check(ending.responders, in_order=in_order, deaths=len(self.befell))
        await check_counts(installation)

    async def _prepare(self, where: Place) -> Tokens:
        """The register, whose reports lapse one after another during the run."""
        settings = settings_of(where.direct_url)
        database, keys, now = Database(settings), Keys(settings.secret_keys), utc_now()
        hours = int(VALID_FOR / timedelta(hours=1))
        async with database.write() as session:
            await responders.load_register(session, now - 2 * VALID_FOR)
        for each in responders.read_register():
            # One transaction for each, as a report is.
            async with database.write() as session:
                patch = ResponderPatch(valid_for_hours=hours)
                await responders.change_details(session, now - 2 * VALID_FOR, each.slug, patch)
                lasts = timedelta(seconds=self._chance.uniform(0, self._seconds + _START_SECONDS))
                report = Report(state=ReportedState.OPEN)
                await intake.report_intake(session, now - VALID_FOR + lasts, each.slug, report)
        if Trouble.AHEAD in self.drawn:
            async with database.write() as session:
                (await sequence.lock(session)).at = now + _AHEAD
        issued = await _issue_tokens(database, settings, keys)
        # Only the service may have it open: the first to open it after a kill reads the log again.
        await database.close()
        return issued

    def _fork(self) -> Random:
        return Random(self._chance.random())


def _source(name: str, server: Member, client: httpx.AsyncClient) -> Source:
    return Source(name, client, server.lag_since)


async def _issue_tokens(database: Database, settings: Settings, keys: Keys) -> Tokens:
    async def issue(owner: Owner) -> Headers:
        async with database.write() as session:
            return {"authorization": f"Bearer {(await tokens.issue_token(session, utc_now(), keys, owner)).token}"}

    async with database.write() as session:
        await owners.add_partner(session, utc_now(), "Case tool")
        partner = await owners.partner_owner(session, "Case tool")
        of_responders = {slug: await owners.responder_owner(session, slug) for slug in _SLUGS}
    return Tokens(
        await issue(Owner(type="admin")),
        await issue(partner),
        {slug: await issue(owner) for slug, owner in of_responders.items()},
        {PARTNER: str(partner.id), _SUSPENDED: str(of_responders[_SUSPENDED].id)},
    )


async def _subscribe(subscriber: Subscriber, server: Member, issued: Tokens, record: Record) -> None:
    body: Json = {"url": subscriber.url, "event_types": EVERY_TYPE}
    if subscriber.wants_all:
        body["stale"] = "send"
    if subscriber.slugs:
        body["responders"] = list(subscriber.slugs)
    answer = await server.client.post("/v1/webhooks", json=body, headers=issued.partner)
    assert answer.status_code == 201, answer.text
    subscriber.webhook_id = answer.json()["id"]
    record.replays[subscriber.url] = 0
    subscriber.begin(answer.json()["last_sequence"], (await server.client.get("/v1/directory")).json())


async def _resume(clients: list[Client]) -> None:
    (coordinator,) = (each for each in clients if isinstance(each, Coordinator))
    async with patience(lambda: "owners that are no longer suspended"):
        await coordinator.resume_all()


async def _stop_past_the_lease(worker: Member, after: float) -> None:
    await asyncio.sleep(after)  # drawn by the seed
    await worker.stop(asyncio.Event(), LEASE_SECONDS + 1)


async def _watch_cursors(ended: asyncio.Event, server: Member, issued: Tokens, record: Record) -> None:
    while not await passes(ended, POLL_SECONDS):
        await read_webhooks(server, issued.admin, record)
