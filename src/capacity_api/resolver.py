"""Looks up names with the C library, in threads. A name server that hangs holds up no other name, and no stop.

A lookup cannot be interrupted, so it may outlive the attempts that asked for it. Its thread is one that the end of the
process does not wait for, as it would for those of an executor.
"""

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

# Each waits for one name. This is twice `worker.MAX_IN_FLIGHT`; they start only while name servers hang.
_MAX_THREADS = 1024
_Ask = Callable[..., Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Resolver:
    """All addresses of a name, in the order to try them. Raises `OSError` if there is no answer.

    Who asks for a name that is being looked up waits for that lookup: however many webhooks a host has, it takes one
    thread.
    """

    def __init__(self, ask: _Ask = socket.getaddrinfo, max_threads: int = _MAX_THREADS) -> None:
        self._ask = ask
        self._free_threads = asyncio.Semaphore(max_threads)
        self._lookups: dict[str, asyncio.Task[list[Address]]] = {}

    async def __call__(self, host: str) -> list[Address]:
        lookup = self._lookups.get(host)
        if lookup is None:
            lookup = self._lookups[host] = asyncio.create_task(self._look_up(host))
            lookup.add_done_callback(partial(self._forget, host))
        # One that gives up must not end the lookup for the others.
        return await asyncio.shield(lookup)

    async def _look_up(self, host: str) -> list[Address]:
        async with self._free_threads:
            answer: asyncio.Future[list[Address]] = asyncio.get_running_loop().create_future()
            thread = threading.Thread(target=_answer, args=(self._ask, host, answer), name="resolve", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                raise OSError("no thread can be started") from None
            return await answer

    def _forget(self, host: str, lookup: "asyncio.Task[list[Address]]") -> None:
        del self._lookups[host]
        # Nobody may have waited for its error. asyncio would log that.
        if not lookup.cancelled():
            lookup.exception()


def _answer(ask: _Ask, host: str, answer: "asyncio.Future[list[Address]]") -> None:
    """Runs in the thread."""
    try:
        # Bytes, because Python would encode text by its own rules (IDNA 2003).
        found = ask(host.encode(), None, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(ipaddress.ip_address(each[4][0]) for each in found))
        settle = partial(_settle, answer, addresses, None)
    except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
        settle = partial(_settle, answer, [], error)
    # The loop may have ended meanwhile.
    with contextlib.suppress(RuntimeError):
        answer.get_loop().call_soon_threadsafe(settle)


def _settle(answer: "asyncio.Future[list[Address]]", addresses: list[Address], error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(addresses)
