"""One responder as it is published: everything that is made of it alone, made once per change."""

from datetime import date, datetime
from functools import cached_property

from capacity_api import representations
from capacity_api.db.tables import ResponderRow
from capacity_api.domain import intake as intakes
from capacity_api.domain import match_index
from capacity_api.publication import directory_table, pages
from capacity_api.publication.language import ENGLISH, Language
from capacity_api.publication.past import LASTS, Past, Turn
from capacity_api.publication.resources import Resource
from capacity_api.representations import Responder


class Entry:
    """A responder at a moment, whatever was recorded of what the clock has brought by then."""

    def __init__(self, row: ResponderRow, past: Past, now: datetime) -> None:
        self.row = row
        self.past = past
        intake = intakes.at(row.intake.value, now)
        self.matched = match_index.Entry(row.slug, row.name, row.remit, intake)
        self.shown: Responder = representations.from_responder(row, now)
        self.json = representations.encode(self.shown)
        self.resource = Resource(self.json)
        self.etag = self.resource.plain.etag
        # When the clock changes it next.
        self.next_due = intake.next_due
        self._history: tuple[date, Resource] | None = None
        self._on_page: dict[str, tuple[datetime | None, bytes]] = {}

    def at(self, now: datetime) -> "Entry":
        """The same responder, as the clock has left it."""
        return Entry(self.row, self.past, now)

    def history(self, now: datetime) -> Resource:
        """Its history of the last ninety days; what is older by less than a day may still stand in it."""
        if self._history is None or self._history[0] != now.date():
            self._history = now.date(), Resource(self.past.history(now))
        return self._history[1]

    def states(self, now: datetime) -> tuple[Turn, ...]:
        """From when on which state held in the last ninety days, oldest first; from its first listing on."""
        steps = intakes.advance(self.row.intake.value, now)
        known = [(step.at, step.after.state) for step in steps]
        return self.past.states(max(now - LASTS, self.row.created_at), known)

    @cached_property
    def in_table(self) -> bytes:
        """Its row of the directory as a table."""
        return directory_table.row(self.shown)

    def on_page(self, now: datetime, *, pictured: bool, language: Language = ENGLISH) -> bytes:
        """Its part of the page, made once in each language; where it is `pictured`, anew with each hour.

        The picture of the last ninety days ends with the hour, so that it shows what was and nothing that is to come.
        """
        hour = now.replace(minute=0, second=0, microsecond=0) if pictured else None
        made = self._on_page.get(language.tag)
        if made is None or made[0] != hour:
            states = self.states(now) if pictured else ()
            html = pages.entry(
                self.shown, self.shown.intake.state, states=states, today=hour, folded=pictured, language=language
            )
            made = self._on_page[language.tag] = hour, html.encode()
        return made[1]
