"""`/v1/responders/{slug}/intake`: what a responder says of itself."""

from typing import Annotated

from litestar import Controller, Response, delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from capacity_api import representations
from capacity_api.api.authorization import require_owner, token
from capacity_api.api.context import Context
from capacity_api.api.requests import IntakeReport
from capacity_api.domain.intake import Report
from capacity_api.domain.tokens import Scope
from capacity_api.operations import intake
from capacity_api.operations.tokens import Identity
from capacity_api.representations import Responder

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="if-match", description="Any encoding's ETag of the responder; 412 when it has changed since."
    ),
]


def tagged(responder: Responder) -> Response[Responder]:
    """A responder with the `ETag` that reading it gives."""
    return Response(responder, headers={"etag": representations.entity_tag(representations.encode(responder))})


class IntakeController(Controller):
    path = "/v1/responders/{slug:str}/intake"
    tags = ("intake",)

    @put(operation_id="reportIntake", summary="Report the intake", **token(Scope.INTAKE_WRITE))
    async def report(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[IntakeReport],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Say what the responder takes on now. The answer is the responder as the public sees it from this moment on.

        The same report again only confirms it. With `effective_from`, a pause or waiting list is announced and starts
        by itself.
        """
        require_owner(identity, slug)
        said = Report(
            state=data.state,
            expected_response=data.expected_response,
            reason=data.reason,
            exceptions=data.exceptions,
            reopens_on=data.reopens_on,
            note=data.note,
        )
        async with context.write() as session:
            responder = await intake.report(
                session,
                context.now(),
                slug,
                said,
                effective_from=data.effective_from,
                if_match=if_match,
                token_id=identity.token_id,
            )
        return tagged(responder)

    @post(
        "/confirmation",
        operation_id="confirmIntake",
        summary="Confirm that the report is still true",
        status_code=200,
        **token(Scope.INTAKE_WRITE),
    )
    async def confirm(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """ "Still true": like the same report again. 409 when nothing was ever reported."""
        require_owner(identity, slug)
        async with context.write() as session:
            responder = await intake.confirm(
                session, context.now(), slug, if_match=if_match, token_id=identity.token_id
            )
        return tagged(responder)

    @delete(
        "/planned",
        operation_id="cancelPlannedIntake",
        summary="Cancel a planned change",
        status_code=200,
        **token(Scope.INTAKE_WRITE),
    )
    async def cancel_planned(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Call off a pause or waiting list that was announced; without one, nothing happens."""
        require_owner(identity, slug)
        async with context.write() as session:
            responder = await intake.cancel_planned(
                session, context.now(), slug, if_match=if_match, token_id=identity.token_id
            )
        return tagged(responder)
