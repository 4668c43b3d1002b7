"""The only way out: connections to the addresses that `domain.egress` allows, and to no others.

A name is resolved once for each connection. All its addresses are judged, and the connection goes to
one of them; `Host`, SNI and the name in the certificate stay those of the webhook. Later requests over
the same connection resolve nothing.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import certifi
import httpx

from capacity_api.delivery.wire import Wire
from capacity_api.domain.egress import Address, Network, Target, is_address_allowed, is_target_allowed

Resolve = Callable[[str, int], Awaitable[list[Address]]]

# The limit for connecting to all addresses of a name together, TLS included.
_CONNECT_SECONDS = 10.0
# More than one, so that a host with one dead address is still reached.
_MAX_ADDRESSES = 3
# Each name is resolved in a thread of its own, which starts when it is needed. When a name server
# hangs, the thread outlives the attempt, so this is twice `worker.MAX_IN_FLIGHT`.
_MAX_RESOLVER_THREADS = 1024


class EgressRefused(httpx.TransportError):
    """The webhook's address is not allowed. Permanent. Never says which address, or why."""


async def resolve(host: str, port: int) -> list[Address]:
    """All addresses of a name, in the order to try them; raises `OSError` if there is no answer."""
    # Bytes, because Python would encode text by its own rules (IDNA 2003).
    ask = functools.partial(socket.getaddrinfo, host.encode(), port, type=socket.SOCK_STREAM)
    answers = await asyncio.get_running_loop().run_in_executor(_resolver_threads(), ask)
    return list(dict.fromkeys(ipaddress.ip_address(answer[4][0]) for answer in answers))


class Guard:
    """Connects to allowed addresses. The default TLS context is shared, as it takes long to make."""

    def __init__(
        self, allow: tuple[Network, ...], context: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        self._allow = allow
        self._context = context or default_context()
        self._resolve = resolve

    async def connect(self, target: Target) -> Wire:
        """A connection, with TLS if it is https.

        Raises `EgressRefused`, and `OSError` if the network fails.
        """
        addresses = (await self._allowed_addresses(target))[:_MAX_ADDRESSES]
        failure: OSError | None = None
        for address in addresses:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS / len(addresses)):
                    return await self._open(address, target)
            except OSError as error:
                failure = error
        assert failure is not None
        raise failure

    async def _allowed_addresses(self, target: Target) -> list[Address]:
        """At least one address. A name with one forbidden address is refused as a whole."""
        if not is_target_allowed(target, self._allow):
            raise EgressRefused("the address is not allowed")
        addresses = [target.address] if target.address else await self._resolve(target.host, target.port)
        if not addresses or not all(
            is_address_allowed(address, target.port, target.is_https, self._allow) for address in addresses
        ):
            raise EgressRefused("the address is not allowed")
        return addresses

    async def _open(self, address: Address, target: Target) -> Wire:
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
    """Trusts certifi's authorities, whatever the environment says."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


@functools.cache
def _resolver_threads() -> ThreadPoolExecutor:
    # Separate threads, so that a name server that hangs delays nothing else.
    return ThreadPoolExecutor(max_workers=_MAX_RESOLVER_THREADS, thread_name_prefix="resolve")
