"""The first steps on the coordinator's page."""

from playwright.async_api import Locator, Page, expect
from tests.browser.conftest import Visit
from tests.serving import Headers


async def managing(visit: Visit, part: str, headers: Headers | None = None) -> tuple[Page, Locator]:
    """The page, signed in with a token (an administrator's unless said otherwise), and one part of it, shown."""
    headers = headers or await visit.service.token()
    page = await visit.open("/manage")
    await page.get_by_label("Your access code").fill(headers["authorization"].removeprefix("Bearer "))
    await page.get_by_role("button", name="Continue").click()
    await show(page, part)
    return page, page.get_by_role("region", name=part, exact=True)


async def show(page: Page, part: str) -> None:
    """Go to another part, once the one before it has been read."""
    await expect(page.locator("body:not([aria-busy])")).to_be_visible()
    await page.get_by_role("navigation", name="Parts of this page").get_by_role("button", name=part, exact=True).click()
    await expect(page.get_by_role("heading", name=part, exact=True)).to_be_visible()
    await expect(page.locator("body:not([aria-busy])")).to_be_visible()


async def answer(page: Page, button: str) -> None:
    """Answer the dialog that asks first."""
    dialog = page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Leave it as it is")).to_be_focused()
    await dialog.get_by_role("button", name=button, exact=True).click()
    await expect(dialog).to_have_count(0)
