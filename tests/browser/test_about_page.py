"""`/about` on a phone, and the sheet for a wall on paper."""

import re

from playwright.async_api import expect
from tests.browser.conftest import Visiting

from capacity_api.pages.about import wall_sheet_page
from capacity_api.pages.rendering import PageSettings
from capacity_api.wording.language import ENGLISH

PAGE_OF_PDF = re.compile(rb"/Type\s*/Page\b")
LONG = PageSettings(
    operator="A Network of Organisations with a Long Name, 100 A Street with a Long Name, London SW1A 1AA",
    contact="corrections-and-complaints@a-long-name.example.org",
    public_url="https://a-rather-long-name-of-a-directory.example.org/first-responders",
    demonstration=True,
)


async def test_a_phone_reaches_each_section_of_about_from_its_contents(visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await visit.open("/about")
        await visit.assert_accessible()
        assert await visit.overflow() == 0
        await page.get_by_role("link", name="Accessibility").click()
        await expect(page.get_by_role("heading", name="Accessibility")).to_be_in_viewport()
        await page.emulate_media(color_scheme="dark")
        await visit.assert_accessible()
        await visit.assert_left_no_trace()
        assert visit.complaints == []


async def test_the_sheet_is_one_page_with_a_code_that_a_phone_can_read(visiting: Visiting) -> None:
    sheet = wall_sheet_page(ENGLISH, LONG)
    headers = {"content-type": sheet.content_type, **dict(sheet.headers)}
    async with visiting() as visit:
        # The service of the tests has no public address, and this one is as long as they get.
        await visit.page.route("**/wall-sheet", lambda route: route.fulfill(body=sheet.body, headers=headers))
        page = await visit.open("/wall-sheet")
        assert await visit.overflow() == 0
        await visit.assert_accessible()
        assert visit.complaints == []
        await page.emulate_media(color_scheme="dark", media="print")
        await expect(page.locator(".site")).to_be_hidden()
        await expect(page.locator(".demonstration")).to_be_visible()
        code = await page.locator(".code svg").bounding_box()
        assert code is not None
        # A phone at arm's length needs modules of at least half a millimetre, and there are at most 49 with the margin.
        assert code["width"] > 49 * 0.5 / 25.4 * 96
        for paper in ("A4", "Letter"):
            assert len(PAGE_OF_PDF.findall(await page.pdf(format=paper))) == 1
