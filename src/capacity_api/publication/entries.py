"""One responder as it is published: everything that is made of it alone, made once per change."""

from datetime import datetime

from markupsafe import Markup

from capacity_api import representations
from capacity_api.db.tables import ResponderRow
from capacity_api.domain import intake as intakes
from capacity_api.domain import match_index
from capacity_api.publication import pages
from capacity_api.publication.language import ENGLISH, Language
from capacity_api.publication.resources import Resource
from capacity_api.representations import Responder


class Entry:
    """A responder at a moment, whatever was recorded of what the clock has brought by then."""

    def __init__(self, row: ResponderRow, now: datetime) -> None:
        self.row = row
        intake = intakes.at(row.intake.value, now)
        self.matched = match_index.Entry(row.slug, row.name, row.remit, intake)
        self.shown: Responder = representations.from_responder(row, now)
        self.resource = Resource(representations.encode(self.shown))
        # When the clock changes it next.
        self.next_due = intake.next_due
        self._on_page: dict[str, Markup] = {}

    @property
    def json(self) -> bytes:
        return self.resource.body

    @property
    def etag(self) -> bytes:
        return self.resource.plain.etag

    def on_page(self, language: Language = ENGLISH) -> Markup:
        """Its part of the page, made once in each language."""
        made = self._on_page.get(language.tag)
        if made is None:
            made = pages.entry(self.shown, self.shown.intake.state, language=language)
            self._on_page[language.tag] = made
        return made
