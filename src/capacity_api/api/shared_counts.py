"""What several processes of one service have counted together, for whichever of them is asked.

Each process writes its counts once a second into memory of its own, which all of them have open as a file.
A process that replaces another goes on from the counts that it finds there, so no sum ever goes down.
"""

import os
import time
import zlib
from collections.abc import Iterable, Iterator

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric

# A process that has written nothing for so long hangs or has ended. Its counts still count, its gauges do not.
_FRESH_SECONDS = 5.0
_CHECKSUM_BYTES = 4
_GAUGE = "gauge"
# What is worst of all processes. Any other gauge is that of the process that answers.
_WORST = {
    "capacity_ready": min,
    "capacity_condition": max,
    "capacity_sequence": min,
    "capacity_stored_sequence": max,
    "capacity_publication_stale": max,
    "capacity_clock_in_doubt": max,
    "capacity_step_overdue_seconds": max,
}

# The name of a sample, and its labels.
_Key = tuple[str, tuple[tuple[str, str], ...]]


class _Family(msgspec.Struct):
    name: str
    documentation: str
    type: str
    samples: list[tuple[_Key, float]]


class _Page(msgspec.Struct):
    """What one process has written. `written_at` is a time of the clock that all processes of a machine share."""

    written_at: float = 0.0
    families: list[_Family] = []


class SharedCounts:
    """Made by the parent, before its children."""

    def __init__(self, count: int) -> None:
        # They stay open as long as the processes run. A full disk must not silence the metrics.
        self._descriptors = [os.memfd_create(f"counts-{number}") for number in range(count)]

    def of_process(self, number: int) -> "ProcessCounts":
        return ProcessCounts(self._descriptors, number)


class ProcessCounts:
    """The same, as one process uses it: it writes its own counts and adds up those of all."""

    def __init__(self, descriptors: list[int], number: int) -> None:
        self._descriptors = descriptors
        self._own = descriptors[number]
        self._earlier = [family for family in _read(self._own).families if family.type != _GAUGE]

    def write(self, metrics: Iterable[Metric]) -> None:
        """Replace what this process has written. `metrics` are its own alone."""
        families = _add_up([*(_family_of(metric) for metric in metrics), *self._earlier])
        encoded = msgspec.json.encode(_Page(time.monotonic(), families))
        checksum = zlib.crc32(encoded).to_bytes(_CHECKSUM_BYTES)
        os.pwrite(self._own, checksum + encoded, 0)
        os.ftruncate(self._own, _CHECKSUM_BYTES + len(encoded))

    def add_up(self) -> Iterator[Metric]:
        """The counts of all processes."""
        pages = [_read(self._own), *(_read(each) for each in self._descriptors if each != self._own)]
        now = time.monotonic()
        fresh = [page for page in pages if page.written_at > now - _FRESH_SECONDS]
        counted = [family for page in pages for family in page.families if family.type != _GAUGE]
        current = [family for page in fresh for family in page.families if family.type == _GAUGE]
        for family in _add_up([*counted, *current]):
            metric = Metric(family.name, family.documentation, family.type)
            for (name, labels), value in family.samples:
                metric.add_sample(name, dict(labels), value)
            yield metric
        yield GaugeMetricFamily("capacity_processes", "Processes of this service that answer", len(fresh))


def _family_of(metric: Metric) -> _Family:
    samples = [((each.name, tuple(sorted(each.labels.items()))), float(each.value)) for each in metric.samples]
    return _Family(metric.name, metric.documentation, metric.type, samples)


def _add_up(families: Iterable[_Family]) -> list[_Family]:
    """One family for each name. The first of several gauges wins, unless the worst does."""
    found: dict[str, _Family] = {}
    values: dict[str, dict[_Key, float]] = {}
    for family in families:
        found.setdefault(family.name, family)
        totals = values.setdefault(family.name, {})
        for key, value in family.samples:
            if key not in totals:
                totals[key] = value
            elif family.type != _GAUGE:
                totals[key] += value
            elif family.name in _WORST:
                totals[key] = _WORST[family.name](totals[key], value)
    return [
        _Family(family.name, family.documentation, family.type, list(values[name].items()))
        for name, family in found.items()
    ]


def _read(descriptor: int) -> _Page:
    """What stands in a file. Empty if nothing does, or if its process died while it wrote."""
    # Another process may be writing now. It takes far less time than a few attempts.
    for _ in range(5):
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        checksum, encoded = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
        if encoded and zlib.crc32(encoded).to_bytes(_CHECKSUM_BYTES) == checksum:
            return msgspec.json.decode(encoded, type=_Page)
    return _Page()
