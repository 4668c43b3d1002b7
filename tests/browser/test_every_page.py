"""Every page, in every state of tests/browser/page_states.py: accessible on the smallest phone, light and dark."""

from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser
from tests.browser.conftest import RULES
from tests.browser.page_states import STATES, overflow, report_states, show, spread_out
from tests.serving import Service

CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", RULES), ("dark", CONTRAST))


async def test_every_page_is_accessible_on_the_smallest_phone(service: Service, browser: Browser) -> None:
    await report_states(service)
    context = await browser.new_context(viewport={"width": 320, "height": 720}, reduced_motion="reduce")
    faults: dict[str, list[object]] = {}
    for state in (each for each in STATES if not each.is_huge):
        page = await context.new_page()
        await show(page, service, state)
        await spread_out(page)
        found: list[object] = [f"{wide} pixels too wide"] if (wide := await overflow(page)) > 0 else []
        for scheme, rules in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            results = (await Axe().run(page, options=rules)).response
            found += [
                (scheme, each["id"], [(node["target"], node["failureSummary"]) for node in each["nodes"]])
                for each in results["violations"]
            ]
        if found:
            faults[state.name] = found
        await page.close()
    await context.close()
    assert faults == {}
