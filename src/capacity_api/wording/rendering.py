"""Templates: an environment that escapes everything, with the filters that put codes and times into words."""

import re
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from capacity_api.wording import sentences
from capacity_api.wording.language import in_markup


def environment(package: str, *folders: str) -> Environment:
    """The templates in `folders` of a package of ours."""
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package, folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A release that is unpacked over a running one must not mix with it.
        auto_reload=False,
        extensions=[_StylesWithoutComments],
    )
    templates.globals |= {"_": in_markup, "strong": _strong}
    templates.filters |= _FILTERS
    templates.tests |= {"mail": is_mail, "web": is_web}
    return templates


class _StylesWithoutComments(Extension):
    """Comments are for who reads the source. Readers of a page would load them each time."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"\s*/\*.*?\*/", "", source, flags=re.DOTALL) if name and name.endswith(".css") else source


def is_mail(contact: str) -> bool:
    """Whether it is one e-mail address, and not words that contain one."""
    return re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+", contact) is not None


def is_web(address: str | None) -> bool:
    """Whether a page may link to it: the last guard against `javascript:` and the like."""
    return address is not None and urlsplit(address).scheme in {"http", "https"}


def _strong(words: str) -> Markup:
    return Markup("<strong>{}</strong>").format(words)


def _mail_address(address: str) -> str:
    return quote(address, safe="@+")


_FILTERS: dict[str, Any] = {
    "balanced": sentences.balanced,
    "circumstances_in_words": sentences.circumstances_in_words,
    "count_in_words": sentences.count_in_words,
    "day": sentences.day,
    "label": sentences.label,
    "languages_in_words": sentences.languages_in_words,
    "limit_in_words": sentences.limit_in_words,
    "mail_address": _mail_address,
    "moment": sentences.moment,
    "period_in_words": sentences.period_in_words,
    "reason_in_words": sentences.reason_in_words,
    "remit_in_words": sentences.remit_in_words,
    "state_in_words": sentences.state_in_words,
    "until": sentences.until,
    "utc": sentences.utc,
}
