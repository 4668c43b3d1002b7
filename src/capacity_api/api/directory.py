"""`/v1/directory`, `/v1/events`, `/v1/vocabulary`: what anyone reads. Without a query the middleware answers."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import UNSET

from capacity_api.api.context import Context
from capacity_api.api.requests import parse_time
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Filter, Gender, Remit
from capacity_api.errors import FieldError, Invalid
from capacity_api.operations.directory import directory_as_of
from capacity_api.operations.events import list_events
from capacity_api.representations.directory import Directory
from capacity_api.representations.event import EventPage
from capacity_api.representations.responder import Responder, remit_of
from capacity_api.representations.vocabulary import Vocabulary, represent_vocabulary

_MANY = 1000


async def read_directory(
    context: NamedDependency[Context],
    states: Annotated[
        list[State] | None,
        QueryParameter(name="state", description="Effective state; repeat it for any of several."),
    ] = None,
    area: Annotated[
        list[str] | None, QueryParameter(description="A code of `/v1/vocabulary`, such as E12000007.")
    ] = None,
    exploitation_type: FromQuery[list[ExploitationType] | None] = None,
    age_group: FromQuery[list[AgeGroup] | None] = None,
    gender: FromQuery[list[Gender] | None] = None,
    accepting: Annotated[bool, QueryParameter(description="Only who is open now.")] = False,
    as_of: Annotated[
        str | None, QueryParameter(description="As it stood at this time, which must not lie in the future.")
    ] = None,
) -> Directory:
    """The directory with the responders that the query keeps. Every format of the directory takes the same query."""
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
        whole = snapshot.directory
        remits = [entry.record.remit for entry in snapshot.entries.values()]
    else:
        whole = await _as_of(context, parse_time(as_of, "?as_of"), snapshot.demonstration)
        remits = [remit_of(responder.remit) for responder in whole.responders]

    def keeps(responder: Responder, remit: Remit) -> bool:
        state = responder.intake.state
        return (not states or state in states) and (not accepting or state is State.OPEN) and remit_filter.keeps(remit)

    def keep() -> list[Responder]:
        return [responder for responder, remit in zip(whole.responders, remits, strict=True) if keeps(responder, remit)]

    # A thousand take some milliseconds. With more, other readers are answered meanwhile.
    responders = keep() if len(remits) < _MANY else await asyncio.to_thread(keep)
    return msgspec.structs.replace(whole, responders=responders, total=len(responders))


async def _as_of(context: Context, time: datetime, demonstration: bool) -> Directory:
    if time > context.now():
        raise Invalid.at("?as_of", "must not lie in the future")
    async with context.read() as session:
        then = await directory_as_of(session, time)
    return msgspec.structs.replace(then, demonstration=True if demonstration else UNSET)


class DirectoryController(Controller):
    path = "/v1"
    tags = ("directory",)
    dependencies = {"directory": Provide(read_directory)}  # noqa: RUF012 - the framework reads it from the class

    @get("/directory", operation_id="readDirectory", summary="Read the directory", of_snapshot=True)
    async def read(self, directory: NamedDependency[Directory]) -> Directory:
        """All responders, or those that a filter keeps. A remit that is unknown or covered in part is kept, not hidden.

        `total` counts the responders in this answer; `sequence` is the version of the whole directory. With `as_of`
        everything is as it was then, `sequence` included; before the first event the directory is empty.
        """
        return directory

    @get("/events", operation_id="readEvents", summary="Follow the changes", of_snapshot=True)
    async def events(
        self,
        context: NamedDependency[Context],
        after: Annotated[int, QueryParameter(ge=0, le=2**62, description="A sequence number; 0 for all.")] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> EventPage:
        """The public events after a sequence number, oldest first: the same objects that webhooks carry.

        Ask next with `after` set to the `sequence` of the answer. 409 if `after` is beyond `latest`.
        """
        async with context.read() as session:
            return await list_events(session, after, limit)

    @get("/vocabulary", operation_id="readVocabulary", summary="Read the vocabulary")
    async def vocabulary(self) -> Vocabulary:
        """Areas, exploitation types, circumstances, states and the rest, with labels."""
        return represent_vocabulary()
