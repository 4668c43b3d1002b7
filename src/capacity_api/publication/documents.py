"""The catalogue of a service: the core documents, the pages and the output formats, each with how it is built."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType

import msgspec

from capacity_api.bundled_files import bundled_file
from capacity_api.config import Settings
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.pages import scripts
from capacity_api.pages.about import about_page, wall_sheet_page
from capacity_api.pages.coverage import coverage_page
from capacity_api.pages.directory import directory_page, form_page
from capacity_api.pages.headers import HEADERS
from capacity_api.pages.manage import manage_page
from capacity_api.pages.problem import problem_pages
from capacity_api.pages.reference import reference_page
from capacity_api.pages.rendering import PageSettings
from capacity_api.pages.responder import responder_page
from capacity_api.pages.update import update_page
from capacity_api.representations.encoding import encode, etag_of
from capacity_api.representations.vocabulary import represent_vocabulary
from capacity_api.snapshot.resource import Headers, Resource
from capacity_api.snapshot.snapshot import Catalogue, Document, Snapshot
from capacity_api.wording.language import Language, find_languages


def catalogue(
    settings: Settings,
    formats: Sequence[Format] = FORMATS,
    *,
    is_static: bool = False,
    deprecated: tuple[tuple[re.Pattern[str], Headers], ...] = (),
) -> Catalogue:
    """What a service with these settings publishes; where `is_static`, as files. `deprecated` is the catalogue's."""
    shared = page_settings(settings, is_static=is_static)
    languages = shared.languages
    pages: dict[str, Document] = {}
    for language in languages:
        pages[language.home] = partial(directory_page, language, shared)
        pages[language.home + "coverage"] = partial(coverage_page, language, shared)
    documents: dict[str, Document] = {**pages, "/v1/directory": directory, "/v1/coverage": _coverage}
    for output in formats:
        documents |= output.documents
    return Catalogue(
        constants=_constants(shared),
        documents=MappingProxyType(documents),
        pages=frozenset(pages),
        entry_pages=MappingProxyType(
            {language.home + "r/": partial(responder_page, language, shared) for language in languages}
        ),
        form_pages=MappingProxyType(
            {} if is_static else {language.home: partial(form_page, language, shared) for language in languages}
        ),
        problem_page=problem_pages(shared),
        deprecated=deprecated,
        handled_pages=frozenset() if is_static else frozenset(language.home + "evidence" for language in languages),
        contact=settings.contact,
        public_url=settings.public_url,
        demonstration=settings.demonstration,
    )


def page_settings(settings: Settings, *, is_static: bool = False) -> PageSettings:
    """What all pages of a service with these settings share, in every language that there is a catalogue of."""
    return PageSettings(
        languages=find_languages(),
        demonstration=settings.demonstration,
        sends_mail=settings.sends_mail,
        operator=settings.operator,
        contact=settings.contact,
        public_url=settings.public_url,
        is_static=is_static,
        keep_mail_days=settings.keep_mail.days,
    )


def directory(snapshot: Snapshot) -> Resource:
    """The whole directory in JSON, joined from the responders, each of which was encoded when it changed."""
    entries = snapshot.entries.values()
    head = encode(msgspec.structs.replace(snapshot.directory_of(()), total=len(entries)))
    # Built from the ETags of its parts: hashing twelve megabytes again would cost more than joining them.
    etag = etag_of(head + b"".join([entry.etag for entry in entries]))
    parts = [entry.json for entry in entries] or [b""]
    parts[0] = head[:-2] + parts[0]
    parts[-1] += head[-2:]
    return Resource(b",".join(parts), etag=etag)


def _coverage(snapshot: Snapshot) -> Resource:
    return Resource(encode(snapshot.coverage))


def _script(name: str, language: Language) -> Resource:
    # No cache may store it: a copy would show that the device's user was here.
    return Resource(scripts.script(name, language), "text/javascript; charset=utf-8", HEADERS, cacheable=False)


@cache
def _constants(settings: PageSettings) -> Mapping[str, Resource]:
    """What does not change until the next release."""
    # The committed document, which a test compares with the code: generating it would take most of the start-up time.
    openapi = bundled_file("openapi/openapi.json").read_bytes()
    constants = {
        "/openapi.json": Resource(openapi),
        "/docs": reference_page(msgspec.json.decode(openapi), settings),
        "/v1/vocabulary": Resource(encode(represent_vocabulary())),
    }
    for language in settings.languages:
        constants[language.home + "about"] = about_page(language, settings)
        constants[language.home + "wall-sheet"] = wall_sheet_page(language, settings)
        if not settings.is_static:
            constants[language.home + "update"] = update_page(language, settings)
            constants[language.home + "manage"] = manage_page(language, settings)
        for name in scripts.names(is_static=settings.is_static):
            constants[language.home + scripts.FOLDER + name] = _script(name, language)
    return MappingProxyType(constants)
