"""A restart under systemd refuses nobody: the socket outlives the process, and connections wait in its queue."""

import json
import socket
from pathlib import Path

import pytest
from tests import processes, units
from tests.load import Load

from capacity_api.db.engine import Database


@pytest.mark.parametrize(
    ("database_url", "arguments", "restarts"),
    [
        pytest.param("sqlite", (), 1, id="sqlite"),
        pytest.param("postgresql", ("--workers", "2"), 1, id="postgresql-two-processes"),
        pytest.param("sqlite", (), 20, id="sqlite-twenty", marks=pytest.mark.soak),
        pytest.param("postgresql", (), 20, id="postgresql-twenty", marks=pytest.mark.soak),
        pytest.param("postgresql", ("--workers", "2"), 20, id="postgresql-twenty-two", marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_a_restart_with_an_upgrade_refuses_nobody_and_cuts_nobody_off(
    listed: Database, database_url: str, tmp_path: Path, arguments: tuple[str, ...], restarts: int
) -> None:
    await listed.close()
    env = processes.environment(database_url, write_limit="0", query_limit="0")
    token = await processes.issue_token(env, "--responder", "tara")
    log = tmp_path / "log"
    async with units.service("serve", *arguments, env=env, log=log) as unit:
        await unit.start()
        load = Load(unit.address, token)
        async with load.going_on():
            await load.answers(100)
            for _ in range(restarts):
                assert await unit.stop() == 0
                code, _, err = await processes.run("db", "upgrade", env=env)
                assert code == 0, err
                await unit.start()
                await load.answers(100)
        assert load.faults == []
        assert set(load.statuses) == {200}
        # Every connection that was open, and used, was told that it was its last answer.
        assert load.last_answers + load.closed_when_silent >= load.kept * restarts
        assert await unit.stop() == 0
    said = "\n".join(unit.messages)
    assert said.count("READY=1") == said.count("STOPPING=1") == restarts + 1
    events = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert not [line for line in events if line["level"] in {"error", "critical"}], events


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_worker_and_site_say_how_they_are(listed: Database, database_url: str, tmp_path: Path) -> None:
    env = processes.environment(database_url)
    for arguments, status in (
        (("worker",), "delivers webhooks"),
        (("site", "build", str(tmp_path / "site"), "--watch"), "keeps the files up to date"),
    ):
        async with units.service(*arguments, env=env, log=tmp_path / "log", listens=False, watchdog_seconds=2) as unit:
            await unit.start()
            assert f"STATUS={status}" in unit.messages[0].split("\n")
            await unit.hears("WATCHDOG=1", 2)
            assert await unit.stop() == 0
        assert any("STOPPING=1" in each for each in unit.messages)


async def test_a_socket_that_cannot_be_used_is_refused_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    env = processes.environment(sqlite_url)
    with socket.socket(socket.AF_UNIX) as of_files, socket.create_server(("127.0.0.1", 0)) as usable:
        of_files.bind(str(tmp_path / "socket"))
        of_files.listen()
        for passed, options, said in (
            (of_files, (), "the socket http that systemd passes is not a TCP socket that listens"),
            (usable, ("--port", "8000"), "--host and --port say nothing; leave them out"),
        ):
            code, text = await units.run_with("serve", *options, env=env, passed=passed)
            assert code == 1
            assert said in text
            assert text.count("\n") == 1
