"""The update page in a real Chromium: four taps to a pause, a preview before it is sent, errors in words."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.browser.conftest import Visit, Visiting
from tests.browser.signing_in import REFUSED, SLUG, pasted, signed_in
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.domain.intake import Report

THRESHOLD = {"pause_at": 100, "report": {"exceptions": ["homelessness"], "note": "Full for now."}}


async def test_four_taps_from_the_page_to_a_published_pause(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    async with visiting(has_touch=True) as visit:
        page = await visit.open("/update")
        await page.evaluate("taps = 0; addEventListener('click', (e) => e.isTrusted && e.detail && taps++, true)")
        headers = await service.token(responder=SLUG)
        await page.get_by_label("access code").tap()
        await page.keyboard.insert_text(headers["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").tap()
        await page.locator("label.paused").tap()
        await page.get_by_role("button", name="Publish", exact=True).tap()
        await expect(page.locator("#done")).to_contain_text("Published: Paused. Confirm it again before")
        assert (await service.responder(SLUG))["intake"]["state"] == "paused"
        # A tap on a label also reaches its radio button, as a click without a pointer.
        assert await page.evaluate("taps") <= 5
        await visit.assert_left_no_trace()


async def test_still_true_is_one_tap(service: Service, visiting: Visiting) -> None:
    before = await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_role("button", name="Still true").click()
        await expect(page.locator("#done")).to_contain_text("Published: Open.")
        after = await service.responder(SLUG)
        assert after["intake"]["confirmed_at"] > before["intake"]["confirmed_at"]
        assert after["intake"]["since"] == before["intake"]["since"]


async def test_still_true_is_offered_once_there_is_a_report_and_after_its_lapse(
    settings: Settings, browser: Browser
) -> None:
    clock = Clock(utc_now() - timedelta(days=8))
    async with serving(settings, clock) as service:
        context = await browser.new_context()
        page = await signed_in(Visit(service, await context.new_page()))
        still_true = page.get_by_role("button", name="Still true")
        await expect(page.locator("#shown")).to_contain_text("It has not joined this directory.")
        await expect(still_true).to_be_hidden()

        await service.report(SLUG, {**OPEN, "note": "Ring before ten."})
        clock.set(utc_now())
        page = await signed_in(Visit(service, await context.new_page()))
        shown = page.locator("#shown")
        await expect(shown).to_contain_text("Not confirmed")
        await expect(shown).to_contain_text("We do not know about today.")
        await expect(shown).not_to_contain_text("Ring before ten.")
        last = await shown.locator(".head p").nth(1).inner_text()
        await page.goto(f"{service.client.base_url}")
        assert await page.locator(f"#r-{SLUG} > .lapsed").inner_text() == last

        page = await signed_in(Visit(service, await context.new_page()))
        await page.get_by_role("button", name="Still true").click()
        await expect(page.locator("#shown")).to_contain_text("Ring before ten.")
        assert (await service.responder(SLUG))["intake"]["state"] == "open"
        await context.close()


async def test_somebody_elses_change_is_seen_before_it_is_confirmed(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page = await signed_in(visit)
        meanwhile = await service.report(SLUG, PAUSED)
        await page.get_by_role("button", name="Still true").click()
        await expect(page.get_by_role("alert")).to_contain_text("What is shown had changed since you looked")
        await expect(page.locator("#shown")).to_contain_text("Paused")
        assert (await service.responder(SLUG))["intake"] == meanwhile["intake"]


async def test_at_our_threshold_is_one_tap_and_says_what_was_prepared(service: Service, visiting: Visiting) -> None:
    headers = await service.token(responder=SLUG)
    answer = await service.client.put(f"/v1/responders/{SLUG}/threshold", json=THRESHOLD, headers=headers)
    assert answer.status_code == 200
    async with visiting() as visit:
        page = await signed_in(visit)
        await expect(page.locator("#prepared")).to_contain_text("Still takes people who are homeless or destitute.")
        await page.get_by_role("button", name="Publish: at our limit").click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        intake = (await service.responder(SLUG))["intake"]
        assert intake["said_by"] == "responder"
        assert intake["report"]["reason"] == "referral_threshold"
        assert intake["report"]["exceptions"] == ["homelessness"]
        assert intake["report"]["note"] == "Full for now."
        await expect(page.locator("#preset")).to_be_hidden()
        assert visit.complaints == []


async def test_where_nothing_is_prepared_for_a_threshold_there_is_no_button_for_it(
    service: Service, visiting: Visiting
) -> None:
    await service.report(SLUG, OPEN)
    headers = await service.token(responder=SLUG)
    # A number alone would publish "no exceptions", which nobody said.
    for prepared in (None, {"pause_at": 100}):
        if prepared:
            await service.client.put(f"/v1/responders/{SLUG}/threshold", json=prepared, headers=headers)
            assert (await service.client.get(f"/v1/responders/{SLUG}/threshold", headers=headers)).status_code == 200
        async with visiting() as visit:
            page = await signed_in(visit)
            await expect(page.locator("#shown")).to_contain_text("Open")
            await expect(page.get_by_role("button", name="Publish: at our limit")).to_be_hidden()


def expected_time(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name)


async def fill_expected_time(page: Page, name: str, low: str, high: str, unit: str) -> None:
    part = expected_time(page, name)
    await part.get_by_label("from", exact=True).fill(low)
    await part.get_by_label("to", exact=True).fill(high)
    await part.get_by_label("unit").select_option(label=unit)


async def unfold(page: Page, name: str) -> None:
    """Open or close what limits one aspect."""
    await page.locator("summary").get_by_text(name, exact=True).click()


async def assert_published_as_shown(visit: Visit) -> dict[str, Any]:
    """Publish, and compare what the public reads with what the page had shown. Returns the report."""
    page = visit.page
    promised = await page.locator("#preview p:not(.response, .state)").all_inner_texts()
    times = await page.locator("#preview .response").all_inner_texts()
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.locator("#done")).to_contain_text("Published: ")
    again = page.locator("#shown")
    assert await again.locator("p:not(.response, .state, .head p)").all_inner_texts() == promised
    assert await again.locator(".response").all_inner_texts() == times
    await visit.assert_accessible()
    report: dict[str, Any] = (await visit.service.responder(SLUG))["intake"]["report"]
    await page.goto(f"{visit.home}/")
    entry = page.locator(f"#r-{SLUG}")
    await entry.locator("summary").click()
    assert await entry.locator("div.said > p:not(:has(.else))").all_inner_texts() == promised
    terms = await entry.locator(".facts .said").all_inner_texts()
    assert [re.sub(r"\s*\n\s*", ": ", each) for each in terms] == times
    await visit.assert_accessible()
    assert await visit.overflow() <= 0
    return report


async def test_the_public_reads_what_was_shown_before_it_was_sent(service: Service, visiting: Visiting) -> None:
    async with visiting(bypass_csp=True) as visit:
        page = await signed_in(visit)
        await visit.assert_accessible()
        await page.get_by_label("Paused").check()
        await fill_expected_time(page, "Expected response", "5", "10", "working days")
        await fill_expected_time(page, "Expected referral", "2", "4", "weeks")
        for label in ("Your existing clients", "People in detention", "People who are homeless or destitute"):
            await page.get_by_label(label).check()
        await page.get_by_label("Reason").select_option(label="Staffing")
        await page.get_by_label("Until which day").fill((utc_now() + timedelta(days=9)).date().isoformat())
        await page.get_by_label("Note").fill("Back soon <b>\u202e\n" + "W" * 90)
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await expect(page.locator("#preview")).to_contain_text(
            "Still takes people who are homeless or destitute, people in detention, and its existing clients."
        )
        report = await assert_published_as_shown(visit)
        assert report["expected_response"] == {"min": 5, "max": 10, "unit": "working_days"}
        assert report["expected_referral"] == {"min": 2, "max": 4, "unit": "weeks"}
        assert report["exceptions"] == ["homelessness", "detention", "existing_client"]
        # A pause has no limit, and beside a time it cannot be that there is none.
        others = set(Report.__struct_fields__) - {"limited_to", "no_timeframe"}
        assert not [field for field in others if not report[field]], "fill in every field above"


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 720}, {"width": 1280, "height": 900}])
@pytest.mark.parametrize("state", ["Open", "Waiting list"])
async def test_a_limit_is_published_as_it_was_ticked(visiting: Visiting, state: str, viewport: dict[str, int]) -> None:
    async with visiting(bypass_csp=True, viewport=viewport) as visit:
        page = await signed_in(visit)
        await page.get_by_role("radio", name=state).check()
        for fold in ("Place", "Exploitation", "Gender"):
            await unfold(page, fold)
        for label in ("London", "Yorkshire and The Humber", "Sexual exploitation", "Women", "Non-binary people"):
            await page.locator("[data-pointer^='/limited_to/']").get_by_label(label, exact=True).check()
        await page.get_by_label("We cannot say how long").check()
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        limit = "Adult women and non-binary people · sexual exploitation · Yorkshire and The Humber, and London"
        await expect(page.locator("#preview")).to_contain_text(f"For now only: {limit}.")
        report = await assert_published_as_shown(visit)
        assert report["no_timeframe"] is True
        assert report["limited_to"] == {
            "areas": ["E12000003", "E12000007"],
            "exploitation_types": ["sexual"],
            "age_groups": ["all"],
            "genders": ["woman", "non_binary"],
        }


async def test_only_limits_that_the_remit_allows_are_offered_and_a_pause_has_none(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        remit = {"areas": ["E92000001", "W92000004"], "exploitation_types": ["labour"], "age_groups": ["adult"]}
        answer = await service.client.patch(
            f"/v1/responders/{SLUG}", json={"remit": remit}, headers=await service.token(responder=SLUG)
        )
        assert answer.status_code == 200
        page = await signed_in(visit)
        await page.get_by_label("Waiting list").check()
        for fold in ("Place", "Age", "Gender"):
            await unfold(page, fold)
        areas = page.get_by_role("group", name="Place")
        await expect(areas.get_by_label("Wales")).to_be_visible()
        await expect(areas.get_by_label("Scotland")).to_be_hidden()
        await expect(areas.get_by_label("United Kingdom")).to_be_hidden()
        ages = page.get_by_role("group", name="Age")
        await expect(ages.get_by_label("Young people (18 to 25)")).to_be_visible()
        await expect(ages.get_by_label("Children (under 18)")).to_be_hidden()
        await expect(page.get_by_role("group", name="Gender").get_by_label("Women")).to_be_visible()
        await expect(page.get_by_role("group", name="Exploitation")).to_be_hidden()
        await areas.get_by_label("Wales").check()
        await expect(page.locator("#preview")).to_contain_text("For now only: Wales.")
        await page.get_by_label("Paused").check()
        await expect(areas).to_be_hidden()
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert (await service.responder(SLUG))["intake"]["report"]["limited_to"] is None


async def test_a_refused_limit_is_explained_where_it_was_ticked(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_role("radio", name="Open").check()
        await fill_expected_time(page, "Expected response", "3", "2", "days")
        await unfold(page, "Place")
        areas = page.get_by_role("group", name="Place")
        for label in ("England", "Wales", "Scotland", "Northern Ireland"):
            await areas.get_by_label(label, exact=True).check()
        await unfold(page, "Place")
        await expect(areas.get_by_label("Wales")).to_be_hidden()
        await page.get_by_role("button", name="Publish", exact=True).click()
        fault = page.get_by_role("alert")
        await expect(fault.get_by_role("link")).to_have_text(
            [
                "What you ticked is everybody you take. Tick fewer, or tick nothing.",
                "Expected response: the second number must not be smaller than the first",
            ]
        )
        await expect(areas.get_by_label("Wales")).to_be_visible()
        assert await page.get_by_label("to", exact=True).first.get_attribute("aria-invalid") == "true"
        assert (await service.responder(SLUG))["intake"]["report"] is None


async def test_what_a_coordinator_was_told_is_not_called_confirmed(service: Service, visiting: Visiting) -> None:
    admin = await service.token()
    answer = await service.client.put(f"/v1/responders/{SLUG}/intake", json=OPEN, headers=admin)
    assert answer.status_code == 200
    async with visiting() as visit:
        page = await signed_in(visit)
        await expect(page.locator("#shown")).to_contain_text("We were told this on")
        await expect(page.locator("#shown")).not_to_contain_text("onfirmed")
        await page.get_by_role("button", name="Still true").click()
        await expect(page.locator("#shown")).to_contain_text("Confirmed by The Salvation Army on")
        assert (await service.responder(SLUG))["intake"]["said_by"] == "responder"


async def test_errors_are_explained_in_words_and_the_input_stays(service: Service, visiting: Visiting) -> None:
    async with visiting(bypass_csp=True) as visit:
        page = await pasted(visit, "cap_mistyped")
        await page.get_by_role("button", name="Continue").click()
        fault = page.get_by_role("alert")
        await expect(fault).to_contain_text("This is not an access code of this directory. Was it cut off or mistyped?")
        assert await page.get_by_label("access code").input_value() == "cap_mistyped"
        await visit.assert_accessible()

        partner = await service.token(partner="Case tool")
        await page.get_by_label("access code").fill(partner["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await expect(fault).to_contain_text("This code is not for a charity.")

        own = await service.token(responder=SLUG)
        await page.get_by_label("access code").fill(own["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_label("Waiting list").check()
        response = expected_time(page, "Expected response")
        assert await response.get_by_label("unit").input_value() == "days"
        await response.get_by_label("from", exact=True).fill("9")
        await response.get_by_label("to", exact=True).fill("2")
        await page.get_by_label("Note").fill("Ask for Monday")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text("Expected response: the second number must not be smaller than the first")
        assert await response.get_by_label("to", exact=True).get_attribute("aria-invalid") == "true"
        await response.get_by_label("from", exact=True).fill("1")

        # A colleague in the same organisation was quicker.
        await service.report(SLUG, PAUSED)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text("What is shown had changed since you looked, so nothing was published.")
        await expect(page.locator("#shown .state")).to_have_text("Paused")

        await page.context.set_offline(True)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text("we do not know whether this was done")
        assert await page.get_by_label("Note").input_value() == "Ask for Monday"
        await visit.assert_accessible()
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Waiting list.")
        assert (await service.responder(SLUG))["intake"]["report"]["note"] == "Ask for Monday"
        expected = re.compile(rf"{REFUSED.pattern}|net::ERR_INTERNET_DISCONNECTED")
        assert [each for each in visit.complaints if not expected.search(each)] == []


async def test_waiting_for_an_answer_is_shown_and_ends(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        await page.route("**/intake", lambda _: None)
        async with page.expect_request("**/intake"):
            await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_have_text("")
        await page.clock.run_for(1500)
        await expect(page.locator("#done")).to_have_text("On its way. No answer yet.")
        await expect(page.locator("#done")).to_be_in_viewport()
        await visit.page.clock.run_for(20_000)
        await expect(page.get_by_role("alert")).to_contain_text("we do not know whether this was done")
        await expect(page.locator("#done")).to_have_text("")
        await page.unroute("**/intake")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")


async def test_the_words_of_a_network_in_between_are_no_answer(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        await page.route("**/intake", lambda route: route.fulfill(body="<h1>Sign in to the free network</h1>"))
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("we do not know whether this was done")
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


async def revoked(service: Service, token: dict[str, str]) -> None:
    me = (await service.client.get("/v1/me", headers=token)).json()
    assert (await service.client.delete(f"/v1/tokens/{me['token_id']}", headers=token)).status_code == 204


async def test_a_token_that_ends_meanwhile_is_replaced_and_the_input_stays(
    service: Service, visiting: Visiting
) -> None:
    first, second = await service.token(responder=SLUG), await service.token(responder=SLUG)
    other = await service.token(responder="unseen")

    async def enter(token: dict[str, str]) -> None:
        await page.get_by_label("access code").fill(token["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_label("access code")).to_be_hidden()

    async with visiting() as visit:
        page = await visit.open("/update")
        await enter(first)
        await page.get_by_label("Paused").check()
        await page.get_by_label("Note").fill("Ask for Monday")
        await revoked(service, first)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("This access code was ended.")
        await enter(second)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert (await service.responder(SLUG))["intake"]["report"]["note"] == "Ask for Monday"

        # What was entered for one organisation is not offered to another.
        await page.get_by_label("Open").check()
        await revoked(service, second)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await enter(other)
        await expect(page.get_by_role("heading", name="Unseen")).to_be_visible()
        await expect(page.get_by_label("Open")).not_to_be_checked()
        await visit.assert_left_no_trace()


async def test_the_token_is_kept_by_the_page_alone_and_gone_with_it(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, WAITING)
    async with visiting() as visit:
        page = await signed_in(visit)
        assert await page.get_by_label("access code").input_value() == ""
        assert not any("cap_" in address for address in visit.requests)
        assert await page.get_by_label("access code").get_attribute("autocomplete") == "current-password"
        await visit.assert_left_no_trace()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("button", name="Continue")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("button", name="Continue")).to_be_visible()


async def test_a_page_that_is_brought_back_has_no_token(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await signed_in(visit)
        async with page.expect_event("load"):
            await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        await expect(page.get_by_role("button", name="Continue")).to_be_visible()
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_hidden()


async def test_what_a_chat_program_puts_around_a_token_does_no_harm(service: Service, visiting: Visiting) -> None:
    token = (await service.token(responder=SLUG))["authorization"].removeprefix("Bearer ")
    async with visiting() as visit:
        page = await pasted(visit, f"\u201c{token[:12]} {token[12:]}\u201d\u200b")
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_visible()


async def test_everything_can_be_done_by_keyboard(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page = await pasted(visit)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="The Salvation Army")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        assert await page.get_by_label("Open").is_checked()
        await page.keyboard.press("ArrowDown")
        assert await page.get_by_label("Waiting list").is_checked()
        while await page.evaluate("document.activeElement.textContent") != "Publish":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_contain_text("Published: Waiting list.")


async def test_enter_in_a_field_leads_to_the_preview_and_publishes_nothing(
    service: Service, visiting: Visiting
) -> None:
    before = await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        await expected_time(page, "Expected response").get_by_label("to", exact=True).fill("5")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_focused()
        await expect(page.locator("#preview")).to_contain_text("Response: 5 working days")
        await expect(page.locator("#preview")).to_be_in_viewport()
        assert (await service.responder(SLUG))["sequence"] == before["sequence"]


@pytest.mark.parametrize("wrong_by", [timedelta(days=-8), timedelta(days=8)])
async def test_whether_a_report_holds_is_decided_by_the_servers_clock(
    service: Service, visiting: Visiting, wrong_by: timedelta
) -> None:
    await service.report(SLUG, OPEN)
    async with visiting() as visit:
        await visit.page.clock.install(time=utc_now() + wrong_by)
        page = await signed_in(visit)
        asked = len(visit.requests)
        await page.clock.run_for(31_000)
        assert len(visit.requests) == asked
        async with page.expect_request(f"**/{SLUG}"):
            await page.clock.fast_forward(timedelta(days=7, seconds=5) // timedelta(milliseconds=1))


async def test_without_javascript_it_says_in_words_what_to_do(visiting: Visiting) -> None:
    async with visiting(java_script_enabled=False) as visit:
        page = await visit.open("/update")
        await expect(page.get_by_text("If you came by a link from a mail: it was not used.")).to_be_visible()
        no_script = page.locator("#no-script")
        await expect(no_script).to_contain_text("You can ring or mail the people who run this directory.")
        await expect(no_script.get_by_role("link", name="corrections@example.org")).to_be_visible()
        await expect(page.get_by_text("curl")).to_have_count(0)
        await expect(page.get_by_label("access code")).to_be_hidden()
