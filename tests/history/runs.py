"""One run: everybody at once for so many seconds, and then the question whether every promise was kept."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
from tests.delivery import endpoints
from tests.history.clients import VALID_FOR, Client, Coordinator, Responder
from tests.history.readers import read_all
from tests.history.record import Finding, Json, Promise, Record
from tests.history.servers import LEASE_SECONDS, Before, Installation, Member, passes, running
from tests.history.subscribers import EVERY_TYPE, Subscriber, replayed
from tests.serving import PATIENCE_SECONDS, Headers, patience

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
_SLUGS = ("bawso", "kalayaan", "migrant-help", "tara", "unseen")
# An event may be dated so far ahead of the clock: somebody has set it back.
_AHEAD = timedelta(minutes=3)
_POLL_SECONDS = 0.2
# On a slow machine, a run goes on in peace until so many are made.
_FEWEST_CHANGES = 50
# What it may take until all processes run, or more.
_START_SECONDS = 10


class Tokens:
    """The headers of everybody who has a token."""

    def __init__(self, admin: Headers, partner: Headers, partner_id: str, responders: dict[str, Headers]) -> None:
        self.admin = admin
        self.partner = partner
        self.partner_id = partner_id
        self.responders = responders


async def run(
    settings: Settings,
    chance: Random,
    seconds: float,
    folder: Path,
    before: Before | None = None,
    *,
    is_ahead: bool | None = None,
) -> Json:
    """Raise `Finding` where a promise is broken; else what happened, in figures.

    In every second run, by chance, the newest event lies ahead of the clock, unless `is_ahead` says otherwise. In
    every second one on PostgreSQL a worker stops for longer than its lease.
    """
    is_ahead = chance.random() < 0.5 if is_ahead is None else is_ahead
    issued = await _prepare(settings, chance, seconds, is_ahead=is_ahead)
    record = Record()
    async with running(settings.database_url, folder, before) as installation, AsyncExitStack() as stack:
        subscribers = [
            Subscriber(name, record, Random(chance.random()), folder, slugs)
            for name, slugs in (("everything", ()), ("what holds", ()), ("two", _SLUGS[:2]))
        ]
        for each in subscribers:
            url = await stack.enter_async_context(endpoints.serving(each))
            await _subscribe(each, url, installation.servers[0], issued)
        stopped = chance.choice((None, *installation.workers[:1]))
        clients = await _live(installation, record, chance, seconds, issued, stopped, subscribers)
        for each in subscribers:
            each.is_well = True
        directory, events, pages = await _agreed(installation.servers, folder)
        await _all_told(installation.servers[0], issued, events[-1]["sequence"], record)
        record.check_events(events)
        record.check_bodies()
        await _check_tokens(installation.servers, record)
        shown = {each["slug"]: each for each in directory["responders"]}
        record.check_directory(shown, replayed(pages, folder))
        subscribers[0].check_all_taken(event["sequence"] for event in events)
        for each in subscribers:
            # No sender can promise it of a worker that was stopped between its look at the lease and its first byte.
            each.check(shown, in_order=stopped is None)
    did = sum((each.did for each in clients), Counter[str]())
    return {
        "events": len(events),
        "ahead": is_ahead,
        "webhooks": sum(len(each.posts) for each in subscribers),
        "stopped": stopped is not None,
        **did,
    }


async def _prepare(settings: Settings, chance: Random, seconds: float, *, is_ahead: bool) -> Tokens:
    """The register, whose reports lapse one after another during the run."""
    database, keys, now = Database(settings), Keys(settings.secret_keys), utc_now()
    hours = int(VALID_FOR / timedelta(hours=1))
    async with database.write() as session:
        await responders.load_register(session, now - 2 * VALID_FOR)
    for each in responders.read_register():
        # One transaction for each, as a report is.
        async with database.write() as session:
            patch = ResponderPatch(valid_for_hours=hours)
            await responders.change_details(session, now - 2 * VALID_FOR, each.slug, patch)
            said_at = now - VALID_FOR + timedelta(seconds=chance.uniform(0, seconds + _START_SECONDS))
            await intake.report_intake(session, said_at, each.slug, Report(state=ReportedState.OPEN))
    if is_ahead:
        async with database.write() as session:
            (await sequence.lock(session)).at = now + _AHEAD

    async def issue(owner: Owner) -> Headers:
        async with database.write() as session:
            return {"authorization": f"Bearer {(await tokens.issue_token(session, utc_now(), keys, owner)).token}"}

    async with database.write() as session:
        await owners.add_partner(session, utc_now(), "Case tool")
        partner = await owners.partner_owner(session, "Case tool")
        of_responders = {slug: await owners.responder_owner(session, slug) for slug in _SLUGS}
    issued = Tokens(
        await issue(Owner(type="admin")),
        await issue(partner),
        str(partner.id),
        {slug: await issue(owner) for slug, owner in of_responders.items()},
    )
    # Only the service may have it open: the first to open it after a kill reads the log again.
    await database.close()
    return issued


async def _subscribe(subscriber: Subscriber, url: str, server: Member, issued: Tokens) -> None:
    body: Json = {"url": url, "event_types": EVERY_TYPE}
    if subscriber.name == "everything":
        body["stale"] = "send"
    if subscriber.name == "two":
        body["responders"] = list(_SLUGS[:2])
    answer = await server.client.post("/v1/webhooks", json=body, headers=issued.partner)
    assert answer.status_code == 201, answer.text
    subscriber.begin(answer.json()["last_sequence"], (await server.client.get("/v1/directory")).json())


async def _live(
    installation: Installation,
    record: Record,
    chance: Random,
    seconds: float,
    issued: Tokens,
    stopped: Member | None,
    subscribers: list[Subscriber],
) -> list[Client]:
    """Let everybody do what they do for so many seconds, and end all of it in good order."""
    servers = installation.servers
    reporting = [Responder(slug, servers, record, Random(chance.random()), issued.responders[slug]) for slug in _SLUGS]
    coordinator = Coordinator(
        servers, record, Random(chance.random()), issued.admin, slugs=_SLUGS, partner_id=issued.partner_id
    )
    for each in reporting:
        await each.prepare()
    at_peace, ended = asyncio.Event(), asyncio.Event()
    tasks: list[Coroutine[Any, Any, None]] = [
        installation.suffer(at_peace, Random(chance.random()), spared=stopped),
        _watch_cursors(ended, servers[0], issued, record),
        *(each.live(ended) for each in (*reporting, coordinator)),
        *(read_all(ended, server, record, Random(chance.random())) for server in servers),
    ]
    if stopped is not None:
        # It lasts longer than the changes do.
        tasks.append(_stop_past_the_lease(stopped, chance.uniform(0, 3)))
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
            await asyncio.sleep(seconds)
            at_peace.set()
            async with patience(lambda: f"{_FEWEST_CHANGES} changes"):
                while sum(each.did.total() for each in reporting) < _FEWEST_CHANGES:  # noqa: ASYNC110 - many add to it
                    await asyncio.sleep(_POLL_SECONDS)
            ended.set()
    except ExceptionGroup as group_of_errors:
        findings = group_of_errors.subgroup(Finding)
        if findings is None:
            raise
        raise findings.exceptions[0] from None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await coordinator.suspend(is_suspended=False):
            pass
    return [*reporting, coordinator]


async def _stop_past_the_lease(worker: Member, after: float) -> None:
    await asyncio.sleep(after)
    await worker.stop(asyncio.Event(), LEASE_SECONDS + 1)


async def _watch_cursors(ended: asyncio.Event, server: Member, issued: Tokens, record: Record) -> None:
    while not await passes(ended, _POLL_SECONDS):
        for webhook in await _webhooks(server, issued):
            record.see_cursor(webhook["url"], webhook["last_sequence"])


async def _webhooks(server: Member, issued: Tokens) -> list[Json]:
    """The webhooks as an administrator sees them, or none where the server does not answer."""
    try:
        answer = await server.client.get("/v1/webhooks", headers=issued.admin)
    except httpx.TransportError:
        return []
    found: list[Json] = answer.json()["items"] if answer.status_code == 200 else []
    return found


async def _agreed(servers: list[Member], folder: Path) -> tuple[Json, list[Json], list[Json]]:
    """The directory that all servers show, the events that led to it, and their pages.

    A lapse or a start is shown in the second in which it is due, and recorded a moment later: only a difference that
    stays is one.
    """
    directories: list[bytes] = []
    agreed = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                pages = await _pages(servers[0].client)
                directories = [(await each.client.get("/v1/directory")).content for each in servers]
                directory: Json = httpx.Response(200, content=directories[0]).json()
                latest = (await servers[0].client.get("/v1/events", params={"limit": 1})).json()["latest"]
                is_one = len({*directories}) == 1 and directory["sequence"] == pages[-1]["sequence"] == latest
                if is_one and _is_at_rest(directory):
                    agreed = directory, [event for page in pages for event in page["events"]], pages
                    if {each["slug"]: each for each in directory["responders"]} == replayed(pages, folder):
                        return agreed
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        if agreed is not None:
            return agreed
        raise Finding(Promise.AGREED, f"after {PATIENCE_SECONDS} s the servers show {directories}") from None


def _is_at_rest(directory: Json) -> bool:
    """Whether the clock alone changes nothing until everything is compared."""
    until = directory["valid_until"]
    return until is None or datetime.fromisoformat(until) > utc_now() + VALID_FOR / 4


async def _pages(client: httpx.AsyncClient) -> list[Json]:
    pages: list[Json] = []
    after = 0
    while True:
        page: Json = (await client.get("/v1/events", params={"after": after, "limit": 1000})).json()
        pages.append(page)
        after = page["sequence"]
        if after == page["latest"]:
            return pages


async def _all_told(server: Member, issued: Tokens, latest: int, record: Record) -> None:
    """Wait until each webhook is done with everything."""
    webhooks: list[Json] = []
    try:
        async with asyncio.timeout(LEASE_SECONDS + PATIENCE_SECONDS):
            while not webhooks or any(each["last_sequence"] < latest for each in webhooks):
                webhooks = await _webhooks(server, issued)
                for each in webhooks:
                    record.see_cursor(each["url"], each["last_sequence"])
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise Finding(Promise.TOLD, f"the newest event is {latest}, and the webhooks are {webhooks}") from None


async def _check_tokens(servers: list[Member], record: Record) -> None:
    for server in servers:
        for token_id, holds in record.holds.items():
            headers = {"authorization": f"Bearer {record.tokens[token_id]}"}
            status = (await server.client.get("/v1/me", headers=headers)).status_code
            if holds is not None and status != (200 if holds else 401):
                raise Finding(Promise.KEPT, f"{server.name} answers {status} to token {token_id}: holds is {holds}")
