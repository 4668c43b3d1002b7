"""The directory in a real Chromium: complete without a script, true while it is open, silent about who asked."""

import asyncio
import itertools
import re
from datetime import timedelta
from email.utils import format_datetime

import msgspec
import pytest
from playwright.async_api import Locator, Route, expect
from tests.browser.conftest import Visiting
from tests.browser.opening_directory import ENTRY, names, report_every_state, with_the_script
from tests.serving import OPEN, PAUSED, Service

from capacity_api.clock import utc_now
from capacity_api.pages import scripts
from capacity_api.pages.directory import render_directory
from capacity_api.pages.headers import page_headers
from capacity_api.representations.directory import Directory
from capacity_api.wording import sentences
from capacity_api.wording.language import Language

NARROW = {"width": 320, "height": 720}
WIDE = {"width": 1280, "height": 900}
HOSTILE = "<script>document.title='x'</script>\u202e\"'&" + "W" * 120
STRIP_FILL = """() => {
  const [svg, path] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("class", "strip");
  path.setAttribute("class", "o");
  svg.append(path);
  document.querySelector(".entry").append(svg);
  return getComputedStyle(path).fill;
}"""


@pytest.mark.parametrize("scripted", [True, False])
async def test_the_page_is_complete_accessible_and_fits_with_and_without_the_script(
    service: Service, visiting: Visiting, scripted: bool
) -> None:
    await report_every_state(service)
    for scheme, viewport in (("light", None), ("dark", WIDE)):
        window = {"viewport": viewport} if viewport else {}
        # The test's own script is what the policy would refuse, and needs a page in which scripts can run at all.
        async with visiting(bypass_csp=True, color_scheme=scheme, **window) as visit:
            if not scripted:
                await visit.page.route("**/*.js", lambda route: route.abort())
            page = await visit.open()
            if scripted:
                await with_the_script(page)
            assert await page.locator(ENTRY).count() == 13
            await page.locator("#r-salvation-army summary").click()
            await expect(page.get_by_text("5 to 10 working days")).to_be_visible()
            await expect(page.get_by_text("1 open · 1 waiting list · 1 paused · 10 not confirmed")).to_be_visible()
            await expect(page.locator("form.ask")).to_be_visible()
            assert await visit.overflow() <= 0
            await visit.assert_accessible()


@pytest.mark.parametrize("viewport", [NARROW, WIDE])
async def test_a_limit_and_what_was_told_to_a_coordinator_are_shown_and_leave_with_their_report(
    service: Service, visiting: Visiting, viewport: dict[str, int]
) -> None:
    limit = {"areas": ["E12000003", "E12000007"], "genders": ["woman"], "exploitation_types": ["sexual", "labour"]}
    await service.report("salvation-army", {**OPEN, "limited_to": limit})
    told = {"state": "waiting_list", "no_timeframe": True, "limited_to": {"age_groups": ["young_person"]}}
    answer = await service.client.put("/v1/responders/migrant-help/intake", json=told, headers=await service.token())
    assert answer.status_code == 200
    await service.report("kalayaan", {"state": "paused", "exceptions": ["existing_client"], "note": HOSTILE})
    async with visiting(bypass_csp=True, viewport=viewport) as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        army, migrant_help, kalayaan = (
            page.locator(f"#r-{slug}") for slug in ("salvation-army", "migrant-help", "kalayaan")
        )
        limited = "Adult women · labour exploitation (financial included) and sexual exploitation"
        await expect(army).to_contain_text(f"For now only: {limited} · Yorkshire and The Humber, and London.")
        await expect(migrant_help).to_contain_text("For now only: Young people from 18 to 25.")
        await expect(migrant_help).to_contain_text("We were told this on")
        await expect(migrant_help).to_contain_text("Cannot say how long a reply takes")
        await expect(migrant_help).not_to_contain_text("onfirmed")
        await expect(kalayaan).to_contain_text("Still takes its existing clients.")
        assert await visit.overflow() <= 0
        await visit.assert_accessible()

        await page.context.set_offline(True)
        await page.clock.fast_forward(timedelta(days=8) // timedelta(milliseconds=1))
        await page.clock.run_for(2_000)
        for entry in (army, migrant_help, kalayaan):
            await expect(entry).to_contain_text("We do not know about today.")
            for words in ("For now only", "We were told", "how long a reply", "Still takes"):
                await expect(entry).not_to_contain_text(words)


async def test_the_page_is_complete_without_javascript(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(java_script_enabled=False) as visit:
        page = await visit.open()
        assert await page.locator(ENTRY).count() == 13
        await expect(page.get_by_text("1 open · 1 waiting list · 1 paused · 10 not confirmed")).to_be_visible()
        await expect(page.get_by_label("Where in the UK?")).to_be_visible()
        assert visit.requests == [f"{visit.home}/", *[each for each in visit.requests if each.startswith("data:")]]


async def test_one_response_is_the_whole_page_and_each_script_is_one_more(visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        home = visit.home
        asked = [each for each in visit.requests if not each.startswith("data:")]
        modules = [f"{home}/scripts/{name}" for name in scripts.MODULES["directory"]]
        assert (asked[0], asked[-1]) == (f"{home}/", f"{home}/v1/directory")
        assert sorted(asked[1:-1]) == sorted(modules), "each once, although no browser may keep them"
        assert visit.complaints == []
        await visit.assert_left_no_trace()


async def test_the_start_makes_no_format_of_dates_which_would_take_longer_than_all_the_rest(visiting: Visiting) -> None:
    async with visiting() as visit:
        counted = "class extends Intl.DateTimeFormat { constructor(...of) { super(...of); formats++; } }"
        await visit.page.add_init_script(f"formats = 0; Intl.DateTimeFormat = {counted}")
        page = await visit.open()
        await with_the_script(page)
        assert await page.evaluate("formats") == 0


async def test_a_change_arrives_by_itself_and_is_announced(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        await page.locator("#r-tara summary").click()
        await page.locator("#r-tara summary").focus()
        await service.report("salvation-army", PAUSED)
        await service.report("unseen", OPEN)
        await page.clock.run_for(31_000)
        await expect(page.locator("#news")).to_have_text("Changed just now: Unseen: open, The Salvation Army: paused.")
        assert await names(page, "#open") == ["Unseen"]
        assert await names(page, "#paused") == ["Kalayaan", "The Salvation Army"]
        # What did not change stays as the reader left it.
        assert await page.evaluate("document.activeElement.closest('.entry').id") == "r-tara"
        assert await page.locator("#r-tara details").get_attribute("open") is not None
        assert visit.complaints == []
        await visit.assert_left_no_trace()


@pytest.mark.parametrize("selector", ["[data-summary=open] a", "#paused > p a"])
async def test_a_change_takes_the_focus_from_no_link_that_stays(
    service: Service, visiting: Visiting, selector: str
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        await page.locator(selector).focus()
        await service.report("unseen", OPEN)
        await page.clock.run_for(31_000)
        await expect(page.locator("[data-summary=open]")).to_have_text("2 open")
        await expect(page.locator(selector)).to_be_focused()


async def test_a_list_from_a_process_that_is_behind_is_asked_for_again(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        behind = (await service.client.get("/")).text

        async def late(route: Route) -> None:
            await route.fulfill(body=behind, content_type="text/html; charset=utf-8")

        await page.route(f"{visit.home}/", late)
        await service.report("salvation-army", {**OPEN, "note": "Ring after 10:00."})
        await page.clock.run_for(31_000)
        entry = page.locator("#r-salvation-army")
        await expect(entry).to_contain_text("Please ring before 10:00.")
        await page.unroute(f"{visit.home}/")
        await page.clock.run_for(31_000)
        await expect(entry).to_contain_text("Ring after 10:00.")


async def test_the_page_says_for_which_moment_it_was_read_last(visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        at = utc_now() + timedelta(minutes=5)

        async def later(route: Route) -> None:
            answer = await route.fetch()
            # As if a cache had kept it for three minutes.
            date = format_datetime(at - timedelta(minutes=3), usegmt=True)
            await route.fulfill(response=answer, headers={**answer.headers, "date": date, "age": "180"})

        await page.route(f"{visit.home}/v1/directory", later)
        await page.clock.run_for(31_000)
        for time in ("#now time", ".print time"):
            await expect(page.locator(time)).to_have_text(sentences.moment(at + timedelta(seconds=1)))


async def test_a_report_lapses_on_the_open_page_by_itself_also_offline(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        last = await page.locator("#r-salvation-army").get_attribute("data-lapsed") or ""
        await page.context.set_offline(True)
        await page.clock.fast_forward(timedelta(days=8) // timedelta(milliseconds=1))
        await page.clock.run_for(2_000)
        entry = page.locator("#unconfirmed #r-salvation-army")
        await expect(entry).to_contain_text(last)
        assert last.startswith("Last confirmed “open” on ")
        await expect(entry.locator(".state")).to_have_text("Not confirmed")
        for words in ("working days", "Please ring", "Confirmed by"):
            await expect(entry).not_to_contain_text(words)
        await expect(page.locator("#r-tara .state")).to_have_text("Has not joined")
        await expect(page.get_by_text("0 open · 0 waiting list · 1 paused · 12 not confirmed")).to_be_visible()
        await expect(page.locator("#open")).to_contain_text("No charity has confirmed that it is open now.")
        # A question is now answered from the states that the page shows, and not from those that it loaded.
        await page.get_by_label("Where in the UK?").select_option("S92000003")
        await page.get_by_label("Adult (18 or over)").check()
        await expect(page.locator("output")).to_have_text("4 to ask · 9 cannot help")
        await page.get_by_role("button", name="Start again").click()
        # Back in reach, and with what the server says: by its clock the report still holds, but this page has said no.
        await page.context.set_offline(False)
        await page.clock.run_for(31_000)
        await expect(entry.locator(".state")).to_have_text("Not confirmed")


@pytest.mark.parametrize("clock", ["Date", "performance"])
async def test_a_device_that_slept_shows_nothing_as_open_that_lapsed_meanwhile(
    service: Service, visiting: Visiting, clock: str
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.context.set_offline(True)
        # Asleep, a device stops one of its two clocks: which one depends on the system.
        week = timedelta(days=8) // timedelta(milliseconds=1)
        await page.evaluate(f"then = {clock}.now.bind({clock}); {clock}.now = () => then() + {week}")
        await expect(page.locator("#unconfirmed #r-salvation-army .state")).to_have_text("Not confirmed")


async def test_a_list_that_cannot_be_refreshed_says_how_old_it_is(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        await page.context.set_offline(True)
        await page.clock.run_for(5 * 60_000)
        age = page.locator("#age")
        await expect(age).to_have_text(re.compile(r"You may be offline. Last checked \d+ \w+ \d{4}, \d\d:\d\d\."))
        await expect(page.locator("#news")).to_contain_text("You may be offline.")
        assert await page.locator(ENTRY).count() == 13
        await page.context.set_offline(False)
        await page.clock.run_for(31_000)
        await expect(age).to_be_hidden()


@pytest.mark.parametrize("path", ["/v1/directory", "/"])
async def test_a_server_that_takes_the_question_and_never_answers_is_asked_again(
    service: Service, visiting: Visiting, path: str
) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        await page.route(visit.home + path, lambda _: None)
        await service.report("salvation-army", OPEN)
        async with page.expect_request(visit.home + path):
            await page.clock.run_for(31_000)
        await expect(page.locator("#age")).to_be_hidden()
        await page.clock.run_for(20_000)
        await expect(page.locator("#age")).to_contain_text("You may be offline.")
        await page.unroute(visit.home + path)
        await page.clock.run_for(10_000)
        await expect(page.locator("#age")).to_be_hidden()
        assert await names(page, "#open") == ["The Salvation Army"]


async def test_the_exit_link_is_first_stays_visible_and_replaces_the_page(visiting: Visiting) -> None:
    async with visiting() as visit:
        left: list[str] = []

        async def weather(route: object) -> None:
            left.append(route.request.url)  # type: ignore[attr-defined]  # a Route
            await route.fulfill(body="Weather")  # type: ignore[attr-defined]  # a Route

        await visit.page.context.route("https://www.bbc.co.uk/**", weather)
        await visit.open("/coverage")
        page = await visit.open()
        await with_the_script(page)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Leave this page"
        await page.evaluate("window.scrollTo({top: 3000, behavior: 'instant'})")
        box = await page.get_by_role("link", name="Leave this page").bounding_box()
        assert box is not None
        assert 0 <= box["y"] < 60
        before = await page.evaluate("history.length")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert left == ["https://www.bbc.co.uk/weather"]
        assert await page.evaluate("history.length") == before
        await page.go_back()
        assert page.url.endswith("/coverage")


async def test_a_jump_within_the_page_adds_no_history_entry(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        await visit.open("/coverage")
        page = await visit.open()
        await with_the_script(page)
        before = await page.evaluate("history.length")
        await page.get_by_role("link", name="1 paused").click()
        await expect(page.locator("#paused h2")).to_be_in_viewport()
        await expect(page.locator("#paused")).to_be_focused()
        await page.get_by_role("link", name="Who else can help?").click()
        await page.locator("#r-kalayaan .others").get_by_role("link", name="Migrant Help").press("Enter")
        await expect(page.locator("#r-migrant-help")).to_be_focused()
        await expect(page.locator("#r-migrant-help")).to_be_in_viewport()
        await page.get_by_role("link", name="see who is open").click()
        assert page.url == f"{visit.home}/"
        assert await page.evaluate("history.length") == before
        await page.go_back()
        assert page.url.endswith("/coverage")


async def test_a_state_can_be_gone_to_while_the_list_is_sorted_for_somebody(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        place = page.get_by_label("Where in the UK?")
        await place.select_option(label="London")
        await page.get_by_role("link", name="1 paused").click()
        await expect(page.locator("#paused h2")).to_be_in_viewport()
        assert await page.locator("#matches .entry").count() == 0
        # The question stays as it is.
        assert await place.input_value() == "E12000007"


async def test_the_first_screen_of_a_phone_holds_the_calls_the_question_and_the_first_number(
    service: Service, visiting: Visiting
) -> None:
    # On the first day nobody has confirmed anything.
    async with visiting(viewport={"width": 360, "height": 640}) as visit:
        page = await visit.open()
        helpline = page.locator("#list").get_by_role("link", name="Call the helpline: 08000 121 700")
        assert 0 < await bottom(helpline) <= 640
        await with_the_script(page)
        await report_every_state(service)
        # A plan stands below the number.
        start = (utc_now() + timedelta(days=30)).isoformat()
        await service.report("salvation-army", {"state": "paused", "effective_from": start})
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(helpline).to_be_hidden()
    sizes = ((360, 640), (320, 568))
    for (width, tall), scripted in itertools.product(sizes, (True, False)):
        async with visiting(viewport={"width": width, "height": tall}, java_script_enabled=scripted) as visit:
            page = await visit.open()
            if scripted:
                await with_the_script(page)
            call = page.locator("#list").get_by_role("link", name="Call 0800 808 3733")
            assert await bottom(page.locator(".safety")) <= 240
            assert await bottom(page.locator("form.ask")) < await bottom(call) <= tall
            heights = [await height(each) for each in await page.locator("a[href^='tel:']:visible").all()]
            assert min(heights) >= 44
            assert await page.locator("details.more[open]").count() == 0
            await page.locator("#r-salvation-army summary").click()
            await expect(page.locator("#r-salvation-army")).to_contain_text("5 to 10 working days")
            await expect(page.locator("#r-salvation-army .note")).to_be_visible()


async def bottom(part: Locator) -> float:
    box = await part.bounding_box()
    return 0 if box is None else box["y"] + box["height"]


async def height(part: Locator) -> float:
    box = await part.bounding_box()
    return 0 if box is None else box["height"]


async def test_the_safety_lines_are_in_the_first_view_of_a_small_phone(visiting: Visiting) -> None:
    for path in ("/", "/coverage", "/update", "/manage"):
        async with visiting(viewport={"width": 320, "height": 568}) as visit:
            page = await visit.open(path)
            for number in ("999", "08000 121 700"):
                box = await page.get_by_role("link", name=number, exact=True).bounding_box()
                assert box is not None
                assert box["y"] + box["height"] <= 240


async def test_the_printed_sheet_is_whole_and_says_when_and_where_from(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(viewport=WIDE) as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.locator("#r-tara summary").click()
        await page.emulate_media(media="print")
        await expect(page.get_by_role("link", name="Leave this page")).to_be_hidden()
        await expect(page.locator("form.ask")).to_be_hidden()
        await expect(page.locator(".else")).to_be_hidden()
        await expect(page.locator(".print")).to_have_text(
            re.compile(rf"{visit.home}/ Page of \d+ \w+ \d{{4}}, \d\d:\d\d")
        )
        # What a caller needs, and of the rest only what was opened.
        await expect(page.get_by_text("Call 0800 808 3733")).to_be_visible()
        await expect(page.locator("#r-tara").get_by_text("Who it helps, as published")).to_be_visible()
        await expect(page.locator(".more:visible")).to_have_count(1)
        assert (await page.pdf()).startswith(b"%PDF")


async def test_every_state_is_a_word_in_forced_colours(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(forced_colors="active", color_scheme="dark", reduced_motion="reduce") as visit:
        page = await visit.open()
        words = await asyncio.gather(*(each.inner_text() for each in await page.locator(".entry .state").all()))
        assert sorted(words) == ["Has not joined"] * 10 + ["Open", "Paused", "Waiting list"]
        scrolls = "getComputedStyle(document.documentElement).scrollBehavior"
        assert await page.evaluate(scrolls) == "auto"
        await page.emulate_media(reduced_motion="no-preference")
        assert await page.evaluate(scrolls) == "smooth"
        assert await page.evaluate(STRIP_FILL) == await page.evaluate("getComputedStyle(document.body).color")


async def test_hostile_text_stays_text_in_every_view(service: Service, visiting: Visiting) -> None:
    headers = await service.token()
    answer = await service.client.patch("/v1/responders/salvation-army", json={"name": HOSTILE}, headers=headers)
    assert answer.status_code == 200
    await service.report("salvation-army", {**PAUSED, "note": HOSTILE + "\ufdfd" * 300})
    async with visiting(bypass_csp=False) as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.locator("#r-migrant-help").evaluate("entry => entry.scrollIntoView()")
        assert await visit.overflow() <= 0
        assert await page.title() == "Directory"
        assert visit.complaints == []


async def test_an_invented_language_from_right_to_left_works_and_fits(
    service: Service, visiting: Visiting, invented_language: Language
) -> None:
    await report_every_state(service)
    answer = await service.client.get("/v1/directory")
    directory = msgspec.json.decode(answer.content, type=Directory)
    body = render_directory(directory, utc_now(), language=invented_language)
    headers = {"content-type": "text/html; charset=utf-8", **dict(page_headers(body))}
    async with visiting(bypass_csp=True) as visit:
        page = visit.page
        await page.route("**/ar-XB/", lambda route: route.fulfill(body=body, headers=headers))
        await page.route(
            "**/ar-XB/scripts/*.js",
            lambda route: route.fulfill(
                body=scripts.script(route.request.url.rpartition("/")[2], invented_language),
                content_type="text/javascript; charset=utf-8",
            ),
        )
        await visit.open("/ar-XB/")
        await with_the_script(page)
        await page.locator("[name=area]").select_option("E12000007")
        await page.locator("[name=age_group][value=child]").check()
        await expect(page.locator("#matches h2:visible").first).to_contain_text("⟦")
        # The scripts wrote the counts anew.
        await expect(page.locator("[data-summary=open]")).to_contain_text(re.compile(r"^⟦\u200fform \d: \d+ open⟧$"))
        assert await page.evaluate("document.documentElement.dir") == "rtl"
        edges = "(({borderRightWidth, borderLeftWidth}) => [borderRightWidth, borderLeftWidth])"
        assert await page.evaluate(f"{edges}(getComputedStyle(document.querySelector('.entry')))") == ["6px", "1px"]
        assert await visit.overflow() <= 0
        await visit.assert_accessible()
        assert visit.complaints == []


async def test_text_of_twice_the_size_still_fits(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    # 1280 pixels at 400% are 320, as everywhere here; the text alone at 200% besides.
    async with visiting(viewport={"width": 640, "height": 720}) as visit:
        page = await visit.open()
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await visit.overflow() <= 0
