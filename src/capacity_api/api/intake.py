"""`/v1/responders/{slug}/intake`: what a responder says about its intake."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from capacity_api.api.authorization import require_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.api.requests import UtcMoment
from capacity_api.domain.intake import Report, SaidBy
from capacity_api.domain.tokens import Scope
from capacity_api.operations.intake import VersionCheck, cancel_planned_intake, confirm_intake, report_intake
from capacity_api.operations.tokens import Identity
from capacity_api.representations.encoding import encode, etag_of, matches_etag
from capacity_api.representations.responder import Responder

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="if-match", description="An ETag of the responder, in any content coding. 412 if it has changed since."
    ),
]


class ReportRequest(Report, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a responder says about its intake. With `effective_from`, it plans a pause or a waiting list."""

    effective_from: UtcMoment | None = None

    @property
    def report(self) -> Report:
        """The report alone."""
        return msgspec.convert(self, Report, from_attributes=True)


def said_by(identity: Identity) -> SaidBy:
    """Whose word a report is: a coordinator has an administrator's token."""
    return SaidBy.COORDINATOR if identity.is_admin else SaidBy.RESPONDER


def respond_with_etag(responder: Responder) -> Response[Responder]:
    """A response with the responder and the `ETag` that it has at its own path."""
    return Response(responder, headers={"etag": etag_of(encode(responder))})


def version_check(if_match: str | None) -> VersionCheck | None:
    """A check that a responder is the version that `If-Match` names (RFC 9110 §13.1.1); `None` without the header."""
    if if_match is None:
        return None
    return lambda responder: matches_etag(if_match, encode(responder))


class IntakeController(Controller):
    path = "/v1/responders/{slug:str}/intake"
    tags = ("intake",)

    @put(operation_id="reportIntake", summary="Report the intake", **requires_token(Scope.INTAKE_WRITE))
    async def report(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[ReportRequest],
        replace: Annotated[
            bool, QueryParameter(description="Let this plan replace the one there is. A report for now ignores it.")
        ] = False,
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Say what the responder takes on now. The response is the responder as the public now sees it.

        To send the same report again confirms it. With `effective_from`, the report is a plan: a pause or waiting list
        that starts by itself. One change may be planned: a second is 409, unless `replace` is true.
        """
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            responder = await report_intake(
                session,
                context.now(),
                slug,
                data.report,
                said_by=said_by(identity),
                effective_from=data.effective_from,
                replace=replace,
                is_expected=version_check(if_match),
            )
        return respond_with_etag(responder)

    @post(
        "/confirmation",
        operation_id="confirmIntake",
        summary="Confirm that the report is still true",
        status_code=200,
        **requires_token(Scope.INTAKE_WRITE),
    )
    async def confirm(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Say that the report is still true. It is the same as reporting it again. 409 if there is no report."""
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            responder = await confirm_intake(
                session,
                context.now(),
                slug,
                said_by=said_by(identity),
                is_expected=version_check(if_match),
            )
        return respond_with_etag(responder)

    @delete(
        "/planned",
        operation_id="cancelPlannedIntake",
        summary="Cancel a planned change",
        status_code=200,
        **requires_token(Scope.INTAKE_WRITE),
    )
    async def cancel_planned(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Cancel a planned pause or waiting list. If there is none, nothing changes."""
        require_owner(context, identity, slug)
        async with context.write(identity) as session:
            responder = await cancel_planned_intake(session, context.now(), slug, is_expected=version_check(if_match))
        return respond_with_etag(responder)
