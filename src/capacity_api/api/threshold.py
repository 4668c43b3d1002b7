"""`/v1/responders/{slug}/threshold` and `/caseload`. Private to the responder and administrators: never published."""

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import require_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.threshold import MAX_REFERRALS, ReferralLimit, Threshold
from capacity_api.domain.tokens import Scope
from capacity_api.operations import threshold
from capacity_api.operations.threshold import Caseload
from capacity_api.operations.tokens import Identity


class CaseloadRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many referrals the responder has open now."""

    open_referrals: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": MAX_REFERRALS})]


class ThresholdReportRequest(Report, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to report when the threshold is reached. `state` and `reason` can be left out: they are always the same."""

    state: ReportedState = ReportedState.PAUSED


class ThresholdRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At `pause_at` open referrals the intake pauses with `report`; below `reopen_below` it is as it was before."""

    pause_at: ReferralLimit
    reopen_below: ReferralLimit | None = None
    report: ThresholdReportRequest = ThresholdReportRequest()


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
        data: JSONBody[CaseloadRequest],
    ) -> Caseload:
        """A count that reaches the threshold pauses the intake. It does not confirm the report. It is private."""
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            return await threshold.record_caseload(session, context.now(), slug, data.open_referrals)

    @get("/threshold", operation_id="readThreshold", summary="Read the threshold", **requires_token(Scope.INTAKE_WRITE))
    async def read(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> Threshold:
        require_owner(context, identity, slug)
        async with context.read(identity) as session:
            return await threshold.read_threshold(session, slug)

    @put("/threshold", operation_id="changeThreshold", summary="Prepare a pause", **requires_token(Scope.INTAKE_WRITE))
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[ThresholdRequest],
    ) -> Threshold:
        """Set what to report when the open referrals reach `pause_at`. It applies from the next count on."""
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            return await threshold.set_threshold(
                session,
                context.now(),
                slug,
                msgspec.convert(data, Threshold, from_attributes=True),
            )

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
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            await threshold.remove_threshold(session, context.now(), slug)
