"""The pages of `/evidence` that were asked for lately, so that a reader seldom costs a query."""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from capacity_api.pages.evidence import Evidence, render_evidence
from capacity_api.pages.evidence_spans import Span
from capacity_api.pages.rendering import PageSettings, page_resource
from capacity_api.publication.publisher import Publisher
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot

# What ended a moment ago may still change: a report of the last second, or a restore.
_LASTS = timedelta(minutes=1)
# With ten thousand charities a span takes some megabytes.
_MAX_SPANS = 16


class _Kept(msgspec.Struct):
    """What was read of a span, and its pages by language, each with the snapshot that it shows.

    A strong reference would keep an old snapshot in memory, with all its documents.
    """

    lock: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    evidence: Evidence | None = None
    pages: dict[str, tuple[weakref.ref[Snapshot], Resource]] = {}


class EvidencePages:
    """Those of one service. What is read of a span is kept for a minute, a page until the snapshot changes."""

    def __init__(self, settings: PageSettings) -> None:
        self._settings = settings
        self._languages = {language.tag: language for language in settings.languages}
        self._kept: dict[Span, _Kept] = {}

    def has(self, tag: str) -> bool:
        """Whether there are pages in this language."""
        return tag in self._languages

    async def find(
        self, tag: str, span: Span, now: datetime, publisher: Publisher, read: Callable[[], Awaitable[Evidence]]
    ) -> Resource:
        """The page of a span in a language that it `has`. `read` is called where nothing young enough is kept.

        Raises what `read` raises.
        """
        language = self._languages[tag]
        kept = self._kept.get(span) or _Kept()
        self._keep(span, kept)
        # Many may ask at once when a minute ends. The first reads for all.
        async with kept.lock:
            evidence = kept.evidence
            if evidence is None or not evidence.read_at <= now < evidence.read_at + _LASTS:
                evidence = kept.evidence = await self._read(span, kept, read)
                kept.pages.clear()
        snapshot = publisher.current()
        found = kept.pages.get(tag)
        if found is not None and found[0]() is snapshot:
            return found[1]
        page = page_resource(render_evidence(evidence, snapshot.responders, snapshot.now, language, self._settings))
        kept.pages[tag] = weakref.ref(snapshot), page
        return page

    def _keep(self, span: Span, kept: _Kept) -> None:
        """Keep it as the newest. Those that were not asked for the longest go."""
        self._kept.pop(span, None)
        self._kept[span] = kept
        while len(self._kept) > _MAX_SPANS:
            self._kept.pop(next(iter(self._kept)))

    async def _read(self, span: Span, kept: _Kept, read: Callable[[], Awaitable[Evidence]]) -> Evidence:
        try:
            return await read()
        except BaseException:
            # A refused span must not put another out.
            if kept.evidence is None and self._kept.get(span) is kept:
                del self._kept[span]
            raise
