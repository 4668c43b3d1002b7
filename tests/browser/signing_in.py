"""The first steps on the update page."""

import re

from playwright.async_api import Page, expect
from tests.browser.conftest import Visit

SLUG = "salvation-army"
# The browser's own words about an answer that is not a 200.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


async def pasted(visit: Visit, token: str | None = None) -> Page:
    """The page with the token in its field, and nothing tapped but the field."""
    page = await visit.open("/update")
    headers = await visit.service.token(responder=SLUG)
    await page.get_by_label("access code").click()
    await page.get_by_label("access code").fill(token or headers["authorization"].removeprefix("Bearer "))
    return page


async def signed_in(visit: Visit) -> Page:
    page = await pasted(visit)
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
    return page
