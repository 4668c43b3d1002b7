"""The coverage page in a real Chromium: the same for everybody, with or without colours, a script or a large screen."""

import re

from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.serving import OPEN, WAITING, Service

BROKEN_WORDS = r"""() => [...document.querySelectorAll("th")].flatMap(({ firstChild: text }) =>
  [...text.data.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return [word, range.getClientRects().length];
  }).filter(([, lines]) => lines > 1)
)"""


async def test_the_coverage_fits_a_phone_is_accessible_and_leaves_no_trace(
    service: Service, visiting: Visiting
) -> None:
    await service.report("salvation-army", OPEN)
    await service.report("youth-work-alliance", WAITING)
    await service.report("new-pathways", WAITING)
    for options in (
        {},
        {"forced_colors": "active"},
        {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    ):
        async with visiting(bypass_csp=True, **options) as visit:
            page = await visit.open("/coverage")
            row = page.get_by_role("row").filter(has_text="Northern Ireland")
            assert await row.get_by_role("cell").all_inner_texts() == [
                "all open",
                "open 0 of 18, waiting list 18",
                "all open",
            ]
            # Without the picture it must not read like "open".
            wales = page.get_by_role("row").filter(has_text="Wales")
            assert await wales.get_by_role("cell").all_inner_texts() == [
                "all open",
                "open 0 of 18, waiting list 3",
                "all open",
            ]
            await expect(page.get_by_role("row").filter(has_text="Scotland")).to_contain_text("open 0 of 18")
            await expect(page.get_by_text("No charity is known to be open for children in")).to_be_visible()
            assert await visit.overflow() <= 0
            # Forced colours are the reader's own, and axe-core compares those of the page.
            await visit.assert_accessible(but=("color-contrast",) if "forced_colors" in options else ())
            await visit.assert_left_no_trace()


async def test_the_picture_follows_what_is_reported_and_says_how_old_it_is_when_it_cannot(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open("/coverage")
        row = page.get_by_role("row").filter(has_text="Northern Ireland")
        await expect(row.get_by_role("cell").first).to_have_text("open 0 of 18")
        await service.report("salvation-army", OPEN)
        await page.clock.run_for(61_000)
        await expect(row.get_by_role("cell").first).to_have_text("all open")
        await expect(page.get_by_role("status")).to_have_text("The picture has changed just now.")
        await expect(page.get_by_text("No charity is known to be open for anybody")).to_have_count(0)
        await page.context.set_offline(True)
        await page.clock.run_for(5 * 60_000)
        age = page.locator("#age")
        await expect(age).to_have_text(re.compile(r"A new picture cannot be fetched\..* [45] min ago\. Somebody"))
        await expect(page.get_by_role("status")).to_contain_text("A new picture cannot be fetched.")
        await expect(row.get_by_role("cell").first).to_have_text("all open")
        await visit.assert_accessible()
        await page.context.set_offline(False)
        await page.clock.run_for(61_000)
        await expect(age).to_be_hidden()
        await visit.assert_left_no_trace()


async def test_no_word_of_the_headings_is_broken_on_the_smallest_phone(service: Service, visiting: Visiting) -> None:
    async with visiting(viewport={"width": 320, "height": 640}) as visit:
        page = await visit.open("/coverage")
        assert await page.get_by_role("columnheader").count() == 4
        assert await page.evaluate(BROKEN_WORDS) == []
