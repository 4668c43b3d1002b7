"""Somebody who reads one server and nobody else, all of its paths in turn."""

import asyncio
from random import Random
from typing import Any

import httpx
import msgspec
from tests.history.record import Finding, Promise, Record
from tests.history.servers import Member, passes

from capacity_api.clock import utc_now

PATHS = (
    "/v1/directory",
    "/v1/events?limit=1",
    "/v1/responders/tara/history?limit=5",
    "/v1/directory?state=open",
    "/v1/directory.csv",
    "/v1/feed.atom",
    "/v1/events",
    "/v1/statistics",
    "/v1/changes",
    "/v1/responders/tara",
)
_PAUSE_SECONDS = 0.02


class _Page(msgspec.Struct):
    events: list[msgspec.Raw]


async def read_all(ended: asyncio.Event, server: Member, record: Record, chance: Random) -> None:
    """Read until the run has ended. A server that is being killed answers nothing for a while."""
    while not await passes(ended, _PAUSE_SECONDS):
        for path in PATHS:
            await _read(server, record, path)
        after = chance.randint(0, max(record.acknowledged, default=0))
        await _read(server, record, f"/v1/events?after={after}&limit=50")
        await _match(server, record)


async def _read(server: Member, record: Record, path: str) -> None:
    asked_at = utc_now()
    try:
        answer = await server.client.get(path)
    except httpx.TransportError:
        return
    if answer.status_code == 503:
        return
    _require_200(answer, f"{server.name}, {path}")
    see_answer(record, server.name, path, answer)
    body = _body(answer)
    where = f"{server.name}, {path}"
    if "responders" in body:
        record.see_responders(body["responders"] if "total" in body else [], asked_at, where)
    if "intake" in body:
        record.see_responders([body], asked_at, where)
    if "events" in body:
        for event in msgspec.json.decode(answer.content, type=_Page).events:
            record.see_body(bytes(event), where)


async def _match(server: Member, record: Record) -> None:
    asked_at = utc_now()
    try:
        answer = await server.client.post("/v1/matches", json={})
    except httpx.TransportError:
        return
    _require_200(answer, f"{server.name}, /v1/matches")
    matches = answer.json()["matches"]
    record.see_responders([each["responder"] for each in matches], asked_at, f"{server.name}, /v1/matches")


def see_answer(record: Record, reader: str, path: str, answer: httpx.Response) -> None:
    """What one answer says about how far its server is."""
    record.see_answer(reader, path, int(answer.headers["published-sequence"]), _body(answer))


def _body(answer: httpx.Response) -> dict[str, Any]:
    return answer.json() if answer.headers["content-type"] == "application/json" else {}


def _require_200(answer: httpx.Response, where: str) -> None:
    if answer.status_code != 200:
        raise Finding(Promise.ANSWERED, f"{where}: {answer.status_code} {answer.text}")
