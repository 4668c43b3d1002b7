"""What an operator watches, for Prometheus. Labels are route templates and codes: never an address or a slug."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.domain.intake import State
from capacity_api.operations import deliveries
from capacity_api.publication.publication import Publication

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "capacity_requests",
            "Requests that reached a handler, by route and status",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._sequence = Gauge(
            "capacity_sequence", "Number of the newest event published here", registry=self._registry
        )
        self._responders = Gauge(
            "capacity_responders", "Responders by effective state", ("state",), registry=self._registry
        )
        self._deliveries = Gauge(
            "capacity_deliveries_pending", "Webhook deliveries that have not arrived yet", registry=self._registry
        )

    async def render(self, publication: Publication, session: AsyncSession) -> bytes:
        """The text exposition format."""
        directory = publication.current().directory
        self._sequence.set(directory.sequence)
        for state in State:
            count = sum(responder.intake.state is state for responder in directory.responders)
            self._responders.labels(state).set(count)
        self._deliveries.set(await deliveries.pending(session))
        return generate_latest(self._registry)


def counted(metrics: Metrics) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    """An `after_response` hook that counts by the route's template, so that no slug or id becomes a label."""

    async def count(request: Request[Any, Any, Any]) -> None:
        route = str(request.scope.get("path_template") or "none")
        metrics.requests.labels(request.method, route, str(request.scope.get("status", ""))).inc()

    return count
