"""`capacity-api digest`: the week in plain text, for the network's own newsletter."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
import msgspec

from capacity_api.cli.output import json_option, print_json
from capacity_api.cli.setup import load_settings, open_database
from capacity_api.clock_watch import ClockWatch
from capacity_api.conditions import Conditions
from capacity_api.db import schema
from capacity_api.db.clock import look_at_clock
from capacity_api.db.engine import Database
from capacity_api.errors import ClockInDoubt
from capacity_api.operations.events import events_since
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording.digest import EVENT_TYPES, DigestContent, StateChange, render_digest

_MAX_DAYS = 90


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is about the time from `since` to `at`, as of the event with the number `sequence`."""

    since: datetime
    at: datetime
    sequence: int
    text: str


@click.command()
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, _MAX_DAYS), help="How many days to look back."
)
@json_option
def digest(days: int, as_json: bool) -> None:
    """Print the last days in plain text, to paste into a newsletter: who is open, who is not, and what changed.

    It is true when it is made, so make it just before you send it. This only reads the database, keeps no address and
    sends nothing.
    """
    made = asyncio.run(_make(days))
    if as_json:
        print_json(made)
        return
    click.echo(made.text, nl=False)


async def _make(days: int) -> Digest:
    settings = load_settings()
    if settings.public_url is None:
        click.echo("CAPACITY_PUBLIC_URL is not set, so the text cannot say where the directory is", err=True)
    async with open_database(settings) as database:
        await schema.check(database)
        clock_watch = ClockWatch()
        await look_at_clock(database, clock_watch, Conditions())
        doubt = clock_watch.read().doubt
        if doubt is not None:
            raise ClockInDoubt(f"the clock is in doubt, so nobody knows what has lapsed: {doubt}")
        return await make_digest(database, Publisher(database, clock_watch.wall, catalogue(settings)), days)


async def make_digest(database: Database, publisher: Publisher, days: int) -> Digest:
    """The digest of what is published now. Raises `DatabaseRestored` where that may be older than what was shown."""
    await publisher.refresh()
    snapshot = publisher.snapshot
    since = snapshot.now - timedelta(days=days)
    async with database.read() as session:
        await database.continuity.require_same(session)
        events = await events_since(session, since, snapshot.sequence, EVENT_TYPES)
    content = DigestContent(
        since=since,
        now=snapshot.now,
        responders=list(snapshot.responders.values()),
        state_changes=list(_state_changes(snapshot, since)),
        events=events,
        gaps=snapshot.coverage.gaps,
        contact=snapshot.catalogue.contact,
        public_url=snapshot.catalogue.public_url,
        demonstration=snapshot.demonstration,
    )
    return Digest(since=since, at=snapshot.now, sequence=snapshot.sequence, text=render_digest(content))


def _state_changes(snapshot: Snapshot, since: datetime) -> Iterator[StateChange]:
    for entry in snapshot.entries.values():
        # The first is the state of a year ago, which it did not come into then.
        for at, state in entry.states(snapshot.now)[1:]:
            if at >= since:
                yield StateChange(at, entry.responder, state)
