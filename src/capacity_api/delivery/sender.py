"""One attempt: post the bytes, judge the answer. What it comes to is for `operations.deliveries` to record."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

import httpcore

from capacity_api.delivery.egress import EgressRefused
from capacity_api.delivery.pool import Pool
from capacity_api.delivery.wire import AnswerCut
from capacity_api.domain.egress import parse_target
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry, retry_after
from capacity_api.errors import Invalid

DEADLINE_SECONDS = 15.0
_KEPT = 2 * 1024
_HEADERS = (
    (b"user-agent", f"capacity-api/{version('capacity-api')}".encode()),
    (b"content-type", b"application/json"),
    # The answer is for the log: what comes compressed all the same is kept as it came, never unpacked.
    (b"accept-encoding", b"identity"),
    (b"accept", b"*/*"),
)
_GONE = 410
_SLOW_DOWN = frozenset({429, 502, 503, 504})


async def post(
    pool: Pool,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    deadline: float = DEADLINE_SECONDS,
) -> Outcome:
    """Send `body` once. `deadline`, in seconds, covers everything from the name's resolution to the answer's end.

    Never raises for anything that the network or the endpoint does. `now` is what a `Retry-After` date is read against.
    """
    clock = asyncio.get_running_loop().time
    began = clock()

    def elapsed() -> int:
        return round((clock() - began) * 1000)

    status: int | None = None
    try:
        target = parse_target(url)
        sent = [*_HEADERS, *((name.encode(), value.encode()) for name, value in headers.items())]
        async with asyncio.timeout(deadline), pool.post(target, sent, body) as response:
            status = response.status
            answer = await _read(response)
    except Invalid:
        return GiveUp(reason="invalid_url", duration_ms=elapsed())
    except EgressRefused:
        return GiveUp(reason="not_allowed", duration_ms=elapsed())
    except (OSError, AnswerCut, httpcore.NetworkError, httpcore.ProtocolError) as error:
        return Retry(reason=_failure(error), status=status, duration_ms=elapsed())
    return _judged(response, answer, elapsed(), now)


def _judged(response: httpcore.Response, answer: str, duration_ms: int, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Delivered(status=status, duration_ms=duration_ms, answer=answer)
    reason = f"http_{status}"
    if status == _GONE:
        return GiveUp(reason=reason, status=status, duration_ms=duration_ms, answer=answer, disable=True)
    wait = retry_after(_header(response, b"retry-after"), now) if status in _SLOW_DOWN else None
    return Retry(reason=reason, status=status, duration_ms=duration_ms, answer=answer, retry_after=wait)


def _header(response: httpcore.Response, name: bytes) -> str | None:
    return next((value.decode("latin-1") for each, value in response.headers if each.lower() == name), None)


async def _read(response: httpcore.Response) -> str:
    """The beginning of the answer as text. Reads it to its end, or as much as a wire gives of one answer."""
    kept = b""
    try:
        async for part in response.aiter_stream():
            kept += part[: _KEPT - len(kept)]
    except AnswerCut:
        pass
    # A zero byte is no text to PostgreSQL.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _failure(error: BaseException) -> str:
    """A word for the log. Nothing of the error's own text: it may hold an address that a name resolved to."""
    causes = list(_causes(error))
    if isinstance(error, TimeoutError):
        return "timeout"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "tls_failed"
    if isinstance(error, socket.gaierror):
        return "name_not_resolved"
    if isinstance(error, OSError):
        return "connection_failed"
    return "connection_lost" if isinstance(error, httpcore.NetworkError) else "bad_answer"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
