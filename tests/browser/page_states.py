"""Every page of the service, and the states that it can be in.

A page that is listed here is opened by tests/browser/test_every_page.py, by `make audit` and by `make screenshots`.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from playwright.async_api import Page, expect
from tests.pages.directories import NOW, directory_of
from tests.pages.measured import lived
from tests.serving import OPEN, PAUSED, WAITING, Service

from capacity_api.domain.coverage import NOBODY
from capacity_api.pages.coverage import render_coverage
from capacity_api.pages.directory import render_directory
from capacity_api.pages.evidence import render_evidence
from capacity_api.pages.problem import problem_pages
from capacity_api.pages.rendering import PLAIN_SETTINGS
from capacity_api.representations.coverage import represent_coverage

Act = Callable[[Service, Page], Awaitable[None]]
# Taller than every page but the reference.
MAX_HEIGHT = 20_000
# After the page itself has scrolled.
TO_THE_TOP = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  scrollTo({ top: 0, behavior: "instant" });
  done();
})))"""
# With the script, and without.
BOTH = (True, False)


async def _only_look(service: Service, page: Page) -> None:
    pass


async def _answer_the_question(service: Service, page: Page) -> None:
    await _unfold(page)
    await page.locator("form.ask select[name=area]").select_option("E12000007")
    button = page.locator("form.ask button[type=submit]")
    if await button.is_visible():
        await button.click()
    await expect(page.locator("#matches .entry").first).to_be_visible()


async def _open_every_place(service: Service, page: Page) -> None:
    await _unfold(page)
    await expect(page.locator("#places table").first).to_be_visible()


async def _sign_in_as_responder(service: Service, page: Page) -> None:
    await _use_token(page, (await service.token(responder="bawso"))["authorization"].removeprefix("Bearer "))
    await expect(page.locator("#desk")).to_be_visible()


async def _choose_paused(service: Service, page: Page) -> None:
    await _sign_in_as_responder(service, page)
    await page.locator("#report label.paused").click()
    await _unfold(page)


async def _sign_in_as_coordinator(service: Service, page: Page) -> None:
    await _use_token(page, (await service.token())["authorization"].removeprefix("Bearer "))
    await expect(page.locator("#desk")).to_be_visible()
    await expect(page.locator("body:not([aria-busy])")).to_be_visible()


async def _report_for_a_responder(service: Service, page: Page) -> None:
    await _sign_in_as_coordinator(service, page)
    await page.get_by_role("button", name="Waiting list BAWSO").click()
    await expect(page.locator("#told")).to_be_visible()


async def _use_a_wrong_token(service: Service, page: Page) -> None:
    await _use_token(page, "cap_wrong")
    await expect(page.locator("[role=alert]:visible").first).to_be_visible()


async def _use_token(page: Page, token: str) -> None:
    field = page.locator("#sign input[name=token]")
    await expect(page.locator("#signing")).to_be_visible()
    await _unfold(page)
    await field.fill(token)
    await field.press("Enter")


async def _unfold(page: Page) -> None:
    await page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")


class PageState(NamedTuple):
    """A page at `path`, below the home of a language unless it is in English only, after `act`.

    `has_script` are the ways to open it. A page that no address shows is `body`. Of one that `is_huge`, a check takes
    a minute. `picture` is its name in docs/screenshots.
    """

    name: str
    path: str
    act: Act = _only_look
    has_script: tuple[bool, ...] = BOTH
    is_english_only: bool = False
    is_huge: bool = False
    body: Callable[[], bytes] | None = None
    picture: str | None = None


WITH_SCRIPT = (True,)
STATES = (
    PageState("directory", "/", picture="directory"),
    PageState("question", "/", _answer_the_question, picture="question"),
    PageState("open", "/r/bawso", picture="responder"),
    PageState("paused", "/r/kalayaan"),
    PageState("unconfirmed", "/r/unseen"),
    PageState("coverage", "/coverage", picture="coverage"),
    PageState("places", "/coverage", _open_every_place),
    PageState("evidence", "/evidence"),
    PageState(
        "lived", "/lived", is_english_only=True, body=lambda: render_evidence(lived(), {}, NOW), picture="evidence"
    ),
    PageState("about", "/about", picture="about"),
    PageState("wall-sheet", "/wall-sheet", picture="wall-sheet"),
    PageState("update", "/update"),
    PageState("update-refused", "/update", _use_a_wrong_token, WITH_SCRIPT),
    PageState("update-signed-in", "/update", _sign_in_as_responder, WITH_SCRIPT),
    PageState("update-paused", "/update", _choose_paused, WITH_SCRIPT, picture="update"),
    PageState("manage", "/manage"),
    PageState("manage-signed-in", "/manage", _sign_in_as_coordinator, WITH_SCRIPT),
    PageState("manage-told", "/manage", _report_for_a_responder, WITH_SCRIPT, is_english_only=True, picture="manage"),
    PageState("docs", "/docs", is_english_only=True, is_huge=True),
    PageState("not-found", "/nowhere"),
    PageState("empty", "/empty", is_english_only=True, body=lambda: render_directory(directory_of(), NOW)),
    PageState(
        "nobody-covered",
        "/nobody-covered",
        is_english_only=True,
        body=lambda: render_coverage(represent_coverage(NOBODY, (), 1, NOW), NOW),
    ),
    PageState("missing", "/missing", is_english_only=True, body=lambda: problem_pages(PLAIN_SETTINGS)("/", 404).body),
    PageState("failed", "/failed", is_english_only=True, body=lambda: problem_pages(PLAIN_SETTINGS)("/", 500).body),
)


async def report_states(service: Service) -> None:
    """What the states of one responder are named after, and a plan."""
    await service.report("bawso", {**OPEN, "note": "Please ring before 10:00.", "limited_to": {"genders": ["woman"]}})
    await service.report("kalayaan", PAUSED)
    await service.report("migrant-help", WAITING)


async def show(page: Page, service: Service, state: PageState, home: str = "/") -> None:
    """Open a page in its state."""
    if state.body:
        body = state.body()
        await page.route(f"**{state.path}", lambda route: route.fulfill(body=body, content_type="text/html"))
    await page.goto(str(service.client.base_url).rstrip("/") + home + state.path.removeprefix("/"))
    await state.act(service, page)


async def spread_out(page: Page) -> None:
    """Make the window as high as the page. What stays at an edge of the window then covers no button."""
    assert page.viewport_size
    height = min(MAX_HEIGHT, int(await page.evaluate("document.documentElement.scrollHeight")))
    await page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    await page.evaluate(TO_THE_TOP)


async def overflow(page: Page) -> int:
    """By how many pixels a page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
