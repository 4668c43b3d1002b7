"""A webhook receiver for the partner's developer: verifies what arrives, prints it, and lists it at `GET /`.

Plain ASGI, run by `capacity-api listen` and by `demo`. It trusts nothing that it receives: an unverified body is shown
as such, and nothing in it can steer the terminal.
"""

import sys
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any

import msgspec

from capacity_api.clock import Clock
from capacity_api.domain import signing

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LONGEST_BODY = 64 * 1024
_KEPT = 100


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """`event` is the body; null when it is not JSON."""

    id: str
    verified: bool
    received_at: datetime
    event: msgspec.Raw


class _Intake(msgspec.Struct):
    state: str = ""


class _Responder(msgspec.Struct):
    slug: str = ""
    intake: _Intake = msgspec.field(default_factory=_Intake)


class _Cells(msgspec.Struct):
    text: str = ""


class _Data(msgspec.Struct):
    responder: _Responder | None = None
    previous_state: str | None = None
    cells: list[_Cells] = msgspec.field(default_factory=list)


class _Event(msgspec.Struct):
    """The few words of a body that one printed line shows."""

    type: str = "unknown"
    sequence: int | None = None
    data: _Data = msgspec.field(default_factory=_Data)


class Receiver:
    """The application. `key` (`whsec_…` or `whpk_…`) may be set later; until then nothing verifies.

    `as_json`: one JSON document per line in place of words.
    """

    def __init__(
        self,
        clock: Clock,
        key: str | None = None,
        as_json: bool = False,
        write: Callable[[str], object] | None = None,
    ) -> None:
        self._clock = clock
        self.key = key
        self._as_json = as_json
        self._write = write or write_stdout
        self.received: deque[Receipt] = deque(maxlen=_KEPT)

    @property
    def key(self) -> str | None:
        return self._key

    @key.setter
    def key(self, key: str | None) -> None:
        """Raises `ValueError` for what is no key to verify with."""
        self._key = key and signing.validate_key(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            if scope["method"] == "POST":
                await self._take(scope, receive, send)
            elif scope["method"] == "GET" and scope["path"] == "/":
                await _answer(send, 200, msgspec.json.encode({"received": list(self.received)}))
            else:
                await _answer(send, 404 if scope["method"] == "GET" else 405)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            await _answer(send, 413)
            return
        now = self._clock()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        received = Receipt(
            id=headers.get("webhook-id", ""),
            verified=self._key is not None
            and signing.is_signed(
                self._key,
                headers.get("webhook-id", ""),
                headers.get("webhook-timestamp", ""),
                headers.get("webhook-signature", ""),
                body,
                int(now.timestamp()),
            ),
            received_at=now,
            event=_event_json(body),
        )
        self.received.append(received)
        self._write((msgspec.json.encode(received).decode() if self._as_json else describe_receipt(received)) + "\n")
        await _answer(send, 204 if received.verified else 401)


def describe_receipt(received: Receipt) -> str:
    """One webhook in words, such as `11:02:51 intake.paused salvation-army open → paused #14 verified`."""
    try:
        event = msgspec.json.decode(received.event, type=_Event)
    except msgspec.ValidationError:
        event = _Event()
    words = [f"{received.received_at:%H:%M:%S}", event.type]
    if event.data.responder is not None:
        words.append(event.data.responder.slug)
        if event.data.previous_state is not None:
            words += [event.data.previous_state, "→"]
        words.append(event.data.responder.intake.state)
    words.append("; ".join(each.text for each in event.data.cells))
    if event.sequence is not None:
        words.append(f"#{event.sequence}")
    words.append("verified" if received.verified else "NOT VERIFIED")
    return "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in " ".join(filter(None, words))
    )


def write_stdout(text: str) -> None:
    """Write to stdout at once, also when that is a file or a pipe."""
    sys.stdout.write(text)
    sys.stdout.flush()


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or `None` as soon as it is longer than 64 kB."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > _LONGEST_BODY:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return body


async def _answer(send: Send, status: int, body: bytes = b"") -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")] if body else []
    # An answer of status 204 has no length (RFC 9110 §8.6).
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _run_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _event_json(body: bytes) -> msgspec.Raw:
    """The body on one line, or null when it is not JSON, or is nested deeper than anybody means."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(b"null")
    return msgspec.Raw(msgspec.json.format(body, indent=-1))
