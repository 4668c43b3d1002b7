"""The pictures in `docs/screenshots`: `python -m tests.browser.screenshots` takes them anew. Look at each."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright
from tests.browser.conftest import CHROMIUM, LAUNCH
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api import loop
from capacity_api.config import Settings
from capacity_api.db import schema
from capacity_api.db.engine import Database

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES = ((320, 1500), (1280, 1500))


async def show_directory(service: Service, page: Page) -> None:
    await page.locator("form.ask").wait_for()


async def show_coverage(service: Service, page: Page) -> None:
    await page.locator("table").wait_for()


async def show_update(service: Service, page: Page) -> None:
    headers = await service.token(responder="salvation-army")
    await page.get_by_label("token").fill(headers["authorization"].removeprefix("Bearer "))
    await page.keyboard.press("Enter")
    await page.locator("label.paused").click()
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


PAGES = {
    "directory": ("/", show_directory),
    "coverage": ("/coverage", show_coverage),
    "update": ("/update", show_update),
}


async def take(service: Service) -> None:
    until = (loop.now() + timedelta(days=9)).date().isoformat()
    await service.report("salvation-army", {**OPEN, "note": "Please ring before 10:00."})
    await service.report("migrant-help", WAITING)
    await service.report("kalayaan", {**PAUSED, "note": None, "reopens_on": until})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCH)
        for width, height in SIZES:
            for name, (path, show) in PAGES.items():
                page = await browser.new_page(
                    viewport={"width": width, "height": height},
                    reduced_motion="reduce",
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
        database = Database(settings)
        await schema.upgrade(database)
        await database.close()
        async with serving(settings, loop.now) as service:
            await take(service)


if __name__ == "__main__":
    asyncio.run(main())
