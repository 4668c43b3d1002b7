"""`/v1/responders/{slug}/threshold` and `/caseload`. Private to the responder and administrators: never published."""

import msgspec
from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import require_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.domain.threshold import Threshold
from capacity_api.domain.tokens import Scope
from capacity_api.operations import threshold
from capacity_api.operations.threshold import Caseload
from capacity_api.operations.tokens import Identity


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many referrals the responder has open now."""

    open_referrals: int


class ThresholdController(Controller):
    path = "/v1/responders/{slug:str}"
    tags = ("intake",)

    @put(
        "/caseload",
        operation_id="countCaseload",
        summary="Count the open referrals",
        **requires_token(Scope.INTAKE_WRITE),
    )
    async def count(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[Count],
    ) -> Caseload:
        """A count that reaches the threshold pauses the intake. It does not confirm the report. It is private."""
        require_owner(identity, slug)
        async with context.write() as session:
            return await threshold.record_caseload(session, context.now(), slug, data.open_referrals, identity.token_id)

    @get("/threshold", operation_id="readThreshold", summary="Read the threshold", **requires_token(Scope.INTAKE_WRITE))
    async def read(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> Threshold:
        require_owner(identity, slug)
        async with context.read() as session:
            return await threshold.read_threshold(session, slug)

    @put("/threshold", operation_id="changeThreshold", summary="Prepare a pause", **requires_token(Scope.INTAKE_WRITE))
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[Threshold],
    ) -> Threshold:
        """Set what to report when the open referrals reach `pause_at`. It applies from the next count on."""
        require_owner(identity, slug)
        async with context.write() as session:
            return await threshold.set_threshold(session, context.now(), slug, data, identity.token_id)

    @delete(
        "/threshold",
        operation_id="removeThreshold",
        summary="Remove the threshold",
        **requires_token(Scope.INTAKE_WRITE),
    )
    async def remove(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> None:
        """Counts no longer pause the intake. A pause that has begun stays until the responder reports again."""
        require_owner(identity, slug)
        async with context.write() as session:
            await threshold.remove_threshold(session, context.now(), slug, identity.token_id)
