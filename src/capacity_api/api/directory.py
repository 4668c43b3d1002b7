"""`/v1/directory`, `/v1/events`, `/v1/vocabulary`: what anyone reads. Without a query the publication answers first."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import UNSET

from capacity_api import representations
from capacity_api.api.context import Context
from capacity_api.api.downloads import saved_as
from capacity_api.api.requests import moment
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State
from capacity_api.domain.remit import AgeGroup, ExploitationType, Filter, Gender
from capacity_api.errors import FieldError, Invalid
from capacity_api.operations import directory, events
from capacity_api.publication import directory_table
from capacity_api.representations import Directory, EventPage, Responder, Vocabulary

_MANY = 1000


async def _kept(
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
    """The directory with the responders that the query keeps, for every format of it."""
    errors = tuple(FieldError("?area", f"unknown area code {code!r}") for code in area or () if code not in AREAS)
    if errors:
        raise Invalid("The filter is not valid", errors)
    kept_by_remit = Filter(
        areas=tuple(area or ()),
        exploitation_types=tuple(exploitation_type or ()),
        age_groups=tuple(age_group or ()),
        genders=tuple(gender or ()),
    )
    tree = context.publication.current()
    if as_of is None:
        whole = tree.directory
        remits = [entry.row.remit for entry in tree.entries.values()]
    else:
        whole = await _as_of(context, moment(as_of, "?as_of"), tree.demonstration)
        remits = [representations.to_remit(responder.remit) for responder in whole.responders]

    def kept() -> list[Responder]:
        return [
            responder
            for responder, remit in zip(whole.responders, remits, strict=True)
            if (not states or responder.intake.state in states)
            and (not accepting or responder.intake.state is State.OPEN)
            and kept_by_remit.keeps(remit)
        ]

    # A few milliseconds for a thousand; others are answered meanwhile.
    responders = kept() if len(remits) < _MANY else await asyncio.to_thread(kept)
    return msgspec.structs.replace(whole, responders=responders, total=len(responders))


async def _as_of(context: Context, time: datetime, demonstration: bool) -> Directory:
    if time > context.now():
        raise Invalid.at("?as_of", "must not lie in the future")
    async with context.read() as session:
        then = await directory.as_of(session, time)
    return msgspec.structs.replace(then, demonstration=True if demonstration else UNSET)


class DirectoryController(Controller):
    path = "/v1"
    tags = ("directory",)
    dependencies = {"kept": Provide(_kept)}  # noqa: RUF012 - the framework reads it from the class

    @get("/directory", operation_id="readDirectory", summary="Read the directory", of_tree=True)
    async def directory(self, kept: NamedDependency[Directory]) -> Directory:
        """All responders, or those that a filter keeps: an unknown or partly covered remit is kept, never hidden.

        `total` counts the responders in this answer; `sequence` is the version of the whole directory. With `as_of`
        everything is as it was then, `sequence` included; before the first event the directory is empty.
        """
        return kept

    @get(
        "/directory.csv",
        operation_id="readDirectoryTable",
        summary="Read the directory as a table",
        media_type="text/csv",
        of_tree=True,
    )
    async def table(self, kept: NamedDependency[Directory]) -> Response[bytes]:
        """The same as CSV (RFC 4180, UTF-8 with a byte order mark, with a header row): a row per responder.

        Several codes in a cell stand between `|`; `unknown` is what the source does not know, and an empty cell is
        null. What a spreadsheet would take for a formula begins with an apostrophe. A saved table grows old:
        from `confirm_by` on, no state in it is confirmed.
        """
        name = directory_table.file_name(demonstration=kept.demonstration is True)
        return saved_as(name, directory_table.table(map(directory_table.row, kept.responders)))

    @get("/events", operation_id="readEvents", summary="Follow the changes", of_tree=True)
    async def events(
        self,
        context: NamedDependency[Context],
        after: Annotated[int, QueryParameter(ge=0, le=2**62, description="A sequence number; 0 for all.")] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> EventPage:
        """The public events after a sequence number, oldest first: the same objects that webhooks carry.

        Ask next with `after` set to the answer's `sequence`. 409 when `after` lies beyond `latest`.
        """
        async with context.read() as session:
            return await events.after(session, after, limit)

    @get("/vocabulary", operation_id="readVocabulary", summary="Read the vocabulary")
    async def vocabulary(self) -> Vocabulary:
        """Areas, exploitation types, circumstances, states and the rest, with labels."""
        return representations.vocabulary()
