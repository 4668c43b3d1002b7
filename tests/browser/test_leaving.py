"""The button "Leave this page" covers the page at once, also if the other site is slow. "Back" shows none of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Visiting
from tests.browser.signing_in import REFUSED, signed_in
from tests.serving import Service

WEATHER = "https://www.bbc.co.uk/weather"
# Pages, each with the event by which it is left here.
PAGES = {"/": "click", "/coverage": "keyup", "/r/tara": "click", "/update": "keyup", "/nothing": "click"}
# Chromium runs no other script of a page that is about to be left, but passes on what the page says.
REPORT_COVER = """type => {
  let start = 0;
  addEventListener(type, () => (start = performance.now()), true);
  addEventListener(type, () => {
    const { display } = getComputedStyle(document.body);
    const report = () => console.info("covered", display, performance.now() - start, document.title);
    if (display === "none") requestAnimationFrame(report);
  });
}"""


@asynccontextmanager
async def hanging(page: Page) -> AsyncIterator[None]:
    """While this lasts, the other site takes the request and does not answer. Then the reader stops waiting."""
    end = asyncio.Event()

    async def hang(route: Route) -> None:
        await end.wait()
        await route.abort("aborted")

    await page.context.route("https://www.bbc.co.uk/**", hang)
    yield
    end.set()
    await page.context.unroute_all(behavior="wait")


async def stop(route: Route) -> None:
    await route.abort("aborted")


async def answer_with_weather(route: Route) -> None:
    await route.fulfill(body="Weather", content_type="text/html")


async def press_shift(page: Page, times: int) -> None:
    """Press it at one moment of the page's clock, however long a busy machine takes."""
    await page.evaluate("Object.defineProperty(Event.prototype, 'timeStamp', { get: () => 0, configurable: true })")
    for _ in range(times):
        await page.keyboard.press("Shift")


async def is_covered(page: Page) -> bool:
    return bool(await page.evaluate("getComputedStyle(document.body).display === 'none'"))


async def test_the_page_is_covered_within_50_ms_while_the_other_site_hangs(visiting: Visiting) -> None:
    times = []
    for path, way in PAGES.items():
        async with visiting(has_touch=True) as visit:
            blank = await screen(visit.page)
            page = await visit.open(path)
            assert await screen(page) != blank
            await page.evaluate(REPORT_COVER, way)
            async with hanging(page):
                if way == "keyup":
                    await press_shift(page, 2)
                    assert not await is_covered(page)
                async with page.expect_console_message(lambda message: message.text.startswith("covered")) as said:
                    if way == "keyup":
                        await press_shift(page, 1)
                    else:
                        await page.get_by_role("link", name="Leave this page").tap(no_wait_after=True)
                _, display, took, title = (await said.value).text.split()
                assert (display, title) == ("none", "www.bbc.co.uk")
                times.append(float(took))
                assert await screen(page) == blank, path
            assert page.url == visit.home + path
            assert await is_covered(page), "it stays covered"
    # Until the next frame. Most of them may have had to wait for a busy machine.
    assert min(times) < 50


async def screen(page: Page) -> str:
    """What the screen shows. Playwright's own way waits for the other site."""
    session = await page.context.new_cdp_session(page)
    picture: str = (await session.send("Page.captureScreenshot"))["data"]
    return picture


async def test_back_leads_to_no_page_of_ours(visiting: Visiting) -> None:
    async with visiting(viewport={"width": 1280, "height": 720}) as visit:
        page = visit.page
        await page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
        await page.goto("about:blank")
        await visit.open()
        before = await page.evaluate("history.length")
        for name, path in (("Who is covered", "/coverage"), ("About this directory", "/about"), ("Find", "/")):
            await page.get_by_role("link", name=name, exact=True).press("Enter")
            await page.wait_for_url(f"{visit.home}{path}", wait_until="load")
        assert await page.evaluate("history.length") == before
        await page.get_by_role("link", name="Leave this page").click()
        await expect(page).to_have_url(WEATHER)
        await page.go_back()
        assert page.url == "about:blank"


async def test_back_after_the_steps_of_a_form_leads_to_none_of_them(visiting: Visiting) -> None:
    for name, address in (("Leave this page", WEATHER), ("Who is covered", "/coverage")):
        async with visiting() as visit:
            await visit.page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
            await visit.page.goto("about:blank")
            page = await signed_in(visit)
            before = await page.evaluate("history.length")
            await page.get_by_label("Paused").check()
            await expect(page.get_by_label("Note")).to_be_visible()
            assert await page.evaluate("history.length") == before + 1
            await page.get_by_role("link", name=name).click()
            if address != WEATHER:
                await page.get_by_role("button", name="Go on without publishing").click()
            await page.wait_for_url(urljoin(visit.home, address), wait_until="load")
            await page.go_back()
            assert page.url == "about:blank"


async def test_forward_leads_to_no_step_of_a_form_that_was_left(visiting: Visiting) -> None:
    for gone_back in (0, 1):
        async with visiting() as visit:
            await visit.page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
            await visit.page.goto("about:blank")
            page = await signed_in(visit)
            await page.get_by_label("Paused").check()
            await page.get_by_role("button", name="Publish", exact=True).click()
            await expect(page.locator("#done")).to_contain_text("Published: Paused.")
            before = await page.evaluate("history.length")
            for _ in range(gone_back):
                await page.go_back()
                await expect(page.get_by_label("Note")).to_be_visible()
            await page.get_by_role("link", name="Leave this page").click()
            await expect(page).to_have_url(WEATHER)
            assert await page.evaluate("history.length") == before
            for _ in range(2):
                await page.go_forward(wait_until="commit")
                await expect(page).to_have_url(WEATHER)
                await expect(page.locator("body")).to_have_text("Weather")
            for _ in range(2):
                await page.go_back()
                assert page.url == WEATHER
            await page.go_back()
            assert page.url == "about:blank"


async def test_a_link_asks_before_it_drops_what_was_typed_and_leaving_asks_nothing(
    service: Service, visiting: Visiting
) -> None:
    async with visiting(viewport={"width": 320, "height": 568}) as visit:
        await visit.page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
        page = await signed_in(visit)
        fault, go_on = page.locator("#fault"), page.get_by_role("button", name="Go on without publishing")
        note, find = page.get_by_label("Note"), page.get_by_role("link", name="Find", exact=True)
        await page.get_by_label("Paused").check()
        await note.fill("Full until Easter.")
        await find.click()
        await expect(fault).to_be_focused()
        await expect(fault).to_contain_text("You have not published what you entered.")
        await expect(note).to_have_value("Full until Easter.")
        assert await visit.overflow() <= 0
        await visit.assert_accessible()
        await go_on.click()
        await page.wait_for_url(f"{visit.home}/", wait_until="load")
        # Contact details are asked about too, and what is published is not.
        page = await signed_in(visit)
        await page.locator("#contact summary").click()
        await page.get_by_label("Website").fill("https://charity.example/")
        await find.click()
        await expect(go_on).to_be_visible()
        await page.get_by_label("Paused").check()
        await page.locator("#contact-form").get_by_role("button", name="Publish").click()
        await expect(page.locator("#done")).to_contain_text("ublished")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        await find.click()
        await page.wait_for_url(f"{visit.home}/", wait_until="load")
        # Nobody in danger is asked anything.
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        await note.fill("Full until Easter.")
        await page.get_by_role("link", name="Leave this page").click()
        await expect(page).to_have_url(WEATHER)
        assert [each for each in visit.complaints if not REFUSED.match(each)] == []


async def test_leaving_twice_goes_back_over_the_steps_once(visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
        await visit.page.goto("about:blank")
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        await expect(page.get_by_label("Note")).to_be_visible()
        went = await page.evaluate(
            """() => {
              const went = [];
              const go = history.go.bind(history);
              history.go = (steps) => went.push(steps) && go(steps);
              const exit = document.querySelector(".leave a");
              exit.click();
              exit.click();
              return went;
            }"""
        )
        assert went == [-1]
        await expect(page).to_have_url(WEATHER)
        await page.go_back()
        assert page.url == "about:blank"


async def test_a_link_opens_a_new_tab_where_the_reader_asks_for_one(visiting: Visiting) -> None:
    async with visiting(viewport={"width": 1280, "height": 720}) as visit:
        page = await visit.open()
        async with page.context.expect_page() as opened:
            await page.get_by_role("link", name="Who is covered").click(modifiers=["ControlOrMeta"])
        await expect(await opened.value).to_have_url(f"{visit.home}/coverage")
        assert page.url == f"{visit.home}/"


async def test_shift_counts_alone_and_three_times_within_five_seconds(visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await visit.open("/about")
        await page.context.route("https://www.bbc.co.uk/**", stop)
        for _ in range(3):
            await page.keyboard.press("Shift+A")
        await press_shift(page, 2)
        await page.keyboard.press("a")
        await press_shift(page, 2)
        for _ in range(3):
            await page.get_by_role("heading", level=1).click(modifiers=["Shift"])
        await page.evaluate(
            """() => [0, 3000, 6000].forEach(ms => {
              const event = new KeyboardEvent("keyup", { key: "Shift" });
              Object.defineProperty(event, "timeStamp", { value: performance.now() + 6000 + ms });
              dispatchEvent(event);
            })"""
        )
        assert not await is_covered(page)
        await page.keyboard.press("a")
        await press_shift(page, 3)
        assert await is_covered(page)


async def test_a_page_that_the_browser_brings_back_is_covered_and_left_again(visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await visit.open()
        await page.context.route("https://www.bbc.co.uk/**", stop)
        await page.get_by_role("link", name="Leave this page").click(no_wait_after=True)
        assert await is_covered(page)
        await page.context.unroute_all(behavior="wait")
        await page.context.route("https://www.bbc.co.uk/**", answer_with_weather)
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        await expect(page).to_have_url(WEATHER)


async def test_the_page_says_how_to_hide_a_visit_and_how_to_call_without_speaking(visiting: Visiting) -> None:
    for path in ("/", "/r/tara", "/nothing"):
        async with visiting(java_script_enabled=False) as visit:
            page = await visit.open(path)
            help_ = page.locator("footer details")
            await expect(help_).not_to_have_attribute("open", "")
            await help_.locator("summary").press("Enter")
            for words in ("history", "list of calls", "downloaded", "press 55", "18000", "999bsl.co.uk"):
                await expect(help_).to_contain_text(words)
            box = await help_.locator("summary").bounding_box()
            assert box is not None
            assert box["height"] >= 24
            assert await visit.overflow() <= 0


async def test_every_public_page_says_what_works_here_and_what_stays_behind(visiting: Visiting) -> None:
    for has_script in (True, False):
        async with visiting(java_script_enabled=has_script) as visit:
            for path in [*PAGES, "/evidence", "/about", "/wall-sheet"]:
                await visit.open(path)
                await visit.page.locator(".safety-help summary").click()
                help_ = visit.page.locator(".safety-help")
                await expect(help_.get_by_text("With a keyboard, pressing the Shift key")).to_be_visible(
                    visible=has_script
                )
                await expect(help_.get_by_text("“back” may show this page again")).to_be_visible(visible=not has_script)
                await expect(help_.get_by_text("history lists each page")).to_be_visible()


async def test_without_a_script_an_answer_says_that_back_may_show_it_again(visiting: Visiting) -> None:
    async with visiting(java_script_enabled=False) as visit:
        await visit.open()
        warning = visit.page.locator("#matches noscript p")
        await expect(warning).to_have_count(0)
        await visit.page.locator("select[name=area]").select_option("W92000004")
        await visit.page.locator(".ask details summary").first.click()
        await visit.page.get_by_role("button", name="Show who can help").click()
        await expect(warning).to_be_visible()
        await expect(warning).to_contain_text("“back” shows this answer again")
