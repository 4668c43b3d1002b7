"""The coordinator's page: people of each owner, and tokens by a link that works once. The service could send mail."""

import pytest
from playwright.async_api import expect
from tests.api import people
from tests.browser.conftest import KEPT, Visiting
from tests.browser.managing import answer, managing, show
from tests.browser.signing_in import REFUSED
from tests.serving import Service

from capacity_api.config import Settings
from capacity_api.domain.mail import MailKind
from capacity_api.domain.owner import Owner

ANN = "ann@tara.example"
BEN = "ben@tara.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return people.mailing(settings)


async def addresses(service: Service) -> list[str]:
    listed = await service.client.get("/v1/people", headers=await service.token())
    return [person["email"] for person in listed.json()["items"]]


async def test_somebody_is_invited_and_the_invitation_waits_to_be_mailed(visiting: Visiting, service: Service) -> None:
    async with visiting() as visit:
        _, part = await managing(visit, "People")
        await part.get_by_label("Work email address").fill(ANN)
        await part.get_by_label("Organisation").select_option(label="TARA")
        await part.get_by_label("Is reminded by mail").uncheck()
        await part.get_by_role("button", name="Invite by mail").click()
        await expect(part.get_by_role("status")).to_contain_text(f"We are sending an invitation to {ANN}.")
        await expect(part.get_by_role("heading", name="TARA")).to_be_focused()
        assert await part.get_by_label("Work email address").input_value() == ""
        assert await addresses(service) == []
        await expect(part.get_by_role("region", name="TARA")).to_contain_text(f"{ANN}Invited. The invitation can be")
        assert len(await people.mailed(service, MailKind.INVITATION)) == 1
        accepted = await service.client.post("/v1/links/use", json={"link": await people.invited_secret(service)})
        assert (accepted.json()["email"], accepted.json()["roles"]) == (ANN, ["editor"])
        await show(visit.page, "People")
        tara = part.get_by_role("region", name="TARA")
        await expect(tara).to_contain_text(f"{ANN}Signs in and makes changes.")
        await expect(tara).to_contain_text("Only one person.")
        await visit.assert_accessible()
        assert visit.complaints == []


async def test_an_open_invitation_is_listed_and_withdrawn_by_one_tap(visiting: Visiting, service: Service) -> None:
    await people.invite(service, await service.token(), ANN, owner="tara")
    secret = await people.invited_secret(service)
    async with visiting(bypass_csp=True) as visit:
        _, part = await managing(visit, "People")
        await expect(part.get_by_role("listitem")).to_have_count(1)
        await expect(part.get_by_role("region", name="TARA")).to_contain_text("Signs in and makes changes.")
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await part.get_by_role("button", name=f"Withdraw the invitation {ANN}").click()
        await expect(part.get_by_role("status")).to_have_text(f"The invitation of {ANN} does not work any more.")
        await expect(part.get_by_role("heading", name="TARA")).to_be_focused()
        await expect(part.get_by_role("listitem")).to_have_count(0)
        assert visit.complaints == []
    used = await service.client.post("/v1/links/use", json={"link": secret})
    assert used.status_code == 404


async def test_an_invitation_that_was_accepted_meanwhile_cannot_be_withdrawn(
    visiting: Visiting, service: Service
) -> None:
    await people.invite(service, await service.token(), ANN, owner="tara")
    async with visiting() as visit:
        page, part = await managing(visit, "People")
        await service.client.post("/v1/links/use", json={"link": await people.invited_secret(service)})
        await part.get_by_role("button", name="Withdraw the invitation").click()
        await expect(part.get_by_role("alert")).to_contain_text("It was used meanwhile, or it has ended.")
        await show(page, "People")
        await expect(part.get_by_role("button", name=f"Remove {ANN}")).to_be_visible()


async def test_somebody_is_added_at_once_and_once(visiting: Visiting, service: Service) -> None:
    async with visiting() as visit:
        _, part = await managing(visit, "People")
        await part.get_by_label("Work email address").fill("ann at tara")
        await part.get_by_role("button", name="Add at once").click()
        await expect(part.get_by_role("alert")).to_contain_text("Organisation: choose one")
        assert await part.get_by_label("Organisation").input_value() == ""
        await part.get_by_label("Organisation").select_option(label="TARA")
        await part.get_by_role("button", name="Add at once").click()
        await expect(part.get_by_role("alert")).to_contain_text("Enter an email address")
        await expect(part.get_by_role("alert")).to_be_focused()
        field = part.get_by_label("Work email address")
        assert await field.get_attribute("aria-invalid") == "true"
        assert await field.input_value() == "ann at tara"
        await expect(part.locator(".reason-beside")).to_have_text("Enter an email address, such as name@example.org")
        await visit.assert_accessible()
        for said in (f"Added: {ANN}.", "This address is a person of the owner already"):
            await field.fill(ANN)
            await part.get_by_role("button", name="Add at once").click()
            await expect(
                part.get_by_role("status").or_(part.get_by_role("alert")).filter(has_text=said)
            ).to_be_visible()
        assert await addresses(service) == [ANN]
        assert [each for each in visit.complaints if not REFUSED.match(each)] == []


async def test_removing_somebody_says_what_ends_and_ends_it(visiting: Visiting, service: Service) -> None:
    admin = await service.token()
    ann = await people.add_person(service, admin, ANN, owner="tara")
    await people.add_person(service, admin, BEN, owner="tara", roles=["reminded"])
    signed_in = await people.sign_in(service, ann)
    async with visiting() as visit:
        page, part = await managing(visit, "People")
        await part.get_by_role("button", name=f"Remove {ANN}").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("Every link that was mailed to them stops working, they are signed out")
        await visit.assert_accessible()
        await answer(page, "Leave it as it is")
        await expect(part.get_by_role("button", name=f"Remove {ANN}")).to_be_focused()
        assert await addresses(service) == [BEN, ANN]
        await part.get_by_role("button", name=f"Remove {ANN}").click()
        await answer(page, "Remove this person")
        await expect(part.get_by_role("status")).to_have_text(f"Removed: {ANN}.")
        await expect(part.get_by_role("heading", name="TARA")).to_be_focused()
        assert await addresses(service) == [BEN]
        assert (await service.client.get("/v1/me", headers=signed_in)).status_code == 401
        await part.get_by_role("button", name=f"Remove {BEN}").click()
        await expect(dialog).to_contain_text("Nobody else is left at TARA")
        assert visit.complaints == []


async def test_who_removes_themselves_is_signed_out(visiting: Visiting, service: Service) -> None:
    coordinator = await people.add_person(service, await service.token(), "co@network.example", owner="admin")
    signed_in = await people.sign_in(service, coordinator)
    async with visiting() as visit:
        page, part = await managing(visit, "People", signed_in)
        await part.get_by_role("button", name="Remove co@network.example").click()
        await expect(page.get_by_role("alertdialog")).to_contain_text("This is you: you will be signed out.")
        await answer(page, "Remove this person")
        await expect(page.get_by_label("Your access code")).to_be_visible()
    assert await addresses(service) == []


async def test_a_handover_link_is_shown_once_and_gives_a_token(visiting: Visiting, service: Service) -> None:
    async with visiting() as visit:
        page, part = await managing(visit, "Tokens and links")
        await part.get_by_label("Organisation").select_option(label="TARA")
        await part.get_by_label("What the token is for").fill("intake tool")
        await part.get_by_label("Manage webhooks").uncheck()
        await part.get_by_role("button", name="Make a one-time link").click()
        field = part.get_by_label("One-time link for TARA")
        await expect(field).to_be_focused()
        await expect(part.get_by_text("It works once, until ")).to_be_visible()
        link = await field.input_value()
        assert link.startswith("https://capacity.example.org/update#link=")
        await visit.assert_accessible()
        await part.get_by_role("button", name="Take it off this page").click()
        await expect(field).to_have_count(0)
        used = await service.client.post("/v1/links/use", json={"link": link})
        token = {"authorization": f"Bearer {used.json()['token']}"}
        me = (await service.client.get("/v1/me", headers=token)).json()
        assert (me["owner"]["slug"], me["label"], me["scopes"]) == (
            "tara",
            "intake tool",
            ["intake:write", "responder:write"],
        )
        await show(page, "Tokens and links")
        await expect(part.get_by_role("region", name="TARA")).to_contain_text("intake tool")
        assert link.partition("#")[2] not in "".join(visit.requests)
        assert await page.evaluate(KEPT) == [0, 0, 0, 0, 0, 0]
        assert visit.complaints == []


async def test_a_handover_that_nobody_used_is_listed_and_withdrawn(visiting: Visiting, service: Service) -> None:
    async with visiting() as visit:
        _, part = await managing(visit, "Tokens and links")
        await part.get_by_label("Organisation").select_option(label="TARA")
        await part.get_by_label("What the token is for").fill("intake tool")
        await part.get_by_role("button", name="Make a one-time link").click()
        link = await part.get_by_label("One-time link for TARA").input_value()
        tara = part.get_by_role("region", name="TARA")
        await expect(tara).to_contain_text("intake toolOne-time link. Nobody has used it yet.")
        assert await visit.overflow() <= 0
        await tara.get_by_role("button", name="Withdraw the link intake tool").click()
        await expect(part.locator(".done")).to_have_text("The one-time link does not work any more: intake tool.")
        await expect(tara).not_to_contain_text("intake tool")
        assert (await service.client.post("/v1/links/use", json={"link": link})).status_code == 404
        assert visit.complaints == []


async def test_a_link_for_a_partner_is_made_beside_its_people(visiting: Visiting, service: Service) -> None:
    await service.token(partner="Helpline")
    async with visiting() as visit:
        _, part = await managing(visit, "People")
        await part.get_by_role("button", name="Give a token by a one-time link to Helpline").click()
        link = await part.get_by_label("One-time link for Helpline").input_value()
        assert link.startswith("https://capacity.example.org/manage#link=")
        used = (await service.client.post("/v1/links/use", json={"link": link})).json()
        assert (used["owner"]["name"], used["scopes"]) == ("Helpline", ["webhooks:manage"])


async def test_a_partner_sees_and_adds_its_own_people_alone(visiting: Visiting, service: Service) -> None:
    admin = await service.token()
    own = await service.token(partner="Own")
    me = (await service.client.get("/v1/me", headers=own)).json()["owner"]
    await people.add_person(service, admin, "own@partner.example", owner=Owner(**me).key)
    await people.add_person(service, admin, ANN, owner="tara")
    async with visiting() as visit:
        _, part = await managing(visit, "People", own)
        await expect(part.get_by_role("listitem")).to_have_count(1)
        await expect(part.get_by_role("listitem")).to_contain_text("own@partner.example")
        await expect(part.get_by_label("Organisation")).to_be_hidden()
        await expect(part.get_by_role("button", name="Give a token")).to_have_count(0)
        await part.get_by_label("Work email address").fill("second@partner.example")
        await part.get_by_role("button", name="Add at once").click()
        await expect(part.get_by_role("status")).to_contain_text("Added: second@partner.example.")
        assert await addresses(service) == ["second@partner.example", ANN, "own@partner.example"]
        assert visit.complaints == []


async def test_a_token_that_ends_meanwhile_is_asked_for_and_what_was_entered_stays(
    visiting: Visiting, service: Service
) -> None:
    ending = await service.token()
    async with visiting() as visit:
        page, part = await managing(visit, "People", ending)
        await part.get_by_label("Organisation").select_option(label="TARA")
        await part.get_by_label("Work email address").fill(ANN)
        token_id = (await service.client.get("/v1/me", headers=ending)).json()["token_id"]
        await service.client.delete(f"/v1/tokens/{token_id}", headers=ending)
        await part.get_by_role("button", name="Add at once").click()
        await expect(part.get_by_role("alert")).to_be_focused()
        other = await service.token()
        await page.get_by_label("Your access code").fill(other["authorization"].removeprefix("Bearer "))
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_label("Your access code")).to_be_hidden()
        await expect(page.locator("body:not([aria-busy])")).to_be_visible()
        assert await part.get_by_label("Work email address").input_value() == ANN
        await part.get_by_role("button", name="Add at once").click()
        await expect(part.get_by_role("status")).to_contain_text(f"Added: {ANN}.")
        assert await addresses(service) == [ANN]


async def test_people_fit_a_small_phone(visiting: Visiting, service: Service) -> None:
    long = f"a.person.with.quite.a.long.name@{'very.' * 12}long.example"
    await people.add_person(service, await service.token(), long, owner="tara")
    async with visiting() as visit:
        await managing(visit, "People")
        assert await visit.overflow() <= 0
        await visit.assert_accessible()
