"""`/v1/directory`, `/v1/events` and `/v1/vocabulary`. The middleware answers them when they have no query."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from capacity_api.api.context import Context
from capacity_api.clock import parse_time
from capacity_api.domain.areas import AREAS
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Filter, Gender, Remit
from capacity_api.domain.responder import Slug
from capacity_api.edge.addresses import Client
from capacity_api.errors import FieldError, Invalid
from capacity_api.operations.directory import directory_as_of
from capacity_api.operations.events import EventFilter, list_events, require_number
from capacity_api.representations.directory import Directory
from capacity_api.representations.event import EventPage
from capacity_api.representations.responder import Responder, public_remit_now
from capacity_api.representations.vocabulary import Vocabulary, represent_vocabulary

# Filtering so many responders takes a few milliseconds. More are filtered in a thread.
_FILTER_IN_LOOP = 1000


async def read_directory(
    context: NamedDependency[Context],
    client: NamedDependency[Client],
    states: Annotated[
        list[State] | None,
        QueryParameter(name="state", description="Effective state. Repeat it to allow several."),
    ] = None,
    area: Annotated[
        list[Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(AREAS)})]] | None,
        QueryParameter(description="Only remits that cover this area or a part of it. Repeat it for several."),
    ] = None,
    exploitation_type: FromQuery[list[ExploitationType] | None] = None,
    age_group: FromQuery[list[AgeGroup] | None] = None,
    gender: FromQuery[list[Gender] | None] = None,
    accepting: Annotated[bool, QueryParameter(description="Only responders that are open now.")] = False,
    as_of: Annotated[
        str | None, QueryParameter(description="The directory at this time, which must not be in the future.")
    ] = None,
) -> Directory:
    """The directory with the responders that the query keeps. Every format of the directory has the same query."""
    errors = tuple(FieldError("?area", f"unknown area code {code!r}") for code in area or () if code not in AREAS)
    if errors:
        raise Invalid("The filter is not valid", errors)
    remit_filter = Filter(
        areas=tuple(area or ()),
        exploitation_types=tuple(exploitation_type or ()),
        age_groups=tuple(age_group or ()),
        genders=tuple(gender or ()),
    )
    snapshot = context.publisher.current()
    if as_of is None:
        directory = snapshot.directory
        remits = [entry.remit_now for entry in snapshot.entries.values()]
    else:
        directory = await _read_as_of(context, client, parse_time(as_of, "?as_of"), snapshot.demonstration)
        remits = [public_remit_now(responder) for responder in directory.responders]

    def keeps(responder: Responder, remit: Remit) -> bool:
        state = responder.intake.state
        accepts = state is State.OPEN and not remit.is_empty
        return (not states or state in states) and (not accepting or accepts) and remit_filter.keeps(remit)

    def filter_responders() -> list[Responder]:
        pairs = zip(directory.responders, remits, strict=True)
        return [responder for responder, remit in pairs if keeps(responder, remit)]

    if len(remits) < _FILTER_IN_LOOP:
        responders = filter_responders()
    else:
        responders = await context.compute(filter_responders)
    return msgspec.structs.replace(directory, responders=responders, total=len(responders))


async def _read_as_of(context: Context, client: Client, time: datetime, demonstration: bool) -> Directory:
    if time > context.now():
        raise Invalid.at("?as_of", "must not be in the future")
    # Not up to what is published: a lapse that is recorded and not published yet would be missing.
    async with context.read_published(client) as session:
        directory = await directory_as_of(session, time)
    return msgspec.structs.replace(directory, demonstration=demonstration)


class DirectoryController(Controller):
    path = "/v1"
    tags = ("directory",)
    dependencies = {"directory": Provide(read_directory)}  # noqa: RUF012 - the framework reads it from the class

    @get("/directory", operation_id="readDirectory", summary="Read the directory", of_snapshot=True)
    async def read(self, directory: NamedDependency[Directory]) -> Directory:
        """All responders, or those that match a filter. Filters keep a remit that is unknown or that partly matches.

        They judge the remit now: as the report that holds limits it.
        `total` counts the responders in this response. `sequence` is the version of the whole directory. With `as_of`,
        everything is as it was then, including `sequence`. Before the first event the directory is empty.
        """
        return directory

    @get("/events", operation_id="readEvents", summary="Follow the changes", of_snapshot=True)
    async def events(
        self,
        context: NamedDependency[Context],
        client: NamedDependency[Client],
        after: Annotated[int, QueryParameter(ge=0, le=2**53, description="A sequence number; 0 for all.")] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
        types: Annotated[
            list[EventType] | None,
            QueryParameter(name="type", description="Only events of this type. Repeat it for several."),
        ] = None,
        responders: Annotated[
            list[Slug] | None,
            QueryParameter(name="responder", description="Only events of this responder. Repeat it for several."),
        ] = None,
    ) -> EventPage:
        """The public events after a sequence number, oldest first. They are the same objects that webhooks receive.

        For the next page, set `after` to the `sequence` of this response. 409 if `after` is beyond `latest`.
        `type` and `responder` keep events that match both; a page of them may be empty before `sequence` reaches
        `latest`. `directory.restored` and `event.redacted` are always kept.
        """
        if types and not PRIVATE.isdisjoint(types):
            raise Invalid.at("?type", "no public event has this type")
        if after > context.publisher.sequence:
            async with context.read_published(client) as session:
                await require_number(session, after)
        # Nothing above it, here or on any other path: a reader never sees the number fall.
        published = context.publisher.sequence
        async with context.read_anonymously(client) as session:
            kept = EventFilter(types=tuple(types or ()), responders=tuple(responders or ()))
            return await list_events(session, after, published, limit, kept)

    @get("/vocabulary", operation_id="readVocabulary", summary="Read the vocabulary")
    async def vocabulary(self) -> Vocabulary:
        """All codes with their labels: areas, exploitation types, circumstances, states and the rest."""
        return represent_vocabulary()
