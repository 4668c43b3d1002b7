"""For whom, and who else, on the directory page: matching within the page, which leaves no trace."""

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

from playwright.async_api import Page, expect
from tests.browser.conftest import Visit, Visiting
from tests.browser.opening_directory import ENTRY, names, report_every_state, with_the_script
from tests.serving import OPEN, Service

from capacity_api.clock import utc_now
from capacity_api.wording.sentences import moment

PHONE = {"width": 360, "height": 640}
CALL_NOW, WAIT, ASK = (f"section:has(#m-{outcome})" for outcome in ("yes", "waiting_list", "ask"))


class Taps:
    """Taps on a phone. Choosing from a list is two."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.count = 0

    async def choose(self, label: str, option: str) -> None:
        await self._page.get_by_label(label).select_option(label=option)
        self.count += 2

    async def tap(self, label: str) -> None:
        await self._page.get_by_label(label, exact=True).tap()
        self.count += 1


def questions(visit: Visit) -> int:
    """How many requests were made, but for those by which the page keeps up to date every 30 seconds."""
    return len([address for address in visit.requests if address != f"{visit.home}/v1/directory"])


async def test_six_taps_lead_to_a_number_to_call_and_leave_no_trace(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    await service.report("salvation-army", {"state": "paused", "exceptions": ["homelessness"]})
    async with visiting(bypass_csp=True, viewport=PHONE, has_touch=True, is_mobile=True) as visit:
        page = await visit.open()
        await with_the_script(page)
        asked = questions(visit)
        closed = await page.locator("form.ask").bounding_box()
        assert closed is not None
        assert closed["height"] <= 170
        taps = Taps(page)
        await taps.choose("Where in the UK?", "London")
        await taps.tap("Work in a home (domestic servitude)")
        await taps.tap("Adult (18 or over)")
        await taps.tap("Woman or girl")
        # Nobody has said yet whether an exception applies.
        army = page.locator("#r-salvation-army")
        await expect(army).to_contain_text("Paused. It may still help people who are homeless or destitute.")
        assert await names(page, ASK) == ["Kalayaan", "Medaille Trust", "Refugee Council", "The Salvation Army"]
        await taps.tap("Homeless, or no money")
        assert taps.count == 6
        assert await names(page, CALL_NOW) == ["Kalayaan", "The Salvation Army"]
        await expect(army.get_by_role("link", name="0800 808 3733")).to_be_visible()
        await expect(army.get_by_text("no longer covers Scotland").first).to_be_visible()
        assert await names(page, WAIT) == ["Migrant Help"]
        bar = page.locator(".jump")
        await expect(bar).to_have_text("2 to contact now · 1 with a wait · 2 to ask")
        assert await visit.overflow() <= 0
        # The bar stays at the bottom edge, and may cover half of an answer there.
        await bar.evaluate("bar => bar.style.visibility = 'hidden'")
        await visit.assert_accessible()
        await bar.evaluate("bar => bar.style.visibility = ''")
        await bar.get_by_role("link").tap()
        await expect(page.locator(CALL_NOW)).to_be_in_viewport()
        await expect(bar).to_be_hidden()

        assert questions(visit) == asked
        await visit.assert_left_no_trace()
        assert urlsplit(page.url).fragment == ""
        assert await page.evaluate("history.length") <= 2
        await page.get_by_role("button", name="Start again").tap()
        await expect(page.locator(ENTRY)).to_have_count(13)
        assert await page.locator(".why").count() == 0
        await expect(page.locator("#matches")).to_be_hidden()
        await expect(army.get_by_text("no longer covers Scotland").first).to_be_hidden()
        assert visit.complaints == []


async def test_what_was_not_ticked_counts_only_once_the_question_was_answered(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    paused = {"state": "paused", "exceptions": ["homelessness", "detention", "self_referral"]}
    await service.report("salvation-army", paused)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(
            label="North West: Manchester, Liverpool, Preston, Carlisle"
        )
        army = page.locator("#r-salvation-army")
        await page.get_by_label("Adult (18 or over)").check()
        people = "people who get in touch themselves, people who are homeless or destitute, and people in detention"
        await expect(army).to_contain_text(f"Paused. It may still help {people}.")
        await page.get_by_label("For me").check()
        await expect(page.locator(CALL_NOW)).to_contain_text("The Salvation Army")
        await page.get_by_label("For somebody else").check()
        await page.get_by_label("In detention").check()
        await expect(page.locator(CALL_NOW)).to_contain_text("It is paused, but still takes people in detention.")
        await page.get_by_label("None of these", exact=True).check()
        await expect(page.get_by_label("In detention")).not_to_be_checked()
        cannot = page.locator("details.cannot")
        await expect(cannot).to_contain_text(
            "The Salvation Army: It is paused, and none of its exceptions applies here."
        )
        # P5: nobody whom the page lists under "Cannot" is offered, nor whom it leaves out.
        await page.get_by_label("None of these", exact=True).uncheck()
        await cannot.locator("summary").click()
        refused = [each.partition(":")[0] for each in await cannot.locator("li").all_inner_texts()]
        await page.locator("#r-salvation-army a.else").click()
        offered = page.locator("#r-salvation-army .others li")
        others = [each.partition(" – ")[0] for each in await offered.all_inner_texts()]
        assert others
        assert not set(others) & set(refused)
        # P6: a pause with exceptions stays, and the summary leaves the question as it is.
        await page.get_by_label("Only charities that say they take people now").check()
        await expect(army).to_be_visible()
        await expect(page.locator("#r-migrant-help")).to_be_hidden()
        await page.locator("[data-summary=waiting_list] a").click()
        await expect(page.locator("#r-migrant-help")).to_be_visible()
        await expect(page.get_by_label("Adult (18 or over)")).to_be_checked()
        await page.locator(".jump a").click()
        await expect(page.locator("#r-migrant-help")).to_be_hidden()
        assert visit.complaints == []


async def test_a_client_is_taken_by_who_takes_only_its_clients(service: Service, visiting: Visiting) -> None:
    await service.report("refugee-council", OPEN)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.get_by_label("Adult (18 or over)").check()
        council = page.locator("#r-refugee-council")
        await expect(council).to_contain_text("It takes on its existing clients only. Ask if that applies.")
        await page.get_by_label("Of no charity here").check()
        await expect(page.locator("details.cannot")).to_contain_text(
            "Refugee Council: It takes on its existing clients only."
        )
        await page.locator("#clients").get_by_label("Refugee Council").check()
        assert await names(page, CALL_NOW) == ["Refugee Council"]
        await expect(page.get_by_label("Of no charity here")).not_to_be_checked()


async def test_a_choice_without_a_match_says_so_and_names_the_helpline(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(
            label="Scotland: Glasgow, Edinburgh, Aberdeen, Dundee"
        )
        under_18 = page.locator("#matches").get_by_text("Under 18: contact children’s services or the police.")
        await expect(under_18).to_be_hidden()
        await page.get_by_label("Child (under 18)").check()
        await expect(under_18).to_be_visible()
        helpline = page.locator("#matches").get_by_role("link", name="08000 121 700")
        await expect(helpline).to_have_attribute("href", "tel:08000121700")
        box = await helpline.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        await page.get_by_label("Only charities that say they take people now").check()
        await expect(page.locator(ENTRY)).to_have_count(0)
        nobody = "No charity here has confirmed that it can help in this situation now. Call the helpline above."
        # Those that may be open are not left out in silence.
        await expect(page.locator("output")).to_have_text(f"{nobody} · 1 left out: not confirmed")
        await page.get_by_label("Only charities that say they take people now").uncheck()
        await page.get_by_label("Sexual exploitation").check()
        await expect(page.locator("output")).to_have_text("1 to ask · 12 cannot help")
        # None of them has a number, so the helpline's is as large as theirs.
        call = page.locator("#matches").get_by_role("link", name="Call the helpline: 08000 121 700")
        await expect(call).to_have_attribute("href", "tel:08000121700")
        await page.get_by_label("Adult (18 or over)").check()
        await expect(under_18).to_be_hidden()
        await expect(page.locator("#matches a.phone[href='tel:+448008083733']")).to_be_visible()
        await expect(call).to_be_hidden()


async def test_a_record_has_what_was_shown_and_nothing_of_the_person(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(permissions=["clipboard-read", "clipboard-write"]) as visit:
        page = await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.get_by_label("Adult (18 or over)").check()
        await page.get_by_role("button", name="Copy a record").click()
        await expect(page.locator(".copied")).to_have_text("Copied. You can paste it into your file.")
        record = str(await page.evaluate("navigator.clipboard.readText()"))
        # Some systems show the marks of direction as boxes.
        assert not re.search("[\u2066-\u2069]", record)
        lines = record.splitlines()
        sequence = (await service.read("/v1/directory"))["sequence"]
        assert lines[0].endswith(f"(UK time). Number {sequence}.")
        assert lines[2] == "Contact now"
        assert lines[3].startswith("- The Salvation Army: open. This is said to hold until ")
        assert "- NSPCC: It has not joined this directory. It does not take on people of this age." in lines
        shown = await page.request.post(f"{visit.home}/", form={"area": "E12000007", "age_group": "adult"})
        written = unescape((await shown.text()).partition("<pre")[2].partition(">")[2].partition("</pre>")[0])
        assert record.splitlines()[1:-1] == written.splitlines()[1:]
        for said in ("London", "E12000007", "dult"):
            assert said not in record
        address = urlsplit(lines[-1].removeprefix("To check it later: "))
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{visit.home}/v1/directory"
        assert address.query.startswith("as_of=20")
        assert visit.complaints == []
        await visit.assert_left_no_trace()
    async with visiting() as visit:
        page = visit.page
        await page.add_init_script("Clipboard.prototype.writeText = () => Promise.reject(new Error())")
        await visit.open()
        await with_the_script(page)
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.get_by_role("button", name="Copy a record").click()
        selected = "document.activeElement.value.slice(document.activeElement.selectionStart)"
        assert "The Salvation Army" in await page.evaluate(selected)


async def test_a_record_is_of_the_time_when_the_list_was_read(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting(permissions=["clipboard-read", "clipboard-write"]) as visit:
        await visit.page.clock.install()
        page = await visit.open()
        await with_the_script(page)
        await page.context.set_offline(True)
        read_before = utc_now()
        await page.clock.run_for(3 * 3_600_000)
        await expect(page.locator("#age")).to_contain_text("You may be offline.")
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.get_by_role("button", name="Copy a record").click()
        await expect(page.locator(".copied")).to_have_text("Copied. You can paste it into your file.")
        lines = str(await page.evaluate("navigator.clipboard.readText()")).splitlines()
        at = datetime.fromisoformat(lines[-1].partition("?as_of=")[2])
        # The page adds a second to the server's clock.
        assert at <= read_before + timedelta(seconds=1)
        assert f"Read on {moment(at)} " in lines[0]


async def test_without_javascript_the_same_page_comes_back_with_the_same_results(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting(java_script_enabled=False) as visit:
        page = await visit.open()
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await page.locator("form.ask summary").click()
        await page.get_by_label("Work in a home (domestic servitude)").check()
        await page.get_by_label("Adult (18 or over)").check()
        await page.get_by_label("Homeless, or no money").check()
        await page.get_by_role("button", name="Show who can help").click()
        await expect(page.locator("output")).to_have_text("2 to contact now · 1 with a wait · 2 to ask · 8 cannot help")
        await expect(page.locator("output")).to_be_in_viewport()
        assert await names(page, CALL_NOW) == ["Kalayaan", "The Salvation Army"]
        # Its own remit may contradict what was published of it.
        army = page.locator("#r-salvation-army")
        await expect(army.get_by_text("no longer covers Scotland").first).to_be_visible()
        await expect(page.locator("#r-kalayaan")).to_contain_text(
            "It is paused, but still takes people who are homeless"
        )
        await expect(page.get_by_label("Homeless, or no money")).to_be_checked()
        assert await page.locator(ENTRY).count() == 5
        await expect(page.locator("pre")).to_contain_text("The Salvation Army: open. This is said to hold")
        assert await visit.overflow() <= 0
        assert page.url == f"{visit.home}/#matches"
        await visit.assert_left_no_trace()


async def test_without_javascript_a_place_alone_is_asked_with_a_button_that_is_seen(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting(java_script_enabled=False, viewport=PHONE) as visit:
        page = await visit.open()
        find = page.get_by_role("button", name="Find", exact=True)
        await expect(find).to_be_in_viewport()
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await find.click()
        await expect(page.locator("output")).to_be_in_viewport()
        await expect(page.locator("#matches").get_by_text("The Salvation Army").first).to_be_visible()
        assert await visit.overflow() <= 0
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        await expect(page.get_by_role("button", name="Find", exact=True)).to_have_count(0)


async def test_an_answer_of_the_server_goes_on_in_the_page(service: Service, visiting: Visiting) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await page.evaluate(
            """() => {
              const form = document.forms[0];
              form.area.value = "E12000007";
              form.age_group.value = "adult";
              form.submit();
            }"""
        )
        await with_the_script(page)
        await expect(page.locator("output")).to_have_text("1 to contact now · 1 with a wait · 3 to ask · 8 cannot help")
        await page.get_by_label("Work in a home (domestic servitude)").check()
        await expect(page.locator("output")).to_have_text("1 to contact now · 1 with a wait · 3 to ask · 8 cannot help")
        await page.get_by_role("button", name="Start again").click()
        await expect(page.locator(ENTRY)).to_have_count(13)
        assert await names(page, "#open") == ["The Salvation Army"]
        assert visit.complaints == []


async def test_a_page_that_does_not_know_the_directory_yet_has_the_record_of_the_server(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await page.route("**/v1/directory", lambda route: route.abort())
        await page.evaluate("() => { document.forms[0].area.value = 'E12000007'; document.forms[0].submit(); }")
        await expect(page.locator("#age")).to_contain_text("You may be offline.")
        await page.get_by_text("A record for your file").click()
        await expect(page.locator("pre")).to_contain_text("The Salvation Army: open.")
        await expect(page.get_by_role("button", name="Copy a record")).to_be_hidden()


async def test_who_else_answers_the_question_that_was_asked_and_closes_for_the_next_one(
    service: Service, visiting: Visiting
) -> None:
    await report_every_state(service)
    async with visiting() as visit:
        page = await visit.open()
        await with_the_script(page)
        others = page.locator("#r-kalayaan .others")
        link = page.locator("#r-kalayaan a.else")
        await link.click()
        answer = await service.read("/v1/responders/kalayaan/alternatives")
        found = await others.locator("li").all_inner_texts()
        assert [each.partition(" – ")[0] for each in found] == [each["responder"]["name"] for each in answer["matches"]]
        assert (
            found[0].replace("\xa0", " ")
            == "The Salvation Army – Can help now Adults · any kind of exploitation · United Kingdom"
        )
        await page.get_by_label("Where in the UK?").select_option(label="London")
        await expect(others).to_have_count(0)
        await link.click()
        await expect(others).to_contain_text("These may help in this situation:")
        asked = await service.client.post("/v1/responders/kalayaan/alternatives", json={"area": "E12000007"})
        found = await others.locator("li").all_inner_texts()
        assert [each.partition(" – ")[0] for each in found] == [
            each["responder"]["name"] for each in asked.json()["matches"]
        ]
        assert visit.complaints == []
