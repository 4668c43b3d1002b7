"""Caches within a client, as the guide names them: each asks again, and never shows a state after its `confirm_by`."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from cachecontrol import CacheControl, CacheControlAdapter
from hishel import SqliteStorage
from hishel.httpx import CacheTransport
from tests.conftest import Clock
from tests.examples.test_guide import address_of, output_of
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

Read = Callable[[], Any]


# What a cache keeps does not depend on the database.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


class RecordingTransport(httpx.HTTPTransport):
    """The wire, with the status of each answer."""

    def __init__(self, statuses: list[int]) -> None:
        super().__init__(trust_env=False)
        self._statuses = statuses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        self._statuses.append(answer.status_code)
        return answer


@contextmanager
def hishel_reading(address: str, statuses: list[int], folder: Path, *, rfc: bool = True) -> Iterator[Read]:
    storage = SqliteStorage(database_path=folder / "hishel.db")
    transport = CacheTransport(RecordingTransport(statuses), storage=storage, rfc=rfc)
    with httpx.Client(transport=transport, timeout=PATIENCE_SECONDS) as client:
        yield lambda: client.get(address).json()


@contextmanager
def cachecontrol_reading(address: str, statuses: list[int], folder: Path) -> Iterator[Read]:
    class RecordingAdapter(CacheControlAdapter):
        def build_response(self, request: Any, response: Any, from_cache: bool = False, *more: Any) -> Any:
            if not from_cache:
                statuses.append(response.status)
            return super().build_response(request, response, from_cache, *more)

    with requests.Session() as session:
        session.trust_env = False
        cached = CacheControl(session, adapter_class=RecordingAdapter)
        yield lambda: cached.get(address, timeout=PATIENCE_SECONDS).json()


def state_of_tara(directory: Any) -> str:
    (state,) = (each["intake"]["state"] for each in directory["responders"] if each["slug"] == "tara")
    return str(state)


@pytest.mark.parametrize("reading", [hishel_reading, cachecontrol_reading])
async def test_a_cache_asks_again_and_shows_a_lapse_and_a_pause_at_once(
    settings: Settings, clock: Clock, tmp_path: Path, reading: Callable[..., Any]
) -> None:
    statuses: list[int] = []
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        # One thread: a storage belongs to the thread that made it.
        with ThreadPoolExecutor(1) as thread:
            loop = asyncio.get_running_loop()
            manager = reading(f"{address_of(service)}/v1/directory", statuses, tmp_path)
            read = await loop.run_in_executor(thread, manager.__enter__)

            async def state() -> str:
                return state_of_tara(await loop.run_in_executor(thread, read))

            assert [await state(), await state()] == ["open", "open"]
            assert statuses == [200, 304]
            await service.report("tara", PAUSED)
            assert await state() == "paused"
            await service.report("tara", OPEN)
            directory = await service.responder("tara")
            confirm_by = directory["intake"]["confirm_by"]
            assert await state() == "open"
            clock.advance(timedelta(days=7))
            assert clock().isoformat() >= confirm_by.replace("Z", "+00:00")
            assert await state() == "unconfirmed"
            assert statuses == [200, 304, 200, 200, 200]
            await loop.run_in_executor(thread, manager.__exit__, None, None, None)


async def test_hishel_without_rfc_never_asks_again(settings: Settings, clock: Clock, tmp_path: Path) -> None:
    """Why the guide forbids it. Once this fails, the guide may say something kinder."""
    statuses: list[int] = []
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        address = f"{address_of(service)}/v1/directory"

        def read_before_and_after(pause: Callable[[], None]) -> list[str]:
            with hishel_reading(address, statuses, tmp_path, rfc=False) as read:
                before = state_of_tara(read())
                pause()
                return [before, state_of_tara(read())]

        loop = asyncio.get_running_loop()

        def pause() -> None:
            asyncio.run_coroutine_threadsafe(service.report("tara", PAUSED), loop).result(PATIENCE_SECONDS)

        assert await asyncio.to_thread(read_before_and_after, pause) == ["open", "open"]
    assert statuses == [200]


async def test_the_examples_of_the_guide_do_what_it_says(settings: Settings, tmp_path: Path) -> None:
    async with serving(settings, utc_now) as service:
        await service.report("tara", OPEN)
        number = (await service.read("/v1/directory"))["sequence"]
        where = address_of(service)
        assert await output_of("cache_httpx.py", tmp_path, DIRECTORY=where) == f"{number} asked again: True\n"
        said = await output_of("cache_requests.py", tmp_path, DIRECTORY=where)
        assert said == f"{number} from the cache, after a 304: True\n"
