"""A release that runs is upgraded under its clients: none is refused, nothing is lost, and it can come back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests import processes, units, versions
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.load import Load
from tests.serving import client_of
from tests.units import Unit

# Less than a restart is tried with: two versions run at once.
_KEPT = 5
_ANSWERS = 60


class Endpoints(Endpoint):
    """One endpoint, which hears of everything."""

    @property
    def numbers(self) -> list[int]:
        return [json.loads(body)["sequence"] for _, body in self.posts]

    async def heard_of(self, numbers: list[int]) -> None:
        while set(numbers) - set(self.numbers):
            await self.arrived(len(self.posts) + 1)


@asynccontextmanager
async def _running(env: dict[str, str], log: Path) -> AsyncIterator[tuple[Unit, Unit]]:
    """The service and a worker."""
    async with (
        units.service("serve", "--no-delivery", env=env, log=log) as service,
        units.service("worker", env=env, log=log, listens=False) as worker,
    ):
        await service.start()
        await worker.start()
        yield service, worker
        assert await service.stop() == await worker.stop() == 0


async def _replace(version: Path | None, *running: Unit) -> None:
    """Restart these with another version."""
    for unit in running:
        assert await unit.stop() == 0
        unit.env = versions.environment(version, unit.env)
        await unit.start()


@pytest.mark.soak
@pytest.mark.parametrize("name", versions.RELEASES)
async def test_a_release_goes_on_through_an_upgrade_and_comes_back(
    empty_database_url: str, name: str, tmp_path: Path
) -> None:
    release, later = versions.release(name, tmp_path), versions.later(tmp_path, needs_stop=False)
    env = processes.environment(empty_database_url, write_limit="0", query_limit="0", egress_allow="127.0.0.0/8")
    old = versions.environment(release, env)
    if empty_database_url.startswith("sqlite"):
        Path(empty_database_url.removeprefix("sqlite+aiosqlite:///")).unlink()
    assert (await versions.run(release, "db", "create", env=env))[0] == 0
    endpoint, log = Endpoints(), tmp_path / "log"
    async with endpoints.serving(endpoint) as url, _running(old, log) as (service, worker):
        # Its commands are of the release too: this version needs the schema of its own.
        token = await versions.issue_token(release, "--responder", "tara", env=env)
        partner = await versions.issue_token(release, "--partner", "Tool", env=env)
        async with client_of(service.address) as client:
            headers = {"authorization": f"Bearer {partner}"}
            answer = await client.post("/v1/webhooks", json={"url": url}, headers=headers)
            assert answer.status_code == 201, answer.text
            load = Load(service.address, token, kept=_KEPT)
            async with load.going_on():
                await load.answers(_ANSWERS)
                # 1. To this version, under the release, which goes on with the schema of this one.
                code, said, errors = await processes.run("db", "upgrade", env=env)
                assert code == 0, errors
                assert said.startswith("the schema is at ")
                await load.answers(_ANSWERS)
                await _replace(None, service, worker)
                await load.answers(_ANSWERS)
                # 2. To a later one, under this version.
                code, said, errors = await versions.run(later, "db", "upgrade", env=env)
                assert (code, said) == (0, f"the schema is at {versions.LATER}\n"), errors
                await load.answers(_ANSWERS)
                await _replace(later, service, worker)
                await load.answers(_ANSWERS)
                # 3. And back to the release.
                await _replace(release, service, worker)
                await load.answers(_ANSWERS)
                ready = (await client.get("/readyz")).json()
            assert ready["status"] == "ok", ready
            assert load.faults == []
            assert set(load.statuses) == {200}
            stored: set[int] = set()
            after = 0
            while page := (await client.get("/v1/events", params={"after": after})).json()["events"]:
                stored |= {each["sequence"] for each in page}
                after = page[-1]["sequence"]
            assert set(load.reported) <= stored
            await endpoint.heard_of(load.reported)
    assert endpoint.numbers == sorted(endpoint.numbers), "nothing older arrives after something newer"
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert not [line for line in lines if line["level"] in {"error", "critical"}], lines
