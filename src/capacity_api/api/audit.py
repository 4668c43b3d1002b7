"""`/v1/audit`: who did what, and when."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from capacity_api.api.authorization import requires_token
from capacity_api.api.context import Context
from capacity_api.api.lists import Cursor, Limit
from capacity_api.clock import parse_time
from capacity_api.domain.tokens import Scope
from capacity_api.errors import Invalid
from capacity_api.operations import audit
from capacity_api.operations.audit import AuditEntry, AuditFilter
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.tokens import Identity

Who = Annotated[
    str | None,
    QueryParameter(
        name="actor",
        min_length=1,
        max_length=200,
        description="The id of a token, or `command line`; or the owner of tokens: a slug, a partner's id, or `admin`.",
    ),
]
Action = Annotated[
    str | None,
    QueryParameter(
        pattern=r"^[a-z_]+(\.[a-z_]+)?$",
        max_length=100,
        description="An action, such as `intake.report`, or its first word, such as `intake`, for all of that kind.",
    ),
]
Target = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=200, description="What was acted on: a slug, or the id of anything else."),
]
From = Annotated[
    str | None, QueryParameter(name="from", description="From this time or day on. Default: the first entry.")
]
To = Annotated[
    str | None, QueryParameter(name="to", description="Up to, but not including, this time or day. Default: now.")
]


class AuditController(Controller):
    path = "/v1/audit"
    tags = ("audit",)

    @get(operation_id="listAudit", summary="Who did what, and when", **requires_token(Scope.ADMIN))
    async def read(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        who: Who = None,
        action: Action = None,
        target: Target = None,
        start: From = None,
        end: To = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[AuditEntry]:
        """Every act of a token or a command, newest first, including those of tokens deleted since.

        An entry never has the content: that is in the history and the events. What time brings, such as a lapse, has
        no entry.
        """
        since = None if start is None else parse_time(start, "?from")
        until = None if end is None else parse_time(end, "?to")
        if since is not None and until is not None and since > until:
            raise Invalid.at("?from", "`from` must not be after `to`")
        wanted = AuditFilter(actor=who, action=action, target=target, since=since, until=until)
        async with context.read(identity) as session:
            return await audit.list_entries(session, wanted, limit, cursor)
