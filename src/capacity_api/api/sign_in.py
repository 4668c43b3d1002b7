"""`POST /v1/sign-in`: a link by mail, for who has an address here. Nobody learns from it who that is."""

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from capacity_api.api.context import Context
from capacity_api.domain.people import Email, parse_email
from capacity_api.edge.addresses import Client
from capacity_api.errors import MailOff
from capacity_api.secrecy import repr_without


class SignInRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants to sign in."""

    __repr__ = repr_without("email")

    email: Email


class SignIn(msgspec.Struct, frozen=True):
    """It is always empty, so that it says nothing of the address."""


class SignInController(Controller):
    path = "/v1/sign-in"
    tags = ("people",)

    @post(operation_id="signIn", summary="Ask for a link by mail", status_code=202, hides_error_message=True)
    async def sign_in(
        self, context: NamedDependency[Context], client: NamedDependency[Client], data: JSONBody[SignInRequest]
    ) -> SignIn:
        """If the address is an editor's, a link is mailed there that works once, for 15 minutes.

        The answer is the same for every address, after the same time. An address gets at most 5 such links an hour,
        the people of one owner 20 together. 409 `mail_off` if the service sends no mail.
        """
        email = parse_email(data.email)
        if not context.settings.sends_mail:
            raise MailOff
        context.sign_in_budget.require(client, context.now())
        context.sign_in_budget.spend(client)
        context.sign_ins.put(email)
        return SignIn()
