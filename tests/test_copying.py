"""`capacity-api db copy` moves everything to another database, or nothing."""

import asyncio
import json
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from tests import copies, processes
from tests.conftest import Clock, settings_of
from tests.copies import absent_sqlite, back_url, copy, empty_postgresql, source_url, takes_writes, target_url
from tests.databases import RELEASED, load_dump, migrate, sqlite_url_of
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.outages import away
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Service, client_of, serving
from tests.sites import list_register

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.tables import InstallationRow, PartnerRow
from capacity_api.errors import DatabaseMoved
from capacity_api.operations import owners
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher

__all__ = ["absent_sqlite", "back_url", "empty_postgresql", "source_url", "target_url"]

REOPENED = "nothing was moved, and the source takes changes again: "


on_sqlite = pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)


def facts(source_url: str) -> Any:
    return json.loads((RELEASED / f"{copies.RELEASE}.{make_url(source_url).get_backend_name()}.json").read_text())


async def test_there_and_back_every_row_is_the_same(source_url: str, target_url: str, back_url: str) -> None:
    stored, found = await copies.stored_rows(source_url), await copies.read_rows(source_url)
    assert all(stored.values()), "each table has rows"
    code, out, err = await copy(source_url, target_url, "--json")
    assert (code, err) == (0, "")
    counts = await copies.count_rows(source_url)
    move = json.loads(out)
    assert (move["tables"], move["rows"]) == (counts, sum(counts.values()))
    assert copies.without_closings(await copies.read_rows(target_url)) == (found, 1)

    code, out, err = await copy(target_url, back_url)
    assert (code, err) == (0, "")
    # The entry of the first copy went with it.
    rows = move["rows"] + 1
    assert out.splitlines()[0] == f"moved {rows} rows, up to event {move['sequence']}, and compared every row"
    assert copies.without_closings(await copies.stored_rows(back_url)) == (stored, 2)
    assert [await takes_writes(url) for url in (source_url, target_url, back_url)] == [False, False, True]


async def answers(service: Service) -> dict[str, Any]:
    """What each published path answers, with its `ETag` and other headers."""
    publisher = Publisher(service.database, service.clock, catalogue(service.database.settings))
    await publisher.refresh()
    found = {}
    for path in [*publisher.current().paths(), *copies.ASKED]:
        # The other codings of a document are made in the background.
        answer = await service.client.get(path, headers={"accept-encoding": "identity"})
        headers = {name: value for name, value in answer.headers.items() if name not in copies.OF_THE_ANSWER}
        found[path] = (answer.status_code, headers, answer.content)
    return found


@pytest.mark.soak
async def test_every_published_byte_and_tag_is_the_same(source_url: str, target_url: str) -> None:
    clock = Clock(datetime.fromisoformat(facts(source_url)["at"]))
    async with serving(settings_of(source_url), clock) as service:
        before = await answers(service)
    code, _, err = await copy(source_url, target_url)
    assert (code, err) == (0, "")
    async with serving(settings_of(target_url), clock) as service:
        after = await answers(service)
    assert {status for status, _, _ in before.values()} == {200}
    assert len([headers for _, headers, _ in before.values() if "etag" in headers]) > 20
    assert after == before


async def test_tokens_and_webhooks_go_on_with_the_same_key(settings: Settings, target: str) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as where:
        async with serving(settings, utc_now, deliver=True) as service:
            partner, responder = await service.token(partner="Tool"), await service.token(responder="tara")
            answer = await service.client.post(
                "/v1/webhooks", json={"url": where, "event_types": ["intake.opened", "intake.paused"]}, headers=partner
            )
            assert answer.status_code == 201, answer.text
            answer = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=responder)
            assert answer.status_code == 200, answer.text
            await endpoint.arrived(1)
            newest = answer.json()["sequence"]
        code, _, err = await copy(settings.database_url, target)
        assert (code, err) == (0, "")
        async with serving(settings_of(target), utc_now, deliver=True) as service:
            answer = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=responder)
            assert answer.status_code == 200, answer.text
            assert answer.json()["sequence"] > newest
            await endpoint.arrived(2)
            numbers = [event["sequence"] for event in (await service.read("/v1/events"))["events"]]
    assert numbers == list(range(1, len(numbers) + 1)), "no number is lost or used twice"
    sent = [json.loads(body) for _, body in endpoint.posts]
    assert [each["type"] for each in sent] == ["intake.opened", "intake.paused"]


@pytest.fixture
def target(database_url: str, empty_postgresql: str, absent_sqlite: str) -> str:
    is_sqlite = make_url(database_url).get_backend_name() == "sqlite"
    return empty_postgresql if is_sqlite else absent_sqlite


async def test_a_running_service_refuses_changes_and_still_answers_readers(settings: Settings, target: str) -> None:
    env = processes.environment(settings.database_url, write_limit="0")
    database = Database(settings)
    await list_register(database)
    await database.close()
    token = await processes.issue_token(env, "--responder", "tara")
    headers = {"authorization": f"Bearer {token}"}
    async with (
        processes.serving("--no-delivery", env=env) as server,
        client_of(server.address) as client,
    ):
        path = "/v1/responders/tara/intake"
        assert (await client.put(path, json=OPEN, headers=headers)).status_code == 200
        directory = (await client.get("/v1/directory")).content
        code, _, err = await copy(settings.database_url, target)
        assert (code, err) == (0, "")

        answer = await client.put(path, json=PAUSED, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "moved")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (ready := await client.get("/readyz")).status_code == 200:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.02)
        assert [reason["code"] for reason in ready.json()["reasons"]] == ["moved"]
        answer = await client.get("/v1/directory")
        assert (answer.status_code, answer.content) == (200, directory)
    assert await takes_writes(target)


@on_sqlite
async def test_a_target_that_cannot_be_used_is_refused(source_url: str, tmp_path: Path) -> None:
    """Each refusal changes nothing: the source goes on."""
    await copies.add_partner(source_url, "before")
    absent = sqlite_url_of(tmp_path / "absent" / "target.db").render_as_string()
    (tmp_path / "link.db").symlink_to(make_url(source_url).database or "")
    present = sqlite_url_of(tmp_path / "present.db").render_as_string()
    (tmp_path / "present.db").write_bytes(b"")
    lost = sqlite_url_of(tmp_path / "lost.db").render_as_string()
    (tmp_path / "lost.db.mark").write_text("a mark")
    for to_url, said in (
        (source_url, "the source and the target are the same database"),
        (sqlite_url_of(tmp_path / "link.db").render_as_string(), "the source and the target are the same database"),
        (present, f"the target {tmp_path}/present.db is there already; nothing was copied"),
        (lost, f"the database {tmp_path}/lost.db is lost, because {tmp_path}/lost.db.mark is there without it"),
        (absent, f"{tmp_path}/absent/target.db.lock cannot be opened"),
        ("postgresql://user:hush@127.0.0.1:1/name", "the target cannot be used: "),
    ):
        code, out, err = await copy(source_url, to_url)
        expected = {lost: 40, absent: 20}.get(to_url, 1)
        assert (code, out, len(err.splitlines())) == (expected, "", 1), err
        assert err.startswith(f"capacity-api: {said}")
        assert "hush" not in err
        assert await takes_writes(source_url)
    assert (tmp_path / "present.db").read_bytes() == b""
    assert not (tmp_path / "lost.db").exists()


@on_sqlite
async def test_a_wrong_url_is_not_repeated(empty_database_url: str) -> None:
    for urls in (("mysql://user:hush@host/name", empty_database_url), (empty_database_url, "hush")):
        code, _, err = await copy(*urls)
        assert code == 2
        assert "Invalid value for '" in err
        assert "hush" not in err


@on_sqlite
async def test_a_source_that_is_not_there_or_of_an_older_schema_is_refused(
    empty_database_url: str, absent_sqlite: str, tmp_path: Path
) -> None:
    nowhere = sqlite_url_of(tmp_path / "nowhere.db").render_as_string()
    await load_dump(make_url(empty_database_url), RELEASED / f"{copies.RELEASE}.sqlite.sql")
    for source, expected, said in (
        (nowhere, 40, f"there is no database {tmp_path}/nowhere.db"),
        (empty_database_url, 1, "the source: the database's schema is outdated (0009, needed is "),
    ):
        code, _, err = await copy(source, absent_sqlite)
        assert (code, err.startswith(f"capacity-api: {said}")) == (expected, True), err
    assert not (tmp_path / "nowhere.db").exists()
    assert not (tmp_path / "target.db").exists()


async def test_a_postgresql_target_with_anything_in_it_is_refused(
    sqlite_url: str, postgresql_url: str, empty_postgresql: str
) -> None:
    async with copies.connecting(empty_postgresql) as connection:
        await connection.execute("CREATE TABLE token (id int)")
    await copies.add_partner(postgresql_url, "there already")
    for to_url, said in (
        (empty_postgresql, "the target: it has no revision, and tables of the same names (token)"),
        (postgresql_url, "the target: it is not empty; nothing was copied"),
    ):
        code, _, err = await copy(sqlite_url, to_url)
        assert (code, err) == (1, f"capacity-api: {said}\n")
    assert await takes_writes(sqlite_url)
    assert await copies.partners(postgresql_url) == {"there already"}


async def test_a_postgresql_target_with_the_schema_and_nothing_in_it_is_taken(
    sqlite_url: str, postgresql_url: str
) -> None:
    await copies.add_partner(sqlite_url, "moved")
    code, _, err = await copy(sqlite_url, postgresql_url)
    assert (code, err) == (0, "")
    assert await copies.partners(postgresql_url) == {"moved"}


async def test_one_postgresql_by_two_urls_is_the_same_database(postgresql_url: str) -> None:
    other = make_url(postgresql_url).update_query_dict({"target_session_attrs": "primary"})
    code, _, err = await copy(postgresql_url, other.render_as_string(hide_password=False))
    assert code == 1
    assert err == (
        "capacity-api: the source and the target are the same database, or another process copies one of them\n"
    )
    assert await takes_writes(postgresql_url)


async def test_a_backup_is_no_source(sqlite_url: str, absent_sqlite: str, tmp_path: Path) -> None:
    await copies.add_partner(sqlite_url, "marked")
    backup = tmp_path / "backup.db"
    backup.write_bytes((tmp_path / "capacity.db").read_bytes())
    code, _, err = await copy(sqlite_url_of(backup).render_as_string(), absent_sqlite)
    assert (code, err.startswith("capacity-api: the source: The database went back in time.")) == (1, True), err
    assert not (tmp_path / "target.db").exists()


async def test_a_new_sqlite_database_has_a_mark(postgresql_url: str, absent_sqlite: str, tmp_path: Path) -> None:
    code, _, err = await copy(postgresql_url, absent_sqlite)
    assert (code, err) == (0, "")
    assert (tmp_path / "target.db.mark").exists()
    assert (tmp_path / "target.db").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "target.db.new").exists()
    database = Database(settings_of(absent_sqlite))
    async with database.read() as session:
        found = (await session.scalars(select(InstallationRow))).one()
    await database.close()
    assert (found.marked, found.moved_at) == (True, None)


async def test_what_was_moved_before_is_copied_again_only_into_an_empty_database(
    sqlite_url: str, postgresql_url: str, absent_sqlite: str
) -> None:
    await copies.add_partner(sqlite_url, "moved")
    assert (await copy(sqlite_url, postgresql_url))[0] == 0
    code, _, err = await copy(sqlite_url, postgresql_url)
    closed, refused = err.splitlines()
    assert code == 1
    assert closed.startswith("the source was closed at ")
    assert refused == "capacity-api: the target: it is not empty; nothing was copied"
    code, _, err = await copy(sqlite_url, absent_sqlite)
    assert (code, err) == (0, f"{closed}\n")
    assert await copies.partners(absent_sqlite) == {"moved"}
    assert not await takes_writes(sqlite_url)


@on_postgresql
async def test_a_write_that_had_begun_is_in_both(source_url: str, target_url: str) -> None:
    database = Database(settings_of(source_url))
    async with copies.connecting(source_url) as observer:
        async with database.write() as session:
            await owners.add_partner(session, utc_now(), "in flight")
            copying = asyncio.create_task(copy(source_url, target_url))
            # It waits for this transaction to end.
            await copies.waits_for_lock(observer)
            assert not copying.done()
        code, _, err = await copying
    assert (code, err) == (0, "")
    with pytest.raises(DatabaseMoved):
        async with database.write() as session:
            session.add(PartnerRow(name="late"))
    await database.close()
    for url in (source_url, target_url):
        found = await copies.partners(url)
        assert "in flight" in found
        assert "late" not in found


@pytest.mark.soak
@on_postgresql
async def test_killed_halfway_it_leaves_no_file_and_can_be_run_again(
    source_url: str, target_url: str, tmp_path: Path
) -> None:
    async with copies.holding_up(source_url, "attempt") as held, copies.copying(source_url, target_url) as process:
        pid = await copies.waits_for_lock(held)
        assert not (tmp_path / "target.db").exists()
        process.kill()
        await processes.finish(process)
        await held.execute("SELECT pg_terminate_backend($1)", pid)
    assert not (tmp_path / "target.db").exists()
    assert not await takes_writes(source_url), "better nobody writes than somebody to the wrong one"
    code, _, err = await copy(source_url, target_url)
    assert (code, err.startswith("the source was closed at ")) == (0, True), err
    assert await copies.read_rows(target_url) == await copies.read_rows(source_url)


@pytest.mark.soak
@on_sqlite
async def test_killed_halfway_it_leaves_an_empty_postgresql(source_url: str, target_url: str) -> None:
    await _give_schema(target_url)
    async with (
        copies.holding_up(target_url, "attempt", "SHARE") as held,
        copies.copying(source_url, target_url) as process,
    ):
        pid = await copies.waits_for_lock(held)
        process.kill()
        await processes.finish(process)
        await held.execute("SELECT pg_terminate_backend($1)", pid)
    assert not await takes_writes(source_url)
    assert sum((await copies.count_rows(target_url)).values()) == 4, "one row in each table that always has one"
    code, _, err = await copy(source_url, target_url)
    assert code == 0, err
    assert await copies.read_rows(target_url) == await copies.read_rows(source_url)


@pytest.mark.soak
@on_postgresql
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_stopped_halfway_the_source_takes_changes_again(
    source_url: str, target_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    async with copies.holding_up(source_url, "attempt") as held, copies.copying(source_url, target_url) as process:
        await copies.waits_for_lock(held)
        process.send_signal(number)
        _, err = await processes.finish(process)
    assert process.returncode == 130
    assert "capacity-api: nothing was moved, and the source takes changes again" in err.decode()
    assert await takes_writes(source_url)
    assert not (tmp_path / "target.db").exists()


@on_postgresql
async def test_a_source_that_is_lost_halfway_takes_changes_again(
    source_url: str, target_url: str, tmp_path: Path
) -> None:
    async with copies.holding_up(source_url, "attempt") as held:
        copying = asyncio.create_task(copy(source_url, target_url))
        await held.execute("SELECT pg_terminate_backend($1)", await copies.waits_for_lock(held))
        code, out, err = await copying
    assert (code, out) == (1, "")
    assert err.startswith(f"capacity-api: {REOPENED}")
    assert len(err.splitlines()) == 1
    assert await takes_writes(source_url)
    assert not (tmp_path / "target.db").exists()


REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit DEFERRABLE INITIALLY {when}
FOR EACH ROW EXECUTE FUNCTION refuse();
"""


async def _give_schema(url: str, script: str = "SELECT") -> None:
    await migrate(make_url(url))
    async with copies.connecting(url) as connection:
        await connection.execute(script)


@on_sqlite
@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
async def test_a_target_that_refuses_a_row_or_the_commit_stays_empty(
    source_url: str, target_url: str, when: str
) -> None:
    await _give_schema(target_url, REFUSE.format(body="RAISE EXCEPTION 'no room';", when=when))
    code, out, err = await copy(source_url, target_url)
    assert (code, out, err) == (1, "", f"capacity-api: {REOPENED}no room\n")
    assert await takes_writes(source_url)
    assert (await copies.count_rows(target_url))["event"] == 0


@on_sqlite
async def test_a_target_that_is_too_slow_leaves_the_source_in_use(source_url: str, target_url: str) -> None:
    await _give_schema(target_url, REFUSE.format(body="PERFORM pg_sleep(60);", when="IMMEDIATE"))
    async with copies.connecting(target_url) as connection:
        name = make_url(target_url).database
        await connection.execute(f"ALTER DATABASE {name} SET statement_timeout = '500ms'")
    code, _, err = await copy(source_url, target_url)
    assert (code, err) == (1, f"capacity-api: {REOPENED}canceling statement due to statement timeout\n")
    assert await takes_writes(source_url)


@on_sqlite
async def test_a_source_that_an_earlier_copy_closed_stays_closed(
    source_url: str, target_url: str, absent_sqlite: str
) -> None:
    """What it was moved to may be in use already."""
    assert (await copy(source_url, absent_sqlite))[0] == 0
    await _give_schema(target_url, REFUSE.format(body="RAISE EXCEPTION 'no room';", when="IMMEDIATE"))
    code, _, err = await copy(source_url, target_url)
    assert code == 1
    assert err.endswith("capacity-api: nothing was moved, and the source takes no changes, as before: no room\n")
    assert not await takes_writes(source_url)


@on_sqlite
async def test_a_target_that_is_lost_at_the_commit_keeps_the_source_closed(source_url: str, target_url: str) -> None:
    """Otherwise both might take changes."""
    await _give_schema(target_url, REFUSE.format(body="PERFORM pg_advisory_xact_lock(1);", when="DEFERRED"))
    async with copies.connecting(target_url) as held:
        await held.execute("SELECT pg_advisory_lock(1)")
        copying = asyncio.create_task(copy(source_url, target_url))
        await copies.waits_for_lock(held)
        async with away(make_url(target_url)):
            code, _, err = await copying
    assert code == 1
    assert err.startswith(
        "capacity-api: it is not known whether the target holds everything, so the source takes no changes; "
    )
    assert not await takes_writes(source_url)
    code, _, err = await copy(source_url, target_url)
    assert code == 0, err
    assert await copies.read_rows(target_url) == await copies.read_rows(source_url)


@on_postgresql
async def test_a_terminal_shows_how_far_it_is_on_one_line(source_url: str, target_url: str) -> None:
    ours, of_command = os.openpty()
    async with copies.holding_up(source_url, "attempt") as held:
        process = await asyncio.create_subprocess_exec(
            *(processes.COMMAND, "db", "copy", source_url, target_url),
            env=processes.environment(source_url, log_level="error"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=of_command,
        )
        await copies.waits_for_lock(held)
        # It draws the line again after a tenth of a second.
        await held.execute("SELECT pg_sleep(0.2)")
    await processes.finish(process)
    assert process.returncode == 0
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(of_command)
    line = "copied 4 rows of attempt"
    assert f"\r{line}" in said
    assert "\n" not in said
    assert said.endswith("\r"), "the line is cleared"


@pytest.mark.soak
@on_postgresql
async def test_one_copy_at_a_time(source_url: str, target_url: str, tmp_path: Path) -> None:
    other = sqlite_url_of(tmp_path / "other.db").render_as_string()
    async with copies.holding_up(source_url, "attempt") as held, copies.copying(source_url, target_url):
        await copies.waits_for_lock(held)
        code, _, err = await copy(source_url, other)
    assert code == 1
    assert err.splitlines()[-1].endswith("or another process copies one of them")
    assert not (tmp_path / "other.db").exists()
