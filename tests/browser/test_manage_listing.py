"""The form of the coordinator's page by which a charity is listed, and its details are changed."""

from playwright.async_api import Locator, Page, expect
from tests.browser.conftest import Visit, Visiting
from tests.browser.managing import managing
from tests.serving import Service

LIST = "https://www.gov.uk/government/publications/first-responders"
SITE = "https://charity.example/contact"


async def fill(part: Locator, texts: dict[str, str], ticks: tuple[str, ...] = ()) -> None:
    for label, text in texts.items():
        # "Name" is also in other labels.
        await part.get_by_label(label, exact=label == "Name").fill(text)
    for label in ticks:
        await part.get_by_label(label, exact=True).check()


async def listing(visit: Visit) -> tuple[Page, Locator]:
    return await managing(visit, "List a charity")


async def changing(visit: Visit, name: str) -> tuple[Page, Locator]:
    page, _part = await managing(visit, "Responders")
    await page.locator("#glance tr", has_text=name).get_by_text("More").click()
    await page.get_by_role("button", name=f"Change its details {name}").click()
    await expect(page.get_by_role("heading", name=f"Change the details of {name}")).to_be_focused()
    await expect(page.locator("body:not([aria-busy])")).to_be_visible()
    return page, page.locator("#listing")


async def test_a_charity_is_listed_by_names_alone_and_the_public_sees_where_it_is_from(
    service: Service, visiting: Visiting
) -> None:
    async with visiting() as visit:
        page, part = await listing(visit)
        await fill(
            part,
            {
                "Name": "The Harbour Café’s Trust",
                "What else readers": "Families too.",
                "Title of the list": "Official list",
                "Link to the list": LIST,
                "Date of the list": "2026-04",
                "Telephone for referrals": "0800 808 3733",
                "Name of the page": "Its own site",
                "Link to the page": SITE,
            },
            ("Wales", "Yorkshire and The Humber", "Sexual exploitation", "Adults (18 and over)", "Women", "Welsh"),
        )
        assert await part.get_by_label("Short name").input_value() == "harbour-cafes-trust"
        await part.get_by_text("What the list says, word for word").click()
        await part.get_by_label("About places").fill("Wales and Yorkshire")
        await visit.assert_accessible()
        assert await visit.overflow() <= 0
        await part.get_by_role("button", name="List it").click()
        await expect(part.get_by_role("heading", name="The Harbour Café’s Trust is listed")).to_be_focused()
        await expect(part.get_by_role("button", name="Resume it")).to_have_count(0)
        await visit.assert_accessible()

        shown = await service.responder("harbour-cafes-trust")
        remit = shown["remit"]
        assert [area["name"] for area in remit["areas"]] == ["Wales", "Yorkshire and The Humber"]
        assert (remit["exploitation_types"], remit["age_groups"], remit["genders"]) == (
            ["sexual"],
            ["adult"],
            ["woman"],
        )
        assert remit["source"] == {"title": "Official list", "published": "2026-04", "url": LIST}
        assert remit["as_published"]["geography"] == "Wales and Yorkshire"
        assert shown["contact"]["languages"] == ["cy"]
        source = shown["contact"]["source"]
        assert (source["name"], source["url"]) == ("Its own site", SITE)
        assert visit.complaints == []

        await part.get_by_role("button", name="Take a report by telephone").click()
        await expect(page.locator("#glance-harbour-cafes-trust")).to_be_focused()
        await page.goto(visit.home)
        entry = page.locator("#r-harbour-cafes-trust")
        await expect(entry).to_contain_text("Contact from Its own site, checked on")
        await expect(entry).to_contain_text("It has not joined this directory.")
        await expect(entry.locator(f'a[href="{LIST}"]')).to_have_text("Official list")


async def test_what_is_missing_is_said_beside_each_field(service: Service, visiting: Visiting) -> None:
    async with visiting() as visit:
        page, part = await listing(visit)
        await part.get_by_label("Name", exact=True).fill("Harbour")
        await part.get_by_role("button", name="List it").click()
        alert = page.get_by_role("alert")
        await expect(alert).to_be_focused()
        for field in ("Where", "Kinds of exploitation", "Ages", "Genders"):
            await expect(alert).to_contain_text(f"{field}: must name at least one")
            group = part.get_by_role("group", name=field, exact=True)
            await expect(group.locator("[aria-invalid=true]")).to_have_count(1)
        assert await part.get_by_label("Name", exact=True).input_value() == "Harbour"
        await visit.assert_accessible()
        await fill(part, {"Link to the page": SITE}, ("Wales", "All kinds", "All ages", "All genders"))
        await part.get_by_label("When you looked").fill("")
        await part.get_by_role("button", name="List it").click()
        await expect(alert).to_contain_text("When you looked: enter the day on which you looked")
        await part.get_by_label("When you looked").fill("2026-11-20")
        await part.get_by_role("button", name="List it").click()
        await expect(alert).to_contain_text("Name of the page, such as “Its own site”: must not be empty")
        assert (await service.client.get("/v1/responders/harbour")).status_code == 404


async def test_everything_and_not_known_stand_alone(visiting: Visiting) -> None:
    async with visiting() as visit:
        _page, part = await listing(visit)
        kinds = part.get_by_role("group", name="Kinds of exploitation")
        await kinds.get_by_label("Sexual exploitation").check()
        await kinds.get_by_label("All kinds").check()
        await expect(kinds.get_by_label("Sexual exploitation")).not_to_be_checked()
        await kinds.get_by_label("Not known: the list does not say").check()
        await expect(kinds.get_by_label("All kinds")).not_to_be_checked()
        await kinds.get_by_label("Other exploitation").check()
        await expect(kinds.get_by_label("Not known: the list does not say")).not_to_be_checked()


async def test_a_charity_that_is_listed_again_stays_suspended_until_it_is_resumed(
    service: Service, visiting: Visiting
) -> None:
    admin = await service.token()
    own = await service.token(responder="tara")
    assert (await service.client.delete("/v1/responders/tara", headers=admin)).status_code == 204
    async with visiting() as visit:
        _page, part = await listing(visit)
        await fill(part, {"Name": "TARA"}, ("Scotland", "Sexual exploitation", "All ages", "Women"))
        await part.get_by_role("button", name="List it").click()
        await expect(part).to_contain_text("It was listed before and is still suspended")
        assert (await service.client.get("/v1/me", headers=own)).status_code == 401
        await part.get_by_role("button", name="Resume it").click()
        await expect(part.get_by_role("status")).to_have_text("TARA is resumed.")
        assert (await service.client.get("/v1/me", headers=own)).status_code == 200


async def test_details_are_changed_and_what_was_not_touched_stays(service: Service, visiting: Visiting) -> None:
    before = await service.responder("refugee-council")
    async with visiting() as visit:
        _page, part = await changing(visit, "Refugee Council")
        await part.get_by_role("button", name="Publish the changes").click()
        await expect(part.get_by_role("status")).to_have_text("Published: the details of Refugee Council.")
        assert await service.responder("refugee-council") == before, "nothing was changed"
        await fill(
            part,
            {
                "Telephone for referrals": "0800 808 3733",
                "Name of the page": "Its own site",
                "Link to the page": SITE,
                "Link to the list": LIST,
                "When you looked": "2026-11-20",
            },
        )
        await part.get_by_role("button", name="Publish the changes").click()
        await expect(part.get_by_role("status")).to_have_text("Published: the details of Refugee Council.")
        after = await service.responder("refugee-council")
        assert after["contact"]["phone"]["dial"] == "+448008083733"
        assert after["contact"]["source"] == {"name": "Its own site", "url": SITE, "checked_on": "2026-11-20"}
        assert after["remit"] == {**before["remit"], "source": {**before["remit"]["source"], "url": LIST}}
        await visit.assert_accessible()


async def test_a_contact_that_is_its_own_is_said_to_be(service: Service, visiting: Visiting) -> None:
    headers = await service.token(responder="tara")
    given = {"contact": {"phone": "0800 808 3733"}}
    assert (await service.client.patch("/v1/responders/tara", json=given, headers=headers)).status_code == 200
    async with visiting() as visit:
        _page, part = await changing(visit, "TARA")
        await expect(part).to_contain_text("It gave these details itself.")
        meanwhile = {"contact": {"phone": "0303 040 2000"}}
        assert (await service.client.patch("/v1/responders/tara", json=meanwhile, headers=headers)).status_code == 200
        await part.get_by_role("button", name="Publish the changes").click()
        await expect(part.get_by_role("alert")).to_contain_text("had changed since you looked")
        assert (await service.responder("tara"))["contact"]["phone"]["text"] == "0303 040 2000"
