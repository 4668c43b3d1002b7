"""The first steps on the directory page."""

from datetime import timedelta

from playwright.async_api import Page
from tests.serving import OPEN, PAUSED, WAITING, Service

from capacity_api.clock import utc_now

ENTRY = ".entry:visible"


async def report_every_state(service: Service) -> None:
    await service.report("salvation-army", {**OPEN, "note": "Please ring before 10:00."})
    await service.report("migrant-help", WAITING)
    until = (utc_now() + timedelta(days=9)).date()
    await service.report("kalayaan", {**PAUSED, "reopens_on": until.isoformat()})


async def names(page: Page, section: str) -> list[str]:
    return await page.locator(f"{section} h3").all_inner_texts()


async def with_the_script(page: Page) -> None:
    await page.locator("form.ask[data-live]").wait_for()
