"""`/v1/responders`: the responders themselves, and their past."""

from datetime import timedelta

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from capacity_api.api.authorization import require_owner, token
from capacity_api.api.context import Context
from capacity_api.api.intake import IfMatch, tagged
from capacity_api.api.lists import Cursor, Limit
from capacity_api.api.matches import MatchLimit
from capacity_api.api.periods import From, To, start_of
from capacity_api.api.requests import moment
from capacity_api.domain.tokens import Scope
from capacity_api.errors import Forbidden, NotFound
from capacity_api.operations import responders
from capacity_api.operations.paging import USUAL, Page
from capacity_api.operations.responders import NewResponder, ResponderPatch
from capacity_api.operations.tokens import Identity
from capacity_api.publication import matches
from capacity_api.publication.matches import Matches
from capacity_api.representations import HistoryEntry, Responder


class ResponderController(Controller):
    path = "/v1/responders"
    tags = ("responders",)

    @get("/{slug:str}", operation_id="readResponder", summary="Read one responder")
    async def read(self, context: NamedDependency[Context], slug: FromPath[str]) -> Responder:
        """One responder, with an `ETag`. A state whose `confirm_by` has passed is `unconfirmed`."""
        responder = context.publication.current().responders.get(slug)
        if responder is None:
            raise NotFound(f"No responder {slug!r} is listed")
        return responder

    @get(
        "/{slug:str}/alternatives",
        operation_id="readAlternatives",
        summary="Who else covers its remit?",
        tags=["matches"],
        of_tree=True,
    )
    async def alternatives(
        self, context: NamedDependency[Context], slug: FromPath[str], limit: MatchLimit = matches.USUAL
    ) -> Matches:
        """Who else may take people of this responder's remit now, by the rules of `POST /v1/matches`.

        `yes` and `waiting_list` cover all of the remit; `ask` covers a part of it, is not known, or not confirmed.
        Whoever covers none of it, or takes nobody new now, is left out.
        """
        tree = context.publication.current()
        if slug not in tree.responders:
            raise NotFound(f"No responder {slug!r} is listed")
        return matches.alternatives(tree, slug, limit)

    @get("/{slug:str}/history", operation_id="readHistory", summary="Read a responder's reports and lapses")
    async def history(
        self,
        context: NamedDependency[Context],
        slug: FromPath[str],
        start: From = None,
        end: To = None,
        limit: Limit = USUAL,
        cursor: Cursor = None,
    ) -> Page[HistoryEntry]:
        """Every report and lapse, newest first."""
        # A report of this very moment belongs to the history as it stands.
        until = moment(end, "?to") if end is not None else context.now() + timedelta(seconds=1)
        since = start_of(start, until)
        async with context.read() as session:
            return await responders.history(session, slug, since, until, limit, cursor)

    @patch(
        "/{slug:str}",
        operation_id="changeResponder",
        summary="Change what is said about a responder",
        **token(Scope.RESPONDER_WRITE),
    )
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[ResponderPatch],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Contact, remit, website and `valid_for_hours` (from the next report on). Its name is the administrator's."""
        require_owner(identity, slug)
        if data.name is not UNSET and not identity.is_admin:
            raise Forbidden("Only an administrator changes a name")
        async with context.write() as session:
            responder = await responders.change_details(
                session, context.now(), slug, data, if_match=if_match, token_id=identity.token_id
            )
        return tagged(responder)

    @post(operation_id="addResponder", summary="List a responder", **token(Scope.ADMIN))
    async def add(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[NewResponder]
    ) -> Responder:
        """A new responder starts unconfirmed; one that was delisted comes back under its id."""
        async with context.write() as session:
            return await responders.add(session, context.now(), data, identity.token_id)

    @delete("/{slug:str}", operation_id="delistResponder", summary="Delist a responder", **token(Scope.ADMIN))
    async def delist(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> None:
        """It leaves the directory; its past stays."""
        async with context.write() as session:
            await responders.delist(session, context.now(), slug, identity.token_id)
