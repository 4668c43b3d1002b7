"""One attempt: post the bytes, judge the answer. What it comes to is for `operations.deliveries` to record."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

import httpx

from capacity_api.delivery.egress import EgressRefused
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry, retry_after

DEADLINE_SECONDS = 15.0
_MOST_READ = 16 * 1024
_KEPT = 2 * 1024
_HEADERS = {
    "user-agent": f"capacity-api/{version('capacity-api')}",
    "content-type": "application/json",
    # The answer is for the log: what comes compressed all the same is kept as it came, never unpacked.
    "accept-encoding": "identity",
}
_GONE = 410
_SLOW_DOWN = frozenset({429, 502, 503, 504})


async def post(
    client: httpx.AsyncClient,
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

    answered: httpx.Response | None = None
    try:
        request = client.build_request("POST", url, headers={**headers, **_HEADERS}, content=body)
        async with asyncio.timeout(deadline):
            answered = await client.send(request, stream=True)
            async with contextlib.aclosing(answered):
                answer = await _read(answered)
    except EgressRefused:
        return GiveUp(reason="not_allowed", duration_ms=elapsed())
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return GiveUp(reason="invalid_url", duration_ms=elapsed())
    except (TimeoutError, httpx.HTTPError, OSError) as error:
        status = answered.status_code if answered is not None else None
        return Retry(reason=_failure(error), status=status, duration_ms=elapsed())
    return _judged(answered, answer, elapsed(), now)


def _judged(response: httpx.Response, answer: str, duration_ms: int, now: datetime) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Delivered(status=status, duration_ms=duration_ms, answer=answer)
    reason = f"http_{status}"
    if status == _GONE:
        return GiveUp(reason=reason, status=status, duration_ms=duration_ms, answer=answer, disable=True)
    wait = retry_after(response.headers.get("retry-after"), now) if status in _SLOW_DOWN else None
    return Retry(reason=reason, status=status, duration_ms=duration_ms, answer=answer, retry_after=wait)


async def _read(response: httpx.Response) -> str:
    """The beginning of the answer as text. Stops after 16 kB, which closes the connection."""
    kept, count = b"", 0
    async for part in response.aiter_raw():
        kept += part[: _KEPT - len(kept)]
        count += len(part)
        if count >= _MOST_READ:
            break
    # A zero byte is no text to PostgreSQL.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _failure(error: BaseException) -> str:
    """A word for the log. Nothing of the error's own text: it may hold an address that a name resolved to."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError | httpx.TimeoutException) for cause in causes):
        return "timeout"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "tls_failed"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "name_not_resolved"
    if isinstance(error, httpx.ConnectError):
        return "connection_failed"
    return "bad_answer" if isinstance(error, httpx.ProtocolError) else "connection_lost"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """What led to an error; httpcore's pool raises "from None", so the context has to serve as well."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
