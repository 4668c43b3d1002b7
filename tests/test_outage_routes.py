"""Every route while PostgreSQL is gone or hangs, and processes that must stop meanwhile."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.engine import make_url
from tests import processes
from tests.api.paths import VALUES
from tests.conftest import Clock, settings_of
from tests.outages import Proxy, away, proxying
from tests.processes import COMMAND, finish
from tests.serving import OPEN, PATIENCE_SECONDS, Service, client_of, serving

from capacity_api.api.openapi import encode_document
from capacity_api.config import Settings

_BODIES: dict[str, Any] = {
    "PUT /v1/responders/{slug}/intake": OPEN,
    "POST /v1/webhooks": {"url": "https://partner.example/hook"},
}
# The grace of requests, and what it takes to stop after that; five times as long on a busy machine.
_STOP_SECONDS = 5 * (5 + 4)
_CALLS = 20


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """PostgreSQL alone: an SQLite file does not hang."""
    return postgresql_url


def _requests() -> Iterator[tuple[str, str, Any]]:
    """A request for each operation of the document, with its query where that asks the database, and `HEAD`."""
    paths = json.loads(encode_document())["paths"]
    for path, operations in paths.items():
        values = {**VALUES, "sequence": "1"}
        filled = re.sub(r"{(\w+)}", lambda found: values.get(found[1], str(uuid4())), path)  # noqa: B023 - used at once
        for method in set(operations) & {"get", "put", "post", "patch", "delete"}:
            yield method.upper(), filled, _BODIES.get(f"{method.upper()} {path}", {} if method != "get" else None)
            if method == "get":
                yield "HEAD", filled, None
    yield from (("GET", f"/v1/{query}", None) for query in ("directory?as_of=2026-11-21T11:00:00Z", "events?after=0"))


async def _assert_no_fault(service: Service, token: dict[str, str]) -> None:
    async def ask(method: str, path: str, body: Any) -> tuple[str, int]:
        headers = token if method != "DELETE" else {**token, "content-length": "0"}
        answer = await service.client.request(method, path, json=body if method != "DELETE" else None, headers=headers)
        asked = f"{method} {path}"
        assert answer.status_code != 500, asked
        # The form of the question is answered by a page, whatever is wrong with it.
        if answer.status_code >= 400 and path != "/readyz" and asked != "POST /":
            assert answer.headers["content-type"] == "application/problem+json", asked
        if answer.status_code == 503 and path != "/readyz":
            # Of the anonymous some find the queue full, in which the others wait for the database.
            retry_after = answer.headers["retry-after"]
            assert retry_after in {"2", "5"}, asked
            if method != "HEAD":
                assert answer.json()["code"] == ("busy" if retry_after == "2" else "database_unavailable"), asked
        return asked, answer.status_code

    statuses = dict(await asyncio.gather(*(ask(*each) for each in _requests())))
    refused = {asked for asked, status in statuses.items() if status == 503}
    assert {"GET /v1/events?after=0", "GET /v1/directory?as_of=2026-11-21T11:00:00Z"} <= refused
    assert any(asked.startswith("DELETE /v1/webhooks/") for asked in refused)
    assert statuses["GET /v1/directory"] == 200


async def test_every_route_answers_with_a_problem_while_the_database_is_gone(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        token = await service.token()
        async with away(settings.url):
            await _assert_no_fault(service, token)


@pytest.mark.soak
async def test_every_route_answers_with_a_problem_while_the_database_hangs(database_url: str, clock: Clock) -> None:
    async with (
        proxying(make_url(database_url)) as proxy,
        serving(settings_of(proxy.url), clock) as service,
    ):
        token = await service.token()
        proxy.hang()
        started = time.monotonic()
        await _assert_no_fault(service, token)
        # Two seconds for a connection to answer, three for a new one, and five to wait for a free one.
        assert time.monotonic() - started < 5 * 15
        proxy.resume()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await service.client.delete(f"/v1/webhooks/{uuid4()}", headers=token)).status_code == 503:
                pass


@pytest.mark.parametrize("command", ["serve", "worker", "site"])
async def test_a_process_stops_in_time_while_its_database_hangs(
    command: str, database_url: str, tmp_path: Path
) -> None:
    env = processes.environment(database_url)
    code, _, err = await processes.run("db", "upgrade", env=env)
    assert code == 0, err
    token = await processes.issue_token(env, "--admin")
    arguments = {
        "serve": ("serve", "--port", "0"),
        "worker": ("worker",),
        "site": ("site", "build", str(tmp_path / "site"), "--watch"),
    }
    async with proxying(make_url(database_url)) as proxy:
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *arguments[command],
            env=processes.environment(proxy.url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_SECONDS):
                announced = (await process.stdout.readline()).decode()
                # Only then does it listen to signals.
                assert process.stderr is not None
                while command == "site" and b"process.start" not in (line := await process.stderr.readline()):
                    assert line, "it has ended"
            address = announced.split(" on ")[1].strip() if command == "serve" else None
            calls = _Calls()
            calling = asyncio.create_task(calls.send(address, token, proxy))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await calls.all_sent.wait()
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, errors = await finish(process)
            took = time.monotonic() - started
            answers = await calling
        finally:
            if process.returncode is None:
                process.kill()
                await finish(process)
    assert process.returncode == 0
    assert took < _STOP_SECONDS, took
    assert b"Exception" not in errors, errors.decode()
    assert b"Traceback" not in errors, errors.decode()
    assert all(answer.status_code == 503 for answer in answers)
    assert all(answer.json()["code"] == "database_unavailable" for answer in answers)


class _Calls:
    """Requests that need the database, sent just after it began to hang."""

    def __init__(self) -> None:
        self.all_sent = asyncio.Event()
        self._sent = 0

    async def send(self, address: str | None, token: str, proxy: Proxy) -> list[httpx.Response]:
        if address is None:
            proxy.hang()
            self.all_sent.set()
            return []
        headers = {"authorization": f"Bearer {token}"}
        async with client_of(address) as client:
            assert (await client.get("/v1/webhooks", headers=headers)).status_code == 200
            proxy.hang()
            return await asyncio.gather(
                *(
                    client.request(
                        "DELETE", f"/v1/webhooks/{uuid4()}", headers=headers, extensions={"trace": self._note}
                    )
                    for _ in range(_CALLS)
                )
            )

    async def _note(self, name: str, _info: object) -> None:
        self._sent += name == "http11.send_request_body.complete"
        if self._sent == _CALLS:
            self.all_sent.set()
