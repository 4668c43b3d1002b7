"""The number of what a process shows: it never falls on any path, and no answer of a write is above it unsaid."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.conftest import Clock
from tests.delivery import rows
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.conditions import ConditionCode, Conditions
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.operations import intake
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.publication.readiness import Readiness

PLAN = {"state": "paused", "effective_from": "2026-12-20T12:00:00Z"}


async def report_elsewhere(service: Service, note: str) -> int:
    """Report for Tara without this process, which on SQLite notices only when it looks again."""
    async with service.database.write() as session:
        report = Report(state=ReportedState.OPEN, note=note)
        return (await intake.report_intake(session, service.clock(), "tara", report)).sequence


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "caseload", {"open_referrals": 3}),
        ("DELETE", "intake/planned", None),
        ("PUT", "intake", PLAN),
        ("PATCH", "", {}),
    ],
)
async def test_what_a_write_without_an_event_answers_is_shown_already(
    settings: Settings, clock: Clock, method: str, path: str, body: object
) -> None:
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        url = f"/v1/responders/tara/{path}".rstrip("/")
        if body is PLAN:
            assert (await service.client.put(url, json=PLAN, headers=token)).status_code == 200
        number = await report_elsewhere(service, "elsewhere")
        answer = await service.client.request(method, url, json=body, headers=token)
        assert answer.status_code == 200, answer.text
        shown = answer.json().get("responder", answer.json())
        assert shown["sequence"] == number
        assert int(answer.headers["published-sequence"]) >= number
        assert (await service.read("/v1/responders/tara"))["sequence"] == number


async def test_a_write_that_cannot_be_shown_says_so(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        token = await service.token(responder="tara")
        async with service.database.write() as session:
            # A row that nothing here could have written.
            await session.execute(text("UPDATE responder SET remit = '[1]', sequence = 99 WHERE slug = 'unseen'"))
            await session.execute(text("UPDATE sequence SET n = 99"))
        answer = await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=token)
        assert answer.status_code == 200, answer.text
        published = int(answer.headers["published-sequence"])
        assert published < answer.json()["sequence"]
        assert (await service.read("/v1/directory"))["sequence"] == published
        # Nor does another path show it.
        events = await service.read("/v1/events", after=0, limit=1000)
        assert (events["latest"], events["sequence"]) == (published, published)
        assert (await service.read("/v1/responders/tara/history", limit=50))["items"] == []
        # The number exists, so it is not refused.
        page = await service.read("/v1/events", after=answer.json()["sequence"])
        assert (page["events"], page["sequence"]) == ([], answer.json()["sequence"])


async def test_what_this_process_does_not_show_yet_is_on_no_path(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        for n in range(5):
            clock.advance(timedelta(seconds=1))
            number = await report_elsewhere(service, f"elsewhere {n}")
            seen = 0
            for path in (
                "/v1/events?after=0&limit=1000",
                "/v1/responders/tara/history?limit=50",
                f"/v1/events?after={n}&limit=1000",
                f"/v1/directory?as_of={clock().isoformat()[:19]}Z",
                "/v1/directory",
            ):
                answer = await service.client.get(path)
                published, body = int(answer.headers["published-sequence"]), answer.json()
                found = max([body.get("latest", 0), body.get("sequence", 0), *_numbers(body.get("items", []))])
                assert seen <= published <= number, path
                assert found <= published, path
                seen = published
            # A reader who asks beyond it is shown what there is.
            page = await service.read("/v1/events", after=number)
            assert (page["events"], page["latest"]) == ([], number)
            assert (await service.read("/v1/directory"))["sequence"] == number
            refused = await service.client.get("/v1/events", params={"after": number + 1})
            assert (refused.status_code, refused.json()["code"]) == (409, "beyond_latest")


async def test_statistics_are_never_newer_than_the_directory(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        number = await report_elsewhere(service, "elsewhere")
        answer = await service.client.get("/v1/statistics")
        assert int(answer.headers["published-sequence"]) >= number
        assert (await service.read("/v1/directory"))["sequence"] >= number


def _numbers(items: list[dict[str, int]]) -> list[int]:
    return [item["sequence"] for item in items]


async def test_a_process_that_publishes_while_more_and_more_is_written_is_not_said_to_be_stale(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ten thousand lapses take a minute to record, in small steps.
    monkeypatch.setattr("capacity_api.publication.readiness._PUBLISH_WITHIN_SECONDS", 0.0)
    publisher = Publisher(database, clock, catalogue(database.settings))
    conditions = Conditions()
    readiness = Readiness(database, publisher, conditions, clock)
    await rows.add_responder(database, clock())
    await publisher.refresh()

    async def is_stale() -> bool:
        await rows.report(database, clock(), ReportedState.OPEN)
        async with database.read() as session:
            await database.continuity.look(session)
        assert readiness.latest is not None
        assert readiness.published < readiness.latest
        await readiness.check()
        return conditions.holds(ConditionCode.PUBLICATION_STALE)

    for _ in range(3):
        assert not await is_stale()
        await publisher.refresh()
    assert not await is_stale()
    assert await is_stale(), "nothing was published since the last look"
