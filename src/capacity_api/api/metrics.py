"""Metrics for Prometheus. Labels are route templates and codes, never a URL, a slug, an id or an address."""

import shutil
from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from time import perf_counter

from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import Message, Scope
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from capacity_api.api.headers import is_for_operators
from capacity_api.api.shared_counts import ProcessCounts
from capacity_api.api.stored_metrics import StoredMetrics, labelled
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import ConditionCode
from capacity_api.db.engine import Database
from capacity_api.db.manifest import program_version
from capacity_api.domain.events import EventType
from capacity_api.domain.intake import State
from capacity_api.edge.durations import BEGAN, BOUNDS, Durations, RequestClass
from capacity_api.edge.refusals import Refusals
from capacity_api.publication.publisher import Publisher
from capacity_api.publication.readiness import Readiness

# The creation times of counters would double the size of a scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type for this one
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_OPERATION = frozenset({"/healthz", "/readyz"})
_LE = (*map(str, BOUNDS), "+Inf")


class Metrics(Collector):
    """The metrics of one process, or with `counts` of all processes of the service.

    `reads` counts the published reads that were answered at the socket, by status.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock_watch: ClockWatch,
        publisher: Publisher,
        readiness: Readiness,
        refusals: Refusals,
        reads: Mapping[int, int],
        durations: Durations,
        counts: ProcessCounts | None = None,
    ) -> None:
        self._database = database
        self._clock_watch = clock_watch
        self._publisher = publisher
        self._readiness = readiness
        self._refusals = refusals
        self._reads = reads
        self._counts = counts
        self._stored = StoredMetrics(database, clock_watch.wall)
        self.durations = durations
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self.requests = Counter(
            "capacity_requests",
            "Requests that reached a handler, by route and status",
            ("method", "route", "status"),
            registry=self._registry,
        )

    async def render(self) -> bytes:
        """The text exposition format. What only the database knows is left out while it does not answer."""
        stored = await self._stored.read()
        self.share()
        of_processes = self._registry.collect() if self._counts is None else self._counts.add_up()
        together = CollectorRegistry(auto_describe=False)
        together.register(_Collected([*of_processes, *stored]))
        return generate_latest(together)

    def share(self) -> None:
        """Let the other processes of the service know what this one counts."""
        if self._counts is not None:
            self._counts.write(self._registry.collect())

    def collect(self) -> Iterator[Metric]:
        """What this process knows by itself."""
        yield from self._count()
        yield from self._look_at_state()
        yield from self._look_at_directory()

    def _count(self) -> Iterator[Metric]:
        reads = CounterMetricFamily("capacity_published_reads", "Published reads, by status", labels=("status",))
        for status, count in self._reads.items():
            reads.add_metric((str(status),), count)
        yield reads
        refused = CounterMetricFamily("capacity_refused", "What was refused at the socket", labels=("reason",))
        for reason, count in self._refusals.counts.items():
            refused.add_metric((reason,), count)
        yield refused
        acts = CounterMetricFamily("capacity_acts", "What was stored, by its name in the log", labels=("act",))
        # A rate needs a first value.
        for act, count in ({EventType.INTAKE_UNCONFIRMED: 0} | self._database.acts).items():
            acts.add_metric((act,), count)
        yield acts
        durations = HistogramMetricFamily(
            "capacity_request_duration_seconds", "From a request to the start of its answer", labels=("class",)
        )
        for each in self.durations.histograms():
            buckets = list(zip(_LE, each.cumulative, strict=True))
            durations.add_metric((each.request_class,), buckets, each.seconds)
        yield durations

    def _look_at_state(self) -> Iterator[Metric]:
        readiness, reading = self._readiness, self._clock_watch.read()
        yield GaugeMetricFamily("capacity_ready", "1 while /readyz answers with 200", readiness.is_ready())
        yield labelled(
            "capacity_condition",
            "1 while /readyz names it, as a reason or a warning",
            "code",
            [(code, readiness.conditions.holds(code)) for code in ConditionCode],
        )
        yield GaugeMetricFamily(
            "capacity_clock_in_doubt",
            "1 while the clock may be wrong: nobody can report open, and no lapse is recorded",
            readiness.conditions.holds(ConditionCode.CLOCK),
        )
        yield GaugeMetricFamily(
            "capacity_clock_ahead_seconds",
            "By how much the clock differs from the one that it differs from most; negative if it is behind",
            reading.ahead.total_seconds(),
        )
        yield _build_info(self._database)
        if self._database.file is not None:
            with suppress(OSError):
                free = shutil.disk_usage(self._database.file.path.parent).free
                yield GaugeMetricFamily("capacity_disk_free_bytes", "Room on the disk of an SQLite database", free)

    def _look_at_directory(self) -> Iterator[Metric]:
        directory, now = self._publisher.current().directory, self._clock_watch.wall()
        yield GaugeMetricFamily("capacity_sequence", "Number of the newest event published here", directory.sequence)
        latest = self._readiness.latest
        if latest is not None:
            yield GaugeMetricFamily("capacity_stored_sequence", "Number of the newest event stored", latest)
        yield GaugeMetricFamily(
            "capacity_publication_stale",
            "1 while this process cannot publish what was committed",
            self._publisher.is_stale,
        )
        states = Counts(responder.intake.state for responder in directory.responders)
        yield labelled(
            "capacity_responders", "Responders by effective state", "state", [(state, states[state]) for state in State]
        )
        lapses = [
            responder.intake.confirm_by
            for responder in directory.responders
            if responder.intake.confirm_by is not None and responder.intake.state is not State.UNCONFIRMED
        ]
        if lapses:
            next_lapse = min(lapses).timestamp()
            yield GaugeMetricFamily("capacity_next_lapse_timestamp_seconds", "When the next report lapses", next_lapse)
        due = self._publisher.next_due
        overdue = 0.0 if due is None else max((now - due).total_seconds(), 0.0)
        yield GaugeMetricFamily(
            "capacity_step_overdue_seconds", "For how long a lapse or start that is due has no record", overdue
        )


class _Collected(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _build_info(database: Database) -> Metric:
    info = GaugeMetricFamily("capacity_build_info", "The version that runs", labels=("version", "database"))
    info.add_metric((program_version(), "sqlite" if database.file is not None else "postgresql"), 1)
    return info


async def count_request(message: Message, scope: Scope) -> None:
    """A `before_send` hook that counts requests by route template, so that no slug or id becomes a label."""
    if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
        method = scope["method"]
        metrics: Metrics = scope["state"]["metrics"]
        route = scope.get("path_template")
        metrics.requests.labels(method, str(route or "none"), str(message["status"])).inc()
        began = scope.get(BEGAN)
        if isinstance(began, float):
            metrics.durations.note(_class_of(scope, method), perf_counter() - began)


def _class_of(scope: Scope, method: str) -> RequestClass:
    route, handler = scope.get("path_template"), scope.get("route_handler")
    if not route:
        return RequestClass.NONE
    if route in _OF_OPERATION or (isinstance(handler, HTTPRouteHandler) and is_for_operators(handler)):
        return RequestClass.OPERATOR
    # The form of a page without script is posted to its own path, which is one route for all languages.
    if route.startswith("/v1/matches") or (route == "/" and method == "POST"):
        return RequestClass.MATCH
    return RequestClass.READ if method in _READS else RequestClass.WRITE
