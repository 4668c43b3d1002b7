"""docs/operate/litestream.md and litestream.yml, with the real program."""

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import make_url
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.listed import sqlite_template
from tests.serving import OPEN, client_of, patience

__all__ = ["sqlite_template"]

LITESTREAM = Path(sys.executable).parent / "litestream"
EXAMPLE = Path(__file__).parents[1] / "docs" / "operate" / "litestream.yml"

pytestmark = pytest.mark.skipif(not LITESTREAM.exists(), reason="litestream is not installed")


async def newest(configuration: Path, database: Path, restored: Path) -> int:
    """The number of the newest event in what is restored to this path from the replica now; 0 if nothing can be."""
    for file in restored.parent.glob(f"{restored.name}*"):
        file.unlink()
    process = await asyncio.create_subprocess_exec(
        LITESTREAM, "restore", "-config", configuration, "-o", restored, database,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await processes.finish(process)
    if process.returncode:
        return 0
    with closing(sqlite3.connect(restored)) as connection:
        return int(connection.execute("SELECT max(sequence) FROM event").fetchone()[0])


@pytest.fixture
def database(sqlite_url: str) -> Path:
    return Path(str(make_url(sqlite_url).database))


@pytest.fixture
def configuration(database: Path, tmp_path: Path) -> Path:
    """The example, for this database."""
    example, path = EXAMPLE.read_text(), tmp_path / "litestream.yml"
    for there, here in (
        ("/var/lib/capacity-api/capacity.db", database),
        ("/backups/capacity-replica", tmp_path / "replica"),
    ):
        assert there in example
        example = example.replace(there, str(here))
    path.write_text(example)
    return path


def lose(database: Path) -> None:
    """Delete all that stood beside the database, and itself."""
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    shutil.rmtree(database.with_name(f".{database.name}-litestream"))


async def test_what_reached_the_replica_survives_the_machine(
    sqlite_url: str, database: Path, configuration: Path, tmp_path: Path
) -> None:
    log = tmp_path / "litestream.log"
    env = processes.environment(sqlite_url, write_limit="0", egress_allow="127.0.0.0/8")
    admin = {"authorization": f"Bearer {await processes.issue_token(env, '--admin')}"}
    code, _, err = await processes.run("partner", "add", "Case tool", env=env)
    assert code == 0, err
    partner = {"authorization": f"Bearer {await processes.issue_token(env, '--partner', 'Case tool')}"}
    acknowledged: list[int] = []

    async def report(client: httpx.AsyncClient, referrals: int) -> None:
        body: dict[str, Any] = {**OPEN, "note": f"Report {referrals}"}
        answer = await client.put("/v1/responders/tara/intake", json=body, headers=admin)
        assert answer.status_code == 200, answer.text
        acknowledged.append(answer.json()["sequence"])

    async def go_on(client: httpx.AsyncClient) -> None:
        while True:
            await report(client, len(acknowledged))

    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url:
        service = await processes.start("serve", "--port", "0", env=env)
        with log.open("w") as said:
            litestream = await asyncio.create_subprocess_exec(
                LITESTREAM, "replicate", "-config", configuration, stdout=said, stderr=said
            )
        try:
            async with client_of(service.address) as client:
                subscription = {"url": url, "event_types": ["directory.restored"]}
                answer = await client.post("/v1/webhooks", json=subscription, headers=partner)
                assert answer.status_code == 201, answer.text
                for number in range(10):
                    await report(client, number)
                replicated = acknowledged[-1]
                async with patience(lambda: f"the replica has event {replicated}: {log.read_text()}"):
                    while await newest(configuration, database, tmp_path / "probe") < replicated:
                        assert litestream.returncode is None, log.read_text()
                        await asyncio.sleep(0.1)  # nothing announces it
                writing = asyncio.create_task(go_on(client))
                async with patience(lambda: "more reports"):
                    while len(acknowledged) < 20:  # noqa: ASYNC110 - the reports of a task
                        await asyncio.sleep(0.01)
                # In the middle of them.
                await service.kill()
                await asyncio.gather(writing, return_exceptions=True)
        finally:
            if service.returncode is None:
                await service.kill()
            with suppress(ProcessLookupError):
                litestream.kill()
            await litestream.wait()
        lose(database)
        last = await newest(configuration, database, database)
        assert last >= replicated
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stored = {number for (number,) in connection.execute("SELECT sequence FROM event")}
        assert {number for number in acknowledged if number <= last} <= stored
        database.chmod(0o600)

        code, _, err = await processes.run("token", "issue", "--admin", env=env)
        assert (code, "capacity-api db restored" in err) == (45, True), err
        code, _, err = await processes.run("db", "restored", "--keep-tokens", env=env)
        assert code == 0, err
        async with processes.serving(env=env) as service, client_of(service.address) as client:
            await endpoint.arrived(1)
            intake = (await client.get("/v1/responders/tara")).json()["intake"]
            assert (intake["state"], intake["last_report"]["state"]) == ("unconfirmed", "open")
            # The kept token takes reports again.
            await report(client, 0)
            assert acknowledged[-1] > max(acknowledged[:-1])
