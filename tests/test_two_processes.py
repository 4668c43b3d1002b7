"""Two service processes on one database, each with its own timers and writers: what happens once is one event."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests import processes
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.processes import Process
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, client_of

from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.keys import Keys
from capacity_api.operations import intake, owners, responders, tokens

WEEK = timedelta(days=7)

# On SQLite a second service is refused.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return processes.environment(database_url, write_limit="0", egress_allow="127.0.0.0/8")


@pytest.fixture
async def tokens_of_owners(database: Database) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The register as it was listed a month ago; the tokens of two responders and of a partner."""
    now = datetime.now(UTC)
    keys = Keys((bytes(range(32)),))
    async with database.write() as session:
        await responders.load_register(session, now - timedelta(days=30))
        await owners.add_partner(session, now, "Case tool")
        everybody = [await owners.responder_owner(session, slug) for slug in ("salvation-army", "migrant-help")]
        everybody.append(await owners.partner_owner(session, "Case tool"))
        issued = [await tokens.issue_token(session, now, keys, owner) for owner in everybody]
    first, second, partner = ({"authorization": f"Bearer {each.token}"} for each in issued)
    return first, second, partner


async def events(server: Process, after: int, of: str) -> list[dict[str, Any]]:
    async with client_of(server.address) as client:
        page = (await client.get("/v1/events", params={"after": after, "limit": 1000})).json()
    return [event for event in page["events"] if event["type"] == of]


async def events_once_shown(server: Process, after: int, of: str) -> list[dict[str, Any]]:
    """The same, once there is one: each process shows another's change some milliseconds later."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await events(server, after, of)):
            pass
    return found


async def subscribe(server: Process, partner: dict[str, str], url: str, of: str) -> None:
    async with client_of(server.address) as client:
        answer = await client.post("/v1/webhooks", json={"url": url, "event_types": [of]}, headers=partner)
    assert answer.status_code == 201, answer.text


async def lapsing(database: Database, at: datetime) -> str:
    """Report for a responder that it is open, so that this lapses at `at`; returns that time as events carry it."""
    async with database.write() as session:
        reported = await intake.report_intake(session, at - WEEK, "tara", Report(state=ReportedState.OPEN))
    assert reported.intake.confirm_by == at
    return at.isoformat().replace("+00:00", "Z")


async def test_a_lapse_is_recorded_once(
    env: dict[str, str], database: Database, tokens_of_owners: tuple[dict[str, str], ...]
) -> None:
    endpoint = Endpoint()
    async with (
        endpoints.serving(endpoint) as url,
        processes.serving(env=env) as first,
        processes.serving(env=env) as second,
    ):
        await subscribe(first, tokens_of_owners[-1], url, "intake.unconfirmed")
        at = await lapsing(database, datetime.now(UTC) + timedelta(seconds=2))
        # No call is made: the timers of both processes find it.
        await endpoint.arrived(1)
        assert [json.loads(body)["timestamp"] for _, body in endpoint.posts] == [at]
        for server in (first, second):
            (event,) = await events_once_shown(server, 0, "intake.unconfirmed")
            assert (event["timestamp"], event["data"]["responder"]["slug"]) == (at, "tara")


async def test_a_lapse_while_nothing_runs_is_recorded_once_at_the_start(
    env: dict[str, str], database: Database, tokens_of_owners: tuple[dict[str, str], ...]
) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url:
        async with processes.serving(env=env) as server:
            await subscribe(server, tokens_of_owners[-1], url, "intake.unconfirmed")
        at = await lapsing(database, datetime.now(UTC) - timedelta(days=1))
        async with processes.serving(env=env) as first, processes.serving(env=env) as second:
            await endpoint.arrived(1)
            for server in (first, second):
                shown = await events_once_shown(server, 0, "intake.unconfirmed")
                assert [each["timestamp"] for each in shown] == [at]


async def test_two_last_pauses_at_the_same_instant_open_one_gap(
    env: dict[str, str], tokens_of_owners: tuple[dict[str, str], ...]
) -> None:
    async with (
        processes.serving(env=env) as first,
        processes.serving(env=env) as second,
        client_of(first.address) as one,
        client_of(second.address) as other,
    ):

        async def send_report(
            client: httpx.AsyncClient, slug: str, report: dict[str, Any], token: dict[str, str]
        ) -> int:
            answer = await client.put(f"/v1/responders/{slug}/intake", json=report, headers=token)
            assert answer.status_code == 200, answer.text
            number: int = answer.json()["sequence"]
            return number

        for _ in range(10):
            # Both are for adults anywhere in the United Kingdom, and nobody else has reported.
            await send_report(one, "salvation-army", OPEN, tokens_of_owners[0])
            before = await send_report(other, "migrant-help", OPEN, tokens_of_owners[1])
            await asyncio.gather(
                send_report(one, "salvation-army", PAUSED, tokens_of_owners[0]),
                send_report(other, "migrant-help", PAUSED, tokens_of_owners[1]),
            )
            (gap,) = await events_once_shown(first, before, "coverage.gap_opened")
            assert gap["sequence"] == before + 3, "it follows the second pause"
            assert await events_once_shown(second, before, "coverage.gap_opened") == [gap]
