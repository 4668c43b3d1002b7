"""`POST /v1/responders/{slug}/redactions`: take out what should never have been published."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.domain.tokens import Scope
from capacity_api.operations.redaction import Redaction, RedactionRequest, redact
from capacity_api.operations.tokens import Identity


class RedactionController(Controller):
    path = "/v1/responders/{slug:str}/redactions"
    tags = ("responders",)

    @post(
        operation_id="redactResponder",
        summary="Take fields out of what was published",
        status_code=200,
        **requires_token(Scope.ADMIN),
    )
    async def redact(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[RedactionRequest],
    ) -> Redaction:
        """Make fields null in the events of a responder from one number to another, and wherever else they stand.

        That is its history, its reports, plan and threshold, and what it shows now if that was said, or still stood, in
        the range. Also for a delisted responder. Events keep their ids, numbers and states. Each call adds an
        `event.redacted`, which tells everybody who keeps a copy. 409 if a number is beyond the newest event.
        """
        async with context.write(identity) as session:
            return await redact(session, context.now(), slug, data)
