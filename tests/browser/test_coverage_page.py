"""The coverage page in a real Chromium: on a small phone, with and without a script, and from right to left."""

import re

from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.pages.directories import NOW
from tests.serving import OPEN, PAUSED, WAITING, Service
from tests.wording.languages import INVENTED

from capacity_api.domain.coverage import contribution_for, count_contributions
from capacity_api.domain.intake import State
from capacity_api.operations.responders import read_register
from capacity_api.pages.coverage import render_coverage
from capacity_api.representations.coverage import represent_coverage
from capacity_api.wording.language import Language

BROKEN_WORDS = r"""() => [...document.querySelectorAll("#places details[open] :is(th, td)")].flatMap((cell) => {
  const text = cell.lastChild;
  return [...text.data.matchAll(/[^\s-]+-?/g)].map(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return [word, range.getClientRects().length];
  }).filter(([, lines]) => lines > 1);
})"""
# For each cell: its class, its sign, its word, and the heading that stands above it, and whether its row's is right.
CELLS = """() => [...document.querySelectorAll("#places details[open] td")].map((cell) => {
  const middle = (element) => { const box = element.getBoundingClientRect(); return (box.left + box.right) / 2; };
  const heads = [...cell.closest("table").querySelectorAll("thead th")];
  const distance = (head) => Math.abs(middle(head) - middle(cell));
  const above = heads.reduce((a, b) => (distance(a) < distance(b) ? a : b));
  const { left, width } = cell.getBoundingClientRect();
  const row = cell.parentElement.querySelector("th").getBoundingClientRect();
  return [heads.indexOf(above) === cell.cellIndex, cell.className, cell.querySelector("use").getAttribute("href"),
    row.left >= left + width - 1, cell.textContent];
})"""
USUAL = {
    "barnardos": OPEN,
    "bawso": OPEN,
    "medaille-trust": OPEN,
    "migrant-help": WAITING,
    "tara": OPEN,
}


async def test_a_phone_needs_few_screens_and_shows_the_chosen_place_whole(service: Service, visiting: Visiting) -> None:
    for slug, report in USUAL.items():
        await service.report(slug, report)
    for has_script in (True, False):
        async with visiting(viewport={"width": 360, "height": 640}, java_script_enabled=has_script) as visit:
            page = await visit.open("/coverage")
            height = await page.locator("footer").bounding_box()
            assert height is not None
            assert height["y"] + height["height"] <= 3 * 640
            if not has_script:
                await expect(page.get_by_label("Show")).to_be_hidden()
                await expect(page.get_by_role("table")).to_have_count(0)
                await page.get_by_text("Scotland", exact=True).last.click()
                await expect(page.get_by_role("table")).to_have_count(2)
    async with visiting(viewport={"width": 320, "height": 640}) as visit:
        page = await visit.open("/coverage")
        await page.get_by_label("Show").select_option("Scotland")
        await expect(page.locator("#places details:visible")).to_have_count(1)
        row = page.get_by_role("row").filter(has_text="Sexual exploitation")
        assert await row.get_by_role("cell").all_inner_texts() == ["open", "waiting list", "waiting list"]
        assert await page.evaluate(BROKEN_WORDS) == []
        assert await visit.overflow() <= 0
        # London is one of several places that are the same.
        await page.get_by_label("Show").select_option("London")
        summary = page.locator("#places summary:visible")
        await expect(summary).to_have_text(re.compile(r"^London\. The same in: England and all its regions"))
        await expect(page.get_by_role("table", name="People of any age")).to_be_visible()
        await page.set_viewport_size({"width": 640, "height": 720})
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await visit.overflow() <= 0
        await visit.assert_left_no_trace()
        assert visit.complaints == []


async def test_the_page_follows_what_is_reported_keeps_the_choice_and_says_how_old_it_is(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open("/coverage")
        await expect(page.locator("#gaps li")).to_have_text("anyone")
        await page.get_by_label("Show").select_option("Northern Ireland")
        cell = page.get_by_role("cell").first
        await expect(cell).to_have_text("nobody known")
        await service.report("salvation-army", OPEN)
        await page.clock.run_for(61_000)
        await expect(page.locator("#places summary:visible")).to_contain_text("open for some, not for all")
        await expect(page.get_by_label("Show")).to_have_value("N92000002")
        await expect(cell).to_have_text("open")
        await expect(page.locator("#gaps li")).to_have_text("children")
        await expect(page.get_by_role("status")).to_have_text("This page has just changed.")
        # What the reader folded stays folded, and what has the focus keeps it.
        await page.locator("#places summary:visible").click()
        await page.get_by_label("Show").select_option("all places")
        await page.locator("#places summary").first.click()
        await service.report("belfast-and-lisburn-womens-aid", WAITING)
        await service.report("youth-work-alliance", OPEN)
        await page.clock.run_for(61_000)
        await expect(page.locator("#places details")).to_have_count(2)
        await expect(page.locator("#places details[open]")).to_have_count(1)
        await page.context.set_offline(True)
        await page.clock.run_for(5 * 60_000)
        age = page.locator("#age")
        await expect(age).to_have_text(re.compile(r"You may be offline\. Last checked .* [45] min ago\."))
        await expect(page.get_by_role("status")).to_contain_text("You may be offline.")
        await page.context.set_offline(False)
        await page.clock.run_for(61_000)
        await expect(age).to_be_hidden()
        await visit.assert_left_no_trace()


async def test_a_chosen_place_shows_its_own_gaps_and_whom_to_ask_there(service: Service, visiting: Visiting) -> None:
    await service.report("barnardos", OPEN)
    # They may help in Scotland, and in Northern Ireland.
    for slug in ("tara", "belfast-and-lisburn-womens-aid"):
        await service.report(slug, WAITING)
    async with visiting(viewport={"width": 320, "height": 568}) as visit:
        await visit.page.clock.install()
        page = await visit.open("/coverage")
        gaps = page.locator("#gaps")
        whole = await gaps.inner_text()
        places = page.get_by_label("Show")
        shown = {}
        for place in ("Scotland", "England", "Wales"):
            await places.select_option(place)
            shown[place] = await gaps.inner_text()
            heads = {"England": "England as a whole"}.get(place, place)
            await expect(gaps.locator(":is(h3, summary):visible")).to_have_text([heads], use_inner_text=True)
            assert await visit.overflow() <= 0
        assert "TARA" in shown["Scotland"]
        for place in ("Wales", "England"):
            assert "TARA" not in shown[place]
        assert all("Belfast" not in text for text in shown.values())
        # What is read anew is arranged the same.
        await service.report("salvation-army", OPEN)
        await page.clock.run_for(61_000)
        await expect(page.get_by_role("status")).to_have_text("This page has just changed.")
        await expect(gaps.locator("p:visible")).to_have_text(
            "There is no gap in Wales. For each person there, at least one charity is confirmed open."
        )
        await expect(gaps.locator(".gap:visible")).to_have_count(0)
        await service.report("salvation-army", PAUSED)
        await places.select_option("all places")
        await page.clock.run_for(61_000)
        await expect(gaps).to_contain_text("TARA")
        assert await gaps.inner_text() == whole
        await visit.assert_accessible()
        assert visit.complaints == []


async def test_from_right_to_left_each_cell_stands_below_its_heading_and_shows_its_sign(
    visiting: Visiting, invented_language: Language
) -> None:
    states = {"tara": State.OPEN, "youth-work-alliance": State.WAITING_LIST}
    counts = count_contributions(
        [contribution_for(each.remit, states.get(each.slug, State.PAUSED)) for each in read_register()]
    )
    body = render_coverage(represent_coverage(counts, (), 1, NOW), NOW, invented_language)
    async with visiting(java_script_enabled=False) as visit:
        await visit.page.route(
            f"**/{INVENTED}/coverage", lambda route: route.fulfill(body=body, content_type="text/html")
        )
        page = await visit.open(f"/{INVENTED}/coverage")
        for place in await page.locator("#places summary").all():
            await place.click()
        cells = await page.evaluate(CELLS)
        assert {each[1] for each in cells} == {"open", "waiting_list", "ask", "nobody"}
        words = {"open": "open", "waiting_list": "waiting list", "ask": "may help", "nobody": "nobody known"}
        for is_below, name, sign, is_left_of_its_heading, text in cells:
            assert is_below
            assert is_left_of_its_heading
            assert sign == f"#sign-{name}"
            assert words[name] in text
        assert await visit.overflow() <= 0
