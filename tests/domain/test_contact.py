import re
import string
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import texts, unhurried

from capacity_api.domain.contact import (
    Contact,
    ContactRequest,
    ContactSource,
    Phone,
    validate_contact,
    validate_web_address,
)
from capacity_api.errors import Invalid

LINE = "0800 808 3733"


def test_a_missing_field_stays_empty() -> None:
    assert validate_contact(ContactRequest()) == Contact()
    assert validate_contact(ContactRequest(phone=" ", email="", url="  ", hours="")) == Contact()


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "referrals@example.org"},
        {"email": "first.responder+nrm@mail.example.org.uk"},
        {"url": "https://www.example.org/"},
        {"url": "http://example.org:8080/refer?form=nrm#now"},
        {"url": "https://[2001:db8::1]/"},
        {"url": "HTTPS://Example.ORG"},
        {"hours": "Mo-Fr 09:00-17:00"},
        {"hours": "Answered at all hours according to its own site", "all_hours": True},
        {"interpreters": True},
        {"languages": ("vi", "sq", "zh-Hant", "es-419")},
        {"source": ContactSource(name="Its own site", url="https://example.org/", checked_on=date(2026, 11, 20))},
    ],
)
def test_a_usable_contact_is_unchanged(fields: dict[str, Any]) -> None:
    assert validate_contact(ContactRequest(**fields)) == Contact(**fields)


@pytest.mark.parametrize(
    ("text", "dial", "extension"),
    [
        (LINE, "+448008083733", None),
        ("(0117) 496-0000", "+441174960000", None),
        ("08000121700", "+448000121700", None),
        # A number of seven digits that is not short.
        ("0800 1111", "+448001111", None),
        # The zero in brackets is dialled at home and nowhere else.
        ("+44 (0)141 496 0123", "+441414960123", None),
        ("0044 (0) 141 496 0123", "+441414960123", None),
        ("+353 1 872 7700", "+35318727700", None),
        ("0800 808 3733 ext 4", "+448008083733", "4"),
        ("+44 20 7946 0018 x12", "+442079460018", "12"),
        # Short numbers are dialled as they are.
        ("116 123", "116123", None),
        ("999", "999", None),
        ("101", "101", None),
        # What a telephone cannot dial is shown and not linked.
        ("Ask at the front desk", None, None),
        ("Text relay: 18001 0800 808 3733", None, None),
        ("18001 0800 808 3733", None, None),
        ("0800 808 3733 or 0800 111 999", None, None),
    ],
)
def test_a_telephone_number_keeps_its_words_and_says_what_to_dial(
    text: str, dial: str | None, extension: str | None
) -> None:
    contact = validate_contact(ContactRequest(phone=f" {text} "))
    assert contact.phone == Phone(text=text, dial=dial, extension=extension)


def test_surrounding_space_is_removed() -> None:
    typed = ContactRequest(phone=f" {LINE} ", email=" a@example.org ", url=" https://example.org ", hours=" Always ")
    assert validate_contact(typed) == Contact(
        phone=Phone(text=LINE, dial="+448008083733", extension=None),
        email="a@example.org",
        url="https://example.org",
        hours="Always",
    )


def test_languages_are_in_their_usual_case_and_named_once() -> None:
    typed = ContactRequest(languages=("VI", "zh-hant", "vi", "pt-br", "ZH-HANT"))
    assert validate_contact(typed).languages == ("vi", "zh-Hant", "pt-BR")


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"languages": ("vi", "Albanian", "xx", "")}, [f"/contact/languages/{n}" for n in (1, 2, 3)]),
        ({"languages": ("vi", "sq") * 26}, ["/contact/languages"]),
        # Null says that it is not known; nobody says no.
        ({"all_hours": False}, ["/contact/all_hours"]),
        ({"interpreters": False}, ["/contact/interpreters"]),
        (
            {"source": ContactSource(name=" ", url="https://example.org/", checked_on=date(2026, 11, 20))},
            ["/contact/source/name"],
        ),
        (
            {"source": ContactSource(name="Its site", url="example.org", checked_on=date(2026, 11, 20))},
            ["/contact/source/url"],
        ),
        ({"source": ContactSource(name="Its site", url=" ", checked_on=date(2026, 11, 20))}, ["/contact/source/url"]),
    ],
)
def test_what_a_contact_must_not_say_is_pointed_at(fields: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        validate_contact(ContactRequest(**fields))
    assert [error.pointer for error in refusal.value.errors] == pointers


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "phone",
            ["12", "+", "0800\t808", "٠٨٠٠٨٠٨", "0" * 31, "0800+808", "1" * 41, "0300 123", "0141 496 0123 / 0124"],
        ),
        ("email", ["a", "a@b", "@example.org", "a@@example.org", "a b@example.org", "a@example.org\n", "a@.org"]),
        (
            "url",
            [
                "example.org",
                "//example.org",
                "https:example.org",
                "https://",
                "https:///path",
                "https://:443",
                "https://?x",
                "https://[",
                "https://example.org:99999",
                "https://example.org:x",
                "https://exam ple.org",
                "https://example.org/a b",
                "https://example.org/a\nb",
                "https://user@example.org",
                "https://user:password@example.org",
                "https://example.org\\@evil.example",
                "javascript:alert(1)",
                "java\tscript:alert(1)",
                "javascript://example.org/%0aalert(1)",
                "data:text/html,x",
                "ftp://example.org",
                "mailto:a@example.org",
                "tel:999",
                "https://example.org/" + "a" * 481,
            ],
        ),
        ("hours", ["a\nb", "a" * 201]),
    ],
)
def test_a_contact_that_cannot_be_used_is_refused_at_its_field(field: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(Invalid) as refusal:
            validate_contact(msgspec.convert({field: value}, ContactRequest))
        assert [error.pointer for error in refusal.value.errors] == [f"/contact/{field}"], value


@pytest.mark.parametrize(
    "contact",
    [
        ContactRequest(phone="---"),
        ContactRequest(phone="( )"),
        ContactRequest(url="https://:password@example.org/"),
        ContactRequest(url="https://exam\u00a0ple.org/"),
        ContactRequest(url='https://example.org/?a="b"'),
        ContactRequest(url="https://example.org/<b>"),
        ContactRequest(url="https://example.org\\@example.com/"),
    ],
)
def test_what_only_resembles_a_contact_is_refused(contact: ContactRequest) -> None:
    with pytest.raises(Invalid):
        validate_contact(contact)


def test_a_web_address_of_something_else_is_refused_at_its_own_field() -> None:
    assert validate_web_address("https://example.org", "/website") == "https://example.org"
    assert validate_web_address(None, "/website") is None
    with pytest.raises(Invalid) as refusal:
        validate_web_address("example.org", "/website")
    assert [error.pointer for error in refusal.value.errors] == ["/website"]


_typed = st.none() | texts
_near = st.text(string.ascii_letters + string.digits + "+-() @.:/?#[]\\%", max_size=40)


@unhurried
@given(
    st.builds(
        ContactRequest,
        phone=_typed | _near | st.from_regex(r"[+]?[0-9 ()-]{3,12}", fullmatch=True),
        email=_typed | _near | st.emails(),
        url=_typed | (texts | _near).map(lambda text: "https://" + text),
        hours=_typed,
    )
)
def test_a_contact_is_either_refused_or_safe_to_link_to_and_stays_as_it_is(details: ContactRequest) -> None:
    try:
        taken = validate_contact(details)
    except Invalid:
        return
    phone = taken.phone
    again = ContactRequest(phone=phone.text if phone else None, email=taken.email, url=taken.url, hours=taken.hours)
    assert validate_contact(again) == taken
    assert phone is None or phone.dial is None or re.fullmatch(r"\+?[0-9]{3,15}", phone.dial, re.ASCII)
    assert taken.email is None or taken.email.count("@") == 1
    assert taken.url is None or (urlsplit(taken.url).scheme in {"http", "https"} and urlsplit(taken.url).hostname)
