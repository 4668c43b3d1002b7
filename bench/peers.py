"""`python -m bench.peers NAME PORT`: what the published directory is compared with, each a server process like ours.

They run in the same server program and answer with the same headers as the service at PORT; what differs is what they
do for an answer.

- `bare`: the same bytes from a dictionary, without any decision. The limit of this server in Python.
- `fastapi`: FastAPI and Pydantic, the list held in memory as models. What one would write without this project.
- `database`: a handler that reads the responders from the database for each request, and encodes them with msgspec.
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import fastapi
import httpx
import pydantic
from fastapi.responses import Response as FastResponse
from sqlalchemy import select

from capacity_api import config
from capacity_api.cli.serving import Server, bind
from capacity_api.cli.session import uvloop_runner
from capacity_api.clock import utc_now
from capacity_api.db.engine import Database
from capacity_api.db.tables import ResponderRow
from capacity_api.representations.directory import Directory
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import represent_responder

CASES = {
    "directory": ("/v1/directory", {"accept-encoding": "identity"}),
    "directory, gzip": ("/v1/directory", {"accept-encoding": "gzip"}),
    "directory, 304": ("/v1/directory", {"accept-encoding": "identity", "if-none-match": "*"}),
    "one responder": ("/v1/responders/tara", {"accept-encoding": "identity"}),
    "filtered directory": ("/v1/directory?area=S92000003&gender=woman", {"accept-encoding": "identity"}),
}
Headers = list[tuple[bytes, bytes]]


def fetch(port: int, path: str, headers: dict[str, str]) -> tuple[int, Headers, bytes]:
    """A case's answer as the service gives it, without what the server adds by itself."""
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        client.stream("GET", path, headers=headers) as response,
    ):
        body = b"".join(response.iter_raw())
        return response.status_code, [each for each in response.headers.raw if each[0].lower() != b"date"], body


def bare(port: int) -> Any:
    answers = {
        (path.partition("?")[0], *sorted(value.encode() for value in headers.values())): fetch(port, path, headers)
        for path, headers in CASES.values()
    }

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        wanted = sorted(value for name, value in scope["headers"] if name in {b"accept-encoding", b"if-none-match"})
        # The filtered directory is told by its query alone.
        status, headers, body = answers[scope["path"], *wanted] if not scope["query_string"] else filtered
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    filtered = fetch(port, *CASES["filtered directory"])
    answers["/v1/directory", b"identity"] = fetch(port, *CASES["directory"])
    return application


class Expected(pydantic.BaseModel):
    min: int
    max: int
    unit: Literal["hours", "days", "working_days", "weeks"]


class Area(pydantic.BaseModel):
    code: str
    name: str


class Remit(pydantic.BaseModel):
    areas: list[Area]
    exploitation_types: list[str] | Literal["all"] | None
    age_groups: list[str]
    genders: list[str] | Literal["all"]
    existing_clients_only: bool
    note: str | None
    as_published: dict[str, str | None] | None
    source: dict[str, str | None] | None


class Intake(pydantic.BaseModel):
    state: str
    reported_state: str | None
    expected_response: Expected | None
    reason: str | None
    exceptions: list[str]
    reopens_on: str | None
    note: str | None
    changed_at: str | None
    confirmed_at: str | None
    confirm_by: str | None
    planned: dict[str, Any] | None
    capacity_status: str | None = None


class Responder(pydantic.BaseModel):
    id: str
    slug: str
    name: str
    website: str | None
    contact: dict[str, str | None]
    remit: Remit
    intake: Intake
    sequence: int
    updated_at: str


class DirectoryModel(pydantic.BaseModel):
    version: str
    sequence: int
    updated_at: str
    ttl: int
    licence: str
    total: int
    responders: list[Responder]


def with_fastapi(port: int) -> Any:
    _, headers, body = fetch(port, *CASES["directory"])
    held = DirectoryModel.model_validate_json(body)
    added = {name.decode(): value.decode() for name, value in headers if not name.lower().startswith(b"content-")}
    application = fastapi.FastAPI(openapi_url=None)

    @application.get("/v1/directory", response_model_exclude_none=False)
    async def directory(
        response: FastResponse,
        area: Annotated[list[str] | None, fastapi.Query()] = None,
        gender: Annotated[list[str] | None, fastapi.Query()] = None,
    ) -> DirectoryModel:
        response.headers.update(added)
        kept = [
            each
            for each in held.responders
            if (not area or any(at.code in area for at in each.remit.areas))
            and (not gender or each.remit.genders == "all" or set(gender) & set(each.remit.genders))
        ]
        return held.model_copy(update={"responders": kept, "total": len(kept)})

    @application.get("/v1/responders/{slug}")
    async def responder(slug: str, response: FastResponse) -> Responder:
        response.headers.update(added)
        return next(each for each in held.responders if each.slug == slug)

    return application


def database(port: int) -> Any:
    _, headers, _ = fetch(port, *CASES["directory"])
    held = Database(config.from_environment())

    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        async with held.read() as session:
            yield session

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        async with opened() as session:
            rows = list(await session.scalars(select(ResponderRow).where(ResponderRow.delisted_at.is_(None))))
        now = utc_now()
        shown = [represent_responder(row.record, now) for row in rows]
        body = encode(
            Directory(sequence=max(each.sequence for each in shown), updated_at=now, total=len(shown), responders=shown)
        )
        sent = [each for each in headers if each[0].lower() != b"content-length"]
        sent.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": sent})
        await send({"type": "http.response.body", "body": body})

    return application


PEERS: dict[str, Callable[[int], Any]] = {"bare": bare, "fastapi": with_fastapi, "database": database}
ABLE = {
    "bare": frozenset(CASES),
    "fastapi": frozenset({"directory", "one responder", "filtered directory"}),
    "database": frozenset({"directory"}),
    # Where it is installed; it serves files, and knows no query.
    "nginx": frozenset(CASES) - {"filtered directory"},
}

if __name__ == "__main__":
    server = Server(PEERS[sys.argv[1]](int(sys.argv[2])), bind("127.0.0.1", 0), lambda at: print(at, flush=True))
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())
