"""`python -m bench.peers NAME PORT`: the servers that the published directory is compared with.

They run in the same server program and send the same headers as the service at PORT. They differ in the work that they
do for a response:

- `bare` takes the same bytes from a dictionary. This is the limit of the server program in Python.
- `fastapi` has the responders in memory as Pydantic models: the usual way to write such a service.
- `database` reads the responders from the database for each request, and encodes them with msgspec.
"""

import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import fastapi
import httpx
import pydantic
from fastapi.responses import Response as FastResponse
from sqlalchemy import select

from capacity_api import config
from capacity_api.cli.serving import Server, bind
from capacity_api.cli.setup import uvloop_runner
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
    "page": ("/", {"accept-encoding": "identity"}),
    "one responder": ("/v1/responders/tara", {"accept-encoding": "identity"}),
    "filtered directory": ("/v1/directory?area=S92000003&gender=woman", {"accept-encoding": "identity"}),
}
Headers = list[tuple[bytes, bytes]]


def fetch(port: int, path: str, headers: dict[str, str]) -> tuple[int, Headers, bytes]:
    """The response of the service: status, headers and body, without the header that the server program adds."""
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        client.stream("GET", path, headers=headers) as response,
    ):
        body = b"".join(response.iter_raw())
        return response.status_code, [header for header in response.headers.raw if header[0].lower() != b"date"], body


def bare(port: int) -> Any:
    responses = {
        (path.partition("?")[0], *sorted(value.encode() for value in headers.values())): fetch(port, path, headers)
        for path, headers in CASES.values()
    }

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        key = sorted(value for name, value in scope["headers"] if name in {b"accept-encoding", b"if-none-match"})
        # Only the filtered directory has a query.
        status, headers, body = filtered if scope["query_string"] else responses[scope["path"], *key]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    filtered = fetch(port, *CASES["filtered directory"])
    responses["/v1/directory", b"identity"] = fetch(port, *CASES["directory"])
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
    exploitation_types: list[str]
    age_groups: list[str]
    genders: list[str]
    existing_clients_only: bool
    note: str | None
    as_published: dict[str, str | None] | None
    source: dict[str, str | None] | None


class Report(pydantic.BaseModel):
    state: str
    expected_response: Expected | None
    expected_referral: Expected | None
    no_timeframe: bool
    limited_to: dict[str, list[str]] | None
    reason: str | None
    exceptions: list[str]
    reopens_on: str | None
    note: str | None


class Planned(pydantic.BaseModel):
    effective_from: str
    said_by: str
    said_at: str
    confirm_by: str
    report: Report


class Intake(pydantic.BaseModel):
    state: str
    since: str | None
    said_by: str | None
    confirmed_at: str | None
    confirm_by: str | None
    report: Report | None
    last_report: Report | None
    planned: Planned | None
    capacity_status: str | None


class Phone(pydantic.BaseModel):
    text: str
    dial: str | None
    extension: str | None


class Contact(pydantic.BaseModel):
    phone: Phone | None
    email: str | None
    url: str | None
    hours: str | None
    all_hours: bool | None
    languages: list[str]
    interpreters: bool | None
    source: dict[str, str] | None


class Responder(pydantic.BaseModel):
    id: str
    slug: str
    name: str
    website: str | None
    contact: Contact
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
    model = DirectoryModel.model_validate_json(body)
    extra_headers = {
        name.decode(): value.decode() for name, value in headers if not name.lower().startswith(b"content-")
    }
    application = fastapi.FastAPI(openapi_url=None)

    @application.get("/v1/directory", response_model_exclude_none=False)
    async def directory(
        response: FastResponse,
        area: Annotated[list[str] | None, fastapi.Query()] = None,
        gender: Annotated[list[str] | None, fastapi.Query()] = None,
    ) -> DirectoryModel:
        response.headers.update(extra_headers)

        def matches(remit: Remit) -> bool:
            has_area = not area or any(remit_area.code in area for remit_area in remit.areas)
            return has_area and (not gender or remit.genders == ["all"] or bool(set(gender) & set(remit.genders)))

        responders = [responder for responder in model.responders if matches(responder.remit)]
        return model.model_copy(update={"responders": responders, "total": len(responders)})

    @application.get("/v1/responders/{slug}")
    async def responder(slug: str, response: FastResponse) -> Responder:
        response.headers.update(extra_headers)
        return next(responder for responder in model.responders if responder.slug == slug)

    return application


def database(port: int) -> Any:
    _, headers, _ = fetch(port, *CASES["directory"])
    connection = Database(config.from_environment())

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        async with connection.read() as session:
            rows = list(await session.scalars(select(ResponderRow).where(ResponderRow.delisted_at.is_(None))))
        now = utc_now()
        responders = [represent_responder(row.record, now) for row in rows]
        sequence = max(responder.sequence for responder in responders)
        body = encode(
            Directory(sequence=sequence, updated_at=now, valid_until=None, total=len(responders), responders=responders)
        )
        response_headers = [header for header in headers if header[0].lower() != b"content-length"]
        response_headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": response_headers})
        await send({"type": "http.response.body", "body": body})

    return application


PEERS: dict[str, Callable[[int], Any]] = {"bare": bare, "fastapi": with_fastapi, "database": database}
SUPPORTED_CASES = {
    "bare": frozenset(CASES),
    "fastapi": frozenset({"directory", "one responder", "filtered directory"}),
    "database": frozenset({"directory"}),
    # Only where it is installed. It serves files, so it has no queries.
    "nginx": frozenset(CASES) - {"filtered directory"},
}

if __name__ == "__main__":
    server = Server(PEERS[sys.argv[1]](int(sys.argv[2])), bind("127.0.0.1", 0), lambda where: print(where, flush=True))
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())
