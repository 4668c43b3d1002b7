"""`/healthz`, `/readyz` and `/metrics`, for the operator."""

import contextlib
import ipaddress
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from capacity_api.api.authorization import read_bearer_token
from capacity_api.api.context import Context
from capacity_api.api.metrics import CONTENT_TYPE, Metrics
from capacity_api.db import sequence
from capacity_api.domain.tokens import Scope
from capacity_api.errors import DatabaseUnavailable, Forbidden
from capacity_api.operations import tokens


class Health(msgspec.Struct, frozen=True):
    status: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this process can take writes and publish them.

    `published` is the sequence number that readers of this process see; `latest` is that of the database.
    `publication` is "stale" while this process cannot publish what was committed. Readers then see older reports, which
    still lapse on time.
    """

    status: str
    database: str
    publication: str
    published: int
    latest: int | None


class HealthController(Controller):
    tags = ("operation",)

    @get("/healthz", operation_id="readHealth", summary="Is the process alive?")
    async def health(self) -> Health:
        return Health("ok")

    @get("/readyz", operation_id="readReadiness", summary="Can it take writes?")
    async def readiness(self, context: NamedDependency[Context]) -> Response[Readiness]:
        """503 while the database cannot be reached, or while this process cannot publish what was committed.

        Published reads still work in both cases, from what was published last, and reports still lapse on time. Without
        the database, writes are refused.
        """
        published = context.publisher.sequence
        latest = None
        with contextlib.suppress(DatabaseUnavailable):
            async with context.read() as session:
                latest, _ = await sequence.latest(session)
        is_stale = context.publisher.is_stale
        is_ready = latest is not None and not is_stale
        return Response(
            Readiness(
                status="ok" if is_ready else "unavailable",
                database="unavailable" if latest is None else "ok",
                publication="stale" if is_stale else "ok",
                published=published,
                latest=latest,
            ),
            status_code=200 if is_ready else 503,
        )

    @get(
        "/metrics",
        operation_id="readMetrics",
        summary="Counters for Prometheus",
        media_type="text/plain",
        security=[{"token": []}, {}],
        for_operators=True,
    )
    async def metrics(
        self, request: Request[Any, Any, Any], context: NamedDependency[Context], metrics: NamedDependency[Metrics]
    ) -> Response[bytes]:
        """For an administrator's token, or from a network in `CAPACITY_METRICS_ALLOW`."""
        if not _is_from_allowed_network(request, context):
            token = read_bearer_token(request)
            async with context.read() as session:
                identity = await tokens.identify(session, context.now(), context.keys, token)
            if Scope.ADMIN not in identity.scopes:
                raise Forbidden("Only an administrator's token can read the metrics")
        async with context.read() as session:
            return Response(await metrics.render(context.publisher, session), headers={"content-type": CONTENT_TYPE})


def _is_from_allowed_network(request: Request[Any, Any, Any], context: Context) -> bool:
    if request.client is None:
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return any(address in network for network in context.settings.metrics_allow)
