"""A new charity, by browsers and mail alone: listed, invited, signed in on a telephone, its state seen by everybody.

The mail goes through a real SMTP server. Nobody copies a token, and nobody types a command.
"""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect
from tests import mail_server
from tests.api.people import add_person
from tests.browser.conftest import Visit, Visiting
from tests.mail.mailers import PUBLIC_URL, mail_settings
from tests.mail_server import MailServer, text_of
from tests.serving import Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

NAME = "Harbour House"
SLUG = "harbour-house"
COORDINATOR = "desk@directory.example"
RECEIVER = "referrals@harbour-house.example"
LIST = {"Title of the list": "First responder organisations", "Date of the list": "2026-10"}
LINK = re.compile(re.escape(PUBLIC_URL) + r"(/\w+#link=[\w-]+)")
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True, "bypass_csp": True}


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with mail_server.serving() as server:
        yield server


@pytest.fixture
async def service(settings: Settings, mail: MailServer) -> AsyncIterator[Service]:
    async with serving(mail_settings(settings, mail.server), utc_now, deliver=True) as running:
        yield running


async def open_mail(visit: Visit, mail: MailServer, number: int) -> Page:
    """Tap the link of the mail that comes as the given number."""
    message = (await mail.arrived(number))[number - 1]
    link = LINK.search(text_of(message))
    assert link is not None, text_of(message)
    return await visit.open(link[1])


async def test_a_new_charity_is_listed_invited_and_seen_as_open(
    service: Service, visiting: Visiting, mail: MailServer
) -> None:
    await add_person(service, await service.token(), COORDINATOR, owner="admin")
    async with visiting(viewport={"width": 1280, "height": 900}, bypass_csp=True) as desk:
        page = await desk.open("/manage")
        await page.get_by_label("Your work email address").fill(COORDINATOR)
        await page.get_by_role("button", name="Send me a link").click()
        page = await open_mail(desk, mail, 1)
        await page.get_by_role("button", name="Sign in").click()

        await page.get_by_role("button", name="List a charity").click()
        await page.get_by_label("Name", exact=True).fill(NAME)
        await page.get_by_role("group", name="Where", exact=True).get_by_label("Scotland").check()
        for group, label in (("Kinds of exploitation", "All kinds"), ("Ages", "Adults"), ("Genders", "All genders")):
            await page.get_by_role("group", name=group).get_by_label(label, exact=False).first.check()
        for label, text in LIST.items():
            await page.get_by_label(label).fill(text)
        await page.get_by_role("button", name="List it").click()
        await page.get_by_role("button", name="Invite its first person").click()
        await page.get_by_label("Work email address", exact=True).fill(RECEIVER)
        # Nobody fills in a form faster than the page reads its list; a script does, and then the button waits.
        await expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")
        await page.get_by_role("button", name="Invite by mail").click()
        await expect(page.locator("#people")).to_contain_text(f"We are sending an invitation to {RECEIVER}.")
        assert not any("@" in address or "cap_" in address for address in desk.requests)
        assert desk.complaints == []

    async with visiting(**PHONE) as phone:
        page = await open_mail(phone, mail, 2)
        await expect(page.locator("#link-title")).to_have_text(
            f"You are invited to keep the entry of {NAME} up to date"
        )
        await page.get_by_role("button", name="Accept").tap()
        await page.get_by_role("button", name="Send me a link to sign in").tap()
        page = await open_mail(phone, mail, 3)
        await page.get_by_role("button", name="Sign in").tap()
        await expect(page.get_by_role("heading", name=NAME)).to_be_visible()
        await expect(page.locator("#colleagues-hint")).to_contain_text("Invite a second one")
        await phone.assert_accessible()
        assert await phone.overflow() <= 0

        await page.get_by_label("Telephone for referrals").fill("0131 496 0000")
        await page.get_by_label("When somebody answers").fill("Monday to Friday, 9:00 to 17:00")
        await page.get_by_role("button", name="Publish these details").tap()
        await expect(page.locator("#done")).to_have_text("Published: how people reach you.")
        await page.locator("label.open").tap()
        await page.get_by_role("button", name="Publish", exact=True).tap()
        await expect(page.locator("#done")).to_contain_text("Published: Open.")
        await phone.assert_left_no_trace()
        assert not any("@" in address or "cap_" in address for address in phone.requests)

        page = await phone.open("/")
        entry = page.locator(f"#r-{SLUG}")
        await expect(entry.locator(".state")).to_have_text("Open")
        await expect(entry).to_contain_text("Confirmed by")
        await expect(entry.get_by_role("link", name="0131 496 0000")).to_be_visible()
    assert mail.recipients == [COORDINATOR, RECEIVER, RECEIVER]
    assert "cap_" not in "".join(text_of(message) for _, message in mail.received)
