"""Metrics for Prometheus. Labels are route templates and codes, never a URL or a slug."""

from collections.abc import Iterator, Mapping

from litestar.enums import ScopeType
from litestar.types import Message, Scope
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.api.shared_counts import ProcessCounts
from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.domain.intake import State
from capacity_api.edge.refusals import Refusals
from capacity_api.operations.webhooks.due_work import count_waiting_events
from capacity_api.publication.publisher import Publisher

# The creation times of counters would double the size of a scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type for this one
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """The counters of one process, or with `counts` of all processes of the service.

    `reads` counts the published reads that were answered at the socket, by status.
    """

    def __init__(
        self,
        conditions: Conditions,
        refusals: Refusals,
        reads: Mapping[int, int],
        counts: ProcessCounts | None = None,
    ) -> None:
        self._counts = counts
        self._conditions = conditions
        self._refusals = refusals
        self._reads = reads
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.requests = Counter(
            "capacity_requests",
            "Requests that reached a handler, by route and status",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._sequence = Gauge(
            "capacity_sequence", "Number of the newest event published here", registry=self._registry
        )
        self._stale = Gauge(
            "capacity_publication_stale",
            "1 while this process cannot publish what was committed",
            registry=self._registry,
        )
        self._clock_in_doubt = Gauge(
            "capacity_clock_in_doubt",
            "1 while the clock may be wrong: nobody can report open, and no lapse is recorded",
            registry=self._registry,
        )
        self._responders = Gauge(
            "capacity_responders", "Responders by effective state", ("state",), registry=self._registry
        )
        self._deliveries = Gauge(
            "capacity_deliveries_pending",
            "Events after the cursors of the active webhooks, before their filters",
            registry=self._registry,
        )

    def collect(self) -> Iterator[Metric]:
        """What is counted elsewhere, when the registry asks for it."""
        reads = CounterMetricFamily("capacity_published_reads", "Published reads, by status", labels=("status",))
        for status, count in self._reads.items():
            reads.add_metric((str(status),), count)
        yield reads
        refused = CounterMetricFamily("capacity_refused", "What was refused at the socket", labels=("reason",))
        for reason, count in self._refusals.counts.items():
            refused.add_metric((reason,), count)
        yield refused

    async def render(self, publisher: Publisher, session: AsyncSession) -> bytes:
        """The text exposition format."""
        self._deliveries.set(await count_waiting_events(session))
        if self._counts is None:
            self._look_at(publisher)
            return generate_latest(self._registry)
        self.share(publisher)
        together = CollectorRegistry()
        together.register(_Together(self._counts))
        return generate_latest(together)

    def share(self, publisher: Publisher) -> None:
        """Let the other processes of the service know what this one counts."""
        if self._counts is not None:
            self._look_at(publisher)
            self._counts.write(self._registry.collect())

    def _look_at(self, publisher: Publisher) -> None:
        directory = publisher.current().directory
        self._sequence.set(directory.sequence)
        self._stale.set(publisher.is_stale)
        self._clock_in_doubt.set(self._conditions.holds(ConditionCode.CLOCK))
        for state in State:
            count = sum(responder.intake.state is state for responder in directory.responders)
            self._responders.labels(state).set(count)


class _Together(Collector):
    def __init__(self, counts: ProcessCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        return self._counts.add_up()


async def count_request(message: Message, scope: Scope) -> None:
    """A `before_send` hook that counts requests by route template, so that no slug or id becomes a label."""
    if message["type"] == "http.response.start" and scope["type"] == ScopeType.HTTP:
        metrics: Metrics = scope["state"]["metrics"]
        route = str(scope.get("path_template") or "none")
        metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
