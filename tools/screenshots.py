"""The pictures in `docs/screenshots`: `make screenshots` takes them. Look at each."""

import asyncio
import tempfile
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright
from tests.browser.conftest import CHROMIUM, LAUNCH
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


async def show_directory(service: Service, page: Page) -> None:
    await page.locator("form.ask").wait_for()


async def show_coverage(service: Service, page: Page) -> None:
    await page.locator("table").wait_for()


async def show_update(service: Service, page: Page) -> None:
    headers = await service.token(responder="bawso")
    await page.get_by_label("token").fill(headers["authorization"].removeprefix("Bearer "))
    await page.keyboard.press("Enter")
    await page.locator("label.paused").click()
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


async def show_manage(service: Service, page: Page) -> None:
    headers = await service.token()
    await page.get_by_label("Your token").fill(headers["authorization"].removeprefix("Bearer "))
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Waiting list BAWSO").click()
    await page.locator("#told").wait_for()
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


PAGES = {
    "directory": ("/", show_directory),
    "coverage": ("/coverage", show_coverage),
    "update": ("/update", show_update),
    "manage": ("/manage", show_manage),
}


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


async def take(service: Service) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCH)
        for width, height in SIZES:
            for name, (path, show) in PAGES.items():
                page = await browser.new_page(
                    viewport={"width": width, "height": height},
                    reduced_motion="reduce",
                    locale="en-GB",
                    base_url=str(service.client.base_url),
                )
                await page.goto(path)
                await show(service, page)
                await page.screenshot(path=FOLDER / f"{name}-{width}.png")
                await page.close()
        await browser.close()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder}/shots.db",
            secret_keys=(bytes(32),),
            contact="corrections@example.org",
            demonstration=True,
        )
        make_empty(database_path(settings))
        database = Database(settings)
        await schema.upgrade(database)
        await database.close()
        end = utc_now()
        clock = Clock(end - timedelta(days=91))
        async with serving(settings, clock) as service:
            await live(service, clock, end)
            await take(service)


if __name__ == "__main__":
    asyncio.run(main())
