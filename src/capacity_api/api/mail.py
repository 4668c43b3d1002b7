"""`/v1/mail`: what the service mails, and what became of it."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit, OwnerKey
from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.tokens import Scope
from capacity_api.operations.mail import listing
from capacity_api.operations.mail.listing import Mail
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity

Status = Annotated[MailStatus | None, QueryParameter(description="Only mail in this status.")]
Kind = Annotated[MailKind | None, QueryParameter(description="Only mail of this kind.")]


class MailController(Controller):
    path = "/v1/mail"
    tags = ("mail",)

    @get(operation_id="listMail", summary="List the mail", **requires_token(Scope.ADMIN))
    async def list_mail(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        status: Status = None,
        kind: Kind = None,
        owner: OwnerKey = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Mail]:
        """Who was reminded, what waits and what was refused, newest first and without any address.

        Mail is listed for 90 days (or as the service is set up) after it was sent or given up, or until its person is
        removed.
        """
        async with context.read(identity) as session:
            return await listing.list_mail(session, limit, cursor, status=status, kind=kind, owner_key=owner)
