"""The connections of one process: how many there may be, how long each may take, and which one gives way.

Each connection is in one phase. A phase keeps its connections in the order in which they came into it, so the one that
has been there longest is the first, and looking for those that took too long costs nothing while there are none.
"""

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import Protocol

import msgspec

from capacity_api.edge.addresses import Network, group_of
from capacity_api.edge.refusals import Refusals

# Descriptors that are left for the database, webhooks and files.
_RESERVED_DESCRIPTORS = 64
# A connection with a descriptor as high as this leaves so few that `accept` may fail soon.
_LAST_DESCRIPTORS = 16
_MOST_CONNECTIONS = 100_000
_TICK_SECONDS = 1.0
# When thousands have taken too long, they are closed some at a time, so that readers are answered in between.
_MOST_AT_ONCE = 50
_SOON_SECONDS = 0.01
# For how long a server that stops waits for a request on connections that have none. Most that are used send one.
_DRAIN_SECONDS = 1.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one client may use. Times are in seconds.

    `connections`: `None` for what the file limit allows, less 64.
    """

    head_bytes: int = 16 * 1024
    # As it comes over the wire: chunks of one byte each make a body of 64 kB six times as long.
    body_bytes: int = 512 * 1024
    # What may arrive ahead of the answers to what came before it.
    ahead_bytes: int = 64 * 1024
    silent_seconds: float = 10
    head_seconds: float = 10
    body_seconds: float = 20
    # How long a reader may take nothing of its answer.
    stalled_seconds: float = 30
    keep_alive_seconds: float = 65
    closing_seconds: float = 2
    connections: int | None = None
    connections_per_address: int = 256


class Phase:
    """Where connections are in their lives, and since when, the longest first. `seconds`: how long they may stay."""

    __slots__ = ("seconds", "since")

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self.since: OrderedDict[Connection, float] = OrderedDict()


class Connection(Protocol):
    phase: Phase | None
    group: str | None

    def expire(self) -> None:
        """It has been in its phase for too long."""

    def give_way(self) -> None:
        """Close at once: another connection needs the place."""

    def close_now(self) -> None:
        """Close without an answer."""


class Connections:
    def __init__(self, limits: Limits, refusals: Refusals, trusted_proxies: tuple[Network, ...] = ()) -> None:
        self.limits = limits
        self.silent = Phase(limits.silent_seconds)
        self.in_head = Phase(limits.head_seconds)
        self.in_body = Phase(limits.body_seconds)
        self.answering = Phase()
        self.sending = Phase(limits.stalled_seconds)
        self.idle = Phase(limits.keep_alive_seconds)
        self.closing = Phase(limits.closing_seconds)
        self._timed = (self.silent, self.in_head, self.in_body, self.sending, self.idle, self.closing)
        self._refusals = refusals
        self._trusted_proxies = trusted_proxies
        self._descriptors = _descriptor_limit()
        self._most = limits.connections or max(self._descriptors - _RESERVED_DESCRIPTORS, _LAST_DESCRIPTORS)
        # One address never takes the places of all others.
        self._most_of_address = min(limits.connections_per_address, max(self._most // 2, 1))
        self._all: set[Connection] = set()
        # In the order in which they came, because the loop's time has milliseconds only.
        self._by_group: dict[str, dict[Connection, None]] = {}
        self._tick_seconds = min(_TICK_SECONDS, *(phase.seconds / 4 for phase in self._timed if phase.seconds))
        self._loop: asyncio.AbstractEventLoop | None = None
        # The server stops: each connection gets one more answer, which says `Connection: close`.
        self.is_draining = False

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection, host: str | None, descriptor: int) -> bool:
        """Take a new connection in. False if there is no place: each of the others has a request that is answered."""
        group = group_of(host, self._trusted_proxies)
        own = {} if group is None else self._by_group.get(group, {})
        if len(own) >= self._most_of_address and not self._make_room("connections_of_address", own):
            return False
        self._begin()
        is_full = len(self._all) >= self._most or descriptor >= self._descriptors - _LAST_DESCRIPTORS
        if is_full and not self._make_room("connections"):
            return False
        connection.group = group
        self._all.add(connection)
        if group is not None:
            self._by_group.setdefault(group, {})[connection] = None
        connection.phase = self.silent
        self.silent.since[connection] = self._now()
        return True

    def enter(self, connection: Connection, phase: Phase) -> None:
        """The connection is in `phase` from now on, also if it was in it already."""
        before = connection.phase
        if before is None:
            return
        if before is phase:
            phase.since.move_to_end(connection)
        else:
            del before.since[connection]
            connection.phase = phase
        phase.since[connection] = self._now()

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed. It may be forgotten already."""
        if connection.phase is None:
            return
        del connection.phase.since[connection]
        connection.phase = None
        self._all.remove(connection)
        if connection.group is not None:
            own = self._by_group[connection.group]
            del own[connection]
            if not own:
                del self._by_group[connection.group]

    def drain(self) -> None:
        """The server stops. What sends no request for a second is closed."""
        if not self.is_draining:
            self.is_draining = True
            # It may stop before anybody has connected.
            self._begin()
            self._drain_after(_DRAIN_SECONDS)

    def close_unused(self, seconds: float = 0.0) -> None:
        """Close what has had no whole request for so long."""
        for phase in (self.silent, self.in_head, self.idle):
            for connection, since in list(phase.since.items()):
                if since + seconds <= self._now():
                    connection.close_now()

    def _begin(self) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(self._tick_seconds, self._tick)

    def _drain_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._drain_some, self._now() + seconds)

    def _drain_some(self, due: float) -> None:
        # A process that stood still has not read yet what was sent meanwhile.
        if self._now() < due + _DRAIN_SECONDS / 4:
            self.close_unused(_DRAIN_SECONDS)
        self._drain_after(_DRAIN_SECONDS / 4)

    def _make_room(self, reason: str, own: Iterable[Connection] | None = None) -> bool:
        """Close the one of all (or of `own`) that is longest without a whole head, or else longest idle.

        One whose request is answered never gives way.
        """
        self._refusals.note(reason)
        for phases in ((self.closing, self.silent, self.in_head), (self.idle,), (self.in_body,)):
            longest = _longest_in(phases) if own is None else _longest_of(own, phases)
            if longest is not None:
                longest.give_way()
                self.remove(longest)
                return True
        return False

    def _tick(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        delay = self._tick_seconds
        for phase in self._timed:
            assert phase.seconds is not None
            for connection, since in list(islice(phase.since.items(), _MOST_AT_ONCE)):
                if since + phase.seconds > now:
                    break
                connection.expire()
            else:
                if phase.since:
                    delay = _SOON_SECONDS
        self._loop.call_later(delay, self._tick)

    def _now(self) -> float:
        assert self._loop is not None
        return self._loop.time()


def _longest_in(phases: Iterable[Phase]) -> Connection | None:
    firsts = [next(iter(phase.since.items())) for phase in phases if phase.since]
    return min(firsts, key=_since)[0] if firsts else None


def _longest_of(connections: Iterable[Connection], phases: tuple[Phase, ...]) -> Connection | None:
    found = [(each, each.phase.since[each]) for each in connections if each.phase is not None and each.phase in phases]
    return min(found, key=_since)[0] if found else None


def _since(entry: tuple[Connection, float]) -> float:
    return entry[1]


def _descriptor_limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(soft, _MOST_CONNECTIONS)
