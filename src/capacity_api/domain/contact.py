"""How to reach a responder. A field that nobody has verified stays empty: "not yet supplied by the organisation"."""

import re
from datetime import date
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
import phonenumbers
from babel import Locale
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from capacity_api.domain.text import plain_text, required_text, text_limits
from capacity_api.errors import FieldError, Invalid

# Only characters that are safe in a `mailto:` link (RFC 5322 dot-atom).
_EMAIL = re.compile(r"[A-Za-z0-9!#$%'*+/=^_`{|}~.-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
# White space of any script, marks that change the direction of text, and characters that a URL must encode.
_NOT_IN_ADDRESS = re.compile(r"""[\s\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"<>\\^`{|}]""")
PhoneType = TypeVar("PhoneType")
_WEB_ADDRESS = "[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]"
# What is empty is null.
WebAddress = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^({_WEB_ADDRESS}|$)", "maxLength": 500})]
_RequiredAddress = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{_WEB_ADDRESS}", "maxLength": 500})]
_REGION = "GB"
_EXTENSION = re.compile(r"(?:ext(?:ension|n)?|x)\.? ?\d+$", re.IGNORECASE)
# The prefixes of Relay UK, for people who type: no telephone link can dial the number behind them.
_TEXT_RELAY = re.compile(r"1800[012]\b")
# RFC 5646: a language, and optionally a script and a region.
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
_LANGUAGES = frozenset(Locale("en").languages)
# Digits without a space, or a number that begins with its country.
_BARE_NUMBER = re.compile(r"[\d-]+|\+.*")
_MIN_NEW_DIGITS = 9
_MAX_LANGUAGES = 50


class Phone(msgspec.Struct, frozen=True, gc=False):
    """A telephone number. `text` is how it was written.

    `dial` is E.164, or the digits of a short number such as 116123. It is null for what a telephone cannot dial, such
    as words or a text relay. Only `dial` may be linked.
    """

    text: str
    dial: str | None
    extension: str | None


class ContactSource(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """Where a contact was found, and when, if the responder has not given its own."""

    name: Annotated[str, text_limits(200, required=True)]
    url: _RequiredAddress
    checked_on: date


class _Contact(msgspec.Struct, Generic[PhoneType], frozen=True, gc=False, kw_only=True):
    phone: PhoneType | None = None
    email: (
        Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^({_EMAIL.pattern})?$", "maxLength": 254})] | None
    ) = None
    url: WebAddress | None = None
    hours: Annotated[str, text_limits(200)] | None = None
    all_hours: bool | None = None
    languages: Annotated[tuple[str, ...], msgspec.Meta(extra_json_schema={"maxItems": _MAX_LANGUAGES})] = ()
    interpreters: bool | None = None
    source: ContactSource | None = None


class Contact(_Contact[Phone], frozen=True, gc=False, kw_only=True):
    """How to reach a responder.

    `hours` are words. `all_hours` is true for a line that is always answered, `interpreters` if there are some; null
    means that it is not known. `languages` are BCP 47. `source` is null if the responder gave the contact itself.
    """


class ContactRequest(_Contact[Annotated[str, text_limits(40)]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact as it is written: `phone` in words, such as `0800 808 3733` or `+44 20 7946 0018 ext 12`."""


def details_of(contact: Contact) -> ContactRequest:
    """A contact as it is written."""
    return ContactRequest(
        phone=None if contact.phone is None else contact.phone.text,
        email=contact.email,
        url=contact.url,
        hours=contact.hours,
        all_hours=contact.all_hours,
        languages=contact.languages,
        interpreters=contact.interpreters,
        source=contact.source,
    )


def validate_contact(details: ContactRequest) -> Contact:
    """The contact in a standard form. Raises `Invalid` with a pointer to the first bad field."""
    email = plain_text(details.email, "/contact/email", 254)
    if email is not None and not _EMAIL.fullmatch(email):
        raise Invalid.at("/contact/email", "must be an e-mail address")
    return Contact(
        phone=_parse_phone(details.phone, "/contact/phone"),
        email=email,
        url=validate_web_address(details.url, "/contact/url"),
        hours=plain_text(details.hours, "/contact/hours", 200),
        all_hours=_true_or_unknown(details.all_hours, "/contact/all_hours"),
        languages=_validate_languages(details.languages, "/contact/languages"),
        interpreters=_true_or_unknown(details.interpreters, "/contact/interpreters"),
        source=None if details.source is None else _validate_source(details.source),
    )


def _parse_phone(value: str | None, pointer: str) -> Phone | None:
    text = plain_text(value, pointer, 40)
    if text is None:
        return None
    number = _EXTENSION.sub("", text)
    if any(character.isalpha() for character in number) or _TEXT_RELAY.match(number):
        return Phone(text=text, dial=None, extension=None)
    try:
        parsed = phonenumbers.parse(text, _REGION)
    except NumberParseException:
        raise Invalid.at(pointer, "must be one telephone number, such as 0800 808 3733") from None
    if phonenumbers.is_valid_short_number_for_region(parsed, _REGION):
        return Phone(text=text, dial=str(parsed.national_number), extension=parsed.extension)
    if not (phonenumbers.is_valid_number(parsed) or _may_be_new(parsed)):
        raise Invalid.at(pointer, "no telephone takes this number; check its digits")
    return Phone(
        text=text,
        dial=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        extension=parsed.extension,
    )


def written_number(phone: Phone) -> str:
    """A number as people write it. One of digits alone, or with `+44`, would lose a zero or its plus in a spreadsheet.

    `08008083733` and `+44 800 808 3733` are "0800 808 3733".
    """
    if phone.dial is None or not phone.dial.startswith("+44") or not _BARE_NUMBER.fullmatch(phone.text):
        return phone.text
    parsed = phonenumbers.parse(phone.dial, _REGION)
    parsed.extension = phone.extension
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)


def _may_be_new(number: PhoneNumber) -> bool:
    """Whether a number of a usual length may be in a range that the library does not know yet.

    To refuse a new number would leave a responder without a telephone.
    """
    is_possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return is_possible and len(str(number.national_number)) >= _MIN_NEW_DIGITS


def _true_or_unknown(value: bool | None, pointer: str) -> bool | None:
    if value is False:
        raise Invalid.at(pointer, "must be true, or null if it is not known")
    return value


def _validate_languages(languages: tuple[str, ...], pointer: str) -> tuple[str, ...]:
    """BCP 47 tags in their usual case, without repetition, in the order given."""
    errors: list[FieldError] = []
    tags: list[str] = []
    for n, tag in enumerate(languages):
        match = _LANGUAGE.fullmatch(tag)
        if match is None or match[1].lower() not in _LANGUAGES:
            errors.append(FieldError(f"{pointer}/{n}", "must be the code of a language (BCP 47), such as vi or sq"))
            continue
        parts = (match[1].lower(), (match[2] or "").title(), (match[3] or "").upper())
        tags.append("-".join(part for part in parts if part))
    if len(languages) > _MAX_LANGUAGES:
        errors.append(FieldError(pointer, f"must name at most {_MAX_LANGUAGES} languages"))
    if errors:
        raise Invalid("The contact is not valid", tuple(errors))
    return tuple(dict.fromkeys(tags))


def _validate_source(source: ContactSource) -> ContactSource:
    url = validate_web_address(source.url, "/contact/source/url")
    if url is None:
        raise Invalid.at("/contact/source/url", "must not be empty")
    return ContactSource(
        name=required_text(source.name, "/contact/source/name", 200), url=url, checked_on=source.checked_on
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
