"""Rendering a page, and the resource that it is published as."""

from collections.abc import Mapping, Sequence
from typing import Any

from capacity_api.domain.vocabulary import Label
from capacity_api.pages import scripts
from capacity_api.pages.headers import page_headers
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking
from capacity_api.wording.rendering import environment

HTML = "text/html; charset=utf-8"

templates = environment("capacity_api.pages", "templates", "styles")
templates.globals["modules"] = scripts.MODULES


def render_page(
    template: str, language: Language = ENGLISH, languages: Sequence[Language] = (), **values: object
) -> bytes:
    """A page as UTF-8, with links to itself in the other `languages`."""
    others = [each for each in languages if each is not language]
    with speaking(language):
        html = templates.get_template(template).render(values, language=language, others=others, home=language.home)
    return html.encode()


def page_resource(body: bytes, status: int = 200) -> Resource:
    """A page with its headers. Nobody may store it: what a device keeps tells who was here."""
    return Resource(body, HTML, page_headers(body), status=status, cacheable=False)


def options(labels: Mapping[Any, Label]) -> list[tuple[str, str]]:
    """Codes with their labels, for a form, in the language that is spoken."""
    return [(code, gettext(label.alone)) for code, label in labels.items()]
