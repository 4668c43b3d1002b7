"""Signing in by mail on the update page, and what an editor does there: the contact, and the colleagues."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect
from tests.api.people import add_person, mailed, mailing, make_link
from tests.browser.conftest import Visit, Visiting
from tests.browser.signing_in import SLUG, pasted, signed_in
from tests.serving import OPEN, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.domain.links import LinkKind
from capacity_api.domain.mail import MailKind
from capacity_api.domain.tokens import Scope

EMAIL = "referrals@charity.example"
COLLEAGUE = "deputy@charity.example"
SOURCE = {"name": "Its own site", "url": "https://charity.example/contact", "checked_on": "2026-11-01"}
TOP = "(element) => element.getBoundingClientRect().top"
# Keeps what the page says four seconds later from being said, however slow the machine is, until it is taken away.
NOT_YET = """const held = new CSSStyleSheet();
held.replaceSync("#no-script { animation-play-state: paused !important }");
document.adoptedStyleSheets = [held];"""
ON_ITS_WAY = "If this address belongs to somebody who may change something here, a link is on its way."


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with serving(mailing(settings), utc_now) as running:
        yield running


async def signed_in_by_mail(visit: Visit, email: str = EMAIL) -> tuple[Page, dict[str, Any]]:
    """The desk of a new person of the responder."""
    service = visit.service
    person = await add_person(service, await service.token(responder=SLUG), email)
    link = await make_link(service, LinkKind.SIGN_IN, SLUG, person_id=UUID(person["id"]))
    page = await visit.open(f"/update#link={link.secret}")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
    return page, person


async def ask_for_link(page: Page, email: str) -> None:
    await page.get_by_label("Your work email address").fill(email)
    await page.get_by_role("button", name="Send me a link").click()


async def test_the_forms_for_signing_in_are_there_before_the_script(visiting: Visiting) -> None:
    """The page waits before it says that its script is missing: else the words would flash up at each visit."""
    for link in ("", "#link=secret"):
        async with visiting() as visit:
            await visit.page.add_init_script(NOT_YET)
            await visit.page.route("**/update.js", lambda route: route.abort())
            page = await visit.open(f"/update{link}")
            form, by_call = page.get_by_label("access code"), page.get_by_text("This page needs JavaScript.")
            await expect(form).to_be_visible(visible=not link)
            await expect(by_call).to_be_hidden()
            if not link:
                asked, before = len(visit.requests), await form.evaluate(TOP)
                # Nothing sends the code away before the script can.
                await form.fill("cap_secret")
                await form.press("Enter")
            await page.evaluate("document.adoptedStyleSheets = []")
            await expect(by_call).to_be_visible()
            await expect(form).to_be_visible(visible=not link)
            if not link:
                # Until it was said it took up no room.
                assert before < await form.evaluate(TOP)
                assert len(visit.requests) == asked
                assert page.url == f"{visit.home}/update"


async def test_known_or_not_the_answer_is_the_same(service: Service, visiting: Visiting) -> None:
    await add_person(service, await service.token(responder=SLUG), EMAIL)
    answers = []
    for email in (EMAIL, "nobody@charity.example"):
        async with visiting(bypass_csp=True) as visit:
            page = await visit.open("/update")
            await visit.assert_accessible()
            await ask_for_link(page, f" {email} ")
            done = page.locator("#mail-done")
            await expect(done).to_contain_text(ON_ITS_WAY)
            answers.append(await done.inner_text())
            assert await visit.overflow() <= 0
            await visit.assert_left_no_trace()
            assert visit.complaints == []
    assert len(set(answers)) == 1


async def test_what_is_no_address_is_refused_beside_its_field(visiting: Visiting) -> None:
    async with visiting(bypass_csp=True) as visit:
        page = await visit.open("/update")
        await ask_for_link(page, "referrals at charity")
        await expect(page.get_by_role("alert")).to_contain_text("Enter an email address, such as name@example.org")
        field = page.get_by_label("Your work email address")
        assert await field.get_attribute("aria-invalid") == "true"
        assert await field.input_value() == "referrals at charity"
        await visit.assert_accessible()


async def test_where_no_mail_is_sent_none_is_offered(settings: Settings, browser: Browser) -> None:
    async with serving(settings, utc_now) as service:
        context = await browser.new_context()
        page = await signed_in(Visit(service, await context.new_page()))
        for offer in ("#mail", "#colleagues"):
            await expect(page.locator(offer)).to_have_count(0)
        await expect(page.locator("#contact")).to_be_visible()
        await context.close()


async def test_somebody_who_is_removed_meanwhile_is_signed_out(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page, person = await signed_in_by_mail(visit)
        await page.get_by_label("Paused").check()
        removed = await service.client.delete(f"/v1/people/{person['id']}", headers=await service.token())
        assert removed.status_code == 204
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.get_by_role("alert")).to_have_text("You are signed out. Sign in again.")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.locator("#desk")).to_be_hidden()
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        # A token that is pasted is in the user's hands, so the words are about it.
        await page.get_by_label("access code").fill(f"cap_{'x' * 43}")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_contain_text("not an access code of this directory")


async def test_a_token_that_ends_soon_says_so(service: Service, visiting: Visiting) -> None:
    for days, is_soon in ((29, True), (31, False), (None, False)):
        end = None if days is None else utc_now() + timedelta(days=days)
        headers = await service.token(responder=SLUG, expires_at=end)
        async with visiting() as visit:
            page = await pasted(visit, headers["authorization"].removeprefix("Bearer "))
            await page.get_by_role("button", name="Continue").click()
            await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
            ends = page.locator("#ends")
            if end is not None and is_soon:
                await expect(ends).to_be_visible()
                here = end.astimezone(ZoneInfo("Europe/London"))
                await expect(ends).to_contain_text(f"Your code works until {here.day} {here:%B %Y}, {here:%H:%M}.")
                await expect(ends).to_contain_text("Ask the people who run this directory for a new one before then.")
            else:
                await expect(ends).to_be_hidden()


async def test_a_token_for_reports_alone_is_offered_neither_contact_nor_colleagues(
    service: Service, visiting: Visiting
) -> None:
    headers = await service.token(responder=SLUG, scopes=(Scope.INTAKE_WRITE,))
    async with visiting() as visit:
        page = await pasted(visit, headers["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
        await expect(page.locator("#contact")).to_be_hidden()
        await expect(page.locator("#colleagues")).to_be_hidden()


async def test_a_contact_is_published_as_the_responders_own(service: Service, visiting: Visiting) -> None:
    contact = {"phone": "0800 808 3733", "languages": ["en", "zh-Hant"], "interpreters": True, "source": SOURCE}
    answer = await service.client.patch(
        f"/v1/responders/{SLUG}", json={"contact": contact}, headers=await service.token()
    )
    assert answer.status_code == 200
    async with visiting(bypass_csp=True) as visit:
        page, _ = await signed_in_by_mail(visit)
        await page.get_by_text("How people reach you").click()
        await expect(page.locator("#contact-found")).to_contain_text("they are from Its own site, checked on 1 Nov")
        await expect(page.get_by_label("Telephone for referrals")).to_have_value("0800 808 3733")
        await expect(page.get_by_label("Interpreters can be arranged")).to_be_checked()
        await expect(page.get_by_label("Traditional Chinese")).to_be_checked()
        await visit.assert_accessible()
        assert await visit.overflow() <= 0

        await page.get_by_label("Telephone for referrals").fill("12")
        await page.get_by_label("Email for referrals").fill("referrals@charity.example")
        publish = page.get_by_role("button", name="Publish these details")
        await publish.click()
        await expect(page.get_by_role("alert")).to_contain_text("Enter one telephone number")
        assert await page.get_by_label("Telephone for referrals").get_attribute("aria-invalid") == "true"
        await expect(page.get_by_label("Email for referrals")).to_have_value("referrals@charity.example")

        await page.get_by_label("Telephone for referrals").fill("0800 808 3733")
        await page.get_by_label("When somebody answers").fill("Monday to Friday, 9:00 to 17:00")
        await page.get_by_label("Somebody answers at all hours").check()
        await page.get_by_label("Albanian").check()
        # A colleague changes the state meanwhile: what was entered stays.
        await service.report(SLUG, OPEN)
        await publish.click()
        await expect(page.get_by_role("alert")).to_contain_text("What is shown had changed since you looked")
        await publish.click()
        await expect(page.locator("#done")).to_have_text("Published: how people reach you.")
        await expect(page.locator("#contact-found")).to_be_hidden()
    published = (await service.responder(SLUG))["contact"]
    assert published["source"] is None
    assert published["phone"]["text"] == "0800 808 3733"
    assert published["email"] == "referrals@charity.example"
    assert published["hours"] == "Monday to Friday, 9:00 to 17:00"
    assert published["all_hours"] is True
    assert published["interpreters"] is True
    assert sorted(published["languages"]) == ["en", "sq", "zh-Hant"]
    assert published["url"] is None


async def test_an_empty_contact_is_open_to_be_filled_in(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        link = await make_link(service, LinkKind.HANDOVER, "tara")
        page = await visit.open(f"/update#link={link.secret}")
        await page.get_by_role("button", name="Show the code").click()
        await page.get_by_role("button", name="Continue with it here").click()
        await expect(page.get_by_label("Telephone for referrals")).to_be_visible()


async def test_one_person_alone_is_asked_for_a_second_who_is_invited_by_mail(
    service: Service, visiting: Visiting
) -> None:
    async with visiting(bypass_csp=True) as visit:
        page, _ = await signed_in_by_mail(visit)
        await expect(page.locator("#colleagues-hint")).to_contain_text("Only one person looks after this.")
        await page.get_by_text("Invite a colleague").click()
        field = page.get_by_label("Work email address of your colleague")
        await field.fill("deputy")
        await page.get_by_role("button", name="Send the invitation").click()
        await expect(page.get_by_role("alert")).to_contain_text("Enter an email address")
        assert await field.get_attribute("aria-invalid") == "true"
        await field.fill(COLLEAGUE)
        await page.get_by_label("gets reminders").uncheck()
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await page.get_by_role("button", name="Send the invitation").click()
        await expect(page.locator("#done")).to_contain_text(f"An invitation is on its way to {COLLEAGUE}.")
        invited = page.locator("#people li").filter(has_text=COLLEAGUE)
        await expect(invited).to_contain_text("Invited. The invitation can be accepted until")
        await expect(invited).to_contain_text("may sign in and change things")
        await expect(page.locator("#colleagues-hint")).to_be_hidden()
        await visit.assert_accessible()
        assert not any("%40" in address or "@" in address for address in visit.requests)
        assert len(await mailed(service, MailKind.INVITATION)) == 1
        await page.get_by_role("button", name=f"Withdraw the invitation of {COLLEAGUE}").click()
        await expect(page.locator("#done")).to_have_text(f"The invitation of {COLLEAGUE} does not work any more.")
        await expect(invited).to_have_count(0)
        await expect(page.locator("#colleagues-hint")).to_be_visible()
    assert await mailed(service, MailKind.INVITATION) == []


async def test_colleagues_are_listed_and_removed_after_a_question(service: Service, visiting: Visiting) -> None:
    await add_person(service, await service.token(responder=SLUG), COLLEAGUE, roles=["reminded"])
    async with visiting(bypass_csp=True) as visit:
        page, _ = await signed_in_by_mail(visit)
        people = page.locator("#people li")
        await expect(people).to_have_count(2)
        await expect(page.locator("#colleagues-hint")).to_be_hidden()
        await expect(people.filter(has_text=COLLEAGUE)).to_contain_text("gets reminders")
        await expect(people.filter(has_text=EMAIL)).to_contain_text("(you)")
        await page.get_by_role("button", name=f"Remove {COLLEAGUE}").click()
        fault = page.get_by_role("alert")
        await expect(fault).to_contain_text(f"Remove {COLLEAGUE}? Links and sign-ins of this person end at once")
        await expect(people).to_have_count(2)
        await visit.assert_accessible()
        await fault.get_by_role("button", name="Remove").click()
        await expect(page.locator("#done")).to_have_text(f"Removed: {COLLEAGUE}.")
        await expect(people).to_have_count(1)
        await expect(page.locator("#colleagues-hint")).to_be_visible()

        await page.get_by_role("button", name=f"Remove {EMAIL}").click()
        await expect(fault).to_contain_text(f"Remove yourself, {EMAIL}?")
        await expect(fault).to_contain_text("Nobody else is there.")
        await fault.get_by_role("button", name="Remove").click()
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        await expect(page.locator("#desk")).to_be_hidden()
    left = await service.client.get("/v1/people", headers=await service.token(responder=SLUG))
    assert left.json()["items"] == []


async def test_who_was_removed_meanwhile_is_asked_to_sign_in_and_the_input_stays(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        page, person = await signed_in_by_mail(visit)
        await page.get_by_label("Paused").check()
        answer = await service.client.delete(f"/v1/people/{person['id']}", headers=await service.token(responder=SLUG))
        assert answer.status_code == 204
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        await expect(page.get_by_label("Paused")).to_be_checked()
