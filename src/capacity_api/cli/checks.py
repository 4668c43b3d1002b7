"""What `capacity-api doctor` looks at, one function for each thing. Each yields a sentence with its remedy.

None of them changes anything, and none raises for what it finds.
"""

import asyncio
import os
import platform
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api import config
from capacity_api.clock_watch import MAX_DIFFERENCE
from capacity_api.config import LOOPBACK, Settings
from capacity_api.db import schema, sqlite_file
from capacity_api.db.continuity import Continuity
from capacity_api.db.differences import find_differences
from capacity_api.db.durability import durability_faults
from capacity_api.db.engine import Database
from capacity_api.db.manifest import program_version
from capacity_api.db.privileges import missing_for_backup, missing_grants
from capacity_api.db.size import read_size
from capacity_api.db.tables import WebhookRow
from capacity_api.delivery.egress import EgressRefused, Guard
from capacity_api.domain.egress import parse_target
from capacity_api.domain.keys import Keys
from capacity_api.errors import CapacityError, ConfigurationError
from capacity_api.mail.transport import ServerUnavailable
from capacity_api.mail.worker import transport_of
from capacity_api.operations import audit, backlog, heartbeats, sealed
from capacity_api.operations.heartbeats import Task
from capacity_api.operations.key_check import examine_keys
from capacity_api.operations.webhooks import secrets
from capacity_api.operations.webhooks.webhook import WebhookStatus

# A backup each night, and one that failed.
_MAX_BACKUP_AGE = timedelta(hours=48)
# Room for the log of SQLite, and for reports until somebody comes.
_MIN_FREE_BYTES = 200 * 1024 * 1024
_ASK_SECONDS = 5.0
_MAX_ENDPOINTS = 20
_MEGABYTE = 1024 * 1024
# An event or a mail is sent within seconds.
_MAX_WAIT = timedelta(minutes=5)
_WORK = {Task.DELIVERY: ("delivers webhooks", "deliver webhooks"), Task.MAIL: ("sends mail", "send mail")}
_START = "start or restart `capacity-api worker`, or `serve` without --no-delivery"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`is_wrong`: the service does not do what it should, or soon will not. The others are advice."""

    check: str
    is_wrong: bool
    detail: str


def wrong(check: str, detail: str) -> Finding:
    return Finding(check=check, is_wrong=True, detail=detail)


def advice(check: str, detail: str) -> Finding:
    return Finding(check=check, is_wrong=False, detail=detail)


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Settings that can each be read, and together do not make sense."""
    for name, networks, what in (
        ("TRUSTED_PROXIES", settings.trusted_proxies, "anybody can pass as any address; name your proxy alone"),
        ("METRICS_ALLOW", settings.metrics_allow, "everybody can read /metrics; name your Prometheus alone"),
        ("EGRESS_ALLOW", settings.egress_allow, "webhooks reach every private network; name those that they may reach"),
    ):
        if any(network.prefixlen == 0 for network in networks):
            yield wrong("settings", f"CAPACITY_{name} holds the whole internet, so {what}")
    public_url = settings.public_url or ""
    if public_url.startswith("https:") and not settings.trusted_proxies:
        yield wrong(
            "proxy",
            "CAPACITY_PUBLIC_URL is https, so a proxy stands before the service, and CAPACITY_TRUSTED_PROXIES names "
            "none: all readers count as one address and share its limits; set it to the proxy's, such as 127.0.0.1/32",
        )
    if settings.mail_from is not None and settings.smtp is None:
        yield wrong("mail", "CAPACITY_MAIL_FROM is set and no mail is sent: set CAPACITY_SMTP_URL too")
    smtp = settings.smtp
    if smtp is not None and not (smtp.is_tls or smtp.starttls or _is_this_machine(smtp.host)):
        yield wrong(
            "mail", "mail leaves this machine unencrypted, with its links: take ?starttls=no out of CAPACITY_SMTP_URL"
        )
    if smtp is not None and public_url.startswith("http:"):
        yield advice("mail", "links in mail are http, and can be read on their way: make CAPACITY_PUBLIC_URL https")
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if settings.max_connections is not None and settings.max_connections > files - 64:
        yield wrong(
            "settings",
            f"CAPACITY_MAX_CONNECTIONS is {settings.max_connections}, and a process may open {files} files here: "
            "lower it, or raise LimitNOFILE",
        )


def check_key(settings: Settings) -> Iterator[Finding]:
    try:
        missing = config.missing_key_file(settings)
        if missing is None:
            config.with_keys(settings)
        else:
            yield advice("key", f"there is no secret key yet: `capacity-api serve` makes {missing}")
    except ConfigurationError as error:
        yield wrong("key", error.detail)


def check_files(settings: Settings) -> Iterator[Finding]:
    """The rights of the files of an SQLite database, the clock of their disk, and the room on it."""
    path = sqlite_file.database_path(settings)
    for file in sqlite_file.find_open_to_others(path):
        yield wrong("files", f"others can read or change {file}: run `chmod 600 {file}`")
    files = [sqlite_file.companion(path, suffix) for suffix in ("", "-wal", "-shm", ".mark", ".lock")]
    for file in [path.parent, *(each for each in files if each.exists())]:
        if not _is_writable(file):
            yield wrong("files", f"{file} cannot be written by this user: run `chown` for the user of the service")
    if _is_writable(path.parent):
        yield from _compare_disk_clock(path.parent)
        # A backup or an upgrade makes another one beside it.
        needed = max(_MIN_FREE_BYTES, sum(each.stat().st_size for each in files if each.exists()))
        yield from check_room(path.parent, needed)


def check_room(folder: Path, needed: int) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < needed:
        yield wrong(
            "disk",
            f"{free // _MEGABYTE} MB are left on the disk of {folder}, and {needed // _MEGABYTE} MB should be: make "
            "room, or move the database",
        )


def _compare_disk_clock(folder: Path) -> Iterator[Finding]:
    try:
        before = time.time()
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            difference = os.fstat(file.fileno()).st_mtime - before
    except OSError as error:
        yield wrong("disk", f"no file can be made in {folder}: {error.strerror}; make room, or mend the disk")
        return
    if abs(difference) > MAX_DIFFERENCE.total_seconds():
        yield wrong(
            "clock", f"the disk of {folder} and this machine differ by {round(difference)} seconds: set both by NTP"
        )


async def check_permissions(database: Database) -> AsyncIterator[Finding]:
    """Without them nothing else can be read."""
    async with database.read() as session:
        for grant in await missing_grants(session, database.settings):
            yield wrong("permissions", f"the role lacks a permission: as the owner of the tables, run {grant}")


async def check_schema(database: Database) -> AsyncIterator[Finding]:
    """By its content. Raises `ConfigurationError` for one of another version."""
    await schema.check_revision(database)
    async with database.read() as session:
        for difference in await (await session.connection()).run_sync(find_differences):
            yield wrong("schema", f"{difference}; docs/settings.md says what to do")


async def check_database(database: Database, settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """What it holds, once its permissions and its schema are right."""
    async with database.read() as session:
        for fault in await durability_faults(session):
            yield wrong("database", f"{fault} docs/settings.md says what PostgreSQL must keep")
        await database.continuity.look(session)
        for each in _check_continuity(database.continuity):
            yield each
        for each in await _check_secrets(session, settings, now):
            yield each
        for each in await _check_backup(session, now):
            yield each
        for each in await _check_workers(session, now):
            yield each


def _check_continuity(continuity: Continuity) -> Iterator[Finding]:
    if continuity.lacks_mark:
        yield wrong("database", "the database is a copy without its mark: run `capacity-api restore`")
    elif continuity.went_back:
        yield wrong("database", "the database went back in time: run `capacity-api db restored`")
    if continuity.has_moved:
        yield wrong("database", "everything was moved to another database: use that one")


async def _check_secrets(session: AsyncSession, settings: Settings, now: datetime) -> list[Finding]:
    if settings.secret_keys:
        found = (await examine_keys(session, now, Keys(settings.secret_keys))).describe()
        return [] if found is None else [wrong("key", found)]
    if await secrets.are_stored(session) or await sealed.are_stored(session):
        return [
            wrong(
                "key",
                "the secret key is gone, and the tokens and secrets in the database need it: put the key file back, or "
                "set CAPACITY_SECRET_KEY; docs/settings.md says what to do if it is lost",
            )
        ]
    return []


async def _check_backup(session: AsyncSession, now: datetime) -> list[Finding]:
    backed_up_at = await audit.last_backup(session)
    lacking = await missing_for_backup(session)
    # The backup may run as the owner of the tables. One that is late or never ran may have ended by this.
    remedy = "" if lacking is None else f"; to let this role do it, as the owner of the tables, run {lacking}"
    if backed_up_at is None:
        never = "`capacity-api backup` never ran on this database: docs/operate/backup.md has a line for cron" + remedy
        return [advice("backup", never)]
    if now - backed_up_at <= _MAX_BACKUP_AGE:
        return []
    late = (
        f"the newest backup is of {backed_up_at:%Y-%m-%d}: run `capacity-api backup`, and see why cron does not"
        + remedy
    )
    return [wrong("backup", late)]


async def _check_workers(session: AsyncSession, now: datetime) -> list[Finding]:
    """Whether what waits has a process that works on it. Where nothing ever waited, none is needed."""
    waiting_since = {
        Task.DELIVERY: await backlog.oldest_event_at(session, now),
        Task.MAIL: (await backlog.read_mail(session)).oldest_at,
    }
    findings = []
    for task, pulse in (await heartbeats.read_pulses(session, now)).items():
        does, do = _WORK[task]
        since = waiting_since[task]
        if pulse.alive:
            if pulse.silent:
                silent = f"{pulse.silent} of the processes that {do} fell silent in the last hour, killed or hanging"
                remedy = "look at their log, and start them again"
                findings.append(advice("workers", f"{silent}: {remedy}"))
        elif pulse.newest is not None:
            last = f"the last heartbeat was at {pulse.newest:%Y-%m-%dT%H:%M:%SZ}"
            findings.append(wrong("workers", f"no process {does}, {last}: {_START}"))
        elif since is not None and now - since > _MAX_WAIT:
            findings.append(
                wrong("workers", f"no process {does}, and what waits is of {since:%Y-%m-%dT%H:%MZ}: {_START}")
            )
    return findings


async def check_egress(session: AsyncSession, settings: Settings) -> list[Finding]:
    """Whether the endpoints of webhooks can be connected to. Nothing is sent. If none can, it is our network."""
    query = select(WebhookRow.id, WebhookRow.url).where(WebhookRow.status == WebhookStatus.ACTIVE)
    endpoints = {url: each for each, url in await session.execute(query.order_by(WebhookRow.id).limit(_MAX_ENDPOINTS))}
    guard = Guard(settings.egress_allow)

    async def ask(url: str) -> str | None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                wire = await guard.connect(await guard.find_route(parse_target(url)))
        except EgressRefused:
            return "leads to an address that CAPACITY_EGRESS_ALLOW does not open"
        except TimeoutError:
            return "does not answer"
        except OSError as error:
            return f"cannot be reached: {error.strerror or error}"
        wire.close()
        return None

    faults = dict(zip(endpoints, await asyncio.gather(*map(ask, endpoints)), strict=True))
    if endpoints and all(faults.values()):
        reason = next(each for each in faults.values() if each)
        return [
            wrong(
                "egress",
                f"no webhook's endpoint can be reached; the first {reason}: look at the name service, the route and "
                "the firewall of this machine",
            )
        ]
    remedy = "its owner has to mend it, `capacity-api webhook show` has more"
    return [advice("egress", f"webhook {endpoints[url]} {fault}; {remedy}") for url, fault in faults.items() if fault]


async def check_mail(settings: Settings) -> AsyncIterator[Finding]:
    """Connect to the mail server, with TLS and login. No mail is sent."""
    transport = transport_of(settings)
    if transport is None:
        return
    try:
        await transport.open()
    except ServerUnavailable as error:
        status = "" if error.status is None else f", {error.status}"
        yield wrong(
            "mail",
            f"the mail server cannot be used ({error.reason}{status}): correct CAPACITY_SMTP_URL, or look at the "
            "server and the firewall; docs/operate/mail.md explains the words",
        )
    finally:
        await transport.close()


async def read_versions(database: Database | None) -> dict[str, str]:
    """The versions of what works together here."""
    versions = {
        "capacity-api": program_version(),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "schema of this version": schema.needed_revision(),
    }
    if database is None:
        return versions
    try:
        versions["schema of the database"] = await schema.read_revision(database) or "none"
        async with database.read() as session:
            versions["size of the database"] = f"{await read_size(session) / _MEGABYTE:.1f} MB"
            if not database.settings.is_sqlite:
                versions["PostgreSQL"] = str(await session.scalar(text("SHOW server_version")))
    except CapacityError:
        # The check of the database says why.
        pass
    return versions


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address in LOOPBACK
