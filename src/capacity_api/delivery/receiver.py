"""A webhook receiver for a partner's developer. It verifies each message, prints it, and lists it at `GET /`.

Plain ASGI, run by `capacity-api listen` and by `demo`. It trusts nothing that it receives: it marks an event that does
not verify, and prints no control characters, which could change the terminal.
"""

import sys
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from capacity_api.asgi import Receive, Scope, Send
from capacity_api.clock import Clock
from capacity_api.domain import signing
from capacity_api.domain.codes import ALL

_MAX_BODY_BYTES = 64 * 1024
# How many receipts `GET /` lists, newest last.
_MAX_RECEIPTS = 100


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was received. `event` is its body, or null if that is not JSON."""

    id: str
    verified: bool
    received_at: datetime
    event: msgspec.Raw


class _Limit(msgspec.Struct):
    areas: list[str] = msgspec.field(default_factory=list)
    exploitation_types: list[str] = msgspec.field(default_factory=list)
    age_groups: list[str] = msgspec.field(default_factory=list)
    genders: list[str] = msgspec.field(default_factory=list)


class _Report(msgspec.Struct):
    limited_to: _Limit | None = None


class _Intake(msgspec.Struct):
    state: str = ""
    said_by: str | None = None
    report: _Report | None = None


class _Responder(msgspec.Struct):
    slug: str = ""
    intake: _Intake = msgspec.field(default_factory=_Intake)


class _CellGroup(msgspec.Struct):
    text: str = ""


class _Data(msgspec.Struct):
    responder: _Responder | None = None
    previous_state: str | None = None
    cells: list[_CellGroup] = msgspec.field(default_factory=list)
    slug: str = ""
    fields: list[str] = msgspec.field(default_factory=list)


class _Event(msgspec.Struct):
    """The parts of a body that a printed line has."""

    type: str = "unknown"
    sequence: int | None = None
    test: bool = False
    data: _Data = msgspec.field(default_factory=_Data)


def write_stdout(text: str) -> None:
    """Write to stdout and flush it, as it may be a file or a pipe."""
    sys.stdout.write(text)
    sys.stdout.flush()


class Receiver:
    """The ASGI application.

    `key` is `whsec_…` or `whpk_…`. It may be set later; until then nothing verifies. `as_json` prints one JSON document
    a line instead of words. `pages` makes the HTML of other paths.
    """

    def __init__(
        self,
        clock: Clock,
        key: str | None = None,
        as_json: bool = False,
        write: Callable[[str], object] = write_stdout,
        pages: Mapping[str, Callable[[], bytes]] = MappingProxyType({}),
    ) -> None:
        self._clock = clock
        self.key = key
        self._as_json = as_json
        self._write = write
        self._pages = pages
        self.receipts: deque[Receipt] = deque(maxlen=_MAX_RECEIPTS)

    @property
    def key(self) -> str | None:
        return self._key

    @key.setter
    def key(self, key: str | None) -> None:
        """Raises `ValueError` for what is not a key to verify with."""
        self._key = None if key is None else signing.validate_key(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _run_lifespan(receive, send)
        elif scope["type"] == "http":
            await self._handle(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await self._receive_message(scope, receive, send)
        elif scope["method"] != "GET":
            await _respond(send, 405)
        elif scope["path"] == "/":
            await _respond(send, 200, msgspec.json.encode({"received": list(self.receipts)}))
        elif scope["path"] in self._pages:
            await _respond(send, 200, self._pages[scope["path"]](), b"text/html; charset=utf-8")
        else:
            await _respond(send, 404)

    async def _receive_message(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            await _respond(send, 413)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        now = self._clock()
        receipt = Receipt(
            id=headers.get("webhook-id", ""),
            verified=self._verifies(headers, body, now),
            received_at=now,
            event=_event_json(body),
        )
        self.receipts.append(receipt)
        text = msgspec.json.encode(receipt).decode() if self._as_json else describe_receipt(receipt)
        self._write(text + "\n")
        await _respond(send, 204 if receipt.verified else 401)

    def _verifies(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        if self._key is None:
            return False
        return signing.is_signed(
            self._key,
            headers.get("webhook-id", ""),
            headers.get("webhook-timestamp", ""),
            headers.get("webhook-signature", ""),
            body,
            int(now.timestamp()),
        )


def describe_receipt(receipt: Receipt) -> str:
    """One message in words, such as `11:02:51 intake.paused salvation-army open → paused #14 verified`."""
    event = _decode_event(receipt.event)
    words = [
        f"{receipt.received_at:%H:%M:%S}",
        "TEST" if event.test else "",
        event.type,
        *_responder_words(event.data),
        "; ".join(group.text for group in event.data.cells),
        event.data.slug,
        ", ".join(event.data.fields),
        "" if event.sequence is None else f"#{event.sequence}",
        "verified" if receipt.verified else "NOT VERIFIED",
    ]
    line = " ".join(word for word in words if word)
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)


def _decode_event(event: msgspec.Raw) -> _Event:
    try:
        return msgspec.json.decode(event, type=_Event)
    except msgspec.ValidationError:
        return _Event()


def _responder_words(data: _Data) -> list[str]:
    if data.responder is None:
        return []
    change = [] if data.previous_state is None else [data.previous_state, "→"]
    intake = data.responder.intake
    limit = None if intake.report is None else intake.report.limited_to
    return [
        data.responder.slug,
        *change,
        intake.state,
        "" if limit is None else f"(only {_limit_words(limit)})",
        "" if intake.said_by is None else f"said by {intake.said_by}",
    ]


def _limit_words(limit: _Limit) -> str:
    aspects = (limit.areas, limit.exploitation_types, limit.age_groups, limit.genders)
    return ", ".join(" or ".join(codes) for codes in aspects if codes and ALL not in codes)


async def _read_body(receive: Receive) -> bytes | None:
    """The body, or `None` if it is longer than 64 kB."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > _MAX_BODY_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return body


async def _respond(send: Send, status: int, body: bytes = b"", content_type: bytes = b"application/json") -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")] if body else []
    # A response with status 204 must not have a length (RFC 9110 §8.6).
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
    """The body as JSON on one line, or null if it is not JSON or is nested too deep to decode."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(b"null")
    return msgspec.Raw(msgspec.json.format(body, indent=-1))
