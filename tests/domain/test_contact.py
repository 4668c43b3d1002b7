import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import texts, unhurried

from capacity_api.domain.contact import Contact, validate_contact, validate_web_address
from capacity_api.errors import Invalid


def test_a_missing_field_stays_empty() -> None:
    assert validate_contact(Contact()) == Contact()
    assert validate_contact(Contact(phone=" ", email="", url="  ", hours="")) == Contact()


@pytest.mark.parametrize(
    "contact",
    [
        Contact(phone="0800 808 3733", hours="Answered at all hours according to its own site"),
        Contact(phone="+44 (0)20 7946 0000"),
        Contact(phone="(0117) 496-0000"),
        Contact(phone="999"),
        Contact(email="referrals@example.org"),
        Contact(email="first.responder+nrm@mail.example.org.uk"),
        Contact(url="https://www.example.org/"),
        Contact(url="http://example.org:8080/refer?form=nrm#now"),
        Contact(url="https://[2001:db8::1]/"),
        Contact(url="HTTPS://Example.ORG"),
        Contact(hours="Mo-Fr 09:00-17:00"),
    ],
)
def test_a_usable_contact_is_unchanged(contact: Contact) -> None:
    assert validate_contact(contact) == contact


def test_surrounding_space_is_removed() -> None:
    typed = Contact(phone=" 0800 808 3733 ", email=" a@example.org ", url=" https://example.org ", hours=" Always ")
    assert validate_contact(typed) == Contact(
        phone="0800 808 3733", email="a@example.org", url="https://example.org", hours="Always"
    )


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (
            "phone",
            ["12", "+", "0800 808 3733 ext 4", "call us", "0800\t808", "٠٨٠٠٨٠٨", "0" * 31, "0800+808", "1" * 41],
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
            validate_contact(Contact(**{field: value}))
        assert [error.pointer for error in refusal.value.errors] == [f"/contact/{field}"], value


@pytest.mark.parametrize(
    "contact",
    [
        Contact(phone="---"),
        Contact(phone="( )"),
        Contact(url="https://:password@example.org/"),
        Contact(url="https://exam\u00a0ple.org/"),
        Contact(url='https://example.org/?a="b"'),
        Contact(url="https://example.org/<b>"),
        Contact(url="https://example.org\\@example.com/"),
    ],
)
def test_what_only_resembles_a_contact_is_refused(contact: Contact) -> None:
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
        Contact,
        phone=_typed | _near | st.from_regex(r"[+]?[0-9 ()-]{3,12}", fullmatch=True),
        email=_typed | _near | st.emails(),
        url=_typed | (texts | _near).map(lambda text: "https://" + text),
        hours=_typed,
    )
)
def test_a_contact_is_either_refused_or_safe_to_link_to_and_stays_as_it_is(contact: Contact) -> None:
    try:
        taken = validate_contact(contact)
    except Invalid:
        return
    assert validate_contact(taken) == taken
    assert taken.phone is None or set(taken.phone) <= set("+0123456789 ()-")
    assert taken.email is None or taken.email.count("@") == 1
    assert taken.url is None or (urlsplit(taken.url).scheme in {"http", "https"} and urlsplit(taken.url).hostname)
