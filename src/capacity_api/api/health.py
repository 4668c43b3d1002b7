"""`/healthz`, `/readyz`, `/metrics`: for the operator."""

import ipaddress
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from capacity_api.api import authorization
from capacity_api.api.context import Context
from capacity_api.api.metrics import CONTENT_TYPE, Metrics
from capacity_api.db import sequence
from capacity_api.domain.tokens import Scope
from capacity_api.errors import CapacityError, Forbidden
from capacity_api.operations import tokens


class Health(msgspec.Struct, frozen=True):
    status: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`published` and `latest` are sequence numbers: what is read here, and what the database holds.

    `publication` is "stale" while what was committed cannot be published: what is read then is older, and still true
    by the clock.
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
        """503 while the database is away: published reads go on from memory, true by the clock; writes are refused.

        503 also while what was committed cannot be published here: reads go on from what was published last.
        """
        published = context.publisher.sequence
        publication = "stale" if context.publisher.is_failing else "ok"
        try:
            async with context.read() as session:
                latest, _ = await sequence.latest(session)
        except CapacityError:
            return Response(
                Readiness(
                    status="unavailable",
                    database="unavailable",
                    publication=publication,
                    published=published,
                    latest=None,
                ),
                status_code=503,
            )
        stale = context.publisher.is_failing
        return Response(
            Readiness(
                status="unavailable" if stale else "ok",
                database="ok",
                publication=publication,
                published=published,
                latest=latest,
            ),
            status_code=503 if stale else 200,
        )

    @get(
        "/metrics",
        operation_id="readMetrics",
        summary="Counters for Prometheus",
        media_type="text/plain",
        security=[{"token": []}, {}],
    )
    async def metrics(
        self, request: Request[Any, Any, Any], context: NamedDependency[Context], metrics: NamedDependency[Metrics]
    ) -> Response[bytes]:
        """For an administrator's token, or from a network in `CAPACITY_METRICS_ALLOW`."""
        if not _is_from_allowed_network(request, context):
            async with context.read() as session:
                identity = await tokens.identify(
                    session, context.now(), context.keys, authorization.read_bearer_token(request)
                )
            if Scope.ADMIN not in identity.scopes:
                raise Forbidden("The metrics need an administrator's token")
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
