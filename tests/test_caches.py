"""The service behind real caches that keep whatever they may: a lapse or a pause shows at once to everybody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import nginx, processes, varnish
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service, client_of, serving

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake, responders

DIRECTORY = "/v1/directory"
INTAKE = "/v1/responders/tara/intake"
READERS = 30
# As somebody sets nginx up who has not read our example.
PLAIN_NGINX = """
proxy_cache_path /var/cache/nginx-capacity keys_zone=capacity:1m;
upstream capacity { server 127.0.0.1:8000; }
server {
    listen 80;
    error_log /var/log/nginx/capacity.log emerg;
    gzip on;
    gzip_proxied any;
    gzip_types application/json;
    proxy_cache capacity;
    location / { proxy_pass http://capacity; }
}
"""
# And somebody who wants answers kept as long as possible.
EAGER_NGINX = PLAIN_NGINX.replace(
    "proxy_cache capacity;",
    "proxy_cache capacity; proxy_cache_valid any 10m; proxy_cache_revalidate on;"
    "proxy_cache_background_update on; proxy_cache_use_stale error timeout updating http_500 http_503;",
)
NGINX = {"nginx": None, "plain nginx": PLAIN_NGINX, "eager nginx": EAGER_NGINX}
NEEDS_NGINX = pytest.mark.skipif(nginx.NGINX is None, reason="nginx is not installed: it passed nothing on")
NEEDS_VARNISH = pytest.mark.skipif(varnish.VARNISHD is None, reason="varnishd is not installed: it passed nothing on")


@pytest.fixture(
    params=[
        pytest.param("nginx", marks=NEEDS_NGINX),
        pytest.param("plain nginx", marks=[NEEDS_NGINX, pytest.mark.soak]),
        pytest.param("eager nginx", marks=[NEEDS_NGINX, pytest.mark.soak]),
        pytest.param("varnish", marks=NEEDS_VARNISH),
    ]
)
def cache(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


# What a cache keeps does not depend on the database.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@asynccontextmanager
async def behind(cache: str, backend: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a cache in front of `backend`."""
    if cache == "varnish":
        proxy = varnish.proxying(backend, folder)
    else:
        proxy = nginx.proxying(backend, folder, NGINX[cache] or nginx.PROXY_EXAMPLE.read_text())
    limits = httpx.Limits(max_connections=READERS, max_keepalive_connections=READERS)
    async with (
        proxy as address,
        client_of(address, limits=limits) as client,
    ):
        yield client


class Reader:
    """Reads the directory again and again; every other one with gzip, and every third with the ETag that it knows."""

    def __init__(self, client: httpx.AsyncClient, number: int) -> None:
        self._client = client
        self._coding = "gzip" if number % 2 else "identity"
        self._knows_etags = number % 3 == 0
        self._etag = ""
        self.state = ""

    async def read(self) -> str:
        headers = {"accept-encoding": self._coding}
        if self._etag and self._knows_etags:
            headers["if-none-match"] = self._etag
        answer = await self._client.get(DIRECTORY, headers=headers)
        if answer.status_code == 200:
            self._etag = answer.headers["etag"]
            self.state = state_of_tara(answer.json())
        else:
            assert answer.status_code == 304
        return self.state


async def read_all(readers: list[Reader]) -> list[str]:
    return await asyncio.gather(*(reader.read() for reader in readers))


def state_of_tara(directory: dict[str, Any]) -> str:
    state: str = next(each for each in directory["responders"] if each["slug"] == "tara")["intake"]["state"]
    return state


async def test_a_lapse_shows_on_time_to_many_readers(
    cache: str, database: Database, database_url: str, tmp_path: Path
) -> None:
    async with database.write() as session:
        await responders.load_register(session, datetime.now(UTC) - timedelta(days=30))
    async with (
        processes.serving(env=processes.environment(database_url)) as service,
        behind(cache, service.address, tmp_path) as client,
    ):
        readers = [Reader(client, number) for number in range(READERS)]
        started_at = datetime.now(UTC)
        await read_all(readers)
        # Enough for all to read that it is open, on a busy machine too.
        confirm_by = datetime.now(UTC) + timedelta(seconds=3) + 5 * (datetime.now(UTC) - started_at)
        async with database.write() as session:
            await intake.report_intake(
                session, confirm_by - timedelta(days=7), "tara", Report(state=ReportedState.OPEN)
            )

        while await readers[0].read() == "unconfirmed":
            assert datetime.now(UTC) < confirm_by, "the report was not shown in time"
        assert set(await read_all(readers)) == {"open"}
        while True:
            asked_at = datetime.now(UTC)
            states = await read_all(readers)
            if asked_at >= confirm_by:
                break
        assert set(states) == {"unconfirmed"}


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running


async def test_a_pause_shows_at_once_to_many_readers(cache: str, service: Service, tmp_path: Path) -> None:
    await service.report("tara", OPEN)
    async with behind(cache, str(service.client.base_url), tmp_path) as client:
        readers = [Reader(client, number) for number in range(READERS)]
        for _ in range(2):
            assert set(await read_all(readers)) == {"open"}
        token = await service.token(responder="tara")
        assert (await client.put(INTAKE, json=PAUSED, headers=token)).status_code == 200
        assert set(await read_all(readers)) == {"paused"}


async def test_a_responder_publishes_again_with_the_tag_of_the_answer_before(
    cache: str, service: Service, tmp_path: Path
) -> None:
    token = await service.token(responder="tara")
    async with behind(cache, str(service.client.base_url), tmp_path) as client:
        first = await client.put(INTAKE, json=OPEN, headers={**token, "accept-encoding": "gzip"})
        if cache != "varnish":
            assert first.headers["etag"].startswith("W/"), "nginx compresses it"
        etag = first.headers["etag"]
        second = await client.put(INTAKE, json=WAITING, headers={**token, "if-match": etag})
        assert (second.status_code, second.json()["intake"]["state"]) == (200, "waiting_list")
        refused = await client.put(INTAKE, json=PAUSED, headers={**token, "if-match": etag})
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")


@NEEDS_NGINX
async def test_the_example_keeps_nothing_and_passes_304_on(service: Service, tmp_path: Path) -> None:
    paths = [
        "/",
        "/?fbclid=IwAR0",
        "/r/tara?utm_source=mail&a=%2F",
        "/update",
        "/v1/vocabulary",
        DIRECTORY,
        f"{DIRECTORY}?state=open",
        "/v1/feed.atom",
        "/v1/events",
    ]
    async with behind("nginx", str(service.client.base_url), tmp_path) as client:
        for path in paths:
            first = await client.get(path)
            again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
            assert (first.status_code, again.status_code) == (200, 304), path
            assert again.headers["etag"] == first.headers["etag"]
            assert len(first.headers.get_list("date")) == 1
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
