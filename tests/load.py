"""Clients that ask and report all the time, and notice each answer that does not come."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.edge.raw import Wire
from tests.serving import PATIENCE_SECONDS

_HOST = b"host: capacity.example.org\r\n"
# What asks the database without a token is not among them: of several hundred that come at once, most are told `busy`.
_READS = (b"/v1/directory", b"/v1/responders/tara", b"/v1/directory?state=open", b"/healthz", b"/", b"/openapi.json")
_EACH_SECONDS = 0.25
# A server that stops may close a connection that was silent for so long. Only a stalled client is.
_SILENT_SECONDS = 1.0


class Load:
    """Clients that ask 200 times a second: half on connections that stay open, and half each on a new one.

    Each of the `kept` connections stays open, and asks four times a second. The first of them reports for Tara.
    """

    def __init__(self, address: str, token: str, kept: int = 25) -> None:
        self.kept = kept
        self._address = urlsplit(address)
        self._token = token.encode()
        self.statuses: Counter[int] = Counter()
        self.last_answers = 0
        self.closed_when_silent = 0
        self.faults: list[str] = []
        # The numbers of the events of what was reported, and acknowledged.
        self.reported: list[int] = []
        self._is_ending = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._asked = 0

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for number in range(self.kept):
                group.create_task(self._ask_on_one(number))
            group.create_task(self._ask_anew(group))
            try:
                yield
            finally:
                self._is_ending.set()

    async def answers(self, count: int) -> None:
        """Wait for so many more answers."""
        until = self.statuses.total() + count
        async with asyncio.timeout(4 * PATIENCE_SECONDS):
            while self.statuses.total() < until:
                self._is_answered.clear()
                await self._is_answered.wait()

    async def _ask_anew(self, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        # By the clock, however long the answers take.
        while not self._is_ending.is_set():
            group.create_task(self._ask_once())
            due += _EACH_SECONDS / self.kept
            await asyncio.sleep(max(0, due - loop.time()))

    async def _ask_once(self) -> None:
        try:
            wire = await self._connect()
            await self._ask(wire, self._read())
            wire.writer.close()
        except (OSError, EOFError) as error:
            self.faults.append(f"a new connection: {error!r}")

    async def _ask_on_one(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        wire = None
        used_at = asked_at = 0.0
        # They do not all ask at one moment.
        await asyncio.sleep(number / self.kept * _EACH_SECONDS)
        while not self._is_ending.is_set():
            is_new = wire is None
            try:
                wire = wire or await self._connect()
                asked_at = loop.time()
                if await self._ask(wire, self._read() if number else self._report()):
                    wire.writer.close()
                    wire = None
                    self.last_answers += 1
                # The first request of a connection may have waited through a restart.
                used_at = loop.time() if is_new else asked_at
            except (OSError, EOFError) as error:
                if wire is not None:
                    wire.writer.close()
                wire = None
                if not is_new and asked_at - used_at > _SILENT_SECONDS and _is_without_answer(error):
                    # This machine kept the client from asking in time. It asks again at once, as clients do.
                    self.closed_when_silent += 1
                    continue
                self.faults.append(f"a connection that was open: {error!r}")
            await asyncio.sleep(_EACH_SECONDS)
        if wire is not None:
            wire.writer.close()

    async def _connect(self) -> Wire:
        return Wire(*await asyncio.open_connection(self._address.hostname, self._address.port))

    async def _ask(self, wire: Wire, request: bytes) -> bool:
        """Ask once. Whether the answer was the last on this connection."""
        await wire.send(request)
        # It waits while a process stops, the database is upgraded and another process starts.
        answer = await wire.answer(seconds=4 * PATIENCE_SECONDS)
        self.statuses[answer.status] += 1
        if request.startswith(b"PUT") and answer.status == 200:
            self.reported.append(json.loads(answer.body)["sequence"])
        self._is_answered.set()
        return answer.headers.get("connection") == "close"

    def _read(self) -> bytes:
        self._asked += 1
        return b"GET " + _READS[self._asked % len(_READS)] + b" HTTP/1.1\r\n" + _HOST + b"\r\n"

    def _report(self) -> bytes:
        report = json.dumps({"state": "paused", "note": f"Full: {len(self.reported)}."}).encode()
        head = b"content-type: application/json\r\ncontent-length: " + str(len(report)).encode() + b"\r\n"
        head += b"authorization: Bearer " + self._token + b"\r\n"
        return b"PUT /v1/responders/tara/intake HTTP/1.1\r\n" + _HOST + head + b"\r\n" + report


def _is_without_answer(error: OSError | EOFError) -> bool:
    return isinstance(error, ConnectionError) or (isinstance(error, asyncio.IncompleteReadError) and not error.partial)
