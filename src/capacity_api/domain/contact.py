"""How to reach a responder. A field that nobody has verified stays empty: "not yet supplied by the organisation"."""

import re
from urllib.parse import urlsplit

import msgspec

from capacity_api.domain.text import plain_text
from capacity_api.errors import Invalid

# Only characters that are safe in a `mailto:` and a `tel:` link (RFC 5322 dot-atom, RFC 3966).
_EMAIL = re.compile(r"[A-Za-z0-9!#$%'*+/=^_`{|}~.-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_PHONE = re.compile(r"(?=.*[0-9].*[0-9].*[0-9])\+?[0-9() -]{3,30}")
# White space of any script, marks that change the direction of text, and characters that a URL must encode.
_NOT_IN_ADDRESS = re.compile(r"""[\s\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"<>\\^`{|}]""")


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phone: str | None = None
    email: str | None = None
    url: str | None = None
    hours: str | None = None


def validate_contact(contact: Contact) -> Contact:
    """The contact in a standard form. Raises `Invalid` with a pointer to the first bad field."""
    phone = plain_text(contact.phone, "/contact/phone", 40)
    if phone is not None and not _PHONE.fullmatch(phone):
        raise Invalid.at("/contact/phone", "must be a telephone number such as 0800 808 3733")
    email = plain_text(contact.email, "/contact/email", 254)
    if email is not None and not _EMAIL.fullmatch(email):
        raise Invalid.at("/contact/email", "must be an e-mail address")
    return Contact(
        phone=phone,
        email=email,
        url=validate_web_address(contact.url, "/contact/url"),
        hours=plain_text(contact.hours, "/contact/hours", 200),
    )


def validate_web_address(value: str | None, pointer: str) -> str | None:
    """An `https` or `http` address that a page may link to. Raises `Invalid` at `pointer`."""
    text = plain_text(value, pointer, 500)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for a port out of range
    except ValueError:
        parts = None
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or _NOT_IN_ADDRESS.search(text)
    ):
        raise Invalid.at(pointer, "must be a web address such as https://www.example.org/")
    return text
