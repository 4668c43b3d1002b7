"""What is asked of everybody once the changes have ended."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from tests import processes
from tests.gaps import cells_of, follow_gaps
from tests.history.clients import VALID_FOR
from tests.history.record import Finding, Json, Promise, Record
from tests.history.servers import LEASE_SECONDS, Installation, Member
from tests.history.subscribers import replayed
from tests.serving import PATIENCE_SECONDS, Headers, patience

from capacity_api.clock import utc_now
from capacity_api.clock_watch import MAX_DIFFERENCE
from capacity_api.domain.coverage import ALL_CELLS

POLL_SECONDS = 0.2


class Ending:
    """What all servers show in the end, the events that led to it, and their pages."""

    def __init__(self, directory: Json, pages: list[Json], coverage: Json) -> None:
        self.directory = directory
        self.pages = pages
        self.coverage = coverage
        self.events: list[Json] = [event for page in pages for event in page["events"]]
        self.responders: dict[str, Json] = {each["slug"]: each for each in directory["responders"]}

    def check_gaps(self) -> None:
        """The events about the coverage lead to the gaps that there are."""
        try:
            found, shown = follow_gaps(ALL_CELLS, self.events), cells_of(self.coverage["gaps"])
        except AssertionError as error:
            raise Finding(Promise.AGREED, f"the events about gaps do not follow each other: {error!r}") from error
        if found != shown:
            raise Finding(Promise.AGREED, f"the events leave {found.bit_count()} gaps, there are {shown.bit_count()}")


async def agreed(installation: Installation, folder: Path) -> Ending:
    """Wait until everybody shows the same. Raise `Finding` where that does not come.

    A lapse or a start is shown in the second in which it is due, and recorded a moment later: only a difference that
    stays is one.
    """
    servers = installation.servers
    seen: list[bytes] = []
    ending = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                pages = await read_pages(servers[0].client)
                seen = [(await each.client.get("/v1/directory")).content for each in servers]
                if installation.watcher is not None:
                    seen.append((installation.root / "v1" / "directory").read_bytes())
                coverage = await read(servers[-1], "/v1/coverage")
                directory: Json = httpx.Response(200, content=seen[0]).json()
                latest = (await read(servers[0], "/v1/events?limit=1"))["latest"]
                numbers = {directory["sequence"], pages[-1]["sequence"], coverage["sequence"], latest}
                if len({*seen}) == 1 == len(numbers) and _is_at_rest(directory):
                    ending = Ending(directory, pages, coverage)
                    if ending.responders == replayed(pages, folder):
                        return ending
                await asyncio.sleep(POLL_SECONDS)  # the servers are other processes
    except TimeoutError:
        if ending is not None:
            # `Record.check_directory` says in what the replay differs.
            return ending
        raise Finding(Promise.AGREED, f"after {PATIENCE_SECONDS} s the servers and files show {seen}") from None


def _is_at_rest(directory: Json) -> bool:
    """Whether the clock alone changes nothing until everything is compared."""
    until = directory["valid_until"]
    return until is None or datetime.fromisoformat(until) > utc_now() + VALID_FOR / 4


async def read_pages(client: httpx.AsyncClient) -> list[Json]:
    pages: list[Json] = []
    after = 0
    while True:
        page: Json = (await client.get("/v1/events", params={"after": after, "limit": 1000})).json()
        pages.append(page)
        after = page["sequence"]
        if after == page["latest"]:
            return pages


async def read_webhooks(server: Member, admin: Headers, record: Record) -> list[Json]:
    """The webhooks as an administrator sees them, or none where the server does not answer. Their cursors are noted."""
    urls = [*record.replays]
    ages = {url: record.cursor_age(url) for url in urls}
    try:
        answer = await server.client.get("/v1/webhooks", headers=admin)
    except httpx.TransportError:
        return []
    found: list[Json] = answer.json()["items"] if answer.status_code == 200 else []
    for each in found:
        record.see_cursor(each["url"], each["last_sequence"], ages[each["url"]])
    return found


async def all_told(server: Member, admin: Headers, latest: int, record: Record) -> None:
    """Wait until each webhook is done with everything."""
    webhooks: list[Json] = []
    # A clock that was ahead by no more than this has planned by its own time.
    seconds = LEASE_SECONDS + PATIENCE_SECONDS + MAX_DIFFERENCE.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            while not webhooks or any(each["last_sequence"] < latest for each in webhooks):
                webhooks = await read_webhooks(server, admin, record)
                await asyncio.sleep(POLL_SECONDS)  # the servers are other processes
    except TimeoutError:
        raise Finding(Promise.TOLD, f"the newest event is {latest}, and the webhooks are {webhooks}") from None


async def check_tokens(servers: Sequence[Member], record: Record) -> None:
    for server in servers:
        for token_id, holds in record.holds.items():
            headers = {"authorization": f"Bearer {record.tokens[token_id]}"}
            status = (await server.client.get("/v1/me", headers=headers)).status_code
            if holds is not None and status != (200 if holds else 401):
                raise Finding(Promise.KEPT, f"{server.name} answers {status} to token {token_id}: holds is {holds}")


async def check_counts(installation: Installation) -> None:
    """The statistics add up, each server has the same, and to count everything again changes nothing."""
    end = utc_now().replace(microsecond=0)
    span = {"from": (end - 3 * VALID_FOR).isoformat(), "to": end.isoformat()}
    path = f"/v1/statistics?{httpx.QueryParams(span)}"
    found = [await _read_counted(each, path) for each in installation.servers]
    for each in found[0]["responders"]:
        _check_responder(each)
    for each in [*found[0]["nations"], *found[0]["groups"]]:
        if not 0 <= (each["nobody_open_seconds"] or 0) <= each["counted_seconds"] <= 3 * VALID_FOR / _SECOND:
            raise Finding(Promise.MEASURED, f"{path} has {each}")
    code, out, err = await processes.run("db", "rebuild", env=installation.env)
    if code != 0 or "were wrong" in out:
        raise Finding(Promise.MEASURED, f"`db rebuild` ended with {code}: {out} {err}")
    newest_at = (await read(installation.servers[0], "/v1/directory"))["updated_at"]
    if datetime.fromisoformat(newest_at) > end:
        # A clock was ahead when that was dated, and what is counted until then is not settled yet.
        return
    found += [await _read_counted(each, path) for each in installation.servers]
    for other in found[1:]:
        if other != found[0]:
            raise Finding(Promise.MEASURED, f"{path} was {found[0]} and {other}")


async def _read_counted(server: Member, path: str) -> Json:
    """The statistics once they have counted until the end of the span."""
    async with patience(lambda: f"{server.name} that has not counted"):
        while (found := await read(server, path))["counted_until"] not in {None, found["to"]}:  # noqa: ASYNC110 - no event
            await asyncio.sleep(POLL_SECONDS)  # nothing announces it
    return found


def _check_responder(found: Json) -> None:
    seconds, listed = found["seconds"], found["listed_seconds"]
    adds_up = sum(seconds.values()) == listed <= 3 * VALID_FOR / _SECOND
    shares = found["shares"]
    is_whole = listed == 0 if shares is None else abs(sum(shares.values()) - 1) < _ROUNDING
    if not (adds_up and is_whole and found["longest_pause_seconds"] <= seconds["paused"]):
        raise Finding(Promise.MEASURED, f"the statistics of {found['slug']} are {found}")


_SECOND = timedelta(seconds=1)
# Shares are rounded.
_ROUNDING = 0.01


async def read(server: Member, path: str) -> Json:
    answer = await server.client.get(path)
    if answer.status_code != 200:
        raise Finding(Promise.ANSWERED, f"{server.name}, {path}: {answer.status_code} {answer.text}")
    found: Json = answer.json()
    return found
