"""`/healthz`, `/readyz` and `/metrics`, for the operator."""

from typing import Any, Literal

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from capacity_api.api.admission import client_of
from capacity_api.api.authorization import identify, read_bearer_token
from capacity_api.api.context import Context
from capacity_api.api.metrics import CONTENT_TYPE, Metrics
from capacity_api.conditions import Condition
from capacity_api.domain.tokens import Scope
from capacity_api.edge.addresses import is_in
from capacity_api.errors import Forbidden
from capacity_api.publication.readiness import Readiness


class Health(msgspec.Struct, frozen=True):
    status: str


class ReadinessReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this process can store changes and show them, as it last found out `age_seconds` ago.

    `reasons` say why not; `warnings` are what should be seen to while it works. `published` is the sequence number that
    readers of this process see, `latest` that of the database as this process last saw it.
    """

    status: Literal["ok", "unavailable"]
    reasons: list[Condition]
    warnings: list[Condition]
    published: int
    latest: int | None
    age_seconds: float


class HealthController(Controller):
    tags = ("operation",)

    @get("/healthz", operation_id="readHealth", summary="Is the process alive?")
    async def health(self) -> Health:
        return Health("ok")

    @get("/readyz", operation_id="readReadiness", summary="Can it take writes?")
    async def readiness(self, readiness: NamedDependency[Readiness]) -> Response[ReadinessReport]:
        """503 with the reasons while no change can be stored, or while what is stored cannot be shown.

        Published reads still work then, from what was published last, and reports still lapse on time. This reads no
        database: a background task finds out.
        """
        is_ready = readiness.is_ready()
        return Response(
            ReadinessReport(
                status="ok" if is_ready else "unavailable",
                reasons=readiness.conditions.reasons,
                warnings=readiness.conditions.warnings,
                published=readiness.published,
                latest=readiness.latest,
                age_seconds=round(readiness.age_seconds, 1),
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
        """For an administrator's token, or from a network in `CAPACITY_METRICS_ALLOW`.

        While the database is away that network alone gets them: nobody can look a token up. What only the database
        knows is then left out.
        """
        if not _is_from_allowed_network(request, context):
            identity = await identify(request, context, read_bearer_token(request))
            if Scope.ADMIN not in identity.scopes:
                raise Forbidden("Only an administrator's token can read the metrics")
        return Response(await metrics.render(), headers={"content-type": CONTENT_TYPE})


def _is_from_allowed_network(request: Request[Any, Any, Any], context: Context) -> bool:
    """Not if it may come through a proxy that is not listed: everybody behind it would be allowed as the proxy is."""
    client = client_of(request.scope)
    return not client.is_doubtful and is_in(client.address, context.settings.metrics_allow)
