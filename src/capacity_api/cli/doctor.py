"""`capacity-api doctor`: what is wrong, and which command puts it right."""

import asyncio
import sys
from datetime import datetime, timedelta

import click
import msgspec

from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.setup import command_line, load_settings, open_database
from capacity_api.clock import MAX_AHEAD, utc_now
from capacity_api.clock_watch import MAX_DIFFERENCE
from capacity_api.config import Settings
from capacity_api.db import schema, sqlite_file
from capacity_api.operations.clock import ClockFindings, accept_clock, examine_clock

# Longer than this nobody waits for the clock to catch up: meanwhile nobody can be shown as open.
_MAX_WAIT = timedelta(hours=6)


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: a sentence with its remedy for each thing that is wrong, and for each that should be better."""

    clock: ClockFindings
    accepted: bool
    wrong: list[str]
    advice: list[str]


@click.command()
@click.option("--clock", "checks_clock", is_flag=True, help="Check the clock, and what a wrong clock wrote.")
@click.option("--accept", is_flag=True, help="The wall's clock is right now: end the doubt of running processes.")
@json_option
def doctor(checks_clock: bool, accept: bool, as_json: bool) -> None:
    """Say what is wrong with this installation, and how to put it right. Exit with 1 if anything is.

    It checks the clock, and who can read the files of an SQLite database. It also names settings that readers miss.
    """
    if accept and not checks_clock:
        raise click.UsageError("--accept goes with --clock")
    diagnosis = asyncio.run(_diagnose(accept))
    if as_json:
        print_json(diagnosis)
    else:
        _print(diagnosis)
    if diagnosis.wrong:
        sys.exit(1)


async def _diagnose(accept: bool) -> Diagnosis:
    settings = load_settings()
    async with open_database(settings) as database:
        await schema.check(database)
        if accept:
            async with database.write(command_line()) as session:
                await accept_clock(session, utc_now())
        async with database.read() as session:
            await session.connection()
            findings = await examine_clock(session, utc_now())
    wrong = find_wrong(findings, accepted=accept)
    if settings.is_sqlite:
        open_files = sqlite_file.find_open_to_others(sqlite_file.database_path(settings))
        wrong += [f"others can read or change {path}: run `chmod 600 {path}`" for path in open_files]
    return Diagnosis(clock=findings, accepted=accept, wrong=wrong, advice=find_advice(settings))


def find_wrong(findings: ClockFindings, *, accepted: bool) -> list[str]:
    """A sentence for each thing that is wrong, with its remedy."""
    wrong = []
    wall = findings.wall
    if findings.database_time is not None and not accepted and abs(findings.database_time - wall) > MAX_DIFFERENCE:
        difference = round((wall - findings.database_time).total_seconds())
        wrong.append(
            f"this machine's clock and the database's differ by {difference} seconds: set the wrong one right, or run "
            "`capacity-api doctor --clock --accept` if this machine's is right"
        )
    if findings.newest_event_at - wall > MAX_AHEAD:
        until = _time(findings.newest_event_at - MAX_AHEAD)
        remedy = "run `capacity-api db restored`"
        if findings.newest_event_at - wall <= _MAX_WAIT:
            remedy = f"wait until {until}, or {remedy}"
        wrong.append(
            f"the newest event is dated in the future, and until {until} nobody can report open: if this machine's "
            f"clock is behind, set it right; if it is right, {remedy}"
        )
    if findings.misdated_reports:
        slugs = ", ".join(each.slug for each in findings.misdated_reports)
        wrong.append(
            f"a clock that was ahead dated these reports, and one in the future is shown as unconfirmed: {slugs}; ask "
            "each responder to report again"
        )
    return wrong


def find_advice(settings: Settings) -> list[str]:
    """A sentence for each setting that readers miss. Everything works without them."""
    readers_miss = (
        ("OPERATOR", settings.operator, "/about cannot say who runs this directory, which privacy law asks for"),
        ("CONTACT", settings.contact, "readers cannot tell anybody that an entry is wrong"),
        ("PUBLIC_URL", settings.public_url, "the wall sheet has no address and no QR code"),
    )
    return [f"CAPACITY_{name} is not set: {without}" for name, value, without in readers_miss if value is None]


def _print(diagnosis: Diagnosis) -> None:
    findings = diagnosis.clock
    database_time = "has none of its own" if findings.database_time is None else _time(findings.database_time)
    print_table(
        [
            ("this machine's clock", _time(findings.wall)),
            ("the database's clock", database_time),
            ("the newest event", f"{findings.newest_sequence}, dated {_time(findings.newest_event_at)}"),
            ("the clock was accepted", "never" if findings.accepted_at is None else _time(findings.accepted_at)),
        ]
    )
    if findings.future_event_count:
        click.echo(f"\n{findings.future_event_count} events are dated in the future; the newest:")
        print_table([(str(each.sequence), each.type, _time(each.at)) for each in findings.future_events])
    if findings.misdated_reports:
        click.echo("\nReports that a clock that was ahead dated (confirmed, confirm by):")
        print_table(
            [
                (each.slug, each.state, _time(each.confirmed_at), _time(each.confirm_by))
                for each in findings.misdated_reports
            ]
        )
    click.echo()
    if diagnosis.accepted:
        click.echo("accepted: every running process takes this machine's clock as right within a second")
    for sentence in diagnosis.wrong:
        click.echo(f"WRONG: {sentence}")
    for sentence in diagnosis.advice:
        click.echo(f"advice: {sentence}")
    if not diagnosis.wrong:
        click.echo("nothing wrong was found here; a running process that saw its clock jump says so in /readyz")


def _time(time: datetime | None) -> str:
    return "-" if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"
