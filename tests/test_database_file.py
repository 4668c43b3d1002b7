"""The SQLite file under a running service, and who may make one."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest
from tests import processes
from tests.listed import sqlite_template
from tests.processes import environment, issue_token, run
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, client_of, patience

from capacity_api import config

__all__ = ["sqlite_template"]
# Ten seconds; five times as long on a busy machine.
_NOTICED_SECONDS = 5 * 10.0


@pytest.fixture
def path(sqlite_url: str, tmp_path: Path) -> Path:
    return tmp_path / "capacity.db"


@pytest.fixture
def env(path: Path) -> dict[str, str]:
    return environment(f"sqlite:///{path}", write_limit="0")


class Caller:
    """A responder's client of a service that runs as a process."""

    def __init__(self, client: httpx.AsyncClient, process: int = 0) -> None:
        self.process = process
        self._client = client

    async def report(self, state: dict[str, object]) -> httpx.Response:
        return await self._client.put("/v1/responders/tara/intake", json=state)

    async def reasons(self) -> set[str]:
        answer = await self._client.get("/readyz")
        return {each["code"] for each in answer.json()["reasons"]}

    async def until(self, code: str) -> None:
        """Wait until this is a reason not to be ready, and no report is taken any more."""
        began = time.monotonic()
        while code not in await self.reasons():
            assert time.monotonic() - began < _NOTICED_SECONDS, f"{code} was not noticed"
        assert (await self._client.get("/readyz")).status_code == 503
        refused = await self.report(PAUSED)
        assert refused.status_code == 503, refused.text


@asynccontextmanager
async def calling(env: dict[str, str], token: str) -> AsyncIterator[Caller]:
    async with (
        processes.serving(env=env) as server,
        client_of(server.address, headers={"authorization": f"Bearer {token}"}) as client,
    ):
        caller = Caller(client, server.pid)
        assert (await caller.report(OPEN)).status_code == 200
        assert not await caller.reasons()
        yield caller


def companions(path: Path) -> dict[str, Path]:
    return {suffix: Path(f"{path}{suffix}") for suffix in ("-wal", "-shm", ".mark", ".key", ".lock")}


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    copy = path.with_name("other.db")
    shutil.copyfile(path, copy)
    copy.rename(path)


def truncate(path: Path) -> None:
    os.truncate(path, 0)


def remove_log(path: Path) -> None:
    companions(path)["-wal"].unlink()


def overwrite_table(path: Path, table: str) -> None:
    """Write garbage into each page of the table, as a failing disk would."""
    with closing(sqlite3.connect(path)) as connection:
        # What is in the log would hide it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (remove, "database_replaced"),
        (replace, "database_replaced"),
        (truncate, "database_damaged"),
        (remove_log, "database_replaced"),
        (lambda path: overwrite_table(path, "report"), "database_damaged"),
        (lambda path: overwrite_table(path, "token"), "database_damaged"),
    ],
    ids=["removed", "replaced", "truncated", "log removed", "report damaged", "token damaged"],
)
async def test_a_file_that_is_gone_replaced_or_damaged_is_noticed_and_takes_no_report(
    env: dict[str, str], path: Path, harm: Callable[[Path], None], code: str
) -> None:
    async with calling(env, await issue_token(env, "--responder", "tara")) as caller:
        harm(path)
        await caller.until(code)


async def test_a_report_into_a_file_that_is_gone_is_refused_before_anybody_has_looked(
    env: dict[str, str], path: Path
) -> None:
    async with calling(env, await issue_token(env, "--responder", "tara")) as caller:
        path.unlink()
        assert (await caller.report(PAUSED)).status_code == 503


@pytest.mark.soak
async def test_a_file_that_is_put_back_takes_reports_again(env: dict[str, str], path: Path) -> None:
    async with calling(env, await issue_token(env, "--responder", "tara")) as caller:
        aside = path.with_name("aside.db")
        path.rename(aside)
        await caller.until("database_replaced")
        aside.rename(path)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await caller.reasons():
                pass
        assert (await caller.report(PAUSED)).status_code == 200


async def test_an_older_file_copied_over_it_in_place_is_noticed(env: dict[str, str], path: Path) -> None:
    token = await issue_token(env, "--responder", "tara")
    older = path.with_name("older.db")
    shutil.copyfile(path, older)
    async with calling(env, token) as caller:
        # All that was reported is in the file itself, so that nothing of it is left in the log.
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(older, path)
        await caller.until("restored")
        assert "database_damaged" not in await caller.reasons()


async def test_on_a_full_disk_readiness_says_that_nothing_can_be_stored(env: dict[str, str], path: Path) -> None:
    """T6: a file that may not grow refuses a write as a full disk does."""
    token = await issue_token(env, "--responder", "tara")
    async with calling(env, token) as caller:
        size = companions(path)["-wal"].stat().st_size
        unlimited = resource.prlimit(caller.process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        async with patience(lambda: "writes that fail"):
            # One that waits too long for its turn, on a busy machine, is refused too.
            while "writes_failing" not in await caller.reasons():
                await caller.report(PAUSED)
        await caller.until("writes_failing")
        resource.prlimit(caller.process, resource.RLIMIT_FSIZE, unlimited)
        assert (await caller.report(OPEN)).status_code == 200
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await caller.reasons():
                pass


@pytest.mark.soak
async def test_checkpoints_are_no_harm(env: dict[str, str], path: Path) -> None:
    async with calling(env, await issue_token(env, "--responder", "tara")) as caller:
        for state in (PAUSED, OPEN) * 5:
            assert (await caller.report(state)).status_code == 200
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        until = time.monotonic() + 2
        while time.monotonic() < until:
            assert not await caller.reasons()


async def refused(*command: str, env: dict[str, str], code: int = 1) -> str:
    ended, out, err = await run(*command, env=env)
    lines = [line for line in err.splitlines() if not line.startswith("{")]
    assert (ended, out, len(lines)) == (code, "", 1), err
    return lines[0]


async def test_an_older_file_is_served_and_takes_no_report_until_it_is_declared(
    env: dict[str, str], path: Path
) -> None:
    token = await issue_token(env, "--responder", "tara")
    older = path.with_name("older.db")
    shutil.copyfile(path, older)
    async with calling(env, token):
        pass
    shutil.copyfile(older, path)
    async with (
        processes.serving(env=env) as server,
        client_of(server.address, headers={"authorization": f"Bearer {token}"}) as client,
    ):
        caller = Caller(client)
        assert "restored" in await caller.reasons()
        answer = await caller.report(PAUSED)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_restored")
    for command in (("token", "issue", "--admin"), ("db", "upgrade")):
        assert "capacity-api db restored" in await refused(*command, env=env, code=45)
    assert (await run("responder", "list", env=env))[0] == 0


async def test_a_log_that_was_removed_while_nothing_ran_shows_by_the_mark(env: dict[str, str], path: Path) -> None:
    token = await issue_token(env, "--responder", "tara")
    process = await processes.start("serve", "--port", "0", env=env)
    async with client_of(process.address, headers={"authorization": f"Bearer {token}"}) as client:
        mark = companions(path)[".mark"]
        before, began = mark.read_bytes(), time.monotonic()
        assert (await Caller(client).report(OPEN)).status_code == 200
        while mark.read_bytes() == before:
            assert time.monotonic() - began < _NOTICED_SECONDS
            # Nothing announces it.
            await asyncio.sleep(0.05)
    await process.kill()
    companions(path)["-wal"].unlink()
    async with processes.serving(env=env) as server, client_of(server.address) as client:
        assert "restored" in await Caller(client).reasons()


async def test_a_copy_without_its_mark_is_not_served(env: dict[str, str], path: Path) -> None:
    async with calling(env, await issue_token(env, "--responder", "tara")):
        pass
    companions(path)[".mark"].unlink()
    for command in (("serve", "--port", "0"), ("worker",)):
        line = await refused(*command, env=env, code=44)
        assert "`capacity-api restore`" in line
        assert "`capacity-api db restored`" in line


@pytest.mark.parametrize("harm", [truncate, lambda path: overwrite_table(path, "report")], ids=["truncated", "page"])
async def test_a_damaged_file_is_not_served(env: dict[str, str], path: Path, harm: Callable[[Path], None]) -> None:
    harm(path)
    for command in (("serve", "--port", "0"), ("serve", "--create"), ("worker",)):
        line = await refused(*command, env=env, code=26)
        assert "is damaged" in line
        assert "`capacity-api restore`" in line


async def test_a_backup_under_the_log_of_a_later_time_is_not_served(env: dict[str, str], path: Path) -> None:
    token = await issue_token(env, "--responder", "tara")
    older = path.with_name("older.db")
    shutil.copyfile(path, older)
    process = await processes.start("serve", "--port", "0", env=env)
    async with client_of(process.address, headers={"authorization": f"Bearer {token}"}) as client:
        for state in (OPEN, PAUSED) * 20:
            assert (await Caller(client).report(state)).status_code == 200
        # The log begins anew after this, and so lacks what was reported before.
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (await Caller(client).report(OPEN)).status_code == 200
    await process.kill()
    shutil.copyfile(older, path)
    kept = path.read_bytes()
    for command in (("serve", "--port", "0"), ("worker",)):
        assert "is damaged" in await refused(*command, env=env, code=26)
    assert path.read_bytes() == kept


async def test_one_service_at_a_time_serves_a_file_whichever_path_leads_to_it(
    env: dict[str, str], path: Path, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    process = await processes.start("serve", "--port", "0", env=env)
    for url in (f"sqlite:///{path}", f"sqlite:///{link}"):
        line = await refused("serve", "--port", "0", env=environment(url), code=27)
        assert "another process" in line
        assert str(path) in line
    worker = await processes.start("worker", env=env, announces="delivers webhooks")
    worker.send_signal(signal.SIGTERM)
    await worker.wait()
    assert (await run("token", "issue", "--admin", env=env))[0] == 0
    await process.kill()
    async with processes.serving(env=environment(f"sqlite:///{link}")):
        pass
    assert not [each for each in link.parent.iterdir() if each != link]


READING_AND_WRITING = [
    ("worker",),
    ("serve", "--port", "0"),
    ("token", "issue", "--admin"),
    ("token", "list"),
    ("responder", "list"),
    ("partner", "list"),
    ("partner", "add", "Case tool"),
    ("db", "check"),
    ("db", "current"),
    ("db", "upgrade"),
    ("db", "rebuild"),
    ("key", "reseal"),
    ("site", "build", "site"),
]


@pytest.mark.soak
@pytest.mark.parametrize("command", READING_AND_WRITING, ids=" ".join)
async def test_no_other_command_makes_a_database(command: tuple[str, ...], tmp_path: Path) -> None:
    """T3: `responder list` in a wrong folder made a database."""
    folder = tmp_path / "a wrong #1 folder"
    folder.mkdir()
    env = environment(f"sqlite:///{folder}/capacity.db")
    line = await refused(*command, env=env, code=40)
    assert "`capacity-api serve --create` or `capacity-api db create` makes one" in line
    assert not list(folder.iterdir())


async def test_a_command_in_a_wrong_folder_makes_no_key_either(tmp_path: Path) -> None:
    env = environment(f"sqlite:///{tmp_path}/capacity.db")
    del env["CAPACITY_SECRET_KEY"]
    assert "there is no database" in await refused("responder", "list", env=env, code=40)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("left", [".mark", ".key", "-wal"])
async def test_a_database_of_which_something_is_left_is_lost_and_not_made_anew(left: str, tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    companions(path)[left].write_bytes(b"")
    env = environment(f"sqlite:///{path}")
    makers = (("serve", "--create"), ("db", "create")) if left != ".key" else ()
    for command in (("responder", "list"), ("serve",), *makers):
        line = await refused(*command, env=env, code=40)
        assert f"the database {path} is lost" in line
        assert "`capacity-api restore`" in line
    assert list(tmp_path.iterdir()) == [companions(path)[left]]


async def test_a_new_database_that_is_asked_for_takes_the_key_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    companions(path)[".key"].write_text(config.new_key())
    env = environment(f"sqlite:///{path}")
    del env["CAPACITY_SECRET_KEY"]
    assert (await run("db", "create", env=env))[0] == 0
    assert path.exists()


async def test_a_file_without_a_byte_is_damaged_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    path.touch()
    env = environment(f"sqlite:///{path}")
    for command in (("responder", "list"), ("token", "list"), ("serve", "--create")):
        assert "is damaged: it has 0 bytes" in await refused(*command, env=env, code=26)
    assert "is there already" in await refused("db", "create", env=env)
    assert path.stat().st_size == 0


@pytest.mark.parametrize("how", ["db create", "serve --create"])
async def test_a_database_is_made_where_somebody_asks_for_one(how: str, tmp_path: Path) -> None:
    path = tmp_path / "a folder of 100% #1" / "capacity.db"
    path.parent.mkdir()
    env = environment(f"sqlite:///{path}")
    if how == "db create":
        code, out, err = await run("db", "create", env=env)
        assert code == 0, err
        assert "13 responders listed, unconfirmed" in out
    else:
        async with processes.serving("--create", env=env):
            pass
    assert {each.name for each in path.parent.iterdir()} == {"capacity.db", "capacity.db.mark", "capacity.db.lock"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    _, out, _ = await run("responder", "list", env=env)
    assert out.count("unconfirmed") == 13
    assert "is there already" in await refused("db", "create", env=env)
    # Asked for again, what is there is served.
    async with processes.serving("--create", env=env):
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert "capacity.db-wal" in modes
    assert set(modes.values()) == {0o600}


async def test_on_postgresql_a_database_is_filled_once(postgresql_url: str) -> None:
    # It has the schema and no register: a `db create` that was interrupted.
    env = environment(postgresql_url)
    assert (await run("db", "create", env=env))[0] == 0
    assert "is there already" in await refused("db", "create", env=env)
    _, out, _ = await run("responder", "list", env=env)
    assert out.count("unconfirmed") == 13


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_a_service_fills_an_empty_postgresql_only_when_it_is_asked_to(empty_database_url: str) -> None:
    env = environment(empty_database_url)
    assert "the database is empty; run `capacity-api db create`" in await refused("serve", env=env, code=40)
    for _ in range(2):
        async with processes.serving("--create", env=env) as process, client_of(process.address) as client:
            assert len((await client.get("/v1/directory")).json()["responders"]) == 13


@pytest.mark.parametrize("empty_database_url", ["sqlite", "postgresql"], indirect=True)
async def test_an_empty_database_is_not_upgraded(empty_database_url: str) -> None:
    env = environment(empty_database_url)
    assert "run `capacity-api db create`" in await refused("db", "upgrade", env=env, code=40)
    assert "run `capacity-api db create`" in await refused("serve", "--port", "0", env=env, code=40)


@pytest.mark.soak
@pytest.mark.parametrize("moment", [".lock", ".new", ".new-wal", ""])
async def test_killed_at_any_moment_it_leaves_no_database_or_a_whole_one(moment: str, tmp_path: Path) -> None:
    path = tmp_path / "capacity.db"
    env = environment(f"sqlite:///{path}")
    creating = asyncio.create_task(processes.start("serve", "--create", "--port", "0", env=env))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not Path(f"{path}{moment}").exists():  # noqa: ASYNC110 - the process cannot say that it has begun
            await asyncio.sleep(0)
        await _kill_holder(path)
    with pytest.raises(AssertionError, match="before it answered"):
        await creating
    if path.exists():
        assert (await run("responder", "list", env=env))[1].count("unconfirmed") == 13
    async with processes.serving("--create", env=env):
        assert not list(tmp_path.glob("*.new*"))


async def _kill_holder(path: Path) -> None:
    lock = companions(path)[".lock"].stat().st_ino
    holders: list[int] = []
    while not holders:
        # The kernel tells nobody.
        await asyncio.sleep(0)
        locks = Path("/proc/locks").read_text().splitlines()
        holders = [int(line.split()[4]) for line in locks if f":{lock} " in line]
    for each in holders:
        os.kill(each, signal.SIGKILL)
