"""The only way out: connections to the addresses that `domain.egress` allows, and to no others.

A name is resolved once for each connection. All its addresses are judged, and the connection goes to
one of them; `Host`, SNI and the name in the certificate stay those of the webhook. Later requests over
the same connection resolve nothing.
"""

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable, Sequence

import httpx
import msgspec

from capacity_api.delivery.wire import Wire
from capacity_api.domain.egress import Address, Network, Target, is_address_allowed, is_target_allowed
from capacity_api.resolver import Resolver
from capacity_api.tls import client_context

Resolve = Callable[[str], Awaitable[list[Address]]]

# The limit for connecting to all addresses of a name together, TLS included.
_CONNECT_SECONDS = 10.0
# More than one, so that a host with one dead address is still reached.
_MAX_ADDRESSES = 3


class EgressRefused(httpx.TransportError):
    """The webhook's address is not allowed. Permanent. Never says which address, or why."""


class Route(msgspec.Struct, frozen=True):
    """The addresses of a target, at least one. All are allowed."""

    target: Target
    addresses: Sequence[Address]
    is_private: bool


class Guard:
    """Connects to allowed addresses. The default TLS context is shared, as it takes long to make.

    A network is private if only `allow` opens it. `public` is for tests, which have no other network than loopback.
    """

    def __init__(
        self,
        allow: tuple[Network, ...],
        context: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        public: tuple[Network, ...] = (),
    ) -> None:
        self._allow = allow
        self._context = context or default_context()
        self._resolve = resolve or Resolver()
        self._public = public

    def is_private(self, target: Target) -> bool:
        """Whether the target is allowed, but would not be without `allow`. A name that is not private may still lead
        to a private address.
        """
        return is_target_allowed(target, self._allow) and not is_target_allowed(target, self._public)

    async def find_route(self, target: Target) -> Route:
        """Resolve and judge. A name with one forbidden address is refused as a whole.

        Raises `EgressRefused`, and `OSError` if the name cannot be resolved.
        """
        if not is_target_allowed(target, self._allow):
            raise EgressRefused("the address is not allowed")
        addresses = [target.address] if target.address else await self._resolve(target.host)
        if not addresses or not _are_allowed(addresses, target, self._allow):
            raise EgressRefused("the address is not allowed")
        is_private = self.is_private(target) or not _are_allowed(addresses, target, self._public)
        return Route(target, addresses[:_MAX_ADDRESSES], is_private)

    async def connect(self, route: Route) -> Wire:
        """A connection, with TLS if it is https. Raises `OSError` if the network fails."""
        failure: OSError | None = None
        for address in route.addresses:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS / len(route.addresses)):
                    return await self._open(address, route.target)
            except OSError as error:
                failure = error
        assert failure is not None
        raise failure

    async def _open(self, address: Address, target: Target) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(
            Wire,
            str(address),
            target.port,
            ssl=self._context if target.is_https else None,
            server_hostname=target.host if target.is_https else None,
        )
        return wire


def _are_allowed(addresses: Sequence[Address], target: Target, allow: tuple[Network, ...]) -> bool:
    return all(is_address_allowed(address, target.port, target.is_https, allow) for address in addresses)


@functools.cache
def default_context() -> ssl.SSLContext:
    """The context of webhooks. It takes long to make."""
    context = client_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
