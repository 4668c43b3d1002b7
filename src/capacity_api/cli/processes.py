"""Several processes that serve on the same sockets, and the parent that starts them and serves nothing itself.

- The parent is one thread without an event loop, so that it can fork at any time.
- It holds the only writing end of a pipe, which each child reads: when the parent is gone, the children stop.
- Each child has a pipe to the parent. It says when it is ready, and then that it is alive. Its end is the child's end.
- All accept from one queue. With a queue for each process (SO_REUSEPORT), the kernel would reset what waits in the
  queue of one that stops.
"""

import asyncio
import os
import selectors
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from types import FrameType

import msgspec
import structlog

from capacity_api.cli.supervision import Supervisor
from capacity_api.errors import CapacityError, ConfigurationError

log = structlog.get_logger()
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A child says it twice in this time. One that is silent for longer hangs, and is replaced.
HANGS_AFTER_SECONDS = 30.0
# One that has not answered so long after it began hangs too. A million events take it 20 seconds.
STARTS_WITHIN_SECONDS = 900.0
# So many may be replaced in a minute. The next waits for the end of the minute.
_MOST_REPLACED = 5
_REPLACED_IN_SECONDS = 60.0
_TICK_SECONDS = 1.0


class Link(msgspec.Struct, frozen=True):
    """What a child has of its parent. `number` is its place among the children, which its replacement gets too."""

    number: int
    supervisor: Supervisor
    life: int

    def when_parent_ends(self, stop: Callable[[], object]) -> None:
        """Call `stop` once the parent is gone. Call this in a running event loop."""
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.remove_reader(self.life)
            log.warning("process.orphaned")
            stop()

        loop.add_reader(self.life, end)


class _Child(msgspec.Struct):
    number: int
    pid: int
    pipe: int
    last_message_at: float
    started_at: float
    is_ready: bool = False


class Processes:
    """Children that each run `work`, and are replaced when they die."""

    def __init__(
        self,
        count: int,
        work: Callable[[Link], None],
        supervisor: Supervisor,
        announce: Callable[[], None],
        close_sockets: Callable[[], None],
        *,
        grace_seconds: float,
        hangs_after_seconds: float = HANGS_AFTER_SECONDS,
        starts_within_seconds: float = STARTS_WITHIN_SECONDS,
    ) -> None:
        self._count = count
        self._work = work
        self._supervisor = supervisor
        self._announce = announce
        self._close_sockets = close_sockets
        self._grace_seconds = grace_seconds
        self._hangs_after_seconds = supervisor.watchdog_seconds or hangs_after_seconds
        self._starts_within_seconds = starts_within_seconds
        self._children: dict[int, _Child] = {}
        self._replaced_at: deque[float] = deque()
        # When to start another process in the places that are empty.
        self._due: dict[int, float] = {}
        self._checked_at = time.monotonic()
        self._is_announced = False
        self._selector = selectors.DefaultSelector()
        self._life, self._life_of_parent = os.pipe()
        self._wakeup, self._wakeup_of_signals = os.pipe()
        self._is_stopping = False

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM. Raises `ConfigurationError` once no process is left that can serve."""
        for descriptor in (self._wakeup, self._wakeup_of_signals):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wakeup_of_signals)
        for each in _SIGNALS:
            signal.signal(each, self._request_stop)
        self._selector.register(self._wakeup, selectors.EVENT_READ)
        try:
            for number in range(self._count):
                self._start(number)
            while not self._is_stopping:
                self._read_messages()
                self._start_due()
                self._end_hanging()
                self._supervisor.alive()
        finally:
            self._stop()

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start(self, number: int) -> None:
        pipe, pipe_of_child = os.pipe()
        # Until the child has handlers of its own, a signal to it would count as one to the parent.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.close(pipe)
            self._be_child(number, pipe_of_child, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(pipe_of_child)
        os.set_blocking(pipe, False)
        now = time.monotonic()
        self._children[pipe] = _Child(number, pid, pipe, last_message_at=now, started_at=now)
        self._selector.register(pipe, selectors.EVENT_READ)

    def _be_child(self, number: int, pipe: int, mask: set[int | signal.Signals]) -> None:
        """Do the work of a child, and never return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._selector.close()
            for descriptor in (self._life_of_parent, self._wakeup, self._wakeup_of_signals, *self._children):
                os.close(descriptor)
            os.set_blocking(pipe, False)

            def say(lines: str) -> None:
                os.write(pipe, lines.encode() + b"\n")

            self._work(Link(number, Supervisor(say, self._hangs_after_seconds), self._life))
            code = 0
        except CapacityError as error:
            log.error("process.failed", error=error.detail)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:  # noqa: BLE001 - the stack of the parent is above this one, and must not be unwound
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _read_messages(self) -> None:
        """Wait for signals and for what the children say."""
        watchdog = self._supervisor.watchdog_seconds
        for key, _ in self._selector.select(min(_TICK_SECONDS, watchdog / 2) if watchdog else _TICK_SECONDS):
            message = os.read(key.fd, 1 << 16)
            child = self._children.get(key.fd)
            if child is None:
                continue
            if not message:
                self._replace(child)
                continue
            child.last_message_at = time.monotonic()
            if b"READY=1" in message:
                child.is_ready = True
                self._describe()

    def _describe(self) -> None:
        ready = sum(child.is_ready for child in self._children.values())
        status = f"{ready} of {self._count} processes answer"
        if ready == self._count and not self._is_announced:
            self._is_announced = True
            self._announce()
            self._supervisor.ready(status)
        elif self._is_announced:
            self._supervisor.describe(status)

    def _replace(self, child: _Child) -> None:
        """Take note of the end of a child. Unless the service stops, start another one in its place."""
        code = self._forget(child)
        if self._is_stopping:
            return
        log.error("process.died", child=child.pid, **_describe_end(code))
        if not self._is_announced:
            raise ConfigurationError("one of the processes could not start; the log says why")
        now = time.monotonic()
        while self._replaced_at and self._replaced_at[0] < now - _REPLACED_IN_SECONDS:
            self._replaced_at.popleft()
        if len(self._replaced_at) < _MOST_REPLACED:
            self._due[child.number] = now
            self._replaced_at.append(now)
        else:
            self._due[child.number] = self._replaced_at[0] + _REPLACED_IN_SECONDS
            log.error("process.waits", seconds=round(self._due[child.number] - now))
            if not any(each.is_ready for each in self._children.values()):
                raise ConfigurationError("the processes die again and again, and none is left; the log says why")
        self._describe()

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._start(number)

    def _forget(self, child: _Child) -> int:
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.pipe]
        _, status = os.waitpid(child.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _end_hanging(self) -> None:
        now = time.monotonic()
        if now - self._checked_at > self._hangs_after_seconds / 2:
            # The parent stood still, as in a frozen container. Then its children may have been frozen too.
            for child in self._children.values():
                child.last_message_at = child.started_at = now
        self._checked_at = now
        for child in self._children.values():
            # One that starts is silent too: a large database takes a while.
            silent_seconds = now - (child.last_message_at if child.is_ready else child.started_at)
            limit = self._hangs_after_seconds if child.is_ready else self._starts_within_seconds
            if silent_seconds > limit:
                log.error("process.hangs", child=child.pid, silent_seconds=round(silent_seconds))
                child.last_message_at = child.started_at = now
                os.kill(child.pid, signal.SIGKILL)

    def _stop(self) -> None:
        """Let each child answer what it has begun. Kill those that take longer than the grace."""
        self._is_stopping = True
        self._supervisor.stopping()
        self._close_sockets()
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._grace_seconds
        while self._children:
            if time.monotonic() > deadline:
                for child in self._children.values():
                    os.kill(child.pid, signal.SIGKILL)
                deadline = float("inf")
            self._read_messages()
        signal.set_wakeup_fd(-1)


def _describe_end(code: int) -> dict[str, object]:
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}
