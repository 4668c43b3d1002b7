"""How long requests took, by class, as a histogram of few buckets. No class names a path or a reader."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

# The key of a scope with the time at which its request came to the application, on the clock of `time.perf_counter`.
BEGAN = "capacity_api.began"
# The upper bound of each bucket, in seconds. One more holds what took longer than all of them.
BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5)


class RequestClass(StrEnum):
    """What a request asks for."""

    # From the snapshot, at the socket.
    PUBLISHED_READ = "published_read"
    # A question about a situation.
    MATCH = "match"
    # Any other read, public or with a token.
    READ = "read"
    WRITE = "write"
    # What an administrator's token may do alone, and the routes of this operation.
    OPERATOR = "operator"
    # No route has such a path or method.
    NONE = "none"


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests took at most each bound, with infinity as the last one, and the seconds of all of them."""

    request_class: RequestClass
    cumulative: Sequence[int]
    seconds: float


class _Bucketed:
    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Durations:
    """Those of one process. They never go down."""

    def __init__(self) -> None:
        self._classes = {each: _Bucketed() for each in RequestClass}

    def note(self, request_class: RequestClass, seconds: float) -> None:
        bucketed = self._classes[request_class]
        bucketed.counts[bisect_left(BOUNDS, seconds)] += 1
        bucketed.seconds += seconds

    def histograms(self) -> Iterator[Histogram]:
        """One for each class, also for one without requests: a rate needs a first value."""
        for request_class, bucketed in self._classes.items():
            total, cumulative = 0, []
            for count in bucketed.counts:
                total += count
                cumulative.append(total)
            yield Histogram(request_class=request_class, cumulative=cumulative, seconds=bucketed.seconds)
