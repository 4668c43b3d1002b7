"""Somebody who reads one server, one cache or the built files and nothing else, all of its paths in turn."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
from tests.history.record import Finding, Promise, Record
from tests.history.servers import passes
from tests.serving import bound

from capacity_api.clock import Clock, utc_now

PATHS = (
    "/v1/directory",
    "/v1/events?limit=1",
    "/v1/responders/tara/history?limit=5",
    "/v1/directory?state=open",
    "/v1/directory.csv",
    "/v1/coverage",
    "/v1/feed.atom",
    "/v1/events",
    "/v1/statistics",
    "/v1/changes",
    "/v1/responders/tara",
)
_PAUSE_SECONDS = 0.02
# A watcher begins to write a lapse within a quarter of a second, and a file needs another.
_WRITTEN_WITHIN = timedelta(seconds=bound(0.5))


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]


def _never(_began: float) -> timedelta:
    return timedelta(0)


class Source:
    """What somebody reads: a server or a cache. `lag` says how far it may be behind the `clock` and not know it."""

    def __init__(
        self, name: str, client: httpx.AsyncClient, lag: Callable[[float], timedelta] = _never, clock: Clock = utc_now
    ) -> None:
        self.name = name
        self._client = client
        self._lag = lag
        self._clock = clock

    async def ask(self, method: str, path: str, body: object = None) -> tuple[httpx.Response, datetime] | None:
        """The answer, and a time up to which it must be true. None while there is no server."""
        asked_at, began = self._clock(), time.monotonic()
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code != 200:
            raise Finding(Promise.ANSWERED, f"{self.name}, {path}: {answer.status_code} {answer.text}")
        return answer, asked_at - self._lag(began)


async def read_all(ended: asyncio.Event, source: Source, record: Record, chance: Random) -> None:
    """Read until the run has ended."""
    while not await passes(ended, _PAUSE_SECONDS):
        await read_once(source, record, chance.choice([0, *record.acknowledged]))


async def read_once(source: Source, record: Record, after: int) -> None:
    """Read each path once, and some of the events after this number."""
    for path in (*PATHS, f"/v1/events?after={after}&limit=50"):
        await _read(source, record, path)
    await _match(source, record)


async def read_files(ended: asyncio.Event, root: Path, record: Record) -> None:
    """Read what the watcher keeps."""
    where = "the files"
    while not await passes(ended, _PAUSE_SECONDS):
        asked_at = utc_now()
        directory = json.loads((root / "v1" / "directory").read_bytes())
        record.see_answer(where, "/v1/directory", directory["sequence"], directory)
        record.see_responders(directory["responders"], asked_at - _WRITTEN_WITHIN, where)


async def _read(source: Source, record: Record, path: str) -> None:
    found = await source.ask("GET", path)
    if found is None:
        return
    answer, true_at = found
    see_answer(record, source.name, path, answer)
    body = _body(answer)
    where = f"{source.name}, {path}"
    if "responders" in body:
        record.see_responders(body["responders"] if "total" in body else [], true_at, where)
    if "intake" in body:
        record.see_responders([body], true_at, where)
    if "events" in body:
        for event in msgspec.json.decode(answer.content, type=_Page).events:
            record.see_body(bytes(event), where)


async def _match(source: Source, record: Record) -> None:
    found = await source.ask("POST", "/v1/matches", {})
    if found is not None:
        answer, true_at = found
        matches = answer.json()["matches"]
        record.see_responders([each["responder"] for each in matches], true_at, f"{source.name}, /v1/matches")


def see_answer(record: Record, reader: str, path: str, answer: httpx.Response) -> None:
    """What one answer says about how far its server is."""
    record.see_answer(reader, path, int(answer.headers["published-sequence"]), _body(answer))


def _body(answer: httpx.Response) -> dict[str, Any]:
    return answer.json() if answer.headers["content-type"] == "application/json" else {}
