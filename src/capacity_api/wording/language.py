"""The language that pages are written in: its messages and plural forms (a catalogue of GNU gettext), its lists and
which way it is read (Unicode CLDR, by Babel).

The English text is the message. A catalogue `locale/<tag>/LC_MESSAGES/pages.mo` beside this module is published as
pages of its own below `/<tag>/`, by nothing but being there, and each page links to itself in the other languages.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce
from gettext import GNUTranslations, NullTranslations, c2py
from pathlib import Path

from babel import Locale
from babel.lists import format_list
from babel.localedata import locale_identifiers
from markupsafe import Markup, escape

# Scripts that are written from right to left, if a tag names one that is not usual for the language.
_RIGHT_TO_LEFT = frozenset({"Arab", "Hebr"})
# The part of the catalogue's header that picks a plural form, "nplurals=2; plural=n != 1;".
_PLURAL_RULE = re.compile(r"\bplural=([^;]+)")
# Some number of each plural form, in every language that CLDR knows.
_NUMBERS = (*range(200), 1_000_000)
_LOCALE = Path(__file__).parents[1] / "pages" / "locale"


class Language:
    """`tag` is a BCP 47 tag; English is the one that the messages themselves are in."""

    def __init__(self, tag: str = "en", translations: NullTranslations | None = None) -> None:
        self.tag = tag
        self.translations = translations or NullTranslations()
        self.home = "/" if tag == "en" else f"/{tag}/"
        # What it calls itself: a catalogue has that in the place of "English". `NullTranslations` has it as it is.
        self.name = self.translations.gettext("English")
        # What CLDR knows of it, or of the language that the tag begins with. Our English is British.
        known = "en_GB" if tag == "en" else tag.replace("-", "_")
        self.locale = Locale.negotiate([known], locale_identifiers()) or Locale("root")
        # How a list joins "{0}" and "{1}": the patterns "2", "start", "middle" and "end".
        self.list_patterns: dict[str, str] = dict(self.locale.list_patterns["standard"])

    @property
    def plural_rule(self) -> str:
        """The number of the plural form for `n`: an expression in C, which means the same in JavaScript.

        `GNUTranslations` refuses a catalogue in which it is anything but arithmetic with `n`.
        """
        found = _PLURAL_RULE.search(self.translations.info().get("plural-forms", ""))
        return found[1] if found else "n != 1"

    @property
    def direction(self) -> str:
        return self.locale.text_direction if _RIGHT_TO_LEFT.isdisjoint(self.tag.split("-")) else "rtl"


ENGLISH = Language()
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def find_languages(folder: Path = _LOCALE) -> tuple[Language, ...]:
    """English, and whatever there is a catalogue of."""
    found = [ENGLISH]
    for catalogue in sorted(folder.glob("*/LC_MESSAGES/pages.mo")):
        with catalogue.open("rb") as file:
            found.append(Language(catalogue.parents[1].name, GNUTranslations(file)))
    return tuple(found)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """What `gettext` says meanwhile is in this language."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def current_locale() -> Locale:
    """What CLDR knows of the language that is spoken."""
    return _spoken.get().locale


def gettext(message: str) -> str:
    """A message, or a label, in the language that is spoken; English where the catalogue lacks it."""
    return _spoken.get().translations.gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """A message in the plural form for a number."""
    return _spoken.get().translations.ngettext(one, many, number)


def plural_forms(one: str, many: str) -> dict[int, str]:
    """All plural forms of a message, by their numbers (`Language.plural_rule`)."""
    rule = c2py(_spoken.get().plural_rule)
    return {int(rule(number)): ngettext(one, many, number) for number in _NUMBERS}


def join_words(words: Sequence[str], *, compound: bool = False) -> str:
    """ "a", "a and b", "a, b and c".

    `compound`: one of the words has an "and" or "or" of its own, from which the list's own is kept apart.
    """
    if not compound or len(words) < 2:
        return format_list(words, locale=current_locale())
    # Translators: the end of a list. A word in it has an "and" of its own, so English puts a comma before the last.
    return gettext("{words}, and {last}").format(words=join_items(words[:-1]), last=words[-1])


def join_items(items: Sequence[str]) -> str:
    """ "a", "a, b", "a, b, c": a list without an "and"."""
    return reduce(_spoken.get().list_patterns["middle"].format, items) if items else ""


def in_markup(message: str, **values: object) -> Markup:
    """A message for a page: it and its `{values}` are escaped, except for values that are markup."""
    return Markup(escape(gettext(message))).format(**values)  # noqa: S704 - it is escaped first
