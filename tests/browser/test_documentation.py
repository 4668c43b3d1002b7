"""The documentation as a site: it builds without a warning, no link is dead, and it is for everybody to read."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, expect
from tests.browser.conftest import RULES
from tests.browser.page_states import overflow
from tests.serving import PATIENCE_SECONDS, patience
from tools.documentation import ROOT, write_sources

# A page of prose alone, one with a long table, and one with code.
A_FEW = ("for-charities", "settings", "guide/poll")
# What each of the four readers begins with, and what has to be found from the start.
FIRST_STEPS = {
    "for-charities",
    "for-coordinators",
    "guide/start",
    "examples/partner/index",
    "operate/start",
    "profile/index",
    "CONTRIBUTING",
    "architecture",
    "decisions",
    "glossary",
    "SECURITY",
    "CHANGELOG",
}
Scheme = Literal["light", "dark"]


class PageLinks(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.navigation: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
            if "md-nav__link" in found.get("class", ""):
                self.navigation.append(found["href"])
        if tag == "link" and "stylesheet" in found["rel"]:
            self.loaded.append(found["href"])
        if "src" in found:
            self.loaded.append(found["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    write_sources(folder / "build" / "documentation")
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, re.sub(r"\x1b\[[\d;]*m", "", built.stdout)
    return folder / "build" / "docs"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, PageLinks]:
    # What is shown where there is no page is at no address of its own, so its links are absolute.
    return {page: PageLinks(page) for page in site.rglob("*.html") if page.name != "404.html"}


def is_elsewhere(link: str) -> bool:
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def target_of(page: Path, link: str) -> Path:
    path = unquote(urlsplit(link).path)
    return (page.parent / path).resolve() if path else page


def test_no_link_is_dead(pages: dict[Path, PageLinks]) -> None:
    dead = []
    for page, found in pages.items():
        for link in (each for each in found.links if not is_elsewhere(each)):
            target, anchor = target_of(page, link), unquote(urlsplit(link).fragment)
            if not target.is_file() or (anchor and anchor not in pages[target].anchors):
                dead.append(f"{page.name}: {link}")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, PageLinks]) -> None:
    for page, found in pages.items():
        assert [each for each in found.loaded if is_elsewhere(each) or not target_of(page, each).is_file()] == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert "@import" not in styles
    assert "url(http" not in styles
    assert "url(//" not in styles


def test_every_page_is_in_the_navigation_and_each_reader_begins_at_the_start(
    site: Path, pages: dict[Path, PageLinks]
) -> None:
    start = site / "index.html"
    assert {target_of(start, link) for link in pages[start].navigation if not is_elsewhere(link)} == set(pages)
    assert {site / f"{page}.html" for page in FIRST_STEPS} <= {target_of(start, link) for link in pages[start].links}


def test_the_readme_leads_nowhere_that_is_not_there() -> None:
    page = ROOT / "README.md"
    links = [each.split(")")[0].split("#")[0] for each in page.read_text().split("](")[1:]]
    assert [each for each in links if each and not is_elsewhere(each) and not (ROOT / each).exists()] == []
    assert len(links) > 5


async def faults_of(page: Page, path: Path, scheme: Scheme) -> list[object]:
    await page.emulate_media(color_scheme=scheme)
    await page.goto(path.as_uri(), wait_until="load")
    wide = await overflow(page)
    found: list[object] = [f"{wide} pixels too wide"] if wide > 0 else []
    results = (await Axe().run(page, options=RULES)).response
    return found + [(each["id"], [node["target"] for node in each["nodes"]]) for each in results["violations"]]


async def assert_everybody_can_read(
    browser: Browser, site: Path, paths: list[Path], modes: list[tuple[int, Scheme]]
) -> None:
    """From the files themselves: without a server, and without a request to anywhere."""
    faults: dict[str, list[object]] = {}
    requests: list[str] = []
    for width, scheme in modes:
        context = await browser.new_context(viewport={"width": width, "height": 720}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.on("request", lambda request: requests.append(request.url))
        page = await context.new_page()
        for path in paths:
            if found := await faults_of(page, path, scheme):
                faults[f"{path.relative_to(site)} at {width} pixels, {scheme}"] = found
        await context.close()
    assert faults == {}
    assert [each for each in requests if not each.startswith((site.as_uri(), "data:"))] == []


async def test_a_page_of_each_kind_reads_well_on_the_smallest_phone_and_in_the_dark(
    browser: Browser, site: Path
) -> None:
    paths = [site / f"{name}.html" for name in A_FEW]
    await assert_everybody_can_read(browser, site, paths, [(320, "light"), (1280, "dark")])


@pytest.mark.soak
async def test_every_page_reads_well(browser: Browser, site: Path, pages: dict[Path, PageLinks]) -> None:
    modes: list[tuple[int, Scheme]] = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]
    await assert_everybody_can_read(browser, site, sorted(pages), modes)


async def click_at_rest(page: Page, target: Locator) -> None:
    """Click what slides into the window once it has arrived: the button would go down on it and up beside it."""
    await expect(target).to_be_in_viewport(ratio=1)
    async with patience(lambda: "a page where nothing moves"):
        # Not `wait_for_function`, which waits for a frame: without script there may be none.
        while await page.evaluate("document.getAnimations().length"):
            pass
    await target.click()


@pytest.mark.parametrize("has_script", [True, False])
async def test_the_menu_of_a_phone_leads_to_a_page(browser: Browser, site: Path, has_script: bool) -> None:
    options: dict[str, Any] = {"java_script_enabled": has_script, "viewport": {"width": 320, "height": 720}}
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = await context.new_page()
    await page.goto((site / "index.html").as_uri())
    await page.locator("label.md-header__button[for=__drawer]").click()
    menu = page.locator(".md-nav--primary")
    await click_at_rest(page, menu.get_by_text("Charities", exact=True).first)
    await click_at_rest(page, menu.get_by_role("link", name="For coordinators: the first weeks"))
    await expect(page.get_by_role("heading", name="For coordinators: the first weeks")).to_be_visible()
    await context.close()
