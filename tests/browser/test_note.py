"""A note that seems to say something about a person: the update page asks once more."""

from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.signing_in import REFUSED, SLUG, signed_in
from tests.serving import Service

NOTE = "Ask for Jane Example: 020 7946 0000, jane@example.org, 12 High Street, SW1A 2AA"


async def write_note(page: Page, note: str) -> None:
    await page.locator("label.paused").click()
    await page.get_by_label("Note").fill(note)
    await page.get_by_role("button", name="Publish", exact=True).click()


async def published_note(service: Service) -> str | None:
    report = (await service.responder(SLUG))["intake"]["report"]
    note: str | None = report and report["note"]
    return note


async def test_a_note_that_seems_to_name_a_person_is_published_only_after_one_more_tap(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        page = await signed_in(visit)
        await write_note(page, NOTE)
        fault = page.get_by_role("alert")
        await expect(fault).to_contain_text(
            "This note will be public. It seems to contain a phone number, an email address, a postal address, "
            "a postcode and the name of a person. Nothing was published yet. Publish it anyway?"
        )
        await expect(fault).to_be_focused()
        await visit.assert_accessible()
        assert await published_note(service) is None

        # Another note is another question.
        await write_note(page, "Ring 07700 900123")
        await expect(fault).to_contain_text("It seems to contain a phone number. Nothing was published yet.")
        await page.get_by_role("button", name="Publish it anyway").click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert await published_note(service) == "Ring 07700 900123"
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


async def test_a_note_about_nobody_is_published_at_once(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await signed_in(visit)
        await write_note(page, "Only people in the West Midlands, until Monday")
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert await published_note(service) == "Only people in the West Midlands, until Monday"


async def test_the_note_of_a_prepared_report_is_asked_about_too(service: Service, visiting: Visiting) -> None:
    answer = await service.client.put(
        f"/v1/responders/{SLUG}/threshold",
        json={"pause_at": 100, "report": {"exceptions": [], "note": "Mrs Example knows."}},
        headers=await service.token(responder=SLUG),
    )
    assert answer.status_code == 200
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_role("button", name="Publish: at our limit").click()
        await expect(page.get_by_role("alert")).to_contain_text("It seems to contain the name of a person.")
        assert await published_note(service) is None
        await page.get_by_role("button", name="Publish it anyway").click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert await published_note(service) == "Mrs Example knows."
