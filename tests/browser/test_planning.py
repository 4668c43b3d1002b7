"""A change that is planned on the update page: shown as the public will read it, in UK time, called off by one tap."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.signing_in import REFUSED, SLUG, signed_in
from tests.serving import OPEN, Service

from capacity_api.clock import utc_now
from capacity_api.domain.intake import LONDON_TIME
from capacity_api.pages import scripts
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, speaking

THRESHOLD = {"pause_at": 9, "report": {"exceptions": ["detention"]}}
FROM_WHEN = "Start (leave empty for now)"


def at_nine(days: int) -> datetime:
    """Nine o'clock in the UK, in so many days."""
    return (utc_now().astimezone(LONDON_TIME) + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)


def typed(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


async def chosen(page: Page, state: str) -> None:
    await page.get_by_label(state).check()


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 720}, {"width": 1280, "height": 900}])
async def test_a_planned_pause_reads_as_it_was_shown_and_is_called_off_by_one_tap(
    service: Service, visiting: Visiting, viewport: dict[str, int]
) -> None:
    await service.report(SLUG, OPEN)
    headers = await service.token(responder=SLUG)
    assert (
        await service.client.put(f"/v1/responders/{SLUG}/threshold", json=THRESHOLD, headers=headers)
    ).status_code == 200
    start, end = at_nine(11), at_nine(15).date()
    async with visiting(bypass_csp=True, viewport=viewport, timezone_id="America/New_York") as visit:
        page = await signed_in(visit)
        await expect(page.get_by_role("button", name="Cancel the planned")).to_be_hidden()
        await chosen(page, "Paused")
        await page.get_by_label("People in detention").check()
        await page.get_by_label("Until which day").fill(end.isoformat())
        await page.get_by_label("Note").fill("Closed over the holidays.")
        await page.get_by_label("Reason").select_option(label="Planned")
        await page.get_by_label("We cannot say how long").check()
        await page.get_by_label(FROM_WHEN).fill(typed(start))
        preview = page.locator("#preview")
        await expect(preview.locator(".state")).to_have_text("Open")
        planned = f"Planned: paused from {sentences.moment(start)} until {sentences.day(end)}."
        promised = await preview.locator(".plan p").all_inner_texts()
        assert promised == [
            planned,
            f"From {sentences.moment(start)}: Will still take people in detention. Reason given: planned.",
            "Closed over the holidays.",
            "Response then: Cannot say how long a reply takes",
        ]
        await visit.assert_accessible()
        assert await visit.overflow() <= 0

        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_have_text(
            f"Announced: paused from {sentences.moment(start)}. It starts by itself."
        )
        intake = (await service.responder(SLUG))["intake"]
        assert intake["state"] == "open"
        assert intake["planned"]["effective_from"] == sentences.utc(start)
        assert await page.locator("#shown .plan p").all_inner_texts() == promised
        assert await page.get_by_label(FROM_WHEN).input_value() == ""
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        reader = await page.context.new_page()
        await reader.goto(visit.home)
        entry = reader.locator(f"#r-{SLUG}")
        await entry.locator("summary").click()
        plan = entry.locator(
            "p:has-text('Planned:'), p:has-text('Will still'), p:has-text('holidays'), p:has-text('Response then:')"
        )
        assert await plan.all_inner_texts() == promised

        # A report for now leaves the plan as it is, and the preview says so.
        await page.get_by_label("Waiting list").check()
        await expect(page.locator("#preview .plan")).to_contain_text(planned)
        await expect(page.locator("#prepared .plan")).to_contain_text(planned)

        await page.get_by_role("button", name="Cancel the planned pause").click()
        await expect(page.locator("#done")).to_have_text(f"Cancelled: paused from {sentences.moment(start)}.")
        await expect(page.get_by_role("button", name="Cancel the planned")).to_be_hidden()
        await expect(page.locator(".plan")).to_have_count(0)
        assert (await service.responder(SLUG))["intake"]["planned"] is None
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []
        await visit.assert_left_no_trace()


async def test_planning_and_calling_off_need_no_pointer(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    start = at_nine(11)
    async with visiting() as visit:
        page = await signed_in(visit)
        await page.get_by_label("Open").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        assert await page.get_by_label("Waiting list").is_checked()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        # A date takes four presses.
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.name") == "effective_from":
                break
        await page.keyboard.type(f"{start:%m%d%Y}\t0900AM")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_contain_text(f"Announced: waiting list from {sentences.moment(start)}.")
        await expect(page.locator("#name")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Still true")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_contain_text("Cancelled: waiting list from")
        await expect(page.locator("#name")).to_be_focused()


async def test_a_second_plan_replaces_the_first_only_when_it_is_told_to(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    christmas, easter = at_nine(11), at_nine(40)
    await service.report(SLUG, {"state": "paused", "effective_from": sentences.utc(christmas), "note": "Christmas"})
    async with visiting(bypass_csp=True) as visit:
        page = await signed_in(visit)
        fault = page.get_by_role("alert")
        await chosen(page, "Waiting list")
        await page.get_by_label("Note").fill("Easter")
        await page.get_by_label(FROM_WHEN).fill(typed(easter))
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text(
            f"You have already planned this: paused from {sentences.moment(christmas)}."
        )
        await expect(fault).to_be_focused()
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        assert (await service.responder(SLUG))["intake"]["planned"]["report"]["note"] == "Christmas"
        assert await page.get_by_label("Note").input_value() == "Easter"

        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Replace that plan")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_have_text(
            f"Announced: waiting list from {sentences.moment(easter)}. It starts by itself."
        )
        await expect(fault).to_be_hidden()
        planned = (await service.responder(SLUG))["intake"]["planned"]
        assert planned["effective_from"] == sentences.utc(easter)
        assert planned["report"]["note"] == "Easter"
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


async def test_a_time_that_cannot_be_is_refused_in_words_and_kept(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    async with visiting(bypass_csp=True) as visit:
        page = await signed_in(visit)
        fault = page.get_by_role("alert")
        field = page.get_by_label(FROM_WHEN)
        await chosen(page, "Paused")
        await page.get_by_label("Note").fill("Closed.")
        # Only the date without a time, which the browser passes on as an empty value.
        await field.focus()
        await page.keyboard.type(f"{at_nine(11):%m%d}")
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text("Nothing was published. Put this right, then publish it again:")
        await expect(fault).to_contain_text(f"{FROM_WHEN}: this is not complete, or not what fits here")
        assert await field.get_attribute("aria-invalid") == "true"
        await visit.assert_accessible()

        earlier = typed(at_nine(-2))
        await field.fill(earlier)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(fault).to_contain_text("Start must be in the future")
        assert await field.input_value() == earlier
        assert await page.get_by_label("Note").input_value() == "Closed."
        assert (await service.responder(SLUG))["intake"]["planned"] is None

        # Hidden with a state that cannot be planned, it neither counts nor is in the way.
        await page.get_by_role("radio", name="Open").check()
        await expect(page.locator("#preview .plan")).to_have_count(0)
        await page.get_by_role("button", name="Publish", exact=True).click()
        await expect(page.locator("#done")).to_contain_text("Published: Open.")
        assert [each for each in visit.complaints if not REFUSED.search(each)] == []


async def test_somebody_elses_change_is_seen_before_a_plan_is_called_off(service: Service, visiting: Visiting) -> None:
    start = at_nine(11).astimezone(UTC)
    await service.report(SLUG, {"state": "paused", "effective_from": sentences.utc(start)})
    async with visiting() as visit:
        page = await signed_in(visit)
        later = sentences.utc(start + timedelta(days=1))
        answer = await service.client.put(
            f"/v1/responders/{SLUG}/intake?replace=true",
            json={"state": "waiting_list", "effective_from": later},
            headers=await service.token(responder=SLUG),
        )
        assert answer.status_code == 200
        await page.get_by_role("button", name="Cancel the planned pause").click()
        await expect(page.get_by_role("alert")).to_contain_text("What is shown had changed since you looked")
        await expect(page.locator("#shown .plan")).to_contain_text("Planned: waiting list from")
        assert (await service.responder(SLUG))["intake"]["planned"]["effective_from"] == later


async def test_a_plan_that_has_started_does_not_stand_there_as_one(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, {"state": "paused", "effective_from": sentences.utc(at_nine(1))})
    async with visiting() as visit:
        await visit.page.clock.install()
        page = await signed_in(visit)
        await expect(page.locator("#shown .plan")).to_be_visible()
        headers = await service.token(responder=SLUG)
        await service.client.delete(f"/v1/responders/{SLUG}/intake/planned", headers=headers)
        await page.clock.run_for(6_000)
        await expect(page.locator("#shown .plan")).to_be_visible()
        await page.clock.fast_forward(timedelta(days=2) // timedelta(milliseconds=1))
        await expect(page.locator("#shown .plan")).to_have_count(0)


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("2026-07-01T09:00", "2026-07-01T08:00:00.000Z"),
        ("2026-12-03T09:00", "2026-12-03T09:00:00.000Z"),
        # The hour that there is twice, and the one that there is not.
        ("2026-10-25T01:30", "2026-10-25T00:30:00.000Z"),
        ("2027-03-28T01:30", "2027-03-28T01:30:00.000Z"),
    ],
)
async def test_a_time_is_the_uks_wherever_the_device_is(visiting: Visiting, wall: str, utc: str) -> None:
    async with visiting(timezone_id="Asia/Tokyo") as visit:
        page = await visit.open("/update")
        moment = "async (wall) => new Date((await import('/scripts/report.js')).ukTime(wall)).toISOString()"
        assert await page.evaluate(moment, wall) == utc


async def test_the_page_writes_times_as_the_service_does_in_every_language(
    visiting: Visiting, invented_language: Language
) -> None:
    midnight = datetime(2026, 12, 2, tzinfo=LONDON_TIME)
    moments = [midnight, midnight + timedelta(hours=9, minutes=5), midnight + timedelta(days=200)]
    for language in (ENGLISH, invented_language):
        async with visiting(locale="ar-EG") as visit:
            for name in scripts.GENERATED:
                body = scripts.script(name, language)
                await visit.page.route(
                    f"**/scripts/{name}",
                    lambda route, _, body=body: route.fulfill(body=body, content_type="text/javascript"),
                )
            page = await visit.open("/update")
            written = await page.evaluate(
                "async (moments) => moments.map((await import('/scripts/report.js')).until)",
                [at.timestamp() * 1000 for at in moments],
            )
        with speaking(language):
            assert written == [sentences.until(at) for at in moments]
