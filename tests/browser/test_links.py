"""The pages of links in a real Chromium: opening one changes nothing, and one tap uses it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from tests.api.people import BOTH, add_person, mailed, mailing, make_link
from tests.browser.conftest import Visit, Visiting
from tests.browser.signing_in import REFUSED, SLUG
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.domain.links import LIFETIMES, LinkKind
from capacity_api.domain.mail import MailKind

EMAIL = "referrals@charity.example"
TITLES = {
    LinkKind.SIGN_IN: "Sign in for The Salvation Army",
    LinkKind.STILL_TRUE: "Is this still true?",
    LinkKind.INVITATION: "You are invited to keep the entry of The Salvation Army up to date",
    LinkKind.HANDOVER: "Get an access code for The Salvation Army",
}
BUTTONS = {
    LinkKind.SIGN_IN: "Sign in",
    LinkKind.STILL_TRUE: "Still true",
    LinkKind.INVITATION: "Accept",
    LinkKind.HANDOVER: "Show the code",
}


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with serving(mailing(settings), utc_now) as running:
        yield running


async def secret_of(service: Service, kind: LinkKind, *, made: timedelta = timedelta(0)) -> str:
    """The secret of a new link of this kind for a responder; `made` is how long ago it was made."""
    fields: dict[str, Any] = {}
    if kind is LinkKind.INVITATION:
        fields = {"email": EMAIL, "roles": BOTH}
    if kind is LinkKind.SIGN_IN:
        person = await add_person(service, await service.token(responder=SLUG), EMAIL)
        fields = {"person_id": UUID(person["id"])}
    earlier = Service(service.client, service.database, lambda: utc_now() - made)
    return (await make_link(earlier, kind, SLUG, **fields)).secret


async def opened(visit: Visit, secret: str, path: str = "/update") -> Page:
    page = await visit.open(f"{path}#link={secret}")
    await expect(page.locator("#link")).to_be_visible()
    return page


def title(page: Page) -> Any:
    return page.locator("#link-title")


async def audited(service: Service) -> list[str]:
    answer = await service.client.get("/v1/audit", headers=await service.token())
    return [entry["action"] for entry in answer.json()["items"]]


@pytest.mark.parametrize("kind", LinkKind)
async def test_opening_a_link_changes_nothing_and_leaves_no_secret_behind(
    service: Service, visiting: Visiting, kind: LinkKind
) -> None:
    before = await service.report(SLUG, OPEN)
    secret = await secret_of(service, kind)
    acts = await audited(service)
    # Scanners open links in a browser too. They tap nothing.
    for _ in range(3):
        async with visiting(bypass_csp=True) as visit:
            page = await opened(visit, secret)
            await expect(title(page)).to_have_text(TITLES[kind])
            await expect(page.get_by_role("button", name=BUTTONS[kind], exact=True)).to_be_visible()
            assert page.url == f"{visit.home}/update"
            assert await page.evaluate("history.length") <= 2
            # The address of the page itself: its part behind # was sent to nobody.
            assert [each for each in visit.requests[1:] if secret in each] == []
            await visit.assert_accessible()
            assert await visit.overflow() <= 0
            await visit.assert_left_no_trace()
            assert visit.complaints == []
    assert (await service.responder(SLUG))["intake"] == before["intake"]
    assert "link.use" not in acts
    assert [each for each in await audited(service) if each != "token.issue"] == [
        each for each in acts if each != "token.issue"
    ]


async def test_still_true_is_one_tap_and_whoever_taps_second_is_told(service: Service, visiting: Visiting) -> None:
    before = await service.report(SLUG, {**OPEN, "note": "Ring before ten."})
    secret = await secret_of(service, LinkKind.STILL_TRUE)
    async with visiting() as first, visiting() as second:
        mine, forwarded = await opened(first, secret), await opened(second, secret)
        await expect(mine.locator("#link-text")).to_contain_text("Ring before ten.")
        await mine.get_by_role("button", name="Still true").click()
        await expect(title(mine)).to_have_text("Thank you. It is confirmed.")
        await expect(mine.locator("#link-text")).to_contain_text("Confirmed by")
        confirmed = await service.responder(SLUG)
        assert confirmed["intake"]["confirmed_at"] > before["intake"]["confirmed_at"]

        await forwarded.get_by_role("button", name="Still true").click()
        await expect(title(forwarded)).to_have_text("This link was used before")
        await expect(forwarded.locator("#link-text")).to_contain_text("This is published now:")
        await expect(forwarded.get_by_label("Your work email address")).to_be_visible()
        assert await service.responder(SLUG) == confirmed
        assert (await audited(service)).count("link.use") == 1
        # It signs nobody in.
        await expect(mine.locator("#desk")).to_be_hidden()


async def test_a_link_for_an_older_report_says_so_and_confirms_nothing(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    secret = await secret_of(service, LinkKind.STILL_TRUE)
    async with visiting(bypass_csp=True) as visit:
        page = await opened(visit, secret)
        newer = await service.report(SLUG, PAUSED)
        await page.get_by_role("button", name="Still true").click()
        await expect(title(page)).to_have_text("There is a newer report")
        await expect(page.locator("#link-text")).to_contain_text("This link was for an older report")
        await expect(page.locator("#link-text .state")).to_have_text("Paused")
        await visit.assert_accessible()
        await opened(visit, secret)
        await expect(title(page)).to_have_text("There is a newer report")
        assert (await service.responder(SLUG))["intake"] == newer["intake"]


@pytest.mark.parametrize("kind", LinkKind)
async def test_a_link_that_has_ended_says_so_and_what_to_do_next(
    service: Service, visiting: Visiting, kind: LinkKind
) -> None:
    await service.report(SLUG, OPEN)
    secret = await secret_of(service, kind, made=LIFETIMES[kind] + timedelta(minutes=1))
    async with visiting(bypass_csp=True) as visit:
        page = await opened(visit, secret)
        await expect(title(page)).to_have_text("This link has ended")
        by_mail = page.get_by_label("Your work email address")
        if kind in {LinkKind.SIGN_IN, LinkKind.STILL_TRUE}:
            await expect(by_mail).to_be_visible()
        else:
            await expect(page.locator("#link-text")).to_contain_text("Ask the p")
            await expect(by_mail).to_be_hidden()
        await expect(page.locator("#link-buttons")).to_be_hidden()
        await visit.assert_accessible()
        assert await visit.overflow() <= 0


async def test_an_unknown_link_says_what_may_be_wrong_with_it(visiting: Visiting) -> None:
    async with visiting(bypass_csp=True) as visit:
        page = await opened(visit, "x" * 27)
        await expect(title(page)).to_have_text("We do not know this link")
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        await visit.assert_accessible()
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


async def test_who_has_something_to_change_signs_in_and_confirms_nothing(service: Service, visiting: Visiting) -> None:
    before = await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page = await opened(visit, await secret_of(service, LinkKind.STILL_TRUE))
        await page.get_by_role("button", name="Something has changed").click()
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        await expect(page.get_by_role("button", name="Still true")).to_be_hidden()
        assert (await service.responder(SLUG))["intake"] == before["intake"]


async def test_a_link_to_sign_in_opens_the_desk_once(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    secret = await secret_of(service, LinkKind.SIGN_IN)
    async with visiting() as visit:
        page = await opened(visit, secret)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
        await expect(page.locator("#link")).to_be_hidden()
        await expect(page.locator("#ends")).to_contain_text("You are signed in until")
        await page.get_by_label("Paused").check()
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        await visit.assert_left_no_trace()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Your work email address")).to_be_visible()

        await opened(visit, secret)
        await expect(title(page)).to_have_text("This link was used before")
        await expect(page.get_by_label("Your work email address")).to_be_visible()


async def test_who_loses_the_network_after_the_tap_is_signed_in_by_another(
    service: Service, visiting: Visiting
) -> None:
    secret = await secret_of(service, LinkKind.SIGN_IN)
    async with visiting() as visit:
        page = await opened(visit, secret)
        await page.route("**/v1/me", lambda route: route.abort())
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        await page.unroute("**/v1/me")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name="The Salvation Army", exact=True)).to_be_visible()


async def test_a_report_that_has_lapsed_is_confirmed_by_a_tap(settings: Settings, browser: Browser) -> None:
    clock = Clock(utc_now() - timedelta(days=8))
    async with serving(mailing(settings), clock) as service:
        await service.report(SLUG, OPEN)
        secret = await secret_of(service, LinkKind.STILL_TRUE)
        clock.set(utc_now())
        context = await browser.new_context()
        page = await opened(Visit(service, await context.new_page()), secret)
        await expect(page.locator("#link-text .state")).to_have_text("Open")
        await expect(page.locator("#link-text")).to_contain_text("It has ended.")
        await page.get_by_role("button", name="Still true").click()
        await expect(title(page)).to_have_text("Thank you. It is confirmed.")
        assert (await service.responder(SLUG))["intake"]["state"] == "open"
        await context.close()


async def test_an_invitation_is_accepted_and_leads_to_signing_in(service: Service, visiting: Visiting) -> None:
    async with visiting(bypass_csp=True) as visit:
        page = await opened(visit, await secret_of(service, LinkKind.INVITATION))
        await page.get_by_role("button", name="Accept").click()
        await expect(title(page)).to_have_text(
            "Thank you. You help keep the entry of The Salvation Army up to date now."
        )
        await expect(page.locator("#link-text")).to_contain_text("invite a colleague")
        await visit.assert_accessible()
        await page.get_by_role("button", name="Send me a link to sign in").click()
        await expect(page.locator("#link-done")).to_contain_text(f"We are sending a link to {EMAIL}.")
        people = await service.client.get("/v1/people", headers=await service.token(responder=SLUG))
        assert [(each["email"], each["roles"]) for each in people.json()["items"]] == [(EMAIL, BOTH)]


async def test_who_is_only_reminded_is_not_offered_to_sign_in(service: Service, visiting: Visiting) -> None:
    link = await make_link(service, LinkKind.INVITATION, SLUG, email=EMAIL, roles=["reminded"])
    async with visiting() as visit:
        page = await opened(visit, link.secret)
        await page.get_by_role("button", name="Accept").click()
        await expect(page.locator("#link-text")).to_contain_text(f"We send a mail to {EMAIL}")
        await expect(page.locator("#link-buttons")).to_be_hidden()
    assert await mailed(service, MailKind.SIGN_IN) == []


async def test_a_token_that_is_handed_over_is_shown_once(service: Service, visiting: Visiting) -> None:
    secret = await secret_of(service, LinkKind.HANDOVER)
    async with visiting(permissions=["clipboard-read", "clipboard-write"], bypass_csp=True) as visit:
        page = await opened(visit, secret)
        await page.get_by_role("button", name="Show the code").click()
        token = await page.locator("#token-shown").inner_text()
        assert token.startswith("cap_")
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await page.get_by_role("button", name="Copy").click()
        await expect(page.locator("#link-done")).to_have_text("Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == token
        await page.get_by_role("button", name="Continue with it here").click()
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()
        await expect(page.locator("#token-shown")).to_be_hidden()
        await visit.assert_left_no_trace()
    async with visiting() as visit:
        page = await opened(visit, secret)
        await expect(page.locator("#link-text")).to_contain_text("somebody else may have the code")


async def test_where_the_browser_does_not_copy_the_token_is_selected(service: Service, visiting: Visiting) -> None:
    secret = await secret_of(service, LinkKind.HANDOVER)
    async with visiting() as visit:
        page = await opened(visit, secret)
        # As on a page without TLS.
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        await page.get_by_role("button", name="Show the code").click()
        await page.get_by_role("button", name="Copy").click()
        await expect(page.locator("#link-done")).to_contain_text("copy it yourself")
        assert await page.evaluate("getSelection().toString()") == await page.locator("#token-shown").inner_text()


async def test_a_link_that_is_opened_while_the_page_is_open_is_shown(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    secret = await secret_of(service, LinkKind.STILL_TRUE)
    async with visiting() as visit:
        page = await visit.open("/update")
        await expect(page.get_by_label("Your work email address")).to_be_visible()
        await page.evaluate("secret => location.assign('#link=' + secret)", secret)
        await expect(title(page)).to_have_text("Is this still true?")
        await expect(page.get_by_label("Your work email address")).to_be_hidden()
        assert page.url == f"{visit.home}/update"


async def test_without_a_network_a_link_is_looked_at_again_by_a_tap(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    secret = await secret_of(service, LinkKind.STILL_TRUE)
    async with visiting() as visit:
        await visit.page.route("**/links/look", lambda route: route.abort())
        page = await visit.open(f"/update#link={secret}")
        await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached. Nothing was changed.")
        await page.unroute("**/links/look")
        await page.get_by_role("button", name="Try again").click()
        await expect(title(page)).to_have_text("Is this still true?")
        await expect(page.get_by_role("alert")).to_be_hidden()


async def test_a_link_of_somebody_elses_leads_on_to_the_other_page(service: Service, visiting: Visiting) -> None:
    of_admin = await make_link(service, LinkKind.HANDOVER, "admin")
    of_responder = await secret_of(service, LinkKind.HANDOVER)
    async with visiting() as visit:
        page = await opened(visit, of_admin.secret)
        await expect(page.get_by_role("button", name="Show the code")).to_be_visible()
        assert page.url == f"{visit.home}/manage"
        page = await opened(visit, of_responder, "/manage")
        await expect(title(page)).to_have_text(TITLES[LinkKind.HANDOVER])
        assert page.url == f"{visit.home}/update"
