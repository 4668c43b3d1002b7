"""The HTTP protocol in front of the application: it bounds what comes in, and answers published reads by itself.

It is uvicorn's protocol with less trust. A connection's next request is parsed once the one before it is answered, and
its answer taken. So it holds one request and one answer, and what it sends ahead waits unparsed, up to a limit.
"""

import asyncio
import contextlib
from time import perf_counter
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from capacity_api.edge.application import Edge
from capacity_api.edge.connections import Phase
from capacity_api.edge.durations import RequestClass
from capacity_api.edge.head import DECISIVE, find_fault, path_of
from capacity_api.edge.pieces import Pieces
from capacity_api.errors import BodyTooLarge, CapacityError, HeadTooLarge, Malformed, RequestTimeout
from capacity_api.publication.answer import find_answer
from capacity_api.snapshot.resource import Headers

# Larger bodies are written beside their heads, so that they need not be copied.
_MAX_COPIED_BYTES = 64 * 1024
# A tool that polls sends the same bytes each time, and then they need not be parsed. Longer ones are not remembered.
_MAX_REPEATED_BYTES = 1024
# How much of a refused request is still read, so that its client can read why. A client that sends more is not reading.
_MAX_DROPPED_BYTES = 1024 * 1024
_READS = frozenset({b"GET", b"HEAD"})


class EdgeProtocol(HttpToolsProtocol):
    """One connection. `cycle` is the request that the application has, or `None` while it has none."""

    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # to uvicorn, the last one stays

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.edge: Edge = config.loaded_app.edge
        self.limits = self.edge.connections.limits
        # `Connections` keeps these two.
        self.phase: Phase | None = None
        self.group: str | None = None
        self._pieces = Pieces(self.limits)
        # What arrived ahead of the answers to what came before it.
        self._waiting = b""
        self._decisive: dict[bytes, bytes] = {}
        # The last valid Host, and the last request if it was a published read: the next is often the same.
        self._known_host: bytes | None = None
        self._last_read = b""
        # What the parser has now.
        self._piece = b""
        self._method = b""
        # Whether `url` and `headers` are those of a request that is not whole yet, and whether its head is too large.
        self._has_begun = False
        self._is_too_large = False
        self._unsent_bytes = 0
        # Refused, or answered for the last time: what still arrives is dropped.
        self._is_closing = False
        self._dropped_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # always a full transport
        super().connection_made(transport)
        # `pause_writing` as soon as the network takes no more.
        transport.set_write_buffer_limits(high=0)
        host = self.client[0] if self.client else None
        if not self.edge.connections.add(self, host, transport.get_extra_info("socket").fileno()):
            self.close_now()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closing = True
        self._waiting = b""
        self.edge.connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > _MAX_DROPPED_BYTES:
                self.close_now()
            return
        if self._waiting or self._is_busy():
            self._wait_with(self._waiting + data)
        elif data != self._last_read or not self._pieces.is_at_start() or not self._answer(keeps_alive=True):
            self._parse(data)

    def _is_busy(self) -> bool:
        """Whether the next request has to wait: one is being answered, or its answer is not taken yet."""
        return (self.cycle is not None or self.flow.write_paused) and not self._pieces.is_in_body

    def _wait_with(self, data: bytes) -> None:
        self._waiting = data
        self.flow.pause_reading()
        if len(data) > self.limits.ahead_bytes:
            self.edge.refusals.note("sent_ahead")
            self.close_now()

    def _parse(self, data: bytes) -> None:
        start = 0
        while start < len(data) and not self._is_closing:
            if self._is_busy():
                self._wait_with(data[start:])
                return
            try:
                end = self._pieces.cut(data, start)
                self._piece = data[start:end]
                self.parser.feed_data(self._piece)
            except (HeadTooLarge, BodyTooLarge) as error:
                if isinstance(error, HeadTooLarge):
                    self._read_start(data[start : start + self.limits.head_bytes])
                self._refuse(error, error.code)
                return
            except httptools.HttpParserUpgrade:
                self._ignore_upgrade()
            except httptools.HttpParserCallbackError:
                raise
            except httptools.HttpParserError:
                self._refuse(Malformed("This is not valid HTTP"), "malformed")
            start = end
        if self._pieces.head_bytes and self.phase is not self.edge.connections.in_head:
            self.edge.connections.enter(self, self.edge.connections.in_head)

    def _read_start(self, data: bytes) -> None:
        """Read the beginning of a head that is too large. It may say that a browser asks, and so for a page."""
        self._is_too_large = True
        with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.parser.feed_data(data)

    def _ignore_upgrade(self) -> None:
        """Parse the head again without its `Upgrade` (RFC 9110 §7.8): the parser stopped as if HTTP ended there.

        It would drop the body, and take what arrives next for a new request.
        """
        method = self.parser.get_method()
        lines = [method + b" " + self.url + b" HTTP/" + self.parser.get_http_version().encode()]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        if method == b"CONNECT":
            self._refuse(Malformed("This is not a proxy"), "malformed")
        else:
            self.parser.feed_data(b"\r\n".join(lines) + b"\r\n\r\n")

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._has_begun = True
        self.url = b""
        self.headers = []
        self._decisive = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._pieces.is_in_body:
            # A trailer, which nobody reads.
            return
        name = name.lower()
        if name in DECISIVE:
            before = self._decisive.get(name)
            self._decisive[name] = value if before is None else before + b"," + value
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._is_too_large:
            return
        is_whole = self._pieces.head_bytes == len(self._piece)
        self._pieces.head_bytes = 0
        self._last_read = b""
        parser, decisive = self.parser, self._decisive
        if parser.should_upgrade():
            # `_ignore_upgrade` comes next.
            return
        version = parser.get_http_version()
        self.url = path_of(self.url)
        fault = find_fault(version, self.url, decisive, self._known_host)
        if fault is not None:
            self._refuse(Malformed(fault), "malformed")
            return
        self._known_host = decisive.get(b"host")
        self._pieces.end_head(int(decisive.get(b"content-length", b"0")), is_chunked=b"transfer-encoding" in decisive)
        self._method = parser.get_method()
        keeps_alive = version == "1.1" and parser.should_keep_alive() and not self.edge.connections.is_draining
        is_read = self._method in _READS and not self._pieces.is_in_body
        if not (is_read and self._answer(keeps_alive=keeps_alive)):
            self._pass_on()
        elif keeps_alive and is_whole and len(self._piece) <= _MAX_REPEATED_BYTES:
            self._last_read = self._piece

    def on_body(self, body: bytes) -> None:
        if self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._has_begun = False
        was_in_body = self._pieces.is_in_body
        self._pieces.end_body()
        if self.cycle is not None:
            super().on_message_complete()
            self.edge.connections.enter(self, self.edge.connections.answering)
        elif was_in_body:
            # It was answered before it was whole.
            self.edge.connections.enter(self, self.edge.connections.idle)

    # The answers.

    def _answer(self, *, keeps_alive: bool) -> bool:
        """Answer a published read, the last that was parsed. False if it is not published."""
        began = perf_counter()
        edge, decisive = self.edge, self._decisive
        path, _, query = self.url.partition(b"?")
        try:
            snapshot = edge.snapshot(self.loop)
            answer = find_answer(
                snapshot,
                path.decode(),
                query,
                decisive.get(b"accept-encoding", b""),
                decisive.get(b"if-none-match", b""),
            )
        except Exception:  # noqa: BLE001 - the middleware meets the same exception, and logs it
            return False
        if answer is None:
            return False
        edge.connections.enter(self, edge.connections.idle)
        edge.reads[answer.status] += 1
        self.server_state.total_requests += 1
        end = b"\r\n" if keeps_alive else b"connection: close\r\n\r\n"
        head = answer.head + edge.lines_of(self.server_state.default_headers) + snapshot.sequence_line + end
        body = answer.body if self._method == b"GET" else b""
        if len(body) > _MAX_COPIED_BYTES:
            self.transport.writelines((head, body))
        else:
            self.transport.write(head + body)
        edge.durations.note(RequestClass.PUBLISHED_READ, perf_counter() - began)
        if not keeps_alive:
            self._is_closing = True
            self.transport.close()
        return True

    def _pass_on(self) -> None:
        """Give the request to the application, as uvicorn does."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        for name, value in headers:
            super().on_header(name, value)
        self.url = url
        super().on_headers_complete()
        connections = self.edge.connections
        if connections.is_draining and self.cycle is not None:
            self.cycle.keep_alive = False
        connections.enter(self, connections.in_body if self._pieces.is_in_body else connections.answering)

    def on_response_complete(self) -> None:
        self.cycle = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self._pieces.is_in_body:
            self._continue()
        elif self.expect_100_continue or self._pieces.missing_bytes > self.limits.body_bytes:
            # The client may never send the body, or sends too much to read it to its end.
            self._close_later()
        else:
            self.flow.resume_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self.edge.connections.enter(self, self.edge.connections.sending)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.cycle is not None:
            self.edge.connections.enter(self, self.edge.connections.answering)
        elif not self._is_closing:
            self._continue()

    def _continue(self) -> None:
        """Go on with what waits, once the last request is answered and the answer taken."""
        if self.flow.write_paused:
            return
        self.edge.connections.enter(self, self.edge.connections.idle)
        waiting, self._waiting = self._waiting, b""
        self._parse(waiting)
        if not self._waiting and not self._is_closing:
            self.flow.resume_reading()

    # The ends.

    def shutdown(self) -> None:
        """The server stops. What is being answered is answered; any other connection may ask once more."""
        self.edge.connections.drain()
        self._last_read = b""
        if self._is_closing:
            self.close_now()
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def expire(self) -> None:
        connections, refusals = self.edge.connections, self.edge.refusals
        unsent, self._unsent_bytes = self._unsent_bytes, self.transport.get_write_buffer_size()
        if self.phase is connections.in_head:
            self._refuse(RequestTimeout("The head of the request was not whole in time"), "head_timeout")
        elif self.phase is connections.in_body:
            self._refuse(RequestTimeout("The body of the request was not whole in time"), "body_timeout")
        elif self.phase is connections.sending and self._unsent_bytes < unsent:
            connections.enter(self, connections.sending)
        else:
            if self.phase is connections.silent:
                refusals.note("silent")
            elif self.phase is connections.sending:
                refusals.note("stalled")
            self.close_now()

    def give_way(self) -> None:
        if self.phase is self.edge.connections.in_head:
            error = RequestTimeout("The server is full, and the head of the request was not whole")
            self._write_refusal(error)
        self.close_now()

    def _refuse(self, error: CapacityError, reason: str) -> None:
        """Answer what is wrong and close. The rest of the request is not looked at."""
        if self._is_closing:
            return
        self.edge.refusals.note(reason)
        cycle = self.cycle
        if cycle is not None:
            # The application sees a client that hung up.
            cycle.disconnected = True
            cycle.message_event.set()
        if self.transport.is_closing() or (cycle is not None and cycle.response_started):
            self.close_now()
            return
        was_answered = cycle is None and self._pieces.is_in_body
        if not was_answered:
            self._write_refusal(error)
        self._close_later()

    def _write_refusal(self, error: CapacityError) -> None:
        """A page, if the head says so as far as it was read. Otherwise nobody knows who asks: a problem document."""
        path = ""
        headers: Headers = []
        if self._has_begun:
            path = self.url.partition(b"?")[0].decode("latin-1")
            headers = self.headers
        self.transport.write(self.edge.refusal_of(error, self.server_state.default_headers, path, headers))

    def _close_later(self) -> None:
        """Close once the client has read the answer. To close with unread data would take the answer from it."""
        self._is_closing = True
        self._waiting = b""
        self.flow.resume_reading()
        # The client may have gone already.
        with contextlib.suppress(OSError):
            self.transport.write_eof()
        self.edge.connections.enter(self, self.edge.connections.closing)

    def close_now(self) -> None:
        self._is_closing = True
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
