"""The directory page in a real Chromium: what it asks for, what it keeps, and whether it fits a small phone."""

import asyncio
import json
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from capacity_api import representations
from capacity_api.domain import intake as intakes
from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Circumstance, ExpectedResponse, Intake, Reason, Report, ReportedState, Unit
from capacity_api.domain.remit import Remit
from capacity_api.publication import pages
from capacity_api.representations import Directory, Responder

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("chromium is not installed: the page was not opened in a browser", allow_module_level=True)

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
SALVATION_ARMY = Report(
    state=ReportedState.OPEN, expected_response=ExpectedResponse(min=5, max=10, unit=Unit.WORKING_DAYS)
)
MIGRANT_HELP = Report(
    state=ReportedState.WAITING_LIST, expected_response=ExpectedResponse(min=2, max=4, unit=Unit.WEEKS)
)
PAUSED = Report(
    state=ReportedState.PAUSED,
    reason=Reason.REFERRAL_THRESHOLD,
    exceptions=(Circumstance.SELF_REFERRAL, Circumstance.HOMELESSNESS),
    reopens_on=date(2026, 12, 1),
    note="W" * 250 + "\n" + "\ufdfd" * 249,
)


def directory_page(said: dict[str, Report], name: str | None = None) -> bytes:
    """The thirteen with what each has `said` an hour ago; `name` stands in for everybody's."""
    rows = json.loads(resources.files("capacity_api").joinpath("register.json").read_bytes())
    responders = [
        Responder(
            id=UUID(int=number),
            slug=row["slug"],
            name=name or row["name"],
            website=None,
            contact=msgspec.convert(row["contact"], Contact),
            remit=representations.from_remit(msgspec.convert(row["remit"], Remit)),
            intake=representations.from_intake(_intake(said.get(row["slug"]))),
            sequence=number,
            updated_at=NOW,
        )
        for number, row in enumerate(rows, start=1)
    ]
    directory = Directory(sequence=15, updated_at=NOW, demonstration=True, total=len(responders), responders=responders)
    return pages.directory_page(directory, NOW, "corrections@example.org", address="http://127.0.0.1/")


def _intake(report: Report | None) -> Intake:
    if report is None:
        return intakes.NEVER_REPORTED
    said_at = NOW - timedelta(hours=1)
    return Intake(report=report, changed_at=said_at, confirmed_at=said_at, confirm_by=NOW + timedelta(days=7))


DEMONSTRATION = directory_page({"salvation-army": SALVATION_ARMY, "migrant-help": MIGRANT_HELP})
HOSTILE = directory_page(
    {"salvation-army": SALVATION_ARMY, "kalayaan": PAUSED}, name="<script>document.title='x'</script>\u202e" + "W" * 400
)


class PageServer:
    """Serves one page on loopback with the headers that it is meant to have, and remembers what was asked for."""

    def __init__(self) -> None:
        self.page = DEMONSTRATION
        self.asked: list[str] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked.append(self.path)
                body = served.page if self.path == "/" else b""
                self.send_response(200 if body else 404)
                for name, value in pages.headers(served.page):
                    self.send_header(name, value)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("cache-control", "no-store")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[PageServer]:
    server = PageServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCH)
        yield browser
        await browser.close()


async def opened(context: BrowserContext, server: PageServer) -> tuple[Page, list[str], list[str]]:
    """The page, every address that the browser asked for, and every complaint in its console."""
    requests: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(server.address, wait_until="load")
    return page, requests, complaints


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


async def test_one_request_and_nothing_kept(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context()
    page, requests, complaints = await opened(context, server)
    await page.wait_for_load_state("networkidle")
    assert [address for address in requests if not address.startswith("data:")] == [server.address]
    assert server.asked == ["/"]
    assert complaints == []
    assert await context.cookies() == []
    assert await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie.length]") == [0, 0, 0]
    assert await page.evaluate("indexedDB.databases().then(found => found.length)") == 0
    await context.close()


@pytest.mark.parametrize("width", [320, 1280])
async def test_the_page_fits_its_window(browser: Browser, server: PageServer, width: int, tmp_path: Path) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 720})
    page, _, _ = await opened(context, server)
    assert await overflow(page) <= 0
    shot = tmp_path / f"directory-{width}.png"
    await page.screenshot(path=shot, full_page=True)
    assert shot.stat().st_size > 10_000
    await context.close()


async def test_hostile_text_breaks_neither_the_layout_nor_the_title(browser: Browser, server: PageServer) -> None:
    server.page = HOSTILE
    context = await browser.new_context(viewport={"width": 320, "height": 720})
    page, _, complaints = await opened(context, server)
    assert await overflow(page) <= 0
    assert await page.title() == "Directory"
    assert complaints == []
    await context.close()


async def test_the_page_is_complete_without_javascript(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page, _, _ = await opened(context, server)
    assert await page.locator(".entry").count() == 13
    assert await page.get_by_role("heading", name="The Salvation Army").is_visible()
    assert await page.get_by_text("5 to 10 working days").is_visible()
    await context.close()


async def test_the_first_key_press_reaches_the_way_out(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context()
    page, _, _ = await opened(context, server)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Leave this page"
    await context.close()


async def test_the_way_out_stays_in_sight(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 720})
    page, _, _ = await opened(context, server)
    await page.evaluate("window.scrollTo({top: 3000, behavior: 'instant'})")
    box = await page.get_by_role("link", name="Leave this page").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 60
    await context.close()


async def test_the_safety_lines_are_in_the_first_view_of_a_small_phone(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 568})
    page, _, _ = await opened(context, server)
    for number in ("999", "08000 121 700"):
        box = await page.get_by_role("link", name=number, exact=True).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 300
    await context.close()


async def test_the_printed_sheet_shows_what_is_folded_and_where_it_came_from(
    browser: Browser, server: PageServer
) -> None:
    context = await browser.new_context()
    page, _, _ = await opened(context, server)
    assert not await page.get_by_text("Source: Briefing on").first.is_visible()
    await page.emulate_media(media="print")
    assert not await page.get_by_role("link", name="Leave this page").is_visible()
    assert await page.get_by_text("page of 21 November 2026, 09:15 (UK time)").is_visible()
    height = "document.querySelector('details').getBoundingClientRect().height"
    assert await page.evaluate(height) > 40
    assert (await page.pdf()).startswith(b"%PDF")
    await context.close()


async def test_every_state_is_a_word_in_forced_colours(browser: Browser, server: PageServer) -> None:
    context = await browser.new_context(forced_colors="active", color_scheme="dark", reduced_motion="reduce")
    page, _, complaints = await opened(context, server)
    words = await asyncio.gather(*(label.inner_text() for label in await page.locator(".entry .state").all()))
    assert sorted(words) == ["Not confirmed"] * 11 + ["Open", "Waiting list"]
    assert complaints == []
    await context.close()


async def test_turned_right_to_left_it_still_fits(browser: Browser, server: PageServer) -> None:
    server.page = DEMONSTRATION.replace(b'dir="ltr"', b'dir="rtl"', 1)
    context = await browser.new_context(viewport={"width": 320, "height": 720})
    page, _, _ = await opened(context, server)
    assert await overflow(page) <= 0
    edges = "(({borderRightWidth, borderLeftWidth}) => [borderRightWidth, borderLeftWidth])"
    assert await page.evaluate(f"{edges}(getComputedStyle(document.querySelector('.entry')))") == ["6px", "1px"]
    await context.close()
