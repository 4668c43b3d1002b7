"""The coordinator's page in a real Chromium: everybody at a glance, and a report by telephone in two taps."""

import asyncio
import json
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from tests.api import people
from tests.browser.conftest import KEPT, Visit, Visiting
from tests.browser.managing import answer, managing, show
from tests.browser.signing_in import REFUSED
from tests.conftest import Clock
from tests.delivery import workers
from tests.delivery.endpoints import Endpoint
from tests.delivery.endpoints import serving as serving_endpoint
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.domain.links import LinkKind

SLUG, NAME = "tara", "TARA"
TOLD = "as we were told"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return people.mailing(settings)


async def names(page: Page) -> list[str]:
    """The responders that are shown, from the top."""
    return await page.locator("#glance tr[data-slug]:visible th bdi").all_inner_texts()


async def assert_kept_nothing(visit: Visit) -> None:
    """Nothing asked of another origin, nothing in the page's address, nothing kept."""
    asked = [address for address in visit.requests if not address.startswith(("data:", f"{visit.home}/"))]
    assert asked == []
    assert urlsplit(visit.page.url).query == urlsplit(visit.page.url).fragment == ""
    assert await visit.page.context.cookies() == []
    assert await visit.page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]


async def take(page: Page, button: str, name: str = NAME) -> None:
    """The first tap: what it says by telephone."""
    await page.get_by_role("button", name=f"{button} {name}", exact=True).click()
    await expect(page.locator("#h-told")).to_be_focused()


async def publish(page: Page) -> None:
    await page.get_by_role("button", name="Publish", exact=True).click()


async def test_a_state_told_by_telephone_takes_two_taps_and_everybody_learns_who_said_it(
    service: Service, visiting: Visiting
) -> None:
    await service.report(SLUG, OPEN)
    partner = await service.token(partner="Helpline")
    endpoint = Endpoint()
    async with serving_endpoint(endpoint) as url:
        hook = {"url": url, "event_types": ["intake.paused"], "responders": [SLUG]}
        assert (await service.client.post("/v1/webhooks", json=hook, headers=partner)).status_code == 201
        async with (
            workers.running(service.database, service.database.settings, asyncio.Event()),
            visiting(has_touch=True) as visit,
        ):
            page, part = await managing(visit, "Responders")
            await page.evaluate("taps = 0; addEventListener('click', (e) => e.isTrusted && e.detail && taps++, true)")
            await page.get_by_role("button", name=f"Paused {NAME}", exact=True).tap()
            await expect(page.locator("#preview")).to_contain_text(TOLD)
            await expect(page.locator("#preview")).to_contain_text("It listed no exceptions.")
            assert (await service.responder(SLUG))["intake"]["state"] == "open", "the first tap publishes nothing"
            await page.get_by_role("button", name="Publish", exact=True).tap()
            await expect(part.get_by_role("status").first).to_contain_text(f"Published for {NAME}: Paused, {TOLD}.")
            assert await page.evaluate("taps") == 2
            await expect(page.locator(f"#glance-{SLUG}")).to_be_focused()
            await expect(page.locator(f"#glance [data-slug={SLUG}]")).to_contain_text("Told to this directory on")

            intake = (await service.responder(SLUG))["intake"]
            assert (intake["state"], intake["said_by"]) == ("paused", "coordinator")
            history = await service.read(f"/v1/responders/{SLUG}/history")
            assert (history["items"][0]["state"], history["items"][0]["said_by"]) == ("paused", "coordinator")
            await endpoint.arrived(1)
            assert json.loads(endpoint.posts[0][1])["data"]["responder"]["intake"]["said_by"] == "coordinator"
            table = (await service.client.get("/v1/directory.csv")).text.lstrip("\ufeff").splitlines()
            row = next(line for line in table if line.startswith(f"{SLUG},"))
            assert row.split(",")[table[0].split(",").index("said_by")] == "coordinator"
            await page.goto(visit.home)
            await expect(page.locator(f"#r-{SLUG}")).to_contain_text("We were told this on")
            await assert_kept_nothing(visit)
            assert visit.complaints == []


async def test_still_true_by_telephone_shows_what_is_confirmed(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, {**OPEN, "note": "Ring before ten."})
    async with visiting() as visit:
        page, part = await managing(visit, "Responders")
        await take(page, "Still true")
        await expect(page.locator("#preview")).to_contain_text("Ring before ten.")
        await expect(page.locator("#preview")).to_contain_text(TOLD)
        await publish(page)
        await expect(part.get_by_role("status").first).to_contain_text(f"Published for {NAME}: Open")
        intake = (await service.responder(SLUG))["intake"]
        assert (intake["said_by"], intake["report"]["note"]) == ("coordinator", "Ring before ten.")
        await expect(page.get_by_role("button", name="Still true Migrant Help")).to_have_count(0)


async def test_the_longer_form_is_the_one_of_the_update_page(service: Service, visiting: Visiting) -> None:
    until = f"{utc_now() + timedelta(days=30):%Y-%m-%d}"
    async with visiting() as visit:
        page, _part = await managing(visit, "Responders")
        await take(page, "Paused")
        await page.get_by_text("Add a response time").click()
        await page.get_by_label("People in detention").check()
        await page.get_by_label("Until which day, if it knows").fill(until)
        await page.get_by_label("Public note").fill("Ask for Jane Smith.")
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await publish(page)
        await expect(page.get_by_role("alert")).to_contain_text("It seems to contain the name of a person.")
        await page.get_by_label("Public note").fill("Ask for the duty team.")
        await publish(page)
        await expect(page.locator(f"#glance-{SLUG}")).to_be_focused()
        report = (await service.responder(SLUG))["intake"]["report"]
        assert report["exceptions"] == ["detention"]
        assert report["reopens_on"] == until
        assert report["note"] == "Ask for the duty team."


async def test_a_plan_is_announced_and_replaced_only_when_told_to(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    days = [f"{utc_now() + timedelta(days=ahead):%Y-%m-%d}" for ahead in (30, 60)]
    async with visiting() as visit:
        page, part = await managing(visit, "Responders")
        for day in days:
            await take(page, "Paused")
            await page.get_by_text("Add a response time").click()
            await page.get_by_label("Start (leave empty").fill(f"{day}T12:00")
            await publish(page)
            if day == days[1]:
                await expect(page.get_by_role("alert")).to_contain_text("This is planned already: paused from")
                await page.get_by_role("button", name="Replace that plan").click()
            await expect(part.get_by_role("status").first).to_contain_text(f"Announced for {NAME}: paused from")
        intake = (await service.responder(SLUG))["intake"]
        assert intake["state"] == "open"
        assert intake["planned"]["effective_from"].startswith(days[1])


async def test_what_changed_meanwhile_is_seen_before_anything_is_published(
    service: Service, visiting: Visiting
) -> None:
    await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page, _part = await managing(visit, "Responders")
        await take(page, "Still true")
        meanwhile = await service.report(SLUG, PAUSED)
        await publish(page)
        await expect(page.get_by_role("alert")).to_contain_text("had changed since you looked")
        await expect(page.locator("#preview")).to_contain_text("Paused")
        assert (await service.responder(SLUG))["intake"] == meanwhile["intake"]


async def test_the_most_urgent_come_first(settings: Settings, browser: Browser) -> None:
    clock = Clock(utc_now() - timedelta(days=9))
    async with serving(settings, clock) as service:
        await service.report("unseen", OPEN)
        clock.set(utc_now() - timedelta(days=5))
        await service.report("tara", WAITING)
        await service.report("bawso", OPEN)
        clock.set(utc_now())
        await service.report("kalayaan", PAUSED)
        partner = await service.token(partner="Helpline")
        said = await service.client.post("/v1/responders/bawso/disputes", json={"found": "paused"}, headers=partner)
        assert said.status_code == 201
        context = await browser.new_context()
        page, _part = await managing(Visit(service, await context.new_page()), "Responders")
        await expect(page.locator("#glanced")).to_have_text("13 responders")
        assert (await names(page))[:5] == ["BAWSO", "Unseen", "TARA", "Kalayaan", "Barnardo's"]
        row = {slug: page.locator(f"#glance [data-slug={slug}]") for slug in ("bawso", "unseen", "barnardos")}
        await expect(row["bawso"]).to_contain_text("Helpline rang on")
        await expect(row["bawso"]).to_contain_text("and was told: Paused.")
        await expect(row["unseen"]).to_contain_text("“open” lapsed on")
        await expect(row["barnardos"]).to_contain_text("It has not joined: nobody ever said anything.")

        await page.get_by_label("Find by name").fill("kal")
        assert await names(page) == ["Kalayaan"]
        await expect(page.locator("#glanced")).to_have_text("1 responder")

        await show(page, "Told otherwise")
        dispute = page.locator("#dispute-list li")
        await expect(dispute).to_contain_text("Helpline rang BAWSO on")
        await expect(dispute).to_contain_text("It was told: Paused. The directory showed: Open.")
        await dispute.get_by_role("button", name="Go to it").click()
        await expect(page.locator("#glance-bawso")).to_be_focused()
        await take(page, "Paused", "BAWSO")
        await publish(page)
        await expect(row["bawso"]).not_to_contain_text("Helpline rang")
        await show(page, "Told otherwise")
        await expect(dispute).to_contain_text("Its state was published again since then.")
        gone = await service.client.delete("/v1/responders/bawso", headers=await service.token())
        assert gone.status_code == 204
        await show(page, "Responders")
        await show(page, "Told otherwise")
        await expect(dispute).to_contain_text("Helpline rang BAWSO on")
        await expect(dispute.get_by_role("button")).to_have_count(0)
        await context.close()


async def test_what_lapses_while_the_page_is_open_is_shown_as_lapsed(service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, OPEN)
    async with visiting() as visit:
        await visit.page.clock.install()
        page, _part = await managing(visit, "Responders")
        row = page.locator(f"#glance [data-slug={SLUG}]")
        await expect(row).to_contain_text("Lapses on")
        await page.context.set_offline(True)
        await page.clock.fast_forward(timedelta(days=8) // timedelta(milliseconds=1))
        await expect(row).to_contain_text("Not confirmed")
        await expect(row).to_contain_text("“open” lapsed on")


async def test_who_is_reminded_and_was(service: Service, visiting: Visiting) -> None:
    admin = await service.token()
    await people.add_person(service, admin, "one@tara.example", owner=SLUG)
    for name in ("one", "two"):
        await people.add_person(service, admin, f"{name}@bawso.example", owner="bawso")
    await people.add_person(service, admin, "one@kalayaan.example", owner="kalayaan", roles=["editor"])
    await service.report(SLUG, OPEN)
    async with visiting() as visit:
        page, part = await managing(visit, "Responders")
        row = {slug: page.locator(f"#glance [data-slug={slug}]") for slug in (SLUG, "bawso", "kalayaan", "unseen")}
        await expect(row[SLUG]).to_contain_text("1 person is reminded")
        await expect(row[SLUG]).to_contain_text("Only one person")
        await expect(row["bawso"]).to_contain_text("2 people are reminded")
        for slug in ("kalayaan", "unseen"):
            await expect(row[slug]).to_contain_text("Nobody is reminded")
        await expect(row[SLUG]).to_contain_text("None in the last 90 days")
        for slug, said in (
            (SLUG, f"A reminder is on its way to 1 person at {NAME}."),
            ("unseen", "Nobody there gets reminders, so nothing was sent."),
        ):
            await row[slug].get_by_text("More").click()
            await row[slug].get_by_role("button", name="Remind its people").click()
            await expect(part.get_by_role("status").first).to_contain_text(said)
        await expect(row[SLUG]).to_contain_text("one@tara.example: on its way (a coordinator asked)")


async def test_delisting_says_what_happens_and_asks(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page, part = await managing(visit, "Responders")
        row = page.locator(f"#glance [data-slug={SLUG}]")
        for button in ("Leave it as it is", "Delist it"):
            await row.get_by_text("More").click()
            await row.get_by_role("button", name="Delist").click()
            await expect(page.get_by_role("alertdialog")).to_contain_text("Its history stays.")
            await visit.assert_accessible()
            await answer(page, button)
            if button == "Leave it as it is":
                assert (await service.responder(SLUG))["name"] == NAME
                await row.get_by_text("More").click()
        await expect(part.get_by_role("status").first).to_have_text(f"Delisted: {NAME}.")
        await expect(row).to_have_count(0)
        assert (await service.client.get(f"/v1/responders/{SLUG}")).status_code == 404


async def test_it_can_be_done_with_the_keyboard_alone(service: Service, visiting: Visiting) -> None:
    async with visiting(viewport={"width": 1280, "height": 800}) as visit:
        page, _part = await managing(visit, "Responders")
        await page.get_by_label("Find by name").focus()
        await page.keyboard.type("tara")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name=f"Open {NAME}", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#h-told")).to_be_focused()
        for _ in range(2):
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(f"#glance-{SLUG}")).to_be_focused()
        assert (await service.responder(SLUG))["intake"]["state"] == "open"


@pytest.mark.parametrize("width", [320, 1280])
async def test_the_page_fits_and_is_accessible(width: int, service: Service, visiting: Visiting) -> None:
    await service.report(SLUG, PAUSED)
    async with visiting(viewport={"width": width, "height": 800}) as visit:
        page, _part = await managing(visit, "Responders")
        assert await page.title() == "Look after"
        for part in ("Responders", "List a charity", "Told otherwise"):
            await show(page, part)
            await page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
            await visit.assert_accessible()
            assert await visit.overflow() <= 0
        await assert_kept_nothing(visit)
        assert visit.complaints == []


async def test_a_partner_sees_what_is_its_own_alone(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page, _part = await managing(visit, "Webhooks", await service.token(partner="Helpline"))
        await expect(page.locator("#name")).to_have_text("Helpline")
        parts = page.get_by_role("navigation", name="Parts of this page").get_by_role("button")
        assert {"Responders", "List a charity", "Audit"}.isdisjoint(await parts.all_inner_texts())
        assert visit.complaints == []


async def test_a_token_of_a_responder_leads_to_its_own_page(service: Service, visiting: Visiting) -> None:
    headers = await service.token(responder=SLUG)
    async with visiting() as visit:
        page = await visit.open("/manage")
        await page.get_by_label("Your access code").fill(headers["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("alert")).to_contain_text("You are signed in for a responder.")
        await expect(page.locator("#desk")).to_be_hidden()
        await page.get_by_role("link", name="Go to the page for responders").click()
        await expect(page).to_have_url(f"{visit.home}/update")


async def test_a_token_that_ends_meanwhile_is_asked_for_again(service: Service, visiting: Visiting) -> None:
    headers = await service.token()
    async with visiting() as visit:
        page, _part = await managing(visit, "Responders", headers)
        token = (await service.client.get("/v1/me", headers=headers)).json()["token_id"]
        await take(page, "Open")
        gone = await service.client.delete(f"/v1/tokens/{token}", headers=await service.token())
        assert gone.status_code == 204
        await publish(page)
        await expect(page.get_by_label("Your access code")).to_be_visible()
        assert (await service.responder(SLUG))["intake"]["state"] == "unconfirmed"
        assert all(REFUSED.match(complaint) for complaint in visit.complaints)


async def test_somebody_who_is_removed_meanwhile_is_signed_out(service: Service, visiting: Visiting) -> None:
    admin = await service.token()
    person = await people.add_person(service, admin, "co@network.example", owner="admin")
    link = await people.make_link(service, LinkKind.SIGN_IN, "admin", person_id=UUID(person["id"]))
    async with visiting() as visit:
        page = await visit.open(f"/manage#link={link.secret}")
        await page.locator("#link").get_by_role("button", name="Sign in").click()
        await expect(page.locator("#glanced")).to_have_text("13 responders")
        assert (await service.client.delete(f"/v1/people/{person['id']}", headers=admin)).status_code == 204
        await page.get_by_role("button", name="Told otherwise").click()
        await expect(page.get_by_role("alert")).to_have_text("You are signed out. Sign in again.")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.locator("#desk")).to_be_hidden()
        await expect(page.get_by_label("Your work email address")).to_be_visible()
