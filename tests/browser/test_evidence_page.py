"""The page of what happened, in a browser."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service, serving
from tests.wording.languages import INVENTED

from capacity_api.config import Settings
from capacity_api.publication import documents
from capacity_api.wording.language import ENGLISH, Language

DRAWN = """(svg) => {
  const frame = svg.getBoundingClientRect();
  const first = svg.querySelector("path").getBoundingClientRect();
  return [first.left - frame.left, frame.right - first.right, frame.width];
}"""


@pytest.fixture
async def service(
    settings: Settings, clock: Clock, invented_language: Language, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    """In two languages, with a quarter of a year behind it."""
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    async with serving(settings, clock) as running:
        for slug, report in (("barnardos", OPEN), ("tara", PAUSED), ("nspcc", OPEN), ("barnardos", OPEN)):
            await running.report(slug, report)
            clock.advance(timedelta(days=20, hours=5))
        yield running


@pytest.mark.parametrize("java_script_enabled", [True, False])
async def test_hours_with_nobody_for_children_in_wales_are_two_taps_away(
    visiting: Visiting, java_script_enabled: bool
) -> None:
    async with visiting(java_script_enabled=java_script_enabled) as visit:
        page = await visit.open()
        await page.get_by_role("link", name="Figures").click()
        await page.get_by_label("On this page").get_by_role("link", name="Wales").click()
        wales = page.get_by_role("region", name="Wales")
        await expect(wales.get_by_role("listitem").filter(has_text="Children (under 18)")).to_be_in_viewport()
        table = wales.get_by_role("table", name="Wales: hours with nobody confirmed open")
        await expect(table.get_by_role("columnheader", name="Children (under 18)")).to_be_visible()
        await expect(table.get_by_text("February 2027")).to_be_visible()
        assert visit.complaints == []
        assert await visit.overflow() == 0
        if java_script_enabled:
            await visit.assert_accessible()
            await page.get_by_text("Choose another period").click()
            await visit.assert_accessible()
            await page.set_viewport_size({"width": 1280, "height": 800})
            await visit.assert_accessible()
            assert await visit.overflow() == 0
        await visit.assert_left_no_trace()


async def test_from_right_to_left_time_and_shares_begin_at_the_right(visiting: Visiting) -> None:
    async with visiting() as visit:
        for path, begins_left in (("/evidence", True), (f"/{INVENTED}/evidence", False)):
            page = await visit.open(path)
            assert await visit.overflow() == 0
            # Two of every kind: the columns of three months, and the bar of all charities, of which open comes first.
            for picture in (page.locator("svg.columns").first, page.locator(".states svg.share").first):
                left, right, width = await picture.evaluate(DRAWN)
                assert (left < width / 50 < right) if begins_left else (right < width / 50 < left), path
        await visit.assert_accessible()


async def test_on_paper_no_row_is_lost_and_the_pictures_are_black(visiting: Visiting) -> None:
    async with visiting(viewport={"width": 794, "height": 1123}) as visit:
        page = await visit.open("/evidence")
        await page.emulate_media(media="print")
        assert await visit.overflow() == 0
        filled = page.locator("svg.columns .filled").first
        assert await filled.evaluate("(path) => getComputedStyle(path).fill") == "rgb(0, 0, 0)"
        await expect(page.get_by_role("table")).to_have_count(7)
        await expect(page.get_by_text("Choose another period")).to_be_hidden()


async def test_the_files_are_saved_and_the_page_stays(visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await visit.open("/evidence")
        for name, file in (("Table (CSV)", "statistics.csv"), ("For programs (JSON)", "statistics.json")):
            async with page.expect_download() as download:
                await page.get_by_role("link", name=name).click()
            assert (await download.value).suggested_filename == file
            assert page.url == f"{visit.home}/evidence"
