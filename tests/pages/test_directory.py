"""The directory page: what comes first, what may never be on it, and what hostile text does to it."""

import base64
import gzip
import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.pages.directories import FIRST_ANSWER, NOW, directory_of, intake_of, page, register, responder
from tests.pages.parsed import Parsed

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
from capacity_api.domain.remit import Gender, Limit, Source
from capacity_api.pages import scripts
from capacity_api.pages.directory import render_directory, render_entry
from capacity_api.pages.headers import content_security_policy, page_headers
from capacity_api.pages.manage import render_manage
from capacity_api.pages.rendering import PageSettings
from capacity_api.pages.update import render_update
from capacity_api.wording import sentences


def test_safety_lines_stand_before_everything_else() -> None:
    text = page(*register(), contact="wrong@example.org").text
    assert text.startswith(
        "Leave this page In immediate danger, call 999 Modern Slavery & Exploitation Helpline 08000 121 700"
    )


@pytest.mark.parametrize(
    "line",
    [
        "You cannot put yourself into the NRM. You can contact these organisations yourself. "
        "An adult\u2019s referral needs their agreement.",
        "Under 18: contact children\u2019s services or the police.",
        "This directory is independent. It is not the government.",
    ],
)
def test_the_page_says_what_somebody_must_know(line: str) -> None:
    assert line in page(*register()).text


def test_safety_lines_are_never_folded_away() -> None:
    raw = render_directory(directory_of(*register()), NOW).decode()
    assert raw.index("08000 121 700") < raw.index("</header>") < raw.index("<main")
    assert "<details" not in raw[: raw.index("</header>")]


def test_the_helpline_and_999_can_be_dialled() -> None:
    links = page().links()
    assert [link["href"] for link in links[1:3]] == ["tel:999", "tel:08000121700"]


def test_the_first_link_leaves_and_says_that_history_remains() -> None:
    parsed = page(*register())
    assert parsed.links()[0] == {"href": "https://www.bbc.co.uk/weather", "rel": "noreferrer"}
    assert "Your browser\u2019s history will still show that you were here." in parsed.text


def test_the_title_and_the_icon_are_neutral() -> None:
    raw = render_directory(directory_of(), NOW).decode()
    assert "<title>Directory</title>" in raw
    assert 'href="data:image/svg+xml' in raw
    assert b"<title>Your entry</title>" in render_update()
    assert b"<title>Look after</title>" in render_manage()


def test_without_javascript_the_update_page_says_whom_to_ask() -> None:
    found = Parsed(render_update(settings=PageSettings(contact="desk@example.org")))
    assert "You can ring or mail the people who run this directory." in found.text
    assert "If you came by a link from a mail: it was not used." in found.text
    assert "curl" not in found.text
    assert "mailto:desk@example.org" in [link["href"] for link in found.links()]
    # Where nobody can be reached, it does not say that somebody can.
    assert "ring or mail" not in Parsed(render_update()).text


@pytest.mark.parametrize("state", list(ReportedState))
def test_forbidden_words_are_absent(state: ReportedState) -> None:
    report = Report(state=state, expected_response=FIRST_ANSWER, reason=Reason.STAFFING)
    text = page(*register(), *register(intake_of(report)), contact="wrong@example.org").text.lower()
    assert "guaranteed" not in text.replace("not guaranteed", "")
    for word in ("safe", "confidential", "victim", "24/7", "gov.uk"):
        assert word not in text


def test_nothing_is_loaded_from_elsewhere_and_the_form_is_sent_here() -> None:
    parsed = page(*register())
    tags = {tag for tag, _ in parsed.elements}
    assert tags.isdisjoint({"img", "iframe", "object", "embed", "video", "audio"})
    assert [each for tag, each in parsed.elements if tag == "script"] == [
        {"type": "module", "src": f"/scripts/{name}"} for name in scripts.MODULES["directory"]
    ]
    forms = [each for tag, each in parsed.elements if tag == "form"]
    assert [("hidden" in each, each.get("method"), each.get("action")) for each in forms] == [
        (False, "post", "/#matches")
    ]
    links = [attributes["href"] or "" for tag, attributes in parsed.elements if tag == "link"]
    assert [link.partition(",")[0] for link in links] == ["data:image/svg+xml", "/v1/feed.atom"]
    assert not any(name == "style" or name.startswith("on") for _, each in parsed.elements for name in each)
    elsewhere = [link for link in parsed.links() if (link["href"] or "").startswith("http")]
    assert [urlsplit(link["href"]).netloc for link in elsewhere] == ["www.bbc.co.uk", "www.gov.uk"]


def test_the_summary_counts_each_state_once() -> None:
    paused = Report(state=ReportedState.PAUSED)
    waiting = Report(state=ReportedState.WAITING_LIST)
    everybody = [
        responder(intake_of(Report(state=ReportedState.OPEN))),
        responder(intake_of(Report(state=ReportedState.OPEN))),
    ]
    everybody += [responder(intake_of(waiting)), responder(intake_of(paused)), *[responder()] * 9]
    text = page(*everybody).text
    assert "2 open · 1 waiting list · 1 paused · 9 not confirmed As of 21 November 2026, 09:15." in text


def test_the_moment_of_the_page_is_london_time_in_words_and_utc_for_programs() -> None:
    summer = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    raw = render_directory(directory_of(), summer).decode()
    assert '<time datetime="2026-07-01T08:00:00Z">1 July 2026, 09:00</time>' in raw


def test_an_open_responder_says_by_whom_and_until_when_it_was_confirmed() -> None:
    text = page(responder(intake_of(Report(state=ReportedState.OPEN, expected_response=FIRST_ANSWER)))).text
    assert "Example Trust Open Adults" in text
    assert "5 to 10 working days: expected, not guaranteed" in text
    said = "Confirmed by Example Trust on 21 November 2026, 08:15. It holds until 27 November 2026, 09:15."
    assert said in text


def test_silence_about_the_response_time_and_that_none_can_be_given_are_told_apart() -> None:
    silent = page(responder(intake_of(Report(state=ReportedState.OPEN)))).text
    assert "Response It has not said how long a reply takes" in silent
    assert "Cannot say" not in silent
    none = page(responder(intake_of(Report(state=ReportedState.OPEN, no_timeframe=True)))).text
    assert "Response Cannot say how long a reply takes" in none


def test_the_time_to_a_referral_stands_apart_from_the_time_to_an_answer() -> None:
    referral = ExpectedTime(min=2, max=4, unit=Unit.WEEKS)
    report = Report(state=ReportedState.OPEN, expected_response=FIRST_ANSWER, expected_referral=referral)
    text = page(responder(intake_of(report))).text
    assert "Response 5 to 10 working days: expected, not guaranteed" in text
    assert "Referral to the NRM 2 to 4 weeks: expected, not guaranteed" in text


def test_a_limit_says_for_whom_and_is_gone_after_the_lapse() -> None:
    report = Report(state=ReportedState.OPEN, limited_to=Limit(areas=("E12000007",), genders=(Gender.WOMAN,)))
    entry = responder(intake_of(report, until=timedelta(hours=1)))
    assert "For now only: Adult women · London." in page(entry).text
    assert "London." not in page(entry, now=NOW + timedelta(hours=1)).text


@pytest.mark.parametrize(
    ("said_by", "words"),
    [
        (SaidBy.RESPONDER, "Confirmed by Example Trust on 21 November 2026, 08:15."),
        (SaidBy.COORDINATOR, "We were told this on 21 November 2026, 08:15."),
        (SaidBy.THRESHOLD, "Paused since 21 November 2026, 08:15: it reached its own limit."),
    ],
)
def test_only_a_responder_confirms(said_by: SaidBy, words: str) -> None:
    intake = msgspec.structs.replace(
        intake_of(Report(state=ReportedState.PAUSED)),
        said_by=said_by,
        confirmed_at=None if said_by is SaidBy.THRESHOLD else NOW - timedelta(hours=1),
    )
    card = Parsed(render_entry(responder(intake), State.PAUSED).encode())
    assert f"{words} It holds until 27 November 2026, 09:15." in card.text
    assert ("confirmed" in card.text.lower()) == (said_by is SaidBy.RESPONDER)
    lapsed = page(responder(msgspec.structs.replace(intake, lapsed=True))).text
    if said_by is SaidBy.RESPONDER:
        last = "Last confirmed “paused” on 21 November 2026, 08:15. We do not know about today."
    else:
        last = "Its last report (“paused”) ended on 27 November 2026, 09:15. We do not know about today."
    assert "Example Trust Not confirmed Adults · any kind of exploitation · United Kingdom" in lapsed
    assert last in lapsed
    # What the script shows once the time has passed.
    assert card.elements[0][1]["data-lapsed"] == last


def test_an_unconfirmed_responder_claims_nothing() -> None:
    text = page(responder()).text
    assert "Example Trust Has not joined Adults" in text
    assert "It has not joined this directory." in text
    assert "Last confirmed" not in text
    assert "timeframe" not in text
    assert "Response" not in text.replace("Responders", "")
    assert "not yet supplied by the organisation" in text


def test_a_pause_says_its_exceptions_until_when_and_where_to_go() -> None:
    report = Report(
        state=ReportedState.PAUSED,
        reason=Reason.REFERRAL_THRESHOLD,
        exceptions=(Circumstance.SELF_REFERRAL, Circumstance.DETENTION),
        reopens_on=date(2026, 12, 1),
    )
    parsed = page(
        responder(intake_of(report)), responder(intake_of(Report(state=ReportedState.OPEN)), name="Other Trust")
    )
    assert "Still takes people who get in touch themselves and people in detention." in parsed.text
    assert "Expects to stay paused through 1 December 2026." in parsed.text
    assert "Reason given: the limit for new referrals is reached." in parsed.text
    assert "Only taking the people listed. Anyone else: see who is open." in parsed.text
    assert "#open" in [link["href"] for link in parsed.links()]


@pytest.mark.parametrize("state", ReportedState)
def test_only_a_list_with_nobody_open_gives_the_number_of_the_helpline(state: ReportedState) -> None:
    page = render_directory(directory_of(responder(intake_of(Report(state=state)))), NOW).decode()
    opened = page.partition('<section class="group open"')[2].partition("</section>")[0]
    assert ('<p class="helpline"><a class="phone"' in opened) is (state is not ReportedState.OPEN)
    assert ("See the waiting lists</a>." in opened) is (state is ReportedState.WAITING_LIST)


def test_a_pause_with_nobody_open_points_to_the_helpline() -> None:
    text = page(responder(intake_of(Report(state=ReportedState.PAUSED)))).text
    assert "No charity has confirmed that it is open now. Call the helpline above." in text
    assert "It listed no exceptions. It has not said until when." in text
    assert "Anyone else: call the helpline above." in text


def test_a_planned_pause_is_announced_beside_the_current_state() -> None:
    plan = Plan(
        report=Report(
            state=ReportedState.PAUSED,
            reopens_on=date(2027, 1, 4),
            reason=Reason.STAFFING,
            exceptions=(Circumstance.EXISTING_CLIENT,),
            expected_response=FIRST_ANSWER,
        ),
        effective_from=datetime(2026, 12, 23, 17, 0, tzinfo=UTC),
        said_by=SaidBy.RESPONDER,
        said_at=NOW,
        confirm_by=datetime(2027, 1, 5, tzinfo=UTC),
    )
    intake = msgspec.structs.replace(intake_of(Report(state=ReportedState.OPEN)), planned=plan)
    text = page(responder(intake)).text
    planned = "Planned: paused from 23 December 2026, 17:00 until 4 January 2027."
    assert 0 < text.index("Phone:") < text.index(planned)
    assert (
        "From 23 December 2026, 17:00: Will still take its existing clients. Reason given: staffing. "
        "Response then: 5 to 10 working days: expected, not guaranteed"
    ) in text


def test_a_report_lapses_on_the_page_at_its_very_second_though_the_directory_is_older() -> None:
    entry = responder(intake_of(Report(state=ReportedState.OPEN, note="Come by"), until=timedelta(hours=1)))
    due = NOW + timedelta(hours=1)
    assert "1 open" in page(entry, now=due - timedelta(seconds=1)).text
    lapsed = page(entry, now=due)
    assert "0 open · 0 waiting list · 0 paused · 1 not confirmed" in lapsed.text
    assert "Example Trust Not confirmed" in lapsed.text
    assert "Example Trust Open" not in lapsed.text
    assert "Come by" not in lapsed.text
    assert "Last confirmed “open” on 21 November 2026, 08:15. We do not know about today." in lapsed.text


def test_an_open_responder_whose_planned_pause_is_due_is_not_shown_as_open() -> None:
    due = NOW + timedelta(hours=1)
    plan = Plan(
        report=Report(state=ReportedState.PAUSED),
        effective_from=due,
        said_by=SaidBy.RESPONDER,
        said_at=NOW,
        confirm_by=due + timedelta(days=7),
    )
    intake = msgspec.structs.replace(intake_of(Report(state=ReportedState.OPEN)), planned=plan)
    text = page(responder(intake), now=due).text
    assert "0 open" in text
    assert "Last confirmed “open” on 21 November 2026, 08:15. We do not know about today." in text


def test_an_end_at_midnight_is_named_by_its_day() -> None:
    intake = msgspec.structs.replace(
        intake_of(Report(state=ReportedState.PAUSED)), confirm_by=datetime(2026, 12, 2, tzinfo=UTC)
    )
    assert "It holds until the end of 1 December 2026." in page(responder(intake)).text


def test_demonstration_data_is_labelled_and_other_data_is_not() -> None:
    label = "Demonstration data: not real."
    assert label in Parsed(render_directory(directory_of(), NOW, settings=PageSettings(demonstration=True))).text
    assert label in Parsed(render_update(settings=PageSettings(demonstration=True))).text
    assert label in Parsed(render_manage(settings=PageSettings(demonstration=True))).text
    assert label not in page().text
    assert label not in Parsed(render_update()).text


def test_the_published_words_stand_beside_ours_with_their_source() -> None:
    text = page(*register()).text
    assert "Children under 18 · kinds of exploitation not known · United Kingdom" in text
    assert "Exploitation: “Unknown”." in text
    assert "Other limitation: “Existing clients”." in text
    assert text.count("Table 2, 2024.") == 13


def test_the_source_of_a_remit_is_linked_where_its_address_is_known() -> None:
    (first, *_) = register()
    source = Source("The official list", "2026-04", "https://example.org/list")
    listed = msgspec.structs.replace(first, remit=msgspec.structs.replace(first.remit, source=source))
    parsed = page(listed)
    assert "Source: The official list, 2026-04." in parsed.text
    assert "https://example.org/list" in [each["href"] for each in parsed.links()]


@pytest.mark.parametrize(
    ("contact", "link"),
    [("wrong@example.org", "mailto:wrong@example.org"), ("https://example.org/wrong", "https://example.org/wrong")],
)
def test_a_contact_to_report_to_is_a_link(contact: str, link: str) -> None:
    assert link in [each["href"] for each in page(contact=contact).links()]


def test_a_contact_in_words_is_no_link_though_an_address_is_among_them() -> None:
    parsed = page(contact='Call <b> 020 7946 0000, or write to "a@example.org"')
    assert 'Tell us: Call <b> 020 7946 0000, or write to "a@example.org"' in parsed.text
    assert not any((each["href"] or "").startswith("mailto") for each in parsed.links())


def test_without_a_contact_nothing_is_said_about_reporting() -> None:
    assert "Is an entry wrong?" not in page().text


def test_a_link_to_a_responder_sends_no_referrer() -> None:
    phone = Phone(text="+44 (0)20 7946 0000", dial="+442079460000", extension=None)
    contact = Contact(phone=phone, email="a?bcc=x@example.org", url="https://example.org/refer")
    links = {link["href"]: link for link in page(responder(contact=contact, website="https://example.org/")).links()}
    assert {"tel:+442079460000", "mailto:a%3Fbcc%3Dx@example.org"} <= links.keys()
    for address in ("https://example.org/refer", "https://example.org/"):
        assert links[address]["rel"] == "noreferrer noopener"


def test_a_number_that_cannot_be_dialled_is_text_and_no_link() -> None:
    relay = Phone(text="18001 0800 555 1212", dial=None, extension=None)
    parsed = page(responder(contact=Contact(phone=relay)))
    assert "Phone: 18001 0800 555 1212" in parsed.text
    assert {link["href"] for link in parsed.links() if "tel:" in (link["href"] or "")} == {"tel:999", "tel:08000121700"}


def test_a_contact_says_its_languages_its_hours_and_whose_word_it_is() -> None:
    source = ContactSource(name="its own site", url="https://example.org/contact", checked_on=date(2026, 11, 2))
    contact = Contact(
        email="a@example.org", all_hours=True, languages=("vi", "sq-Latn"), interpreters=True, source=source
    )
    parsed = page(responder(contact=contact))
    assert (
        "Phone: not yet supplied by the organisation Email: a@example.org "
        "At all hours · Languages: Vietnamese and Albanian · Interpreters can be arranged"
    ) in parsed.text
    assert "Contact from its own site, checked on 2 November 2026" in parsed.text
    assert "https://example.org/contact" in [link["href"] for link in parsed.links()]


def test_an_address_that_is_not_web_is_never_a_link() -> None:
    source = ContactSource(name="x", url="javascript:alert(2)", checked_on=date(2026, 11, 2))
    entry = responder(contact=Contact(url="javascript:alert(1)", source=source), website="data:text/html,x")
    assert not any((link["href"] or "").startswith(("javascript", "data")) for link in page(entry).links())


HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; & &amp;",
    "\u202eesrever\u202c\u2069\u2069 \u202e",
    "\ufdfd" * 500,
    "W" * 500,
    "<!-- -->]]><![CDATA[",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_ever_text(text: str) -> None:
    report = Report(state=ReportedState.PAUSED, note=text)
    remit = msgspec.structs.replace(responder().remit, note=text)
    entry = responder(intake_of(report), name=text, remit=remit, contact=Contact(hours=text))
    plain = page(
        responder(
            intake_of(Report(state=ReportedState.PAUSED, note="x")), name="x", remit=remit, contact=Contact(hours="x")
        )
    )
    hostile = page(entry)
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert sentences.balanced(text) in "".join(hostile.words)
    assert "alert" not in "".join(str(value) for _, each in hostile.elements for value in each.values())


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("\u202eabc", "\u202eabc\u202c"),
        ("abc\u2069 def\u202c", "abc def"),
        ("\u2067\u202ea\u2069b\u2069", "\u2067\u202eab\u202c\u2069"),
        ("\u202ea\nb", "\u202ea\u202c\nb"),
        ("\u200fabc\u200e", "\u200fabc\u200e"),
    ],
)
def test_bidirectional_marks_have_no_effect_beyond_their_text(text: str, closed: str) -> None:
    assert sentences.balanced(text) == closed


def test_the_lines_of_a_note_are_kept() -> None:
    raw = render_directory(directory_of(responder(intake_of(Report(state=ReportedState.OPEN, note="One\nTwo")))), NOW)
    assert b'<p class="note text" dir="auto">One\nTwo</p>' in raw
    assert re.search(rb"\.text \{\s+white-space: pre-line;\s+\}", raw)


def test_thirteen_responders_leave_room_in_one_tcp_flight() -> None:
    raw = render_directory(
        directory_of(*register(intake_of(Report(state=ReportedState.PAUSED, note="A note")))),
        NOW,
        settings=PageSettings(contact="x@y.z", demonstration=True),
    )
    assert len(gzip.compress(raw)) < 10_000


def test_a_card_opens_in_a_short_list_and_links_to_the_rest_in_a_long_one() -> None:
    few, many = page(*register()), page(*[responder()] * 1000)
    assert few.text.count("More about ") == 13
    assert few.text.count("Table 2, 2024.") == 13
    assert [tag for tag, _ in many.elements].count("details") == 3, "those of the question, and the help in the foot"
    assert [link["href"] for link in many.links()].count("/r/example") == 1000


def test_no_line_breaks_stand_between_the_tags_of_an_entry() -> None:
    report = Report(state=ReportedState.OPEN, note="One >\n< Two")
    html = render_entry(responder(intake_of(report)), State.OPEN)
    assert html.count("\n") == 1
    assert "One &gt;\n&lt; Two" in html


def test_the_policy_allows_the_styles_of_this_page_its_script_and_this_server_and_nothing_else() -> None:
    raw = render_directory(directory_of(), NOW)
    style = re.search(rb"<style>(.*)</style>", raw, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert content_security_policy(raw) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'self'; connect-src 'self'; img-src data:; "
        "require-trusted-types-for 'script'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    # Without a service there is nobody to send the form to.
    of_files = render_directory(directory_of(), NOW, settings=PageSettings(is_static=True))
    assert "form-action 'none'" in content_security_policy(of_files)
    assert b'<form class="ask" autocomplete="off" aria-labelledby="ask" hidden>' in of_files
    assert dict(page_headers(raw))["referrer-policy"] == "no-referrer"
