"""A real Chromium with the real service, and a record of what it requests, prints and stores."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from tests.databases import copy_sqlite
from tests.serving import PATIENCE_SECONDS, Service, serving
from tests.wording.languages import invented_language

from capacity_api.clock import utc_now
from capacity_api.config import Settings

__all__ = ["invented_language"]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# The same engine without the window of a browser around each page, which would take two thirds of the time.
HEADLESS = shutil.which("chromium-headless-shell") or CHROMIUM
LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
KEPT = """async () => [
  localStorage.length, sessionStorage.length, document.cookie.length, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
]"""


class Visit:
    """A page in a context of its own; `requests` and `complaints` grow while it is open."""

    def __init__(self, service: Service, page: Page) -> None:
        self.service = service
        self.page = page
        self.home = str(service.client.base_url).rstrip("/")
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, path: str = "/") -> Page:
        await self.page.goto(self.home + path, wait_until="load")
        return self.page

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(
            await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )

    async def assert_accessible(self, *, but: tuple[str, ...] = ()) -> None:
        """WCAG 2.2 AA and the best practices of axe-core, apart from the rules of `but`."""
        # The link that leaves the page stays at its top edge, and may cover half of a button there.
        await self.page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        rules = {**RULES, "rules": {rule: {"enabled": False} for rule in but}}
        results = (await Axe().run(self.page, options=rules)).response
        assert [
            (found["id"], [(node["target"], node["failureSummary"]) for node in found["nodes"]])
            for found in results["violations"]
        ] == []

    async def assert_left_no_trace(self) -> None:
        """Nothing asked of another origin, nothing in an address, nothing kept."""
        asked = [urlsplit(address) for address in self.requests if not address.startswith("data:")]
        assert {f"{each.scheme}://{each.netloc}" for each in asked} == {self.home}
        assert [each.query for each in asked if each.query] == []
        assert urlsplit(self.page.url).query == ""
        assert await self.page.context.cookies() == []
        assert await self.page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]


expect.set_options(timeout=PATIENCE_SECONDS * 1000)
Visiting = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    # A browser sees no difference between databases.
    return copy_sqlite(sqlite_template, tmp_path / "capacity.db")


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    """By the real clock, because a browser has one of its own."""
    settings = msgspec.structs.replace(settings, contact="corrections@example.org")
    async with serving(settings, utc_now) as running:
        yield running


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    if HEADLESS is None:
        pytest.skip("chromium is not installed: the pages were not opened in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=HEADLESS, args=LAUNCH, timeout=PATIENCE_SECONDS * 1000
        )
        yield browser
        await browser.close()


@pytest.fixture
def visiting(browser: Browser, service: Service) -> Visiting:
    """`async with visiting(…) as visit`: options are those of a browser context."""

    @asynccontextmanager
    async def visiting(**options: Any) -> AsyncIterator[Visit]:
        # A page that scrolls smoothly moves on under what is measured or clicked next.
        usual = {"viewport": {"width": 320, "height": 720}, "reduced_motion": "reduce"}
        context: BrowserContext = await browser.new_context(**{**usual, **options})
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        try:
            yield Visit(service, await context.new_page())
        finally:
            await context.close()

    return visiting
