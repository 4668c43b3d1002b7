"""The parts of the coordinator's page about people and access: each step is done by a real browser on the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from playwright.async_api import expect
from tests.browser.conftest import KEPT, Visit, Visiting
from tests.browser.managing import answer, managing, show
from tests.delivery import workers
from tests.delivery.endpoints import Endpoint
from tests.delivery.endpoints import serving as serving_endpoint
from tests.serving import OPEN, PAUSED, Headers, Service

SLUG = "tara"
NAME = "TARA"


async def read(service: Service, path: str, headers: Headers | None = None) -> Any:
    answered = await service.client.get(path, headers=headers or await service.token())
    assert answered.status_code == 200, answered.text
    return answered.json()


async def status_of(service: Service, headers: Headers) -> int:
    return (await service.client.get("/v1/me", headers=headers)).status_code


@asynccontextmanager
async def hooked(service: Service, headers: Headers, status: int = 204) -> AsyncIterator[tuple[Endpoint, str]]:
    """A webhook at an endpoint that answers `status`, with a worker that sends to it; gives its id."""
    endpoint = Endpoint(status=status)
    async with serving_endpoint(endpoint) as url:
        made = await service.client.post("/v1/webhooks", json={"url": url, "description": "Helpline"}, headers=headers)
        assert made.status_code == 201, made.text
        async with workers.running(service.database, service.database.settings, asyncio.Event()):
            yield endpoint, made.json()["id"]


async def test_a_token_is_revoked_and_its_owner_suspended_in_one_step(visiting: Visiting, service: Service) -> None:
    leaked = await service.token(responder=SLUG, label="intake tool")
    other = await service.token(responder=SLUG, label="second tool")
    async with visiting() as visit:
        page, part = await managing(visit, "Tokens and links")
        row = part.get_by_role("listitem").filter(has_text="intake tool")
        await row.get_by_role("button", name="Revoke intake tool").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text(f"The webhooks of {NAME} go on")
        await answer(page, "Leave it as it is")
        await expect(row.get_by_role("button", name="Revoke intake tool")).to_be_focused()
        assert await status_of(service, leaked) == 200
        await row.get_by_role("button", name="Revoke intake tool").click()
        await answer(page, f"Revoke it and suspend {NAME}")
        await expect(part.get_by_role("status")).to_have_text(f"Revoked: intake tool. {NAME} is suspended.")
        await expect(part.get_by_role("heading", name=NAME)).to_be_focused()
        assert await status_of(service, leaked) == await status_of(service, other) == 401
        await expect(row).to_have_count(0)
        await part.get_by_label("Show tokens that have ended, too").check()
        await expect(row).to_contain_text("Revoked on")
        await part.get_by_role("button", name=f"Resume {NAME}").click()
        await expect(part.get_by_role("status")).to_contain_text(f"{NAME} is resumed.")
        assert await status_of(service, other) == 200
        assert await status_of(service, leaked) == 401
        await visit.assert_accessible()
        assert visit.complaints == []


async def test_suspending_asks_first_and_stops_the_tokens(visiting: Visiting, service: Service) -> None:
    token = await service.token(partner="Helpline")
    async with visiting() as visit:
        page, part = await managing(visit, "Tokens and links")
        await part.get_by_role("button", name="Suspend Helpline").click()
        await visit.assert_accessible()
        await page.keyboard.press("Escape")
        await expect(part.get_by_role("button", name="Suspend Helpline")).to_be_focused()
        assert await status_of(service, token) == 200
        await part.get_by_role("button", name="Suspend Helpline").click()
        await answer(page, "Suspend it")
        await expect(part.get_by_role("status")).to_have_text("Helpline is suspended.")
        assert await status_of(service, token) == 401


async def test_a_new_token_is_shown_once_and_works(visiting: Visiting, service: Service) -> None:
    old = await service.token(responder=SLUG, label="intake tool")
    async with visiting() as visit:
        page, part = await managing(visit, "Tokens and links")
        await part.get_by_role("button", name="Replace intake tool").click()
        await answer(page, "Make the new token")
        field = part.get_by_label(f"New token for {NAME}")
        await expect(field).to_be_focused()
        secret = await field.input_value()
        new = {"authorization": f"Bearer {secret}"}
        assert (await read(service, "/v1/me", new))["owner"]["slug"] == SLUG
        assert await status_of(service, old) == 200
        await part.get_by_role("button", name="Take it off this page").click()
        await expect(field).to_have_count(0)
        assert secret not in await page.content()
        assert secret not in "".join(visit.requests)
        assert await page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]


async def test_a_token_is_copied_or_at_least_selected(visiting: Visiting, service: Service) -> None:
    await service.token(responder=SLUG, label="intake tool")
    async with visiting(permissions=["clipboard-read", "clipboard-write"]) as visit:
        page, part = await managing(visit, "Tokens and links")
        await part.get_by_role("button", name="Replace intake tool").click()
        await answer(page, "Make the new token")
        secret = await part.get_by_label(f"New token for {NAME}").input_value()
        await part.get_by_role("button", name="Copy").click()
        await expect(part.get_by_text("Copied.")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == secret


async def test_whoever_revokes_its_own_token_is_signed_out(visiting: Visiting, service: Service) -> None:
    own = await service.token(label="mine")
    async with visiting() as visit:
        page, part = await managing(visit, "Tokens and links", own)
        await part.get_by_role("button", name="Revoke mine (you are signed in with it)").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text("you will be signed out")
        await answer(page, "Revoke the token")
        await expect(page.get_by_label("Your access code")).to_be_visible()
        assert await status_of(service, own) == 401


async def test_a_webhook_that_fails_stands_first_and_says_why(visiting: Visiting, service: Service) -> None:
    partner = await service.token(partner="Partner")
    fine = await service.client.post(
        "/v1/webhooks", json={"url": "http://127.0.0.1:9/fine", "responders": ["bawso"]}, headers=partner
    )
    assert fine.status_code == 201
    async with hooked(service, partner, status=500) as (endpoint, webhook_id):
        await service.report(SLUG, PAUSED)
        await endpoint.arrived(1)
        # Its second attempt comes after the first is recorded.
        await endpoint.arrived(2)
        async with visiting() as visit:
            page, part = await managing(visit, "Webhooks")
            first = part.get_by_role("region").first
            await expect(first.get_by_role("heading")).to_have_text("Helpline")
            await expect(first).to_contain_text("Failing since")
            await expect(first).to_contain_text("Why: its server answered 500.")
            await expect(first).to_contain_text("We try again on")
            await visit.assert_accessible()

            await first.get_by_role("button", name="Test Helpline").click()
            await expect(part.get_by_role("status")).to_contain_text("did not arrive")
            await expect(part.get_by_role("status")).to_contain_text("its server answered 500")
            endpoint.status = 204
            await first.get_by_role("button", name="Test Helpline").click()
            await expect(part.get_by_role("status")).to_contain_text("The test arrived")

            row = part.get_by_role("region", name="Helpline")
            await row.get_by_role("button", name="Disable Helpline").click()
            await answer(page, "Disable it")
            await expect(row).to_contain_text("Disabled by a coordinator.")
            await expect(row.get_by_role("heading")).to_be_focused()
            shown = await read(service, f"/v1/webhooks/{webhook_id}")
            assert (shown["status"], shown["disabled_reason"]) == ("disabled", "administrator")
            await row.get_by_role("button", name="Enable Helpline").click()
            await expect(part.get_by_role("status")).to_contain_text("Enabled")
            assert (await read(service, f"/v1/webhooks/{webhook_id}"))["status"] == "active"
            await row.get_by_text("Newest deliveries").click()
            await expect(row.get_by_role("listitem").filter(has_text="webhook.test").first).to_contain_text("delivered")
            assert visit.complaints == []


async def test_a_partner_sees_its_own_webhooks_and_tokens_alone(visiting: Visiting, service: Service) -> None:
    own, other = await service.token(partner="Own"), await service.token(partner="Other")
    for headers, url in ((own, "http://127.0.0.1:9/own"), (other, "http://127.0.0.1:9/other")):
        made = await service.client.post("/v1/webhooks", json={"url": url}, headers=headers)
        assert made.status_code == 201
    async with visiting() as visit:
        page, part = await managing(visit, "Webhooks", own)
        await expect(part.get_by_role("heading", name="http://127.0.0.1:9/own")).to_be_visible()
        await expect(part.get_by_text("/other")).to_have_count(0)
        contents = page.get_by_role("navigation", name="Parts of this page")
        assert await contents.get_by_role("button").all_inner_texts() == ["People", "Tokens and links", "Webhooks"]
        await show(page, "Tokens and links")
        tokens = page.get_by_role("region", name="Tokens and links", exact=True)
        await expect(tokens.get_by_role("listitem")).to_have_count(1)
        await expect(tokens.get_by_role("button", name="Make a one-time link")).to_be_hidden()
        await expect(tokens.get_by_role("button", name="Suspend")).to_have_count(0)
        assert visit.complaints == []


async def test_a_note_is_redacted_after_a_question(visiting: Visiting, service: Service) -> None:
    await service.report(SLUG, {**PAUSED, "note": "Ask Ann Example at home."})
    async with visiting() as visit:
        page, part = await managing(visit, "Redact")
        await part.get_by_role("button", name="Redact").click()
        await expect(part.get_by_role("alert")).to_contain_text("Choose a charity")
        await expect(part.get_by_role("alert")).to_be_focused()
        await visit.assert_accessible()
        await part.get_by_label("Charity").select_option(label=NAME)
        await part.get_by_label("The note of a report").check()
        await part.get_by_role("button", name="Redact").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text("Backups and copies that others made keep it.")
        await answer(page, "Redact it now")
        await expect(part.get_by_role("status")).to_contain_text("Done. It was in 1 stored event.")
        await expect(part.get_by_role("heading", name="Redact", exact=True)).to_be_focused()
        assert (await service.responder(SLUG))["intake"]["report"]["note"] is None
        directory = await visit.open("/")
        assert "Ann Example" not in await directory.content()


async def test_a_range_is_chosen_by_the_numbers_that_the_page_lists(visiting: Visiting, service: Service) -> None:
    first = await service.report(SLUG, {**PAUSED, "note": "The first note."})
    second = await service.report(SLUG, {**OPEN, "note": "The second note."})
    async with visiting() as visit:
        page, part = await managing(visit, "Redact")
        await part.get_by_label("Charity").select_option(label=NAME)
        await part.get_by_label("The note of a report").check()
        await part.get_by_label("Only from one event on").check()
        await part.get_by_text("Find the number").click()
        await expect(part.get_by_role("listitem").first).to_contain_text(f"Number {second['sequence']}: it reported")
        await part.get_by_label("From number").fill(str(first["sequence"]))
        await part.get_by_label("To number").fill(str(first["sequence"]))
        await part.get_by_role("button", name="Redact").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text(f"to number {first['sequence']}")
        await answer(page, "Redact it now")
        await expect(part.get_by_role("status")).to_contain_text("Done.")
    notes = [entry["report"]["note"] for entry in (await service.read(f"/v1/responders/{SLUG}/history"))["items"]]
    assert notes == ["The second note.", None]


async def test_a_delisted_charity_can_be_redacted(visiting: Visiting, service: Service) -> None:
    await service.report(SLUG, {**PAUSED, "note": "Ask Ann Example at home."})
    gone: httpx.Response = await service.client.delete(f"/v1/responders/{SLUG}", headers=await service.token())
    assert gone.status_code == 204
    async with visiting() as visit:
        page, part = await managing(visit, "Redact")
        await part.get_by_label("Charity").select_option(label=NAME)
        await part.get_by_label("The note of a report").check()
        await part.get_by_role("button", name="Redact").click()
        await answer(page, "Redact it now")
        await expect(part.get_by_role("status")).to_contain_text("Done.")
    assert "Ann Example" not in (await service.client.get("/v1/events")).text


async def audit_rows(visit: Visit) -> list[str]:
    return await visit.page.locator("#audit .entries > li > strong").all_inner_texts()


async def test_the_audit_is_filtered_and_goes_on(visiting: Visiting, service: Service) -> None:
    token = await service.token(responder=SLUG, label="intake tool")
    for _ in range(60):
        answered = await service.client.put(f"/v1/responders/{SLUG}/intake", json=OPEN, headers=token)
        assert answered.status_code == 200
    other = await service.token(responder="bawso")
    await service.client.put("/v1/responders/bawso/intake", json=OPEN, headers=other)
    async with visiting() as visit:
        _, part = await managing(visit, "Audit")
        await expect(part.get_by_role("status").first).to_have_text("50 entries")
        await part.get_by_label("Who:").fill(SLUG)
        await part.get_by_label("What was done").select_option("intake")
        await part.get_by_role("button", name="Show").click()
        await expect(part.get_by_role("listitem").first).to_contain_text("by a token of TARA")
        assert set(await audit_rows(visit)) == {"Reported for"}
        assert len(await audit_rows(visit)) == 50
        await part.get_by_role("button", name="More").click()
        await expect(part.get_by_role("listitem").nth(50)).to_be_focused()
        assert len(await audit_rows(visit)) == 60
        await expect(part.get_by_role("button", name="More")).to_be_hidden()
        await part.get_by_label("From day").fill("2999-01-01")
        await part.get_by_role("button", name="Show").click()
        await expect(part.get_by_role("status").first).to_have_text("No entry.")
        await part.get_by_role("button", name="Clear the filters").click()
        await expect(part.get_by_role("status").first).to_have_text("50 entries")
        await part.get_by_label("To what").fill("bawso")
        await part.get_by_role("button", name="Show").click()
        await expect(part.get_by_role("listitem").first).to_contain_text("Reported for BAWSO")
        await visit.assert_accessible()
        assert visit.complaints == []


async def test_a_filter_that_is_refused_is_said_beside_its_field(visiting: Visiting) -> None:
    async with visiting() as visit:
        _, part = await managing(visit, "Audit")
        await part.get_by_label("From day").fill("2026-11-27")
        await part.get_by_label("To day").fill("2026-11-01")
        await part.get_by_role("button", name="Show").click()
        await expect(part.get_by_role("alert").last).to_contain_text("From day: `from` must not be after `to`")
        assert await part.get_by_label("From day").get_attribute("aria-invalid") == "true"


async def test_every_part_fits_a_small_phone(visiting: Visiting, service: Service) -> None:
    await service.token(partner="A partner with quite a long name that has to go onto a small telephone")
    async with visiting() as visit:
        page, _ = await managing(visit, "Tokens and links")
        for part in ("Tokens and links", "Webhooks", "Redact", "Audit"):
            await show(page, part)
            assert await visit.overflow() <= 0, part
            await visit.assert_accessible()
