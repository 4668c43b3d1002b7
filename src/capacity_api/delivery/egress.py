"""The only way out: an httpx client whose connections go where `domain.egress` allows and nowhere else.

A name is resolved once, all its addresses are judged, and one of exactly those is dialled; the URL, `Host`, SNI and
the certificate's name stay those of the webhook. What httpx or httpcore do on top (pools, keep-alive) never dials.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx
from httpcore import SOCKET_OPTION

from capacity_api.domain.egress import Address, Network, is_allowed

Resolve = Callable[[str, int], Awaitable[list[Address]]]

_MOST_CONNECTIONS = 128
_KEEP_ALIVE_SECONDS = 30
# How many of a name's addresses are tried: a host that lists an address nobody reaches is still reached.
_DIALLED = 3


class EgressRefused(Exception):
    """The webhook's address is none that may be reached. Final, and never says which address or why."""


class Guard(httpcore.AsyncNetworkBackend):
    """Dials for one scheme: plain http reaches only what `allow` holds, and a connection does not say its scheme."""

    def __init__(self, allow: tuple[Network, ...], scheme_is_https: bool, resolve: Resolve) -> None:
        self._allow = allow
        self._scheme_is_https = scheme_is_https
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from error
        except OSError as error:
            raise httpcore.ConnectError("the name was not resolved") from error
        if not addresses or not all(
            is_allowed(address, port, self._scheme_is_https, self._allow) for address in addresses
        ):
            raise EgressRefused
        dialled = addresses[:_DIALLED]
        share = timeout / len(dialled) if timeout is not None else None
        failure: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError()
        for address in dialled:
            try:
                return await self._network.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise EgressRefused

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool that dials through a guard."""

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        # Not `super().__init__`: it would build a second pool, and none of its other options is ours to offer.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_CONNECTIONS,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=guard,
        )


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name, in the order to try them; raises `OSError` when there is no answer."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    # As bytes, or Python encodes the name by rules of its own (IDNA 2003).
    ask = functools.partial(socket.getaddrinfo, host.encode(), port, type=socket.SOCK_STREAM)
    answers = await asyncio.get_running_loop().run_in_executor(_resolvers(), ask)
    return list(dict.fromkeys(ipaddress.ip_address(answer[4][0]) for answer in answers))


def client(
    allow: tuple[Network, ...], context: ssl.SSLContext | None = None, resolve: Resolve = resolve
) -> httpx.AsyncClient:
    """A client that nothing outside it steers: no environment, no proxy, no redirect, no cookie, one TLS context."""
    context = context or default_context()
    return httpx.AsyncClient(
        mounts={"https://": GuardedTransport(Guard(allow, True, resolve), context)},
        transport=GuardedTransport(Guard(allow, False, resolve), context),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(15, connect=10),
        trust_env=False,
        follow_redirects=False,
    )


@functools.cache
def default_context() -> ssl.SSLContext:
    """Made once: it reads the whole list of authorities, about 30 ms."""
    return httpx.create_ssl_context(trust_env=False)


@functools.cache
def _resolvers() -> ThreadPoolExecutor:
    # Threads of their own, as many as there are sends at once: a name server that hangs holds up nothing else.
    return ThreadPoolExecutor(max_workers=64, thread_name_prefix="resolve")
