"""Rendering a page, and the resource that it is published as."""

from collections.abc import Mapping
from typing import Any

import msgspec

from capacity_api.domain.vocabulary import Label
from capacity_api.pages import scripts
from capacity_api.pages.headers import page_headers
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking
from capacity_api.wording.rendering import environment

HTML = "text/html; charset=utf-8"

templates = environment("capacity_api.pages", "templates", "styles")
templates.globals["modules"] = scripts.MODULES


class PageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages of one service share. `operator`, `contact`, `public_url` and `keep_mail_days` are settings.

    `languages` are all that have pages. Where `is_static`, the pages are files, and offer nothing that they lack.
    """

    languages: tuple[Language, ...] = ()
    demonstration: bool = False
    sends_mail: bool = False
    operator: str | None = None
    contact: str | None = None
    public_url: str | None = None
    is_static: bool = False
    keep_mail_days: int = 90


PLAIN_SETTINGS = PageSettings()
_MAIN_PAGES = (
    ("", "Find"),
    ("coverage", "Who is covered"),
    ("evidence", "Figures"),
    ("update", "For charities"),
)
# Files cannot be these.
_SERVICE_ONLY = frozenset({"evidence", "update"})


def render_page(
    template: str, language: Language = ENGLISH, settings: PageSettings = PLAIN_SETTINGS, **values: object
) -> bytes:
    """A page as UTF-8, with links to itself in the other languages."""
    others = [each for each in settings.languages if each is not language]
    with speaking(language):
        html = templates.get_template(template).render(
            values,
            settings=settings,
            language=language,
            others=others,
            home=language.home,
            navigation=_navigation(settings),
        )
    return html.encode()


def _navigation(settings: PageSettings) -> list[tuple[str, str]]:
    """The main pages, by their paths below the home of a language, in the language that is spoken."""
    return [(path, gettext(label)) for path, label in _MAIN_PAGES if not (settings.is_static and path in _SERVICE_ONLY)]


def page_resource(body: bytes, status: int = 200) -> Resource:
    """A page with its headers. Nobody may store it: what a device keeps tells who was here."""
    return Resource(body, HTML, page_headers(body), status=status, cacheable=False)


def options(labels: Mapping[Any, Label]) -> list[tuple[str, str]]:
    """Codes with their labels, for a form, in the language that is spoken."""
    return [(code, gettext(label.alone)) for code, label in labels.items()]
