"""One attempt: send the bytes, read the answer, return the outcome, which the worker records."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime
from importlib.metadata import version

import httpx
import msgspec

from capacity_api.delivery.egress import EgressRefused
from capacity_api.delivery.pool import IS_PRIVATE, build_post
from capacity_api.delivery.wire import AnswerTooLong
from capacity_api.domain.egress import parse_target
from capacity_api.domain.lease import RequireLease
from capacity_api.domain.retry import OVERLOAD, Delivered, GiveUp, Outcome, Retry, retry_after
from capacity_api.errors import Invalid

DEADLINE_SECONDS = 15.0
_MAX_LOGGED_BYTES = 2 * 1024
_HEADERS = {
    "user-agent": f"capacity-api/{version('capacity-api')}",
    "content-type": "application/json",
    # Ask for no compression: the log keeps the beginning of the answer as it came.
    "accept-encoding": "identity",
    "accept": "*/*",
}
_GONE = 410


async def post(
    pool: httpx.AsyncBaseTransport,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    deadline: float = DEADLINE_SECONDS,
    connect_seconds: float | None = None,
    require_lease: RequireLease | None = None,
) -> Outcome:
    """Send `body` once.

    `deadline`, in seconds, covers everything from resolving the name to the end of the answer, and
    `connect_seconds` the part until there is a connection. Returns an outcome, whatever the network or
    the endpoint does. `now` is for a `Retry-After` with a date. If `require_lease` raises `LeaseEnded`,
    directly before the first byte, so does this.
    """
    try:
        request = build_post(parse_target(url), {**_HEADERS, **headers}, body, connect_seconds, require_lease)
    except Invalid:
        return GiveUp(reason="invalid_url", duration_ms=0)
    outcome = await _attempt(pool, request, now, deadline)
    is_private = bool(request.extensions.get(IS_PRIVATE))
    if is_private and isinstance(outcome, GiveUp) and not outcome.disable:
        # A refusal that ends it would tell of a private name that it is known.
        outcome = Retry(reason=outcome.reason, duration_ms=outcome.duration_ms)
    return msgspec.structs.replace(outcome, is_private=is_private)


async def _attempt(pool: httpx.AsyncBaseTransport, request: httpx.Request, now: datetime, deadline: float) -> Outcome:
    monotonic = asyncio.get_running_loop().time
    began = monotonic()

    def elapsed() -> int:
        return round((monotonic() - began) * 1000)

    status: int | None = None
    try:
        async with asyncio.timeout(deadline), aclosing(await pool.handle_async_request(request)) as response:
            status = response.status_code
            answer = await _read_answer(response)
    except EgressRefused:
        return GiveUp(reason="not_allowed", duration_ms=elapsed())
    except (TimeoutError, httpx.TransportError) as error:
        return Retry(reason=_reason(error), status=status, duration_ms=elapsed())
    return _outcome(response, answer, elapsed(), now)


def _outcome(response: httpx.Response, answer: str, duration_ms: int, now: datetime) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Delivered(status=status, duration_ms=duration_ms, answer=answer)
    reason = f"http_{status}"
    if status == _GONE:
        return GiveUp(reason=reason, status=status, duration_ms=duration_ms, answer=answer, disable=True)
    wait = retry_after(response.headers.get("retry-after"), now) if status in OVERLOAD else None
    return Retry(reason=reason, status=status, duration_ms=duration_ms, answer=answer, retry_after=wait)


async def _read_answer(response: httpx.Response) -> str:
    """Read the body to its end, or to the limit of an answer. Returns the beginning as text."""
    beginning = b""
    try:
        async for part in response.aiter_raw():
            beginning += part[: _MAX_LOGGED_BYTES - len(beginning)]
    except AnswerTooLong:
        # The status is known, and it is what counts.
        pass
    # PostgreSQL stores no zero byte in text.
    return beginning.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _reason(error: TimeoutError | httpx.TransportError) -> str:
    """A word for the log. Never the error's own text, which may name an internal address."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(error.__cause__, ssl.SSLError):
        return "tls_failed"
    if isinstance(error.__cause__, socket.gaierror):
        return "name_not_resolved"
    if isinstance(error, httpx.ConnectError):
        return "connection_failed"
    return "connection_lost" if isinstance(error, httpx.NetworkError) else "bad_answer"
