"""The only way out: connections that go where `domain.egress` allows and nowhere else.

A name is resolved once for a connection, all its addresses are judged, and one of exactly those is dialled; `Host`,
SNI and the certificate's name stay those of the webhook. Whatever is sent over a connection later never dials.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import certifi

from capacity_api.delivery.wire import Wire
from capacity_api.domain.egress import Address, Network, Target, is_address_allowed, is_target_allowed

Resolve = Callable[[str, int], Awaitable[list[Address]]]

# Shared by the addresses of a name, TLS included.
_CONNECT_SECONDS = 10.0
# How many of a name's addresses are tried: a host that lists an address nobody reaches is still reached.
_DIALLED = 3
# How many names are resolved at once, each in a thread that is made when it is needed. Twice what is sent to at once: a
# name that hangs keeps its thread for longer than its attempt takes, and whoever found none free would hang with it.
_MOST_RESOLVED = 1024


class EgressRefused(Exception):
    """The webhook's address is none that may be reached. Final, and never says which address or why."""


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name, in the order to try them; raises `OSError` when there is no answer."""
    # As bytes, or Python encodes the name by rules of its own (IDNA 2003).
    ask = functools.partial(socket.getaddrinfo, host.encode(), port, type=socket.SOCK_STREAM)
    answers = await asyncio.get_running_loop().run_in_executor(_resolvers(), ask)
    return list(dict.fromkeys(ipaddress.ip_address(answer[4][0]) for answer in answers))


class Guard:
    """Dials what may be dialled. `context` is made once and shared: making one reads the whole list of authorities."""

    def __init__(
        self, allow: tuple[Network, ...], context: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        self._allow = allow
        self._context = context or default_context()
        self._resolve = resolve

    async def dial(self, target: Target) -> Wire:
        """A connection, with TLS if it is https; raises `EgressRefused`, or `OSError` for whatever the network does."""
        if not is_target_allowed(target, self._allow):
            raise EgressRefused
        addresses = [target.address] if target.address else await self._resolve(target.host, target.port)
        if not addresses or not all(
            is_address_allowed(address, target.port, target.is_https, self._allow) for address in addresses
        ):
            raise EgressRefused
        dialled = addresses[:_DIALLED]
        failure: OSError | None = None
        for address in dialled:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS / len(dialled)):
                    return await self._connect(address, target)
            except OSError as error:
                failure = error
        assert failure is not None
        raise failure

    async def _connect(self, address: Address, target: Target) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(
            Wire,
            str(address),
            target.port,
            ssl=self._context if target.is_https else None,
            server_hostname=target.host if target.is_https else None,
        )
        return wire


@functools.cache
def default_context() -> ssl.SSLContext:
    """Trusts certifi's authorities, whatever the environment names."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def _resolvers() -> ThreadPoolExecutor:
    # Threads of their own, so that a name server that hangs holds up nothing else.
    return ThreadPoolExecutor(max_workers=_MOST_RESOLVED, thread_name_prefix="resolve")
