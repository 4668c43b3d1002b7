"""A database that goes back in time, or that was restored, under a running service: nobody is open on an old word."""

import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, text
from tests.conftest import Clock, settings_of
from tests.restores import back_up, declare_restored
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Service, patience, serving
from tests.sites import files, list_register, read, report_open, state

from capacity_api.config import Settings
from capacity_api.db import sequence
from capacity_api.db.engine import Database
from capacity_api.db.mark import mark_path, write_mark
from capacity_api.db.position import read_position
from capacity_api.db.tables import AuditRow, EventRow, ReportRow
from capacity_api.formats.registry import FORMATS
from capacity_api.operations import responders
from capacity_api.operations.responders import ResponderRequest
from capacity_api.publication import documents
from capacity_api.publication.publisher import Publisher
from capacity_api.static_site.folder import open_folder
from capacity_api.static_site.site import StaticSite

NEW = {
    "slug": "newcomer",
    "name": "Newcomer",
    "remit": {"areas": ["K02000001"], "exploitation_types": ["unknown"], "age_groups": ["adult"]},
}
# What reads the database, and would show an old "open" as a new answer.
FROM_THE_DATABASE = (
    "/v1/directory?as_of=2026-11-21T12:00:00Z",
    "/v1/directory.csv?as_of=2026-11-21T12:00:00Z",
    "/v1/events",
    "/v1/events?after=0",
    "/v1/changes",
    "/v1/statistics",
    "/v1/responders/tara/history?from=2026-11-01",
)


async def until(fact: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await fact():
            pass


def open_slugs(responders: list[dict[str, Any]]) -> set[str]:
    return {each["slug"] for each in responders if each["intake"]["state"] == "open"}


async def went_back(service: Service, folder: Path) -> int:
    """Take the database back to when Tara and Unseen were open; returns the newest number that was shown before."""
    await service.report("tara", OPEN)
    await service.report("unseen", OPEN)
    backup = await back_up(service.database.settings.url, folder)
    await service.report("tara", PAUSED)
    admin = await service.token()
    added = await service.client.post("/v1/responders", json=NEW, headers=admin)
    assert added.status_code == 201, added.text
    shown = await service.report("newcomer", OPEN)
    assert open_slugs((await service.read("/v1/directory"))["responders"]) == {"unseen", "newcomer"}
    await backup.restore()
    number: int = shown["sequence"]
    return number


async def shows_nobody(service: Service) -> bool:
    directory = await service.read("/v1/directory")
    return {each["intake"]["state"] for each in directory["responders"]} == {"unconfirmed"}


async def shows_number(service: Service, number: int) -> bool:
    sequence: int = (await service.read("/v1/directory"))["sequence"]
    return sequence >= number


async def is_ready(service: Service) -> bool:
    return (await service.client.get("/readyz")).status_code == 200


async def test_nobody_is_open_on_any_path_while_the_database_is_one_that_went_back(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        number = await went_back(service, tmp_path)
        # From the first moment on: this reads the database.
        for path in FROM_THE_DATABASE:
            answer = await service.client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_restored"), path
        await until(lambda: shows_nobody(service))

        directory = await service.read("/v1/directory")
        assert directory["sequence"] >= number
        tara = next(each for each in directory["responders"] if each["slug"] == "tara")
        assert tara["intake"]["last_report"]["state"] == "paused", "what was shown before, and not what is stored"
        assert directory["valid_until"] is None
        for path in ("/v1/responders/unseen", "/v1/directory?state=open", "/v1/directory?accepting=true"):
            answer = (await service.client.get(path)).json()
            assert not open_slugs(answer.get("responders", [answer])), path
        assert not any(cell["open"] for cell in (await service.read("/v1/coverage"))["cells"])
        for path in ("/v1/matches", "/v1/responders/tara/alternatives"):
            found = (await service.client.post(path, json={"outcomes": ["yes", "waiting_list", "ask"]})).json()
            assert {match["outcome"] for match in found["matches"]} == {"ask"}, path
            assert not open_slugs([match["responder"] for match in found["matches"]])
        assert "<entry>" not in (await service.client.get("/v1/feed.atom")).text
        assert "0 open" in (await service.client.get("/")).text
        for path in (*(path for output in FORMATS for path in output.documents), "/open-referral-uk/services"):
            answer = await service.client.get(path)
            assert answer.status_code == 200, path
            assert int(answer.headers["published-sequence"]) >= number
        table = csv.DictReader((await service.client.get("/v1/directory.csv")).text.splitlines())
        assert {row["state"] for row in table} == {"unconfirmed"}

        refused = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
        assert (refused.status_code, refused.json()["code"]) == (503, "database_restored")


async def test_after_a_restore_the_directory_is_read_whole(settings: Settings, clock: Clock, tmp_path: Path) -> None:
    async with serving(settings, clock) as service:
        number = await went_back(service, tmp_path)
        await until(lambda: shows_nobody(service))
        restored = await declare_restored(service.database, clock())
        await until(lambda: shows_number(service, restored))
        assert await shows_nobody(service)
        assert (await service.client.get("/v1/responders/newcomer")).status_code == 404
        assert (await service.read("/v1/responders/tara"))["intake"]["last_report"]["state"] == "open"
        states = [each["state"] for each in (await service.read("/v1/responders/tara/history"))["items"]]
        assert states == ["unconfirmed", "open"]
        # A reader with an old number gets everything since. No number that was given out is refused.
        events = (await service.read("/v1/events", after=number, limit=1000))["events"]
        assert events[0]["type"] == "directory.restored"
        unconfirmed = {each["data"]["responder"]["slug"] for each in events if each["type"] == "intake.unconfirmed"}
        listed = {each["slug"] for each in (await service.read("/v1/directory"))["responders"]}
        assert unconfirmed == listed
        page = await service.read("/v1/changes", afterChangeNumber=number, limit=5)
        following = await service.read("/v1/changes" + page["next"].rpartition("/v1/changes")[2])
        last = await service.read("/v1/changes" + following["next"].rpartition("/v1/changes")[2])
        changed = [each["data"]["slug"] for each in (*page["items"], *following["items"], *last["items"])]
        assert len(changed) == len(listed) == len(set(changed))
        assert "restored" in (await service.client.get("/v1/feed.atom")).text
        # It goes on, once the watch has looked again.
        await until(lambda: is_ready(service))
        shown = await service.report("tara", OPEN)
        assert shown["sequence"] > restored
        assert open_slugs((await service.read("/v1/directory"))["responders"]) == {"tara"}
        assert (await service.client.get("/v1/statistics")).status_code == 200


async def test_a_restore_that_is_declared_before_anybody_noticed_is_read_whole_too(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    async with serving(settings, clock) as service:
        await went_back(service, tmp_path)
        restored = await declare_restored(service.database, clock())
        await until(lambda: shows_number(service, restored))
        assert await shows_nobody(service)
        listed = {each["slug"] for each in (await service.read("/v1/directory"))["responders"]}
        assert "newcomer" not in listed
        assert len(listed) == 13


async def test_the_files_follow_a_database_that_goes_back_and_is_restored(
    settings: Settings, database: Database, clock: Clock, root: Path, tmp_path: Path
) -> None:
    await list_register(database, clock())
    await report_open(database, "tara", "now", clock())
    backup = await back_up(settings.url, tmp_path)
    async with database.write() as session:
        await responders.list_responder(session, clock(), _newcomer())
    await report_open(database, "newcomer", "now", clock())
    publisher = Publisher(database, clock, documents.catalogue(settings))
    await publisher.refresh()
    with open_folder(root) as folder:
        site = StaticSite(publisher, FORMATS, folder, clock)
        await site.write()
        number = read(root, "site.json")["sequence"]
        assert state(root, "newcomer") == "open"

        await backup.restore()
        await publisher.refresh()
        await site.write()
        assert {state(root, slug) for slug in ("tara", "newcomer")} == {"unconfirmed"}
        assert read(root, "site.json")["sequence"] == number
        assert b"0 open" in (root / "index.html").read_bytes()

        restored = await declare_restored(database, clock())
        await publisher.refresh()
        await site.write()
        assert state(root, "tara") == "unconfirmed"
        assert read(root, "site.json")["sequence"] > restored
        assert not [name for name in files(root) if "newcomer" in name]


async def test_one_that_starts_on_a_database_older_than_its_mark_shows_nobody_as_open(
    sqlite_url: str, clock: Clock, tmp_path: Path
) -> None:
    settings = Settings(database_url=sqlite_url)
    database = Database(settings)
    await list_register(database, clock())
    await report_open(database, "tara", "now", clock())
    backup = await back_up(settings.url, tmp_path)
    await report_open(database, "unseen", "later", clock())
    async with database.read() as session:
        position = await read_position(session)
    write_mark(mark_path(settings), position)
    await backup.restore()
    await database.close()

    database = Database(settings)
    publisher = Publisher(database, clock, documents.catalogue(settings))
    await publisher.refresh()
    snapshot = publisher.current()
    assert {entry.responder.intake.state for entry in snapshot.entries.values()} == {"unconfirmed"}
    assert snapshot.sequence == publisher.sequence == position.sequence
    assert len(snapshot.entries) == 13
    await database.close()


async def test_a_database_that_is_put_back_again_is_shown_again(
    settings: Settings, database: Database, clock: Clock, tmp_path: Path
) -> None:
    await list_register(database, clock())
    older = await back_up(settings.url, tmp_path)
    publisher = Publisher(database, clock, documents.catalogue(settings))
    await report_open(database, "tara", "now", clock())
    await publisher.refresh()
    newer = await back_up(settings.url, tmp_path, name="newer")
    number = publisher.sequence
    for backup, expected in ((older, "unconfirmed"), (newer, "open")):
        await backup.restore()
        await publisher.refresh()
        assert publisher.current().responders["tara"].intake.state == expected
        assert publisher.sequence == number
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 14


def _newcomer() -> ResponderRequest:
    return msgspec.convert(NEW, ResponderRequest)


async def test_who_waits_for_the_write_lock_while_an_older_database_is_put_back_stores_nothing(
    postgresql_url: str, clock: Clock
) -> None:
    settings = settings_of(postgresql_url)
    putting_back = Database(settings)
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        token = await service.token(responder="tara")
        newest = await service.report("tara", {**OPEN, "note": "newest"})
        async with putting_back.write(recovering=True) as session:
            row = await sequence.lock(session)
            report = service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
            waiting = asyncio.create_task(report)
            async with patience(lambda: "a report that waits for the lock"):
                while not await _is_anybody_waiting(service.database):  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0.01)  # nothing announces it
            for table in (EventRow, ReportRow):
                await session.execute(delete(table).where(table.sequence >= newest["sequence"]))
            row.n = newest["sequence"] - 1
        refused = await waiting
        assert (refused.status_code, refused.json()["code"]) == (503, "database_restored")
        assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
    await putting_back.close()


async def _is_anybody_waiting(database: Database) -> bool:
    async with database.read() as session:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(await session.scalar(text(waiting)))
