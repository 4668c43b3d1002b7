"""`/v1/responders`: the responders and their history."""

from datetime import timedelta

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from capacity_api.api.authorization import require_owner, requires_token
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.intake import IfMatch, respond_with_etag, version_check
from capacity_api.api.lists import Cursor, Limit
from capacity_api.api.matches import NOT_STORED, AlternativesQuestion, MatchLimit, outcomes_of
from capacity_api.api.spans import From, To, parse_start
from capacity_api.clock import parse_time
from capacity_api.domain.matching import Question, validate_question
from capacity_api.domain.tokens import Scope
from capacity_api.edge.addresses import Client
from capacity_api.errors import Forbidden, NotFound
from capacity_api.operations.history import read_history
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.responders import (
    ResponderPatch,
    ResponderRequest,
    change_details,
    delist_responder,
    list_responder,
)
from capacity_api.operations.tokens import Identity
from capacity_api.representations.responder import HistoryEntry, Responder
from capacity_api.snapshot.matches import ALTERNATIVE_OUTCOMES, DEFAULT_MATCHES, Matches, find_alternatives
from capacity_api.snapshot.snapshot import Snapshot

_NOTHING_ASKED = AlternativesQuestion()


def _snapshot_with(context: Context, slug: str) -> Snapshot:
    """The current snapshot. Raises `NotFound` if it lists no responder with this slug."""
    snapshot = context.publisher.current()
    if slug not in snapshot.entries:
        raise NotFound(f"No responder {slug!r} is listed")
    return snapshot


class ResponderController(Controller):
    path = "/v1/responders"
    tags = ("responders",)

    @get("/{slug:str}", operation_id="readResponder", summary="Read one responder")
    async def read(self, context: NamedDependency[Context], slug: FromPath[str]) -> Responder:
        """One responder, with an `ETag`. After its `confirm_by` the state is `unconfirmed`."""
        responder = context.publisher.current().responders.get(slug)
        if responder is None:
            raise NotFound(f"No responder {slug!r} is listed")
        return responder

    @get(
        "/{slug:str}/alternatives",
        operation_id="readAlternatives",
        summary="Find other responders for its remit",
        of_snapshot=True,
    )
    async def alternatives(
        self, context: NamedDependency[Context], slug: FromPath[str], limit: MatchLimit = DEFAULT_MATCHES
    ) -> Matches:
        """Other responders that may take people within this remit now, by the rules of `POST /v1/matches`.

        `yes` and `waiting_list`: it covers the whole remit. `ask`: it covers a part, its remit is unknown, its state is
        unconfirmed, or it has paused with exceptions. Responders that cover none of the remit, or take nobody new now,
        are left out.
        """
        snapshot = _snapshot_with(context, slug)
        return find_alternatives(snapshot, slug, Question(), ALTERNATIVE_OUTCOMES, limit)

    @post(
        "/{slug:str}/alternatives",
        operation_id="findAlternatives",
        summary="Who else can take this person now?",
        status_code=200,
        hides_error_message=True,
    )
    async def ask_alternatives(
        self,
        context: NamedDependency[Context],
        slug: FromPath[str],
        data: JSONBody[AlternativesQuestion] = _NOTHING_ASKED,
    ) -> Response[Matches]:
        """Other responders that may take the person of a question, as `POST /v1/matches` would decide.

        A body that says nothing of a person, or none, asks what the `GET` asks: about everybody within this
        responder's remit. The question is not stored, logged or counted.
        """
        snapshot = _snapshot_with(context, slug)
        validate_question(data, snapshot.entries)
        outcomes = outcomes_of(data.outcomes, ALTERNATIVE_OUTCOMES)
        return Response(find_alternatives(snapshot, slug, data, outcomes, data.limit), headers=NOT_STORED)

    @get("/{slug:str}/history", operation_id="listHistory", summary="Read a responder's reports and lapses")
    async def history(
        self,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        slug: FromPath[str],
        start: From = None,
        end: To = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[HistoryEntry]:
        """Every entry of its history, newest first."""
        # Include a report of this very second.
        until = parse_time(end, "?to") if end is not None else context.now() + timedelta(seconds=1)
        since = parse_start(start, until)
        published = context.publisher.sequence
        async with context.read_anonymously(client) as session:
            return await read_history(session, slug, since, until, published, limit, cursor)

    @patch(
        "/{slug:str}",
        operation_id="changeResponder",
        summary="Change a responder's details",
        **requires_token(Scope.RESPONDER_WRITE),
    )
    async def change(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        slug: FromPath[str],
        data: JSONBody[ResponderPatch],
        if_match: IfMatch = None,
    ) -> Response[Responder]:
        """Contact, remit, website and `valid_for_hours` (from the next report on). Only administrators set `name`."""
        require_owner(context, identity, slug)
        if data.name is not UNSET and not identity.is_admin:
            raise Forbidden("Only an administrator can change a name")
        async with context.write(identity) as session:
            responder = await change_details(
                session,
                context.now(),
                slug,
                data,
                is_expected=version_check(if_match),
            )
        return respond_with_etag(responder)

    @post(operation_id="addResponder", summary="List a responder", **requires_token(Scope.ADMIN))
    async def add(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[ResponderRequest]
    ) -> Response[Responder]:
        """A new responder starts unconfirmed. A delisted one that is listed again keeps its id."""
        async with context.write(identity) as session:
            responder = await list_responder(session, context.now(), data)
        return created(responder, f"/v1/responders/{responder.slug}")

    @delete("/{slug:str}", operation_id="delistResponder", summary="Delist a responder", **requires_token(Scope.ADMIN))
    async def delist(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], slug: FromPath[str]
    ) -> None:
        """Remove it from the directory. Its history and events stay."""
        async with context.write(identity) as session:
            await delist_responder(session, context.now(), slug)
