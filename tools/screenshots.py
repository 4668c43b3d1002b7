"""The pictures in `docs/screenshots`: `make screenshots` takes them. Look at each."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright
from tests.browser.conftest import CHROMIUM, LAUNCH
from tests.browser.page_states import STATES, show
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database
from capacity_api.db.sqlite_file import database_path, make_empty

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
Span = tuple[int, int, dict[str, Any]]
SIZES = ((320, 1900), (1280, 1500))


def spans(end: datetime) -> dict[str, list[Span]]:
    """The invented reports of the last ninety days: from how many days ago until how many, and which report."""
    until = (end + timedelta(days=9)).date().isoformat()
    return {
        "barnardos": [(60, 18, OPEN)],
        "bawso": [(78, 30, OPEN), (30, 12, WAITING), (12, 0, OPEN)],
        "kalayaan": [(90, 60, OPEN), (60, 42, WAITING), (42, 6, PAUSED), (6, 0, {**PAUSED, "reopens_on": until})],
        "medaille-trust": [(84, 72, PAUSED), (72, 0, {**OPEN, "note": "Please ring before 10:00."})],
        "migrant-help": [(90, 48, WAITING), (36, 0, WAITING)],
        "new-pathways": [(66, 0, OPEN)],
        "salvation-army": [(90, 54, OPEN), (54, 30, PAUSED), (30, 6, OPEN), (6, 0, PAUSED)],
        "tara": [(90, 72, OPEN), (54, 0, OPEN)],
    }


async def live(service: Service, clock: Clock, end: datetime) -> None:
    """Ninety days in which each responder confirms its report every six days."""
    reports = sorted(
        (
            (ago, slug, report)
            for slug, each in spans(end).items()
            for start, stop, report in each
            for ago in range(start, stop - 1, -6)
        ),
        key=itemgetter(0),
        reverse=True,
    )
    for ago, slug, report in reports:
        clock.set(end - timedelta(days=ago, hours=2))
        await service.report(slug, report)
    clock.set(end)
    start = (end + timedelta(days=31)).replace(hour=17, minute=0, second=0, microsecond=0)
    back = (start + timedelta(days=12)).date().isoformat()
    await service.report("bawso", {"state": "paused", "reopens_on": back, "effective_from": start.isoformat()})


@asynccontextmanager
async def demonstration(**changes: Any) -> AsyncIterator[Service]:
    """A service that has run for ninety days, with invented reports."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder}/demonstration.db",
            secret_keys=(bytes(32),),
            contact="corrections@example.org",
            demonstration=True,
            **changes,
        )
        make_empty(database_path(settings))
        database = Database(settings)
        await schema.upgrade(database)
        await database.close()
        end = utc_now()
        clock = Clock(end - timedelta(days=91))
        async with serving(settings, clock) as service:
            await live(service, clock, end)
            yield service


async def take(service: Service) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCH)
        for width, height in SIZES:
            for state in STATES:
                if state.picture:
                    page = await browser.new_page(
                        viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-GB"
                    )
                    await show(page, service, state)
                    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
                    await page.screenshot(path=FOLDER / f"{state.picture}-{width}.png")
                    await page.close()
        await browser.close()


async def main() -> None:
    async with demonstration() as service:
        await take(service)


if __name__ == "__main__":
    asyncio.run(main())
