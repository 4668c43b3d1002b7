"""`capacity-api doctor`: what is wrong, and which command puts it right."""

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta

import click
import msgspec

from capacity_api import config, log
from capacity_api.cli.checks import (
    Finding,
    advice,
    check_database,
    check_egress,
    check_files,
    check_key,
    check_mail,
    check_permissions,
    check_schema,
    check_settings,
    read_versions,
    wrong,
)
from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.cli.setup import command_line, open_database, require_whole_file
from capacity_api.clock import MAX_AHEAD, utc_now
from capacity_api.clock_watch import MAX_DIFFERENCE
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.outages import explain_in_full
from capacity_api.errors import CapacityError, DatabaseUnavailable
from capacity_api.operations.clock import ClockFindings, accept_clock, examine_clock

# Longer than this nobody waits for the clock to catch up: meanwhile nobody can be shown as open.
_MAX_WAIT = timedelta(hours=6)


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: a sentence with its remedy for each thing that is wrong, and for each that should be better.

    `checks` has the same sentences by what was looked at. `clock` is null where the database cannot be read.
    """

    versions: dict[str, str]
    clock: ClockFindings | None
    accepted: bool
    wrong: list[str]
    advice: list[str]
    checks: list[Finding]


@click.command()
@click.option("--clock", "checks_clock", is_flag=True, help="Show what a wrong clock wrote; for --accept.")
@click.option("--accept", is_flag=True, help="The wall's clock is right now: end the doubt of running processes.")
@click.option("--offline", is_flag=True, help="Connect to nothing but the database: no mail server, no webhooks.")
@json_option
def doctor(checks_clock: bool, accept: bool, offline: bool, as_json: bool) -> None:
    """Say what is wrong with this installation, and how to put it right. Exit with 1 if anything is.

    It looks at the settings, the key, the database with its schema and permissions, the clocks, the disk, the newest
    backup, the mail server and the endpoints of webhooks, and changes nothing. Advice alone exits with 0.
    """
    if accept and not checks_clock:
        raise click.UsageError("--accept goes with --clock")
    diagnosis = asyncio.run(diagnose(os.environ, accept=accept, offline=offline))
    if as_json:
        print_json(diagnosis)
    else:
        _print(diagnosis)
    if diagnosis.wrong:
        sys.exit(1)


async def diagnose(environment: Mapping[str, str], *, accept: bool = False, offline: bool = False) -> Diagnosis:
    settings, faults = config.examine(environment)
    log.configure(settings, "doctor")
    findings = [wrong("settings", fault) for fault in faults]
    clock, versions = None, await read_versions(None)
    if not faults:
        findings += [*check_settings(settings), *check_key(settings)]
        if not any(each.check == "key" for each in findings):
            settings = config.with_keys(settings)
        if not offline:
            findings += [each async for each in check_mail(settings)]
        try:
            if settings.is_sqlite:
                findings += check_files(settings)
            await require_whole_file(settings)
            async with open_database(settings) as database:
                versions = await read_versions(database)
                # Each of the first two would make the next fail, and say less of it.
                unreadable = [each async for each in check_permissions(database)]
                unreadable = unreadable or [each async for each in check_schema(database)]
                findings += unreadable
                if not unreadable:
                    findings += [each async for each in check_database(database, settings, utc_now())]
                    clock = await _look_at_clock(database, accept=accept)
                    findings += [wrong("clock", each) for each in find_wrong(clock, accepted=accept)]
                    if not offline:
                        async with database.read() as session:
                            findings += await check_egress(session, settings)
        except DatabaseUnavailable as error:
            findings.append(wrong("database", explain_in_full(error)))
        except CapacityError as error:
            findings.append(wrong("database", error.detail))
        findings += [advice("settings", each) for each in find_advice(settings)]
    return Diagnosis(
        versions=versions,
        clock=clock,
        accepted=accept and clock is not None,
        wrong=[each.detail for each in findings if each.is_wrong],
        advice=[each.detail for each in findings if not each.is_wrong],
        checks=findings,
    )


async def _look_at_clock(database: Database, *, accept: bool) -> ClockFindings:
    if accept:
        async with database.write(command_line()) as session:
            await accept_clock(session, utc_now())
    async with database.read() as session:
        await session.connection()
        return await examine_clock(session, utc_now())


def find_wrong(findings: ClockFindings, *, accepted: bool) -> list[str]:
    """A sentence for each thing that is wrong, with its remedy."""
    faults = []
    wall = findings.wall
    if findings.database_time is not None and not accepted and abs(findings.database_time - wall) > MAX_DIFFERENCE:
        difference = round((wall - findings.database_time).total_seconds())
        faults.append(
            f"this machine's clock and the database's differ by {difference} seconds: set the wrong one right, or run "
            "`capacity-api doctor --clock --accept` if this machine's is right"
        )
    if findings.newest_event_at - wall > MAX_AHEAD:
        until = _time(findings.newest_event_at - MAX_AHEAD)
        remedy = "run `capacity-api db restored`"
        if findings.newest_event_at - wall <= _MAX_WAIT:
            remedy = f"wait until {until}, or {remedy}"
        faults.append(
            f"the newest event is dated in the future, and until {until} nobody can report open: if this machine's "
            f"clock is behind, set it right; if it is right, {remedy}"
        )
    if findings.misdated_reports:
        slugs = ", ".join(each.slug for each in findings.misdated_reports)
        faults.append(
            f"a clock that was ahead dated these reports, and one in the future is shown as unconfirmed: {slugs}; ask "
            "each responder to report again"
        )
    return faults


def find_advice(settings: Settings) -> list[str]:
    """A sentence for each setting that readers miss. Everything works without them."""
    readers_miss = (
        ("OPERATOR", settings.operator, "/about cannot say who runs this directory, which privacy law asks for"),
        ("CONTACT", settings.contact, "readers cannot tell anybody that an entry is wrong"),
        ("PUBLIC_URL", settings.public_url, "the wall sheet has no address and no QR code"),
    )
    return [f"CAPACITY_{name} is not set: {without}" for name, value, without in readers_miss if value is None]


def _print(diagnosis: Diagnosis) -> None:
    print_table(list(diagnosis.versions.items()))
    if diagnosis.clock is not None:
        _print_clock(diagnosis.clock)
    click.echo()
    if diagnosis.accepted:
        click.echo("accepted: every running process takes this machine's clock as right within a second")
    for sentence in diagnosis.wrong:
        click.echo(f"WRONG: {sentence}")
    for sentence in diagnosis.advice:
        click.echo(f"advice: {sentence}")
    if not diagnosis.wrong:
        click.echo("nothing wrong was found here; a running process that saw its clock jump says so in /readyz")


def _print_clock(findings: ClockFindings) -> None:
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


def _time(time: datetime | None) -> str:
    return "-" if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"
