"""What people come to the update page for: how few taps it takes, and that nothing else changes."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import Visit, Visiting
from tests.browser.signing_in import REFUSED, SLUG, signed_in
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings

PHONE = {"width": 320, "height": 568}
CLOSED: dict[str, Any] = {
    **PAUSED,
    "exceptions": ["homelessness", "detention"],
    "reason": "staffing",
    "expected_response": {"min": 2, "max": 3, "unit": "weeks"},
    "expected_referral": {"min": 0, "max": 10, "unit": "working_days"},
}
LIMITED: dict[str, Any] = {
    "state": "open",
    "no_timeframe": True,
    "note": "Ring before ten.",
    "limited_to": {
        "areas": ["E12000003", "E12000007"],
        "exploitation_types": ["all"],
        "age_groups": ["young_person"],
        "genders": ["woman", "non_binary"],
    },
}


def in_days(days: int) -> str:
    return f"{utc_now() + timedelta(days=days):%Y-%m-%d}"


async def report_of(service: Service) -> dict[str, Any]:
    report: dict[str, Any] = (await service.responder(SLUG))["intake"]["report"]
    return report


async def publish(page: Page) -> None:
    await page.get_by_role("button", name="Publish", exact=True).tap()


async def test_each_task_takes_few_taps(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    async with visiting(has_touch=True, viewport=PHONE) as visit:
        page = await signed_in(visit)
        done = page.locator("#done")
        await page.evaluate("taps = 0; addEventListener('pointerdown', (event) => event.isTrusted && taps++, true)")

        async def taps() -> int:
            return int(await page.evaluate("[taps, (taps = 0)][0]"))

        # "Still open", on the first screen of a small phone.
        assert await page.evaluate("scrollY") == 0
        place = await page.get_by_role("button", name="Still true").bounding_box()
        assert place is not None
        assert place["y"] + place["height"] <= PHONE["height"]
        await page.get_by_role("button", name="Still true").tap()
        await expect(done).to_contain_text("Published: Open.")
        assert await taps() == 1

        # A pause until a day, with urgent cases.
        await page.locator("label.paused").tap()
        for people in ("People who are homeless", "People in detention", "Other urgent cases"):
            await page.get_by_label(people).tap()
        await page.get_by_label("Until which day").tap()
        await page.get_by_label("Until which day").fill(in_days(9))
        await publish(page)
        await expect(done).to_contain_text("Published: Paused.")
        assert await taps() <= 6
        report = await report_of(service)
        assert report["exceptions"] == ["homelessness", "detention", "other_urgent"]
        assert report["reopens_on"] == in_days(9)
        # The times that stood stay as they were.
        assert report["expected_response"] == OPEN["expected_response"]

        # Undo: what stood before is filled in, and published as a report of today.
        await page.get_by_role("button", name="Undo").tap()
        await expect(page.locator("#preview .state")).to_have_text("Open")
        await publish(page)
        await expect(done).to_contain_text("Published: Open.")
        assert await taps() == 2

        # Only women for now.
        await page.locator("label.open").tap()
        await page.locator("summary").get_by_text("Gender").tap()
        await page.get_by_label("Women", exact=True).tap()
        await publish(page)
        await expect(done).to_contain_text("Published: Open.")
        assert await taps() <= 5
        limit = (await report_of(service))["limited_to"]
        assert limit == {aspect: ["woman"] if aspect == "genders" else ["all"] for aspect in limit}

        # Closed over Christmas.
        await page.locator("label.paused").tap()
        await page.get_by_label("Until which day").tap()
        await page.get_by_label("Until which day").fill(in_days(40))
        await page.get_by_label("Start (leave empty").tap()
        await page.get_by_label("Start (leave empty").fill(f"{in_days(30)}T17:00")
        await page.get_by_label("Note").tap()
        await page.get_by_label("Note").fill("Closed over Christmas.")
        await publish(page)
        await expect(done).to_contain_text("Announced: paused from")
        assert await taps() <= 8
        await expect(page.get_by_role("button", name="Undo")).to_be_hidden()
        planned = (await service.responder(SLUG))["intake"]["planned"]
        assert planned["effective_from"].startswith(in_days(30))
        assert planned["report"]["reopens_on"] == in_days(40)

        # A telephone number is put right.
        before = (await service.responder(SLUG))["contact"]
        await page.get_by_text("How people reach you").tap()
        await page.get_by_label("Telephone for referrals").tap()
        await page.get_by_label("Telephone for referrals").fill("020 7946 0000")
        await page.get_by_role("button", name="Publish these details").tap()
        await expect(done).to_have_text("Published: how people reach you.")
        assert await taps() <= 4
        after = (await service.responder(SLUG))["contact"]
        assert after["phone"]["text"] == "020 7946 0000"
        assert {**after, "phone": None, "source": None} == {**before, "phone": None, "source": None}
        await visit.assert_left_no_trace()
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


@pytest.mark.parametrize("report", [{**CLOSED, "reopens_on": in_days(9)}, LIMITED], ids=["pause", "limit"])
async def test_a_changed_note_changes_a_note_and_nothing_else(
    service: Service, visiting: Visiting, report: dict[str, Any]
) -> None:
    before = (await service.report(SLUG, report))["intake"]["report"]
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.locator(f"label.{report['state']}").click()
        await expect(page.locator("#filled-in")).to_have_text(
            "Filled in from your last report. Change what has changed."
        )
        await page.get_by_label("Note").fill("Back soon.")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: ")
        assert await report_of(service) == {**before, "note": "Back soon."}


async def test_after_a_lapse_the_form_begins_with_the_last_report_and_says_so(
    settings: Settings, browser: Browser
) -> None:
    clock = Clock(utc_now() - timedelta(days=30))
    async with serving(settings, clock) as service:
        last = (await service.report(SLUG, {**CLOSED, "reopens_on": in_days(-20)}))["intake"]["report"]
        clock.set(utc_now())
        context = await browser.new_context()
        page = await signed_in(Visit(service, await context.new_page()))
        await page.get_by_label("Paused").check()
        await expect(page.locator("#filled-in")).to_contain_text("Your last report has ended.")
        # The day is over, so it is not filled in.
        await expect(page.get_by_label("Until which day")).to_have_value("")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        assert await report_of(service) == {**last, "reopens_on": None}
        # Nothing stood before, so there is nothing to put back.
        await expect(page.get_by_role("button", name="Undo")).to_be_hidden()
        await context.close()


async def test_undo_is_there_for_a_minute_unless_something_else_is_published(
    service: Service, visiting: Visiting
) -> None:
    await service.report(SLUG, CLOSED)
    async with visiting(bypass_csp=True) as visit:
        await visit.page.clock.install()
        page = await signed_in(visit)
        undo = page.get_by_role("button", name="Undo")
        await expect(undo).to_be_hidden()
        for state in ("Open", "Waiting list"):
            await page.get_by_role("radio", name=state).check()
            await page.get_by_role("button", name="Publish", exact=True).click()
            await expect(page.locator("#done")).to_contain_text(f"Published: {state}.")
            await expect(undo).to_be_visible()
        await visit.assert_accessible()
        await page.get_by_role("button", name="Still true").click()
        await expect(undo).to_be_hidden()

        await page.get_by_role("radio", name="Open").check()
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(undo).to_be_visible()
        await page.clock.run_for(59_000)
        await expect(undo).to_be_visible()
        await page.clock.run_for(2_000)
        await expect(undo).to_be_hidden()


async def test_back_goes_one_step_back_and_loses_nothing(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, CLOSED)
    async with visiting() as visit:
        page = await signed_in(visit)
        note = page.get_by_label("Note")
        await page.get_by_label("Open").check()
        await page.get_by_label("Paused").check()
        await note.fill("Back soon.")
        await page.go_back()
        await expect(note).to_be_hidden()
        await expect(page.get_by_label("Paused")).not_to_be_checked()
        await expect(page.locator("#name")).to_be_focused()
        await page.go_forward()
        await expect(page.get_by_label("Paused")).to_be_checked()
        await expect(note).to_have_value("Back soon.")

        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        await expect(note).to_be_hidden()
        await page.go_back()
        await expect(note).to_have_value("Back soon.")
        await visit.assert_left_no_trace()


async def test_what_is_wrong_is_said_beside_each_field_all_at_once(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, CLOSED)
    async with visiting(bypass_csp=True) as visit:
        page = await signed_in(visit)
        await page.get_by_label("Paused").check()
        response = page.get_by_role("group", name="Expected response")
        await response.get_by_label("from", exact=True).fill("9")
        await page.get_by_label("Until which day").fill(in_days(-2))
        await page.get_by_label("Start (leave empty").fill(f"{in_days(-3)}T09:00")
        asked = len(visit.requests)
        await page.get_by_role("button", name="Publish", exact=True).click()
        summary = page.get_by_role("alert")
        await expect(summary).to_be_focused()
        await expect(summary.get_by_role("link")).to_have_text(
            [
                "The last day must be today or later",
                "Start must be in the future",
                "Expected response: the second number must not be smaller than the first",
            ]
        )
        assert len(visit.requests) == asked, "nothing was sent"
        for text, field in (
            ("The last day must be today or later", page.get_by_label("Until which day")),
            ("Start must be in the future", page.get_by_label("Start (leave empty")),
            ("Expected response: the second", response.get_by_label("to", exact=True)),
        ):
            await summary.get_by_role("link", name=text).click()
            await expect(field).to_be_focused()
            assert await field.get_attribute("aria-invalid") == "true"
            described = await field.get_attribute("aria-describedby") or ""
            await expect(page.locator(f"#{described}")).to_contain_text(text)
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await response.get_by_label("from", exact=True).fill("1")
        await page.get_by_label("Until which day").fill("")
        await page.get_by_label("Start (leave empty").fill("")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Paused.")
        await expect(page.locator("[aria-invalid], .reason-beside")).to_have_count(0)


async def test_for_how_long_a_report_holds_is_said_in_words_and_changed_alone(
    service: Service, visiting: Visiting
) -> None:
    await service.report(SLUG, OPEN)
    source = {"name": "Its own site", "url": "https://charity.example/contact", "checked_on": "2026-11-01"}
    headers = await service.token()
    contact = {"phone": "0800 808 3733", "source": source}
    assert (
        await service.client.patch(f"/v1/responders/{SLUG}", json={"contact": contact}, headers=headers)
    ).status_code == 200
    async with visiting(bypass_csp=True, viewport={"width": 1280, "height": 800}) as visit:
        page = await signed_in(visit)
        await page.get_by_text("How people reach you").click()
        await expect(page.locator("#holds-now")).to_have_text("Your last report holds for 7 days.")
        await page.get_by_label("How long a report of yours holds").select_option(label="14 days")
        await page.get_by_role("button", name="Publish these details").click()
        await expect(page.locator("#done")).to_have_text("Published: how people reach you.")
        assert (await service.responder(SLUG))["contact"]["source"] == source
        await page.get_by_role("button", name="Still true").click()
        await expect(page.locator("#holds-now")).to_have_text("Your last report holds for 14 days.")

        # On a wide screen what the public will read stands beside the fields.
        await page.get_by_label("Open").check()
        fields, preview = [await page.locator(part).bounding_box() for part in (".fields", ".preview")]
        assert fields is not None
        assert preview is not None
        assert preview["x"] >= fields["x"] + fields["width"]
        assert preview["y"] == fields["y"]
        await visit.assert_accessible()
