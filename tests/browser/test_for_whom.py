"""For whom, and who else, on the directory page: matching within the page, which leaves no trace."""

from playwright.async_api import expect
from tests.browser.conftest import Visiting
from tests.browser.opening_directory import ENTRY, names, report_every_state, with_the_script
from tests.serving import Service


async def test_choosing_for_whom_sorts_the_list_and_leaves_no_trace(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(bypass_csp=True) as visit:
        page = await visit.open()
        await with_the_script(page)
        asked = len(visit.requests)
        await page.get_by_text("For whom?").click()
        await page.get_by_label("Place").select_option(label="London")
        await page.get_by_label("Age").select_option(label="Adults (18 and over)")
        await page.get_by_label("Exploitation").select_option(label="Domestic servitude")
        assert await names(page, "#matches section:nth-child(1)") == ["The Salvation Army"]
        assert await names(page, "#matches section:nth-child(2)") == ["Migrant Help"]
        assert await names(page, "#matches section:nth-child(3)") == ["Kalayaan", "Medaille Trust", "Refugee Council"]
        # Nobody has said yet whether an exception applies.
        kalayaan = page.locator("#r-kalayaan")
        await expect(kalayaan).to_contain_text("It has paused, but may still take people who get in touch themselves:")
        await expect(kalayaan).to_contain_text(
            "It has paused, but may still take people who are homeless or destitute:"
        )
        found = page.get_by_role("status").filter(has_text="Can take the person now: 1 · Has a waiting list: 1")
        await expect(found).to_be_visible()
        await visit.assert_accessible()

        await page.get_by_text("What else is true of this person?").click()
        await page.get_by_label("People who are homeless or destitute").check()
        assert await names(page, "#matches section:nth-child(1)") == ["Kalayaan", "The Salvation Army"]
        await page.get_by_label("Only who can take new people now").check()
        await expect(page.locator(ENTRY)).to_have_count(2)

        assert len(visit.requests) == asked
        await visit.assert_left_no_trace()
        await page.get_by_role("button", name="Show everybody").click()
        await expect(page.locator(ENTRY)).to_have_count(13)
        assert await names(page, "#open") == ["The Salvation Army"]
        assert await page.locator(".why").count() == 0
        assert visit.complaints == []


async def test_a_choice_without_a_match_says_so_and_names_the_helpline(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_text("For whom?").click()
        await page.get_by_label("Only who can take new people now").check()
        found = page.locator("output")
        await expect(found).to_have_text("Open: 1")
        await page.get_by_label("Place").select_option(label="Scotland")
        await page.get_by_label("Age").select_option(label="Children (under 18)")
        await expect(page.locator(ENTRY)).to_have_count(0)
        nobody = "Nobody here has confirmed that it can take this person now. The helpline above can be called."
        await expect(found).to_have_text(nobody)
        await page.get_by_label("Only who can take new people now").uncheck()
        await page.get_by_label("Exploitation").select_option(label="Sexual exploitation")
        await expect(found).to_have_text("Ask them: 1 · Cannot take the person now: 12")
        await page.get_by_role("button", name="Show everybody").click()
        await expect(found).to_have_text("")


async def test_a_paused_responder_leads_to_whoever_may_take_the_same_people(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_role("link", name="Who else can help?").click()
        others = await page.locator("#r-kalayaan .others li").all_inner_texts()
        answer = await service.read("/v1/responders/kalayaan/alternatives")
        assert [each.partition(" – ")[0] for each in others] == [
            each["responder"]["name"] for each in answer["matches"]
        ]
        assert others[0] == "The Salvation Army – Can take the person now"


async def test_who_else_answers_the_question_that_was_asked_and_closes_for_the_next_one(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_text("For whom?").click()
        await page.get_by_label("Place").select_option(label="Scotland")
        await page.get_by_role("link", name="Who else can help?").click()
        others = page.locator("#r-kalayaan .others")
        await expect(others).to_contain_text("These may take this person:")
        answer = await service.client.post("/v1/responders/kalayaan/alternatives", json={"area": "S92000003"})
        names_of_others = [each["responder"]["name"] for each in answer.json()["matches"]]
        found = await others.locator("li").all_inner_texts()
        assert [each.partition(" – ")[0] for each in found] == names_of_others
        await page.get_by_label("Place").select_option(label="Wales")
        await expect(others).to_have_count(0)
        assert visit.complaints == []
