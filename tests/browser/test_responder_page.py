"""The page of one charity: sent in two taps, printed on one sheet, and true for as long as it is open."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.conftest import Clock
from tests.serving import PAUSED, WAITING, Service, serving
from tests.years import report_for_a_year

from capacity_api.clock import utc_now
from capacity_api.config import Settings

PAGE = "/r/salvation-army"
A4_SHEET = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    """After a year in which one charity was open, paused and on a waiting list in turn, and forgot to say so."""
    settings = msgspec.structs.replace(settings, contact="corrections@example.org")
    now = utc_now()
    clock = Clock(now - timedelta(days=365))
    async with serving(settings, clock) as running:
        await report_for_a_year(running, clock, "salvation-army", now)
        await running.report("migrant-help", WAITING)
        yield running


async def test_the_page_is_found_sent_and_printed_on_one_sheet(service: Service, visiting: Visiting) -> None:
    paused = {**PAUSED, "reopens_on": (utc_now() + timedelta(days=9)).date().isoformat(), "note": "Full. " * 80}
    await service.report("salvation-army", paused)
    async with visiting() as visit:
        page = await visit.open()
        entry = page.locator("#r-salvation-army")
        await entry.locator("summary").click()
        await entry.get_by_role("link", name="A page to send or print").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("The Salvation Army")
        assert page.url == visit.home + PAGE, "what the browser shows is what one sends"
        assert await visit.overflow() == 0
        await visit.assert_accessible()
        call = page.get_by_role("link", name="Call 0800 808 3733")
        box = await call.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        await page.set_viewport_size({"width": 1280, "height": 720})
        assert await visit.overflow() == 0
        await visit.assert_accessible()
        await expect(page.locator(".month")).to_have_count(await page.locator(".year > div").count())
        # From right to left the first of a month is at the right: the line of this month begins there.
        await page.evaluate("document.documentElement.dir = 'rtl'")
        month, line = page.locator(".month").first, page.locator(".month .b").first
        edge = "(element) => element.getBoundingClientRect().right"
        assert abs(await month.evaluate(edge) - await line.evaluate(edge)) < 2
        assert await visit.overflow() == 0
        await page.evaluate("document.documentElement.dir = 'ltr'")
        await page.emulate_media(media="print")
        await expect(page.locator(".print")).to_contain_text(visit.home + PAGE)
        after = "getComputedStyle(document.querySelector('.statutory a'), '::after').content"
        assert "https://www.gov.uk/government/publications/" in await page.evaluate(after)
        sheet = await page.pdf(format="A4")
        assert len(A4_SHEET.findall(sheet)) == 1
        assert visit.complaints == []
        await visit.assert_left_no_trace()


async def test_without_javascript_the_page_is_whole(visiting: Visiting) -> None:
    async with visiting(java_script_enabled=False) as visit:
        page = await visit.open(PAGE)
        await expect(page.locator(".state")).to_have_text("Open")
        await expect(page.locator("#others li").first).to_have_text(re.compile("Migrant Help: Has a waiting list"))
        await expect(page.locator("#past h3").first).to_have_text("The last 12 months")
        assert visit.complaints == []


async def test_an_open_page_hears_of_a_change_and_lapses_by_itself_also_offline(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open(PAGE)
        state, news, fold = page.locator(".entry .state"), page.locator("#news"), page.locator("#past details")
        await expect(state).to_have_text("Open")
        await fold.locator("summary").click()
        await service.report("salvation-army", WAITING)
        await page.clock.run_for(61_000)
        await expect(state).to_have_text("Waiting list")
        await expect(news).to_have_text("Changed just now: The Salvation Army: waiting list.")
        await expect(page.locator("#past li").first).to_contain_text("It said: waiting list.")
        await expect(fold).to_have_attribute("open", "")
        read = datetime.fromisoformat(await page.locator("#now time").get_attribute("datetime") or "")
        assert abs(read - utc_now()) < timedelta(minutes=2)
        other = page.locator("#others li", has_text="Migrant Help")
        await expect(other).to_contain_text("Has a waiting list")
        last = await page.locator(".entry").get_attribute("data-lapsed") or ""
        await page.context.set_offline(True)
        await page.clock.fast_forward(timedelta(days=8) // timedelta(milliseconds=1))
        await page.clock.run_for(2_000)
        await expect(state).to_have_text("Not confirmed")
        await expect(page.locator(".entry")).to_contain_text(last)
        await expect(page.locator(".entry .said")).to_have_count(0)
        await expect(other).to_contain_text("Ask them")
        await expect(page.locator("#age")).to_contain_text("You may be offline.")
