"""Names are looked up in threads that hold up nobody: no other name, and not the end of the process."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from tests.serving import PATIENCE_SECONDS

from capacity_api.delivery import worker
from capacity_api.resolver import Resolver


class NameServer:
    """Answers with loopback. For a name that begins with `hangs` it does so only when it is `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.asked: list[bytes] = []

    def __call__(self, host: bytes, *rest: Any, **how: Any) -> Any:
        self.asked.append(host)
        if host.startswith(b"hangs"):
            self.released.wait()
        return socket.getaddrinfo("127.0.0.1", *rest, **how)


@pytest.fixture
def names() -> Iterator[NameServer]:
    names = NameServer()
    yield names
    names.released.set()


async def test_a_name_is_resolved_to_each_address_once() -> None:
    resolve = Resolver()
    addresses = await resolve("localhost")
    assert addresses
    assert len(addresses) == len(set(addresses))
    with pytest.raises(socket.gaierror):
        await resolve("a" * 64 + ".invalid")


async def test_names_that_hang_hold_up_no_other_name(names: NameServer) -> None:
    resolve = Resolver(names)
    # As many as there can be in flight.
    hanging = [asyncio.create_task(resolve(f"hangs-{n}.example")) for n in range(worker.MAX_IN_FLIGHT)]
    # A task like them, so that it asks after them.
    other = asyncio.create_task(resolve("partner.example"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await other == [ip_address("127.0.0.1")]
    names.released.set()
    assert len(await asyncio.gather(*hanging)) == worker.MAX_IN_FLIGHT


async def test_a_host_takes_one_thread_however_many_ask_for_it_and_give_up(names: NameServer) -> None:
    resolve = Resolver(names, max_threads=2)
    for _ in range(10):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.gather(*(resolve("hangs.example") for _ in range(10)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await resolve("partner.example") == [ip_address("127.0.0.1")]
        late = asyncio.create_task(resolve("hangs.example"))
        # It begins.
        await asyncio.sleep(0)
        names.released.set()
        assert await late == [ip_address("127.0.0.1")]
    assert names.asked == [b"hangs.example", b"partner.example"]
    # It is asked for again once there is an answer: the next one may differ.
    await resolve("partner.example")
    assert names.asked[2:] == [b"partner.example"]


async def test_there_are_never_more_threads_than_the_limit(names: NameServer) -> None:
    resolve = Resolver(names, max_threads=2)
    lookups = [asyncio.create_task(resolve(f"hangs-{n}.example")) for n in range(5)]
    before = threading.active_count()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(names.asked) < 2:  # noqa: ASYNC110 - a thread has no event for it
            await asyncio.sleep(0.001)
    assert threading.active_count() <= before + 2
    assert len(names.asked) == 2
    names.released.set()
    assert [len(each) for each in await asyncio.gather(*lookups)] == [1] * 5


_STOP_WHILE_IT_HANGS = """
import asyncio, threading
from capacity_api.resolver import Resolver

async def main():
    resolve = Resolver(lambda *_, **__: threading.Event().wait())
    lookups = [asyncio.create_task(resolve(f"hangs-{n}.example")) for n in range(300)]
    await asyncio.wait(lookups, timeout=0.5)
    for lookup in lookups:
        lookup.cancel()

asyncio.run(main())
"""


def test_the_end_of_a_process_waits_for_no_name_server() -> None:
    command = [sys.executable, "-c", _STOP_WHILE_IT_HANGS]
    ended = subprocess.run(command, timeout=PATIENCE_SECONDS, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
