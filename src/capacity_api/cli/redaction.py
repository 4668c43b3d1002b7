"""`capacity-api redact`: take out what should never have been published."""

import asyncio
import time

import click

from capacity_api.cli.output import json_option, print_json
from capacity_api.cli.setup import command_line, load_settings, open_database
from capacity_api.clock import utc_now
from capacity_api.db import schema
from capacity_api.db.erasure import Eraser
from capacity_api.domain.redaction import RedactedField
from capacity_api.operations import redaction
from capacity_api.operations.redaction import Redaction, RedactionRequest

# How long to try to erase the remains from the files of SQLite.
_ERASE_WITHIN_SECONDS = 5.0
_ERASE_EVERY_SECONDS = 0.25


@click.command()
@click.argument("slug")
@click.option(
    "--field",
    "fields",
    multiple=True,
    required=True,
    # Of an enumeration it would take the names of its members.
    type=click.Choice([field.value for field in RedactedField]),
    help="The field to take out; repeat it for several.",
)
@click.option("--from", "first", required=True, type=click.IntRange(1), help="The number of the first event.")
@click.option("--to", "last", type=click.IntRange(1), help="The number of the last event. Without it: until now.")
@json_option
def redact(slug: str, fields: tuple[str, ...], first: int, last: int | None, as_json: bool) -> None:
    """Take fields out of the events of a responder, and out of all that was stored with them.

    A running service shows it within a second. Backups and replicas keep it: docs/operate/redaction.md.
    """

    async def work() -> tuple[Redaction, bool]:
        async with open_database(load_settings()) as database:
            await schema.check(database)
            async with database.write(command_line()) as session:
                new = RedactionRequest(fields=tuple(map(RedactedField, fields)), first=first, last=last)
                done = await redaction.redact(session, utc_now(), slug, new)
            return done, await _erase(Eraser(database))

    done, is_erased = asyncio.run(work())
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"took {', '.join(done.fields)} of {slug} out of the events {done.first} to {done.last}, of which "
            f"{done.event_count} had any; event.redacted is number {done.sequence}"
        )
    if not is_erased:
        click.echo(
            "Something may be left in the files of the database, because another program reads them. A running service "
            "goes on trying; without one, end that program and run this again.",
            err=True,
        )
    click.echo("Backups, replicas and old files keep it: docs/operate/redaction.md says what to do.", err=True)


async def _erase(eraser: Eraser) -> bool:
    ends = time.monotonic() + _ERASE_WITHIN_SECONDS
    while not await eraser.erase():
        if time.monotonic() > ends:
            return False
        # Readers must finish before the files can be rewritten.
        await asyncio.sleep(_ERASE_EVERY_SECONDS)
    return True
