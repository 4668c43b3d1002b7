"""The language that pages are written in: a message catalogue (GNU gettext), and which way it is read.

The English text is the message. A catalogue `locale/<tag>/LC_MESSAGES/pages.mo` beside this module is published as
pages of its own below `/<tag>/`, by nothing but being there, and each page links to itself in the other languages.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from markupsafe import Markup, escape

# ISO 639 codes of languages that are usually written from right to left, and "-Arab" or "-Hebr" for any other.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_LOCALE = Path(__file__).parents[1] / "pages" / "locale"


class Language:
    """`tag` is a BCP 47 tag; English is the one that the messages themselves are in."""

    def __init__(self, tag: str = "en", translations: NullTranslations | None = None) -> None:
        self.tag = tag
        self.translations = translations or NullTranslations()
        self.home = "/" if tag == "en" else f"/{tag}/"
        # What it calls itself: a catalogue has that in the place of "English". `NullTranslations` has it as it is.
        self.name = self.translations.gettext("English")

    @property
    def direction(self) -> str:
        main, *rest = self.tag.split("-")
        return "rtl" if main in _RIGHT_TO_LEFT or not {"Arab", "Hebr"}.isdisjoint(rest) else "ltr"


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


def gettext(message: str) -> str:
    """A message, or a label, in the language that is spoken; English where the catalogue lacks it."""
    return _spoken.get().translations.gettext(message) if message else ""


def in_markup(message: str, **values: object) -> Markup:
    """A message for a page: it and its `{values}` are escaped, except for values that are markup."""
    return Markup(escape(gettext(message))).format(**values)  # noqa: S704 - it is escaped first
