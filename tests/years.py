"""A year of a responder, as it reports it."""

from datetime import datetime, timedelta

from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service


async def report_for_a_year(service: Service, clock: Clock, slug: str, until: datetime) -> None:
    """What it says every two weeks from a year before `until` on. The clock stands there. Each report holds a week."""
    states = (OPEN, OPEN, PAUSED, WAITING, OPEN, PAUSED)
    for number in range(26):
        report = states[number % len(states)]
        if report is PAUSED:
            report = {**PAUSED, "reopens_on": (clock() + timedelta(days=9)).date().isoformat()}
        await service.report(slug, report)
        clock.advance(timedelta(days=14))
    clock.set(until)
    await service.report(slug, OPEN)
