"""`capacity-api responder`: who is listed, and what a coordinator says for one."""

import asyncio
from datetime import datetime
from typing import Any, BinaryIO

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.cli.contact_words import whose_word
from capacity_api.cli.importing import import_responders, warn_of_suspended
from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.remit_options import RemitOptions, remit_options
from capacity_api.cli.setup import in_transaction, read_database
from capacity_api.clock import utc_now
from capacity_api.domain.contact import ContactSource, details_of
from capacity_api.domain.intake import LONDON_TIME, Circumstance, Reason, Report, ReportedState, SaidBy
from capacity_api.domain.keys import Keys
from capacity_api.errors import MailOff
from capacity_api.json import decode
from capacity_api.operations import intake, owners, reminders, responders
from capacity_api.operations.responders import ResponderPatch, ResponderRequest
from capacity_api.representations.responder import Responder, represent_remit, represent_responder
from capacity_api.wording.sentences import intake_in_sentences

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def responder() -> None:
    """The responders in the directory."""


@responder.command("list")
@json_option
def list_responders(as_json: bool) -> None:
    """Print each responder with its effective state."""

    records = asyncio.run(read_database(lambda session: responders.changed_since(session, 0)))
    now = utc_now()
    listed = [represent_responder(record, now) for record in records if record.delisted_at is None]
    if as_json:
        print_json(listed)
    else:
        print_table([(responder.slug, responder.intake.state, responder.name) for responder in listed])


@responder.command("add")
@click.argument("file", type=click.File("rb"))
@json_option
def add_responder(file: BinaryIO, as_json: bool) -> None:
    """List one responder from a JSON FILE: {"slug", "name", "remit", "contact", ...}. - is standard input."""
    new = decode(file.read(), ResponderRequest)

    async def list_new(session: AsyncSession, _: Keys) -> tuple[Responder, set[str]]:
        return await responders.list_responder(session, utc_now(), new), await owners.suspended_slugs(session)

    listed, suspended = asyncio.run(in_transaction(list_new))
    if as_json:
        print_json([listed])
    else:
        click.echo(f"listed {listed.slug}")
    warn_of_suspended([listed.slug], suspended)


responder.add_command(import_responders)


@responder.command("report")
@click.argument("slug")
@click.option(
    "--state", required=True, type=click.Choice([each.value for each in ReportedState]), help="What it said that it is."
)
@click.option(
    "--exception",
    "exceptions",
    multiple=True,
    type=click.Choice([each.value for each in Circumstance]),
    help="Whom it still takes while it is paused; repeat it for several.",
)
@click.option("--reopens-on", type=_DAY, metavar="DAY", help="The day on which it reopens, such as 2026-12-01.")
@click.option("--reason", type=click.Choice([each.value for each in Reason]), help="Why.")
@click.option("--note", metavar="TEXT", help="What it adds. Everybody can read it.")
@json_option
def report_intake(
    slug: str,
    state: str,
    exceptions: tuple[str, ...],
    reopens_on: datetime | None,
    reason: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Publish what the responder with this SLUG told you, for example on the telephone.

    The directory says that it was told so, and when. It holds as long as the responder's own report would. It replaces
    the whole report that stood.
    """
    report = Report(
        state=ReportedState(state),
        exceptions=tuple(map(Circumstance, exceptions)),
        reopens_on=None if reopens_on is None else reopens_on.date(),
        reason=None if reason is None else Reason(reason),
        note=note,
    )
    shown = asyncio.run(
        in_transaction(
            lambda session, _: intake.report_intake(session, utc_now(), slug, report, said_by=SaidBy.COORDINATOR)
        )
    )
    if as_json:
        print_json(shown)
        return
    click.echo(f"the public reads of {shown.name}:")
    for sentence in intake_in_sentences(shown):
        click.echo(f"  {sentence}")


@responder.command("chase")
@click.argument("slug")
@json_option
def chase_responder(slug: str, as_json: bool) -> None:
    """Ask everybody who is reminded of a responder, by mail, whether its report is still true: at most once an hour.

    A running service or worker sends the mail.
    """
    if not config.from_environment().sends_mail:
        raise MailOff("no mail is sent from here: set CAPACITY_SMTP_URL (docs/operate/mail.md), or ring the responder")
    count = asyncio.run(in_transaction(lambda session, _: reminders.chase_responder(session, utc_now(), slug)))
    if as_json:
        print_json({"people_count": count})
    else:
        click.echo(f"people of {slug} who are asked: {count}")
    if count == 0:
        click.echo("it has nobody who is reminded: ring it, and add people by `person invite`", err=True)


@responder.command("delist")
@click.argument("slug")
@json_option
def delist_responder(slug: str, as_json: bool) -> None:
    """Take a responder out of the directory. Its tokens and links stop working, and its history stays.

    `responder add` lists it again. `owner resume` then lets its tokens hold again.
    """
    asyncio.run(in_transaction(lambda session, _: responders.delist_responder(session, utc_now(), slug)))
    if as_json:
        print_json({"slug": slug, "delisted": True})
    else:
        click.echo(f"delisted {slug}: the directory does not show it, and none of its tokens holds")


@responder.command("edit")
@click.argument("slug")
@click.option("--name", metavar="TEXT", help="What it is called.")
@click.option("--website", metavar="URL")
@click.option(
    "--valid-for-hours", type=click.IntRange(1), metavar="HOURS", help="How long its next report holds: 1 to 2160."
)
@click.option("--phone", metavar="NUMBER", help="Its telephone number, in words if it cannot be dialled.")
@click.option("--email", metavar="ADDRESS", help="The address that the public may write to.")
@click.option("--url", metavar="URL", help="Its page for enquiries.")
@click.option("--hours", metavar="TEXT", help="When somebody answers, in words.")
@click.option("--all-hours/--not-all-hours", default=None, help="Somebody always answers, or we do not know that.")
@click.option("--language", "languages", multiple=True, metavar="TAG", help="A language it speaks, such as vi; repeat.")
@click.option("--interpreters/--no-interpreters", default=None, help="It has interpreters, or we do not know that.")
@click.option("--source-name", metavar="TEXT", help="Who says so, if not the responder: its own site, a register.")
@click.option("--source-url", metavar="URL", help="Where.")
@click.option("--source-checked-on", type=_DAY, metavar="DAY", help="On which day you looked. Without it: today.")
@click.option("--no-source", is_flag=True, help="The responder itself gave this contact.")
@remit_options
@json_option
def edit_responder(
    slug: str,
    *,
    name: str | None,
    website: str | None,
    valid_for_hours: int | None,
    source_name: str | None,
    source_url: str | None,
    source_checked_on: datetime | None,
    no_source: bool,
    as_json: bool,
    phone: str | None,
    email: str | None,
    url: str | None,
    hours: str | None,
    all_hours: bool | None,
    languages: tuple[str, ...],
    interpreters: bool | None,
    remit_options: RemitOptions,
) -> None:
    """Change the details of the responder with this SLUG. What you do not name stays as it is.

    An empty value removes a text: --phone "". Languages, areas and other lists are replaced all together.
    """
    texts = _named(phone=phone, email=email, url=url, hours=hours, all_hours=all_hours, interpreters=interpreters)
    source = _named(name=source_name, url=source_url, checked_on=source_checked_on and source_checked_on.date())
    if no_source and source:
        raise click.UsageError("give --no-source or a source, not both")
    patch = ResponderPatch(**_named(name=name, website=website, valid_for_hours=valid_for_hours))

    async def edit(session: AsyncSession, _: Keys) -> Responder:
        row = await responders.get_responder(session, slug)
        seen = row.contact
        contact = msgspec.structs.replace(details_of(seen), **texts)
        if languages:
            contact = msgspec.structs.replace(contact, languages=tuple(filter(None, languages)))
        if no_source or source:
            contact = msgspec.structs.replace(contact, source=_changed_source(seen.source, source))
        seen_remit = row.remit
        remit = remit_options.change(seen_remit)
        changed = patch
        if contact != details_of(seen):
            changed = msgspec.structs.replace(changed, contact=contact)
        if remit != seen_remit:
            changed = msgspec.structs.replace(changed, remit=remit)
        # Somebody else may change them after they were read: only now is the write lock taken.
        return await responders.change_details(
            session,
            utc_now(),
            slug,
            changed,
            is_expected=lambda responder: responder.contact == seen and responder.remit == represent_remit(seen_remit),
        )

    changed = asyncio.run(in_transaction(edit))
    if as_json:
        print_json(changed)
    else:
        click.echo(f"changed {slug}")
    if (texts or languages) and not (no_source or source):
        click.echo(whose_word(changed.contact.source), err=True)


def _named(**options: Any) -> dict[str, Any]:
    """The options that were given. An empty text is null, and so is "no": the directory only knows "yes"."""
    return {name: value or None for name, value in options.items() if value is not None}


def _changed_source(seen: ContactSource | None, given: dict[str, Any]) -> ContactSource | None:
    if not given:
        return None
    if seen is not None:
        return msgspec.structs.replace(seen, **given)
    if not {"name", "url"} <= given.keys():
        raise click.UsageError("a source has --source-name and --source-url")
    return ContactSource(**{"checked_on": utc_now().astimezone(LONDON_TIME).date(), **given})
