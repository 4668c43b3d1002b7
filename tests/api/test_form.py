"""The question by a form, `POST /`: for browsers without JavaScript, answered as by `/v1/matches`."""

import re
from datetime import timedelta
from html import unescape
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from tests.api.test_match_agreement import report_for_everybody
from tests.api.test_matches import everything_logged
from tests.api.test_privacy import rows
from tests.conftest import Clock
from tests.pages.directories import NOW, intake_of
from tests.pages.parsed import Parsed
from tests.pages.test_responder import entry, record, snapshot_of
from tests.serving import OPEN, PAUSED, WAITING, Service, serving
from tests.wording.languages import invented_language
from tests.wording.test_translation import english, glued
from tools.matching_vectors import Draws

from capacity_api.config import Settings
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.matching import ASKED_CIRCUMSTANCES, Question
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.pages.directory import MANY
from capacity_api.pages.question import parse_form
from capacity_api.publication import documents
from capacity_api.wording.language import ENGLISH, Language

__all__ = ["invented_language"]

FORM = {"content-type": "application/x-www-form-urlencoded"}
HELPLINE = "08000 121 700"
HERE = "https://directory.example"
SLUGS = ("salvation-army", "kalayaan", "tara", "refugee-council")
QUESTIONS = 150
Fields = list[tuple[str, str]]


async def send(service: Service, fields: Any, **headers: str) -> httpx.Response:
    body = fields if isinstance(fields, bytes) else urlencode(fields, doseq=True).encode()
    return await service.client.post("/", content=body, headers={**FORM, **headers})


def faults_of(answer: httpx.Response) -> list[str]:
    """What the page says is wrong. It is a whole page all the same, with the helpline, and nobody may keep it."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert HELPLINE in Parsed(answer.content).text
    found = re.search(r'<div class="fault".*?</div>', answer.text, re.DOTALL)
    return [] if found is None else [unescape(each) for each in re.findall(r'<a href="#[\w-]+">(.*?)</a>', found[0])]


def outcomes_of(page: str) -> dict[str, str]:
    """The outcome of each charity on the page, by its slug; of one that cannot help, by its name."""
    found: dict[str, str] = {}
    for outcome in ("yes", "waiting_list", "ask"):
        part = page.partition(f'<h2 id="m-{outcome}">')[2].partition("</section>")[0]
        found |= dict.fromkeys(re.findall(r'id="r-([\w-]+)"', part), outcome)
    refusals = page.partition('<h2 id="m-no">')[2].partition("</details>")[0]
    return found | dict.fromkeys((unescape(name) for name in re.findall(r"<li><bdi>(.*?)</bdi>", refusals)), "no")


def draw_form(random: Random) -> tuple[Fields, Question]:
    """A random form, and the question that it asks."""

    def one(values: Any) -> str:
        drawn: str = random.choice(["", "", *values])
        return drawn

    area, kind, age, gender = one(AREAS), one(ExploitationType), one(AgeGroup), one(Gender)
    person, client = one(["me", "other"]), one(["none", "unknown"])
    some: list[str] = random.sample(ASKED_CIRCUMSTANCES, random.randint(1, 4))
    ticked = random.choice([[], ["none"], some])
    slugs = [] if client else random.sample(SLUGS, random.choice([0, 0, 1, 2]))
    applying = {each for each in ticked if each != "none"} | ({"self_referral"} if person == "me" else set())
    fields = [("area", area), ("person", person), ("exploitation_type", kind), ("age_group", age), ("gender", gender)]
    fields += [("client", client)] if client else []
    fields += [("circumstances", each) for each in ticked] + [("existing_client_of", each) for each in slugs]
    random.shuffle(fields)
    slugs = [value for field, value in fields if field == "existing_client_of"]
    question = {
        "area": area or None,
        "exploitation_type": kind or None,
        "age_group": age or None,
        "gender": gender or None,
        "circumstances": [each for each in ASKED_CIRCUMSTANCES if each in applying],
        "circumstances_excluded": [each for each in ASKED_CIRCUMSTANCES if ticked and each not in applying],
        "existing_client_of": slugs or ([] if client == "none" else ["unknown"]),
    }
    return fields, msgspec.convert(question, Question)


def test_ten_thousand_random_forms_ask_what_the_rules_are_asked() -> None:
    random = Random(20261127)
    asked = 0
    for _ in range(10_000):
        fields, question = draw_form(random)
        found = parse_form(urlencode(fields).encode(), SLUGS)
        assert found.question == question, fields
        assert bool(found.faults) is (question == Question()), fields
        asked += not found.faults
    assert asked > 9_000


async def test_the_form_answers_as_matches_do(service: Service) -> None:
    random = Random(20261128)
    outcomes: set[str] = set()
    await report_for_everybody(service, Draws(20261129))
    for _ in range(QUESTIONS):
        fields, question = draw_form(random)
        if question == Question():
            continue
        answer = await send(service, fields)
        assert (answer.status_code, faults_of(answer)) == (200, [])
        matches = (await service.client.post("/v1/matches", json=msgspec.to_builtins(question))).json()["matches"]
        expected = {
            each["responder"]["name" if each["outcome"] == "no" else "slug"]: each["outcome"] for each in matches
        }
        assert outcomes_of(answer.text) == expected, fields
        outcomes |= set(expected.values())
    assert outcomes == {"yes", "waiting_list", "ask", "no"}


async def test_the_page_comes_back_with_the_answer_and_the_form_as_it_was_filled_in(service: Service) -> None:
    await service.report("salvation-army", OPEN)
    await service.report("migrant-help", WAITING)
    await service.report("kalayaan", PAUSED)
    asked = {"area": "E12000007", "exploitation_type": "domestic_servitude", "age_group": "adult", "person": "me"}
    answer = await send(service, asked)
    assert answer.status_code == 200
    text = Parsed(answer.content).text
    assert "2 to contact now · 1 with a wait · 2 to ask · 8 cannot help" in text
    assert "It is paused, but still takes people who get in touch themselves." in text
    chosen = [each["value"] for tag, each in Parsed(answer.content).elements if tag == "input" and "checked" in each]
    assert chosen == ["me", "domestic_servitude", "adult", ""]
    assert '<option value="E12000007" selected>' in answer.text
    # The record says what was shown, and nothing about the person.
    record = unescape(answer.text.partition("<pre")[2].partition(">")[2].partition("</pre>")[0])
    assert "Contact now\n- Kalayaan: paused. This is said to hold until " in record
    kalayaan, bawso, nspcc = (line for line in record.splitlines() if re.search("Kalayaan|BAWSO|NSPCC", line))
    # Each of its exceptions, not the one that applies.
    still = "Still takes people who get in touch themselves, and people who are homeless or destitute."
    assert kalayaan.endswith(still)
    assert bawso == "- BAWSO: It has not joined this directory. It does not cover this area."
    assert nspcc.endswith("It has not joined this directory. It does not take on people of this age.")
    assert "take new people are left out" not in record
    assert "London" not in record
    assert "omestic" not in record
    # No link leads to a list that is not there.
    before, _, after = answer.text.partition('<div id="list"')
    shown = before + after.partition('<section class="statutory"')[2]
    inside = set(re.findall(r'href="#([\w-]+)"', shown))
    assert "matches" in inside
    assert inside <= set(re.findall(r'id="([\w-]+)"', shown))
    only = await send(service, {**asked, "accepting": "on"})
    assert "2 to contact now · 2 left out: not confirmed" in only.text
    assert "r-migrant-help" not in only.text


async def test_an_answer_without_a_number_gives_the_helplines_and_says_what_a_child_can_do(service: Service) -> None:
    for fields, has_number, is_child in (
        ({"area": "W92000004", "age_group": "child"}, False, True),
        ({"area": "W92000004", "age_group": "adult"}, True, False),
    ):
        answer = await send(service, fields)
        matches = answer.text.partition('<div id="matches"')[2].partition('<div class="record"')[0]
        assert ('<p class="helpline"><a class="phone" href="tel:08000121700">' in matches) is not has_number
        assert ('<p id="under-18"><strong>Under 18: contact children’s services' in matches) is is_child


def test_a_record_points_to_no_time_before_its_page() -> None:
    for microseconds, at in ((0, "00.000Z"), (1, "00.001Z"), (999_001, "01.000Z")):
        now = NOW + timedelta(microseconds=microseconds)
        snapshot = snapshot_of(
            entry(record(intake=intake_of(Report(state=ReportedState.OPEN)))), now=now, public_url=HERE
        )
        page = snapshot.catalogue.form_pages["/"](snapshot, b"age_group=adult", None).body.decode()
        assert f"{HERE}/v1/directory?as_of=2026-11-21T09:15:{at}" in page


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"area": "E99999999"}, "Choose an answer from the list: Where in the UK?"),
        ({"exploitation_type": "all"}, "Choose an answer from the list: What happened?"),
        ({"age_group": ["adult", "child"]}, "Choose an answer from the list: Age"),
        ({"circumstances": "existing_client"}, "Choose an answer from the list: Do any of these apply?"),
        (
            {"circumstances": ["none", "detention"]},
            "You chose “None of these” and another answer. Choose one or the other: Do any of these apply?",
        ),
        (
            {"client": "none", "existing_client_of": "tara"},
            "You chose “Of no charity here” and another answer. "
            "Choose one or the other: Already a client of a charity here?",
        ),
        (
            {"existing_client_of": "gone"},
            "A charity that you chose is no longer here. Please choose again: Already a client of a charity here?",
        ),
        ({"name": "Somebody"}, "We could not read what was sent. Please fill in the form again."),
        (b"area=%ff", "We could not read what was sent. Please fill in the form again."),
        (b"\xff", "We could not read what was sent. Please fill in the form again."),
        (b"area", "We could not read what was sent. Please fill in the form again."),
        (b"&".join([b"circumstances=none"] * 2_001), "We could not read what was sent. Please fill in the form again."),
        ({"area": "", "age_group": ""}, "Choose at least one answer."),
        (b"", "Choose at least one answer."),
    ],
)
async def test_a_fault_is_a_page_that_says_what_is_wrong(service: Service, fields: Any, fault: str) -> None:
    answer = await send(service, fields)
    assert answer.status_code == 422
    assert faults_of(answer) == [fault]
    target = re.search(r'<a href="#(q-[\w-]+)">', answer.text)
    if target is not None:
        # A field, or the group of its fields.
        assert re.search(rf'<(select|fieldset) id="{target[1]}"', answer.text)
    # Nobody is left out: the list is there as without a form.
    assert answer.text.count('<li class="entry') == 13


def test_with_many_charities_a_refused_form_comes_back_without_the_list() -> None:
    many = [entry(msgspec.structs.replace(record(), slug=f"charity-{number}")) for number in range(MANY + 1)]
    for entries, has_list in ((many, False), (many[1:], True)):
        snapshot = snapshot_of(*entries, now=NOW)
        refusals = [(b"area=x", None), (b"", None), (b"", "other_site"), (b"", "too_long")]
        for body, refusal in refusals:
            page = snapshot.catalogue.form_pages["/"](snapshot, body, refusal).body
            assert (b'<li class="entry' in page) is has_list
            assert (b'<p class="all"><a href="/">Show all charities</a>' in page) is not has_list
            assert (len(page) < 32 * 1024) is not has_list
            assert b'class="fault"' in page
            targets = set(re.findall(rb'href="#([\w-]+)"', page.partition(b'<section class="known"')[2]))
            assert targets <= set(re.findall(rb' id="([\w-]+)"', page))
            assert bool(targets) is has_list


async def test_what_is_no_form_of_ours_is_refused_as_a_page(service: Service) -> None:
    asked = {"area": "E12000007"}
    refused = await send(service, asked, **{"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert faults_of(refused) == ["Another site sent this form. Nothing was answered. Please fill in the form here."]
    for site in ("same-origin", "same-site", "none", ""):
        assert (await send(service, asked, **{"sec-fetch-site": site, "origin": "null"})).status_code == 200
    large = await send(service, b"area=" + b"x" * 70_000)
    assert large.status_code == 413
    assert faults_of(large) == ["What was sent is too long. Please fill in the form again."]
    for media_type in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        other = await service.client.post("/", content=b"area=E12000007", headers={"content-type": media_type})
        assert other.status_code == 415, media_type
        assert faults_of(other) == ["We could not read what was sent. Please fill in the form again."]


async def test_an_answer_is_compressed_as_the_page_is(service: Service) -> None:
    for fields, status in (({"area": "E12000007"}, 200), ({"area": "no"}, 422)):
        plain = await send(service, fields, **{"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        for coding in ("gzip", "br"):
            answer = await send(service, fields, **{"accept-encoding": coding})
            assert (answer.status_code, answer.headers["content-encoding"]) == (status, coding)
            assert answer.headers["vary"] == "accept-encoding"
            assert int(answer.headers["content-length"]) < len(plain.content) / 3
            assert answer.content == plain.content
            assert "etag" not in answer.headers


async def test_a_hostile_value_is_no_markup(service: Service) -> None:
    hostile = '"><script>x</script>'
    for field in ("area", "circumstances", "existing_client_of", hostile):
        assert "<script>x" not in (await send(service, {field: hostile})).text


async def test_nothing_of_a_form_is_logged_counted_stored_or_cached(service: Service) -> None:
    admin = await service.token()
    words = ("E12000004", "organ_harvesting", "non_binary", "quillfeather")
    with everything_logged() as written:
        for fields in (
            {"area": words[0], "exploitation_type": words[1], "gender": words[2]},
            {"area": words[0], "name": words[3]},
            {"existing_client_of": words[3]},
        ):
            await send(service, fields)
            await send(service, fields, **{"sec-fetch-site": "cross-site"})
        log = written.getvalue()
    metrics = (await service.client.get("/metrics", headers=admin)).text
    assert 'route="/"' in metrics
    page = (await service.client.get("/")).text
    assert " selected" not in page
    stored = "\n".join(await rows(service))
    for word in (*words[1:], f"selected>{words[0]}"):
        assert word not in log
        assert word not in metrics
    assert words[3] not in stored + page
    assert words[0] not in log + metrics


async def test_an_answer_and_a_fault_are_in_the_language_of_the_page_that_sent_the_form(
    settings: Settings, clock: Clock, invented_language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    home = invented_language.home
    async with serving(settings, clock) as service:
        await service.report("salvation-army", OPEN)
        await service.report("migrant-help", WAITING)
        await service.report("kalayaan", {**PAUSED, "note": None})
        forms: list[Any] = [{"area": "E12000007"}, {"age_group": "adult", "accepting": "on"}, {"area": "x"}, b"%"]
        forms += [{"area": "E12000007", "age_group": "adult", "circumstances": "none"}]
        for fields in forms:
            content = fields if isinstance(fields, bytes) else urlencode(fields).encode()
            answer = await service.client.post(f"{home}?fbclid=x", content=content, headers=FORM)
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert f'action="{home}#matches"' in answer.text
            # The name of the other language alone.
            assert english(answer.content) == ["English"], fields
            assert glued(answer.content) == [], fields
        record = unescape(answer.text.partition("<pre")[2].partition(">")[2].partition("</pre>")[0])
        lines = [each for each in record.splitlines() if each]
        assert len(lines) > 10
        assert [each for each in lines if not each.removeprefix("- ").startswith("⟦")] == []
        for path in ("/xx/", "/coverage", f"{home}coverage"):
            refused = await service.client.post(path, data={"area": "E12000007"})
            assert refused.status_code in {404, 405}, path
