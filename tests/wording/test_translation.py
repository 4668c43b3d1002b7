"""The message catalogue is complete: a language that is added to it, here an invented one, needs no code."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.pages.directories import FIRST_ANSWER, NOW, directory_of, intake_of, register, responder
from tests.pages.measured import evidence_of, evidence_of_nothing, measured
from tests.pages.parsed import Parsed
from tests.pages.test_responder import entry, record, said, snapshot_of
from tests.wording.languages import INVENTED, invented
from tools.messages import TEMPLATE, catalogue, written

from capacity_api.config import Settings
from capacity_api.domain import coverage
from capacity_api.domain.contact import Contact, ContactSource, Phone
from capacity_api.domain.intake import (
    Circumstance,
    ExpectedTime,
    Plan,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    Unit,
)
from capacity_api.domain.remit import AgeGroup, Gender, Limit
from capacity_api.pages import directory, scripts
from capacity_api.pages.about import about_page, wall_sheet_page
from capacity_api.pages.coverage import render_coverage
from capacity_api.pages.directory import render_directory, render_entry
from capacity_api.pages.evidence import render_evidence
from capacity_api.pages.manage import render_manage
from capacity_api.pages.rendering import PageSettings
from capacity_api.pages.responder import responder_page
from capacity_api.pages.update import render_update
from capacity_api.publication import documents
from capacity_api.representations.coverage import represent_coverage
from capacity_api.representations.responder import Responder
from capacity_api.snapshot.snapshot import empty_snapshot
from capacity_api.wording.language import ENGLISH, Language, find_languages

# The address of a page, the name of a format, an e-mail address.
QUOTED = re.compile(r"^[\s,.¤]*JSON[\s,.¤]*$|example.org")
WORD = re.compile(r"[A-Za-z]{2,}")
MESSAGE = "¤"
NAMED = PageSettings(operator="Example Network", contact="x@example.org", public_url="https://capacity.example.org")
NUMBER_BESIDE = re.compile(r"\d\s*¤|¤\s*\d")
ENGLISH_COMMA = re.compile(r"[⟧¤]\s*,\s*[⟦¤]")


def every_state() -> list[Responder]:
    paused = Report(
        state=ReportedState.PAUSED,
        reason=Reason.STAFFING,
        exceptions=(Circumstance.DETENTION, Circumstance.OTHER_URGENT),
        expected_response=ExpectedTime(min=1, max=2, unit=Unit.WEEKS),
    )
    waiting = Report(state=ReportedState.WAITING_LIST)
    opened = Report(state=ReportedState.OPEN, expected_response=ExpectedTime(max=1, unit=Unit.DAYS))
    lapsed = intake_of(opened, until=timedelta(seconds=-1))
    limited = Report(
        state=ReportedState.OPEN,
        limited_to=Limit(areas=("E12000003", "E12000007"), age_groups=(AgeGroup.CHILD,), genders=(Gender.WOMAN,)),
        expected_referral=ExpectedTime(min=2, max=4, unit=Unit.WEEKS),
        no_timeframe=True,
    )
    told = msgspec.structs.replace(intake_of(limited), said_by=SaidBy.COORDINATOR)
    plan = Plan(
        effective_from=NOW + timedelta(days=2),
        said_by=SaidBy.RESPONDER,
        said_at=NOW,
        confirm_by=NOW + timedelta(days=9),
        report=msgspec.structs.replace(paused, limited_to=limited.limited_to, expected_referral=FIRST_ANSWER),
    )
    counted = msgspec.structs.replace(
        intake_of(paused), said_by=SaidBy.THRESHOLD, confirmed_at=None, planned=plan, since=NOW
    )
    contact = Contact(
        phone=Phone(text="116 123", dial="116123", extension=None),
        all_hours=True,
        languages=("vi", "sq"),
        interpreters=True,
        source=ContactSource(name="example.org", url="https://example.org/", checked_on=NOW.date()),
    )
    return [
        responder(told, contact=contact),
        responder(counted),
        responder(msgspec.structs.replace(told, lapsed=True)),
        *register()[:4],
        *register(intake_of(paused))[4:6],
        *register(intake_of(waiting))[6:8],
        *register(intake_of(opened))[8:10],
        *register(lapsed)[10:],
    ]


def marked(page: bytes) -> str:
    """A page without its head, and without names and quoted words, in `bdi` and `code`."""
    text = page.decode().split("<body>")[1]
    text = re.sub(r'(?s)<(bdi|code|pre)\b.*?</\1>|<a class="number".*?</a>', "", text)
    text = re.sub(r'aria-label="([^"]*)"', r">\1<", text)
    # What stands inside a message may be marked up, and may be a message of its own.
    return re.sub(r"</?(?:time|strong|b|a)\b[^>]*>", "", text)


def texts(page: bytes) -> list[str]:
    """The texts of a page, with MESSAGE for each message."""
    text = marked(page)
    while "⟦" in text:
        text = re.sub(r"⟦[^⟦⟧]*⟧", MESSAGE, text)
    return re.findall(r">([^<]+)<", text)


def english(page: bytes) -> list[str]:
    """The texts with words that are in no message."""
    return [each.strip() for each in texts(page) if WORD.search(each) and not QUOTED.search(each)]


def glued(page: bytes) -> list[str]:
    """What is put together by hand: a number and a message, or messages with a comma between them."""
    return [each for each in texts(page) if NUMBER_BESIDE.search(each)] + ENGLISH_COMMA.findall(marked(page))


def responder_page_of(language: Language, settings: PageSettings = NAMED) -> bytes:
    """The page of one responder with everything that can be on it."""
    hour = timedelta(hours=1)
    paused = every_state()[1].intake.report
    limited = every_state()[0].intake.report
    past = [
        said("reported", 20 * hour, State.PAUSED, paused),
        said("reported", 19 * hour, State.OPEN, limited, said_by=SaidBy.COORDINATOR),
        said("confirmed", 18 * hour, State.OPEN, limited),
        said("confirmed", 17 * hour, State.OPEN, limited, said_by=SaidBy.COORDINATOR),
        said("planned", 16 * hour, State.OPEN, paused, effective_from=NOW),
        said("planned", 15 * hour, State.OPEN, paused, effective_from=NOW, said_by=SaidBy.COORDINATOR),
        said("plan_cancelled", 14 * hour, State.OPEN),
        said("started", 13 * hour, State.PAUSED, paused),
        said("counted", 12 * hour, State.PAUSED, paused),
        said("counted", 11 * hour, State.OPEN, limited),
        said("lapsed", 10 * hour, State.UNCONFIRMED),
        said("restored", 9 * hour, State.UNCONFIRMED),
    ]
    changes = [(NOW - 50 * hour, State.OPEN), (NOW - 5 * hour, State.WAITING_LIST), (NOW - 2 * hour, State.PAUSED)]
    opened = intake_of(Report(state=ReportedState.OPEN))
    others = [entry(record(f"other-{number}", opened)) for number in range(12)]
    snapshot = snapshot_of(entry(record(intake=opened), past=past, changes=changes), *others)
    return responder_page(language, settings, snapshot, snapshot.entries["example"]).body


def test_the_template_of_the_catalogue_is_up_to_date() -> None:
    assert TEMPLATE.read_bytes() == written(catalogue()), "run make messages"


def test_a_catalogue_alone_makes_every_page_in_its_language_and_direction(invented_language: Language) -> None:
    history = ((NOW - timedelta(days=50), State.OPEN), (NOW - timedelta(days=5), State.PAUSED))
    everybody = every_state()
    parts = {
        each.slug: render_entry(
            each, directory.shown_state(each.intake, NOW), states=history, today=NOW, language=invented_language
        ).encode()
        for each in everybody
    }
    counts = coverage.count_contributions(
        [
            coverage.Contribution(coverage.ALL_CELLS // 2, coverage.ALL_CELLS, State.WAITING_LIST),
            coverage.Contribution(coverage.ALL_CELLS // 2**100, 0, State.OPEN),
        ]
    )
    counted = represent_coverage(counts, (), 1, NOW, demonstration=True)
    by_slug = {each.slug: each for each in everybody}
    lived = [measured(n, open=1, paused=n, unconfirmed=10**n) for n in range(8)]
    lived.append(msgspec.structs.replace(measured(9, open=1), longest_pause_seconds=10**6, pause_count=2))
    many = [measured(n, open=1) for n in range(101)]
    made = {
        "directory": render_directory(
            directory_of(*everybody),
            NOW,
            parts=parts,
            language=invented_language,
            settings=PageSettings(contact="x@example.org", demonstration=True),
        ),
        "empty directory": render_directory(directory_of(), NOW, language=invented_language),
        "update": render_update(invented_language, PageSettings(sends_mail=True)),
        "manage": render_manage(invented_language),
        "coverage": render_coverage(counted, NOW, invented_language),
        "evidence": render_evidence(evidence_of(*lived), by_slug, NOW, invented_language),
        "evidence of many": render_evidence(evidence_of(*many, nobody=1), {}, NOW, invented_language),
        "evidence of nothing": render_evidence(evidence_of_nothing(), {}, NOW, invented_language),
        "about": about_page(invented_language, NAMED).body,
        "about, as a file": about_page(invented_language, PageSettings(is_static=True)).body,
        "responder": responder_page_of(invented_language),
        "wall sheet": wall_sheet_page(invented_language, NAMED).body,
        "wall sheet without an address": wall_sheet_page(invented_language, PageSettings()).body,
    }
    assert len(english(render_update())) > 20
    for name, page in made.items():
        assert f'<html lang="{INVENTED}" dir="rtl">'.encode() in page
        Parsed(page)
        assert english(page) == [], name
        assert glued(page) == [], name
        assert f'"/{INVENTED}/'.encode() in page, name


def test_the_scripts_speak_the_language_of_their_page(invented_language: Language) -> None:
    facts = "".join(scripts.script(name, invented_language).decode() for name in scripts.GENERATED)
    quoted = re.findall(r'"((?:[^"\\]|\\.)* (?:[^"\\]|\\.)*)"', re.sub(r"(?m)^/\*\*.*$", "", facts))
    assert len(quoted) > 50
    assert [each for each in quoted if WORD.search(each) and "⟦" not in each] == []


def test_each_page_leads_to_itself_in_the_other_languages(invented_language: Language) -> None:
    settings = PageSettings(languages=(ENGLISH, invented_language))
    counted = represent_coverage(coverage.NOBODY, (), 1, NOW, demonstration=False)
    pages_by_path: dict[str, Callable[[Language], bytes]] = {
        "": lambda language: render_directory(directory_of(), NOW, language=language, settings=settings),
        "update": lambda language: render_update(language, settings),
        "manage": lambda language: render_manage(language, settings),
        "coverage": lambda language: render_coverage(counted, NOW, language, settings),
        "about": lambda language: about_page(language, settings).body,
        "r/example": lambda language: responder_page_of(language, settings),
        "wall-sheet": lambda language: wall_sheet_page(language, settings).body,
    }
    for path, made in pages_by_path.items():
        found = Parsed(made(ENGLISH))
        other = {"hreflang": INVENTED, "href": f"/{INVENTED}/{path}"}
        assert {"rel": "alternate", **other} in [each for tag, each in found.elements if tag == "link"]
        assert {**other, "lang": INVENTED, "dir": "rtl"} in found.links()
        assert found.text.index("08000 121 700") < found.text.index(invented("English"))
        back = [each for each in Parsed(made(invented_language)).links() if each.get("hreflang")]
        assert back == [{"href": f"/{path}", "hreflang": "en", "lang": "en", "dir": "ltr"}]


def test_without_another_language_there_is_no_link_to_one() -> None:
    for made in (
        render_directory(directory_of(), NOW, settings=PageSettings(languages=(ENGLISH,))),
        render_update(ENGLISH, PageSettings(languages=(ENGLISH,))),
    ):
        assert b"hreflang" not in made
        assert b'<nav class="languages"' not in made


def test_the_service_publishes_every_language_that_there_is_a_catalogue_of(
    invented_language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    settings = Settings(secret_keys=(bytes(32),), public_url="https://capacity.example.org")
    snapshot = empty_snapshot(documents.catalogue(settings), NOW)
    for path in ("/", "/coverage", "/update", "/manage", "/about", "/wall-sheet"):
        found = snapshot.find(path)
        assert found is not None
        assert f'hreflang="{INVENTED}"'.encode() in found.body
    own = snapshot.find(f"/{INVENTED}/")
    assert own is not None
    assert f"https://capacity.example.org/{INVENTED}/".encode() in own.body, "the printed sheet says where it is from"


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    assert [each.tag for each in find_languages(tmp_path)] == ["en"]


@pytest.mark.parametrize(
    ("tag", "direction"),
    [("en", "ltr"), ("cy", "ltr"), ("ti", "ltr"), ("ar", "rtl"), ("pa-Arab", "rtl"), ("fa-AF", "rtl")],
)
def test_the_direction_follows_from_the_tag(tag: str, direction: str) -> None:
    assert Language(tag).direction == direction
