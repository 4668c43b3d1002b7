"""GET /v1/responders/{slug}/promptness: a responder's own business."""

from datetime import timedelta

from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service

PATH = "/v1/responders/tara/promptness"


async def test_a_responder_reads_how_often_it_spoke_and_how_often_a_report_lapsed_first(
    service: Service, clock: Clock
) -> None:
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=3))
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=8))
    await service.report("tara", PAUSED)
    token = await service.token(responder="tara")
    promptness = (await service.client.get(PATH, headers=token)).json()
    counts = ("reported_count", "confirmed_count", "lapsed_count")
    assert [promptness[name] for name in counts] == [2, 1, 1]
    none = (await service.client.get(PATH, params={"to": "2026-11-21"}, headers=token)).json()
    assert [none[name] for name in counts] == [0, 0, 0]
    assert (await service.client.get(PATH, headers=await service.token())).json() == promptness


async def test_nobody_else_reads_it(service: Service) -> None:
    for headers, status in (
        ({}, 401),
        (await service.token(responder="unseen"), 403),
        (await service.token(partner="Case tool"), 403),
    ):
        assert (await service.client.get(PATH, headers=headers)).status_code == status
    backwards = await service.client.get(
        PATH, params={"from": "2026-12-01", "to": "2026-11-01"}, headers=await service.token(responder="tara")
    )
    assert backwards.json()["errors"][0]["pointer"] == "?from"
