"""`capacity-api responder import`: many responders from a file, all of them or none."""

import asyncio
from collections.abc import Sequence
from typing import Any, BinaryIO

import click
import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.cli import responder_table
from capacity_api.cli.contact_words import whose_word
from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.responder_table import COLUMNS, Row
from capacity_api.cli.setup import in_transaction
from capacity_api.clock import utc_now
from capacity_api.db.tables import ResponderRow
from capacity_api.domain.contact import details_of
from capacity_api.domain.keys import Keys
from capacity_api.errors import AlreadyExists, BadInput, CapacityError, FieldError, Invalid
from capacity_api.json import decode
from capacity_api.operations import changes, owners, responders
from capacity_api.operations.responders import ResponderPatch, ResponderRequest
from capacity_api.representations.responder import Responder, represent_responder

_CONTACT = frozenset({"phone", "email", "contact_url", "hours", "all_hours", "languages", "interpreters"})
_SOURCE = frozenset({"contact_source", "contact_source_url", "contact_checked_on"})


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import does with one responder, and the responder after it. `changed` are columns, of a new one none."""

    slug: str
    outcome: str
    changed: list[str]
    responder: Responder


class _OnlyTried(Exception):
    """Undoes a transaction, and says what it did."""

    def __init__(self, imported: list[Imported]) -> None:
        super().__init__()
        self.imported = imported


@click.command("import")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would be added and changed.")
@click.option("--update", is_flag=True, help="Also change responders that are listed already.")
@click.option("--template", is_flag=True, help="Print a table to fill in.")
@json_option
def import_responders(file: BinaryIO | None, dry_run: bool, update: bool, template: bool, as_json: bool) -> None:
    """List all responders in FILE, a table (CSV) or a JSON list of what `add` takes. After an error it lists none.

    A table has the columns of --template; those of /v1/directory.csv are the same. An area is a code or a name. A cell
    that is empty, or a column that is left out, leaves what is listed as it is. - is standard input.
    """
    if template:
        click.echo(responder_table.template(), nl=False)
        return
    if file is None:
        raise click.UsageError("name a FILE, or print a table to fill in by --template")
    rows, ignored = _read(file)
    if update and any(isinstance(row, ResponderRequest) for row in rows):
        raise click.UsageError("--update takes a table: a JSON list has no cells that stay as they are")
    if ignored:
        click.echo(f"columns that an import does not change: {', '.join(ignored)}", err=True)

    async def work(session: AsyncSession, _: Keys) -> tuple[list[Imported], set[str]]:
        imported = await _import_all(session, rows, update)
        if dry_run:
            raise _OnlyTried(imported)
        return imported, await owners.suspended_slugs(session)

    try:
        imported, suspended = asyncio.run(in_transaction(work))
    except _OnlyTried as tried:
        imported, suspended = tried.imported, set()
    _show(imported, suspended, as_json=as_json, dry_run=dry_run)


def _show(imported: Sequence[Imported], suspended: set[str], *, as_json: bool, dry_run: bool = False) -> None:
    """Print what was listed, or what would be, and who of them is still suspended."""
    if as_json:
        print_json([each.responder for each in imported])
    else:
        _print(imported)
        if dry_run:
            click.echo("nothing was changed: leave out --dry-run to do it", err=True)
    warn_of_suspended([each.slug for each in imported], suspended)
    for each in imported:
        if _CONTACT & {*each.changed} and not _SOURCE & {*each.changed}:
            click.echo(f"{each.slug}: {whose_word(each.responder.contact.source)}", err=True)


def warn_of_suspended(slugs: Sequence[str], suspended: set[str]) -> None:
    """Say which of the responders that were listed have tokens that do not hold yet."""
    for slug in slugs:
        if slug in suspended:
            click.echo(
                f"{slug} is still suspended, since it was delisted before: "
                f"`capacity-api owner resume --responder {slug}` lets its tokens and webhooks go on",
                err=True,
            )


def _print(imported: Sequence[Imported]) -> None:
    rows: list[tuple[str, ...]] = [("slug", "outcome", "what changes", "name", "areas")]
    for each in imported:
        areas = ", ".join(area.name for area in each.responder.remit.areas)
        rows.append((each.slug, each.outcome, ", ".join(each.changed) or "-", each.responder.name, areas))
    print_table(rows)


def _read(file: BinaryIO) -> tuple[list[Row | ResponderRequest], list[str]]:
    """The responders of a file, and the columns that an import ignores."""
    content = file.read()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        return [*decode(content, list[ResponderRequest])], []
    table = responder_table.read_table(file.name, content)
    return [*table.rows], table.ignored


async def _import_all(session: AsyncSession, rows: Sequence[Row | ResponderRequest], update: bool) -> list[Imported]:
    """Import each in its order. Prints each fault by row and column, and raises `Invalid` if there is one."""
    await changes.begin(session, utc_now())
    imported, faults, seen = [], [], set()
    for number, row in enumerate(rows, start=1):
        where = f"row {row.number}" if isinstance(row, Row) else f"responder {number}"
        try:
            if row.slug in seen:
                raise Invalid.at("slug", f"{row.slug!r} stands twice in the file")
            seen.add(row.slug)
            imported.append(await _import_one(session, row, update))
        except (BadInput, AlreadyExists) as error:
            faults += [f"{where}, {each.pointer.strip('/')}: {each.detail}" for each in _faults(error)]
    if faults:
        for fault in faults:
            click.echo(fault, err=True)
        raise Invalid(f"nothing was changed: {len(faults)} {'fault' if len(faults) == 1 else 'faults'} in the file")
    return imported


def _faults(error: CapacityError) -> Sequence[FieldError]:
    if isinstance(error, BadInput) and error.errors:
        return error.errors
    return [FieldError("slug", error.detail)]


async def _import_one(session: AsyncSession, row: Row | ResponderRequest, update: bool) -> Imported:
    """List one responder, or change the one that is listed. Raises `Invalid` by column, `AlreadyExists`."""
    listed = await session.scalar(
        select(ResponderRow).where(ResponderRow.slug == row.slug, ResponderRow.delisted_at.is_(None))
    )
    if isinstance(row, ResponderRequest):
        return _added(await responders.list_responder(session, utc_now(), row))
    if listed is not None and not update:
        raise AlreadyExists(f"A responder {row.slug!r} is listed already; --update changes it")
    try:
        if listed is None:
            new = responder_table.build(row, {})
            return _added(await responders.list_responder(session, utc_now(), new))
        return await _change(session, listed, row)
    except Invalid as error:
        raise responder_table.by_column(error) from None


async def _change(session: AsyncSession, listed: ResponderRow, row: Row) -> Imported:
    before = {
        "slug": listed.slug,
        "name": listed.name,
        "website": listed.website,
        "valid_for_hours": listed.valid_for_hours,
        "contact": msgspec.to_builtins(details_of(listed.contact)),
        "remit": msgspec.to_builtins(listed.remit),
    }
    new = responder_table.build(row, before)
    after = msgspec.to_builtins(new)
    changed = [column for column, path in COLUMNS.items() if _at(before, path) != _at(after, path)]
    if not changed:
        same = represent_responder(listed.record, utc_now())
        return Imported(slug=listed.slug, outcome="same", changed=[], responder=same)
    fields = {COLUMNS[column][0] for column in changed}
    patch = ResponderPatch(**{name: getattr(new, name) for name in fields})
    responder = await responders.change_details(session, utc_now(), listed.slug, patch)
    return Imported(slug=listed.slug, outcome="changed", changed=changed, responder=responder)


def _at(document: Any, path: Sequence[str]) -> Any:
    """The value at a path; null where a document on the way is null."""
    for name in path:
        document = None if document is None else document[name]
    return document


def _added(responder: Responder) -> Imported:
    return Imported(slug=responder.slug, outcome="added", changed=[], responder=responder)
