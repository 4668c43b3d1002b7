"""`POST /v1/responders/{slug}/reminders`: a coordinator asks a responder's people now."""

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.domain.tokens import Scope
from capacity_api.errors import MailOff
from capacity_api.operations.reminders import chase_responder
from capacity_api.operations.tokens import Identity


class Chase(msgspec.Struct, frozen=True, kw_only=True):
    """How many people are mailed."""

    people_count: int


class ReminderController(Controller):
    path = "/v1/responders/{slug:str}/reminders"
    tags = ("responders",)

    @post(
        operation_id="chaseResponder",
        summary="Ask a responder's people whether its report is still true",
        status_code=202,
        **requires_token(Scope.ADMIN),
    )
    async def chase(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> Chase:
        """Mail everybody `reminded` of the responder now, beside the reminders that are sent anyway.

        At most once an hour: a second is 429 `too_many_reminders`. `people_count` is 0 where nobody is reminded. 409
        `mail_off` if the service sends no mail, and 409 if the responder is suspended.
        """
        if not context.settings.sends_mail:
            raise MailOff
        async with context.write(identity) as session:
            return Chase(people_count=await chase_responder(session, context.now(), slug))
