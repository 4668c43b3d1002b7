"""The scripts of the pages: native ES modules, one file each, and two that are generated.

`facts.js` holds the codes and words that the modules need, in one language, and `desk_facts.js` the words of `/update`
and `/manage`, which readers of the directory need not fetch. So the vocabulary and the catalogue stay the only source
of both. The other modules are the same in every language, and import those beside them.
"""

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import msgspec

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.matching import OUTCOME_OF
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.pages.directory_words import COVERAGE, DIRECTORY, RESPONDER, Messages
from capacity_api.pages.manage_access_words import ACCESS_WORDS
from capacity_api.pages.manage_words import DISPUTES, LISTING, MANAGE, RESPONDERS
from capacity_api.pages.people_words import COLLEAGUES, CONTACT, LINKS, SIGNING
from capacity_api.pages.question_words import QUESTION
from capacity_api.pages.update_words import ACCESS, CALLS, FAULTS, UPDATE
from capacity_api.wording import sentences
from capacity_api.wording.language import Language, gettext, plural_forms, speaking

FACTS = "facts.js"
DESK_FACTS = "desk_facts.js"
# Below the home of each language.
FOLDER = "scripts/"
_LEAVE = ("dom.js", "leave.js")
_OF_ALL = (FACTS, "words.js", *_LEAVE)
# First of its page, because it hides what must not stay in sight until the others are there.
_ARRIVAL = "arrival.js"
# The modules of each page. The last one imports the others; the page names them all, so that they load at once.
MODULES: Mapping[str, tuple[str, ...]] = {
    # Pages that only have to be left.
    "leave": _LEAVE,
    "directory": (
        *_OF_ALL,
        *(
            "freshness.js",
            "clock.js",
            "responders.js",
            "matching.js",
            "list.js",
            "question.js",
            "filter.js",
            "record.js",
        ),
        "directory.js",
    ),
    "responder": (*_OF_ALL, "freshness.js", "clock.js", "list.js", "responder.js"),
    "coverage": (*_OF_ALL, "freshness.js", "coverage.js"),
    "update": (
        *(_ARRIVAL, *_OF_ALL, DESK_FACTS),
        *("clock.js", "matching.js", "limit.js", "note.js", "report.js", "calls.js", "attempts.js", "signing.js"),
        *("report_form.js", "report_faults.js", "links.js", "contact_fields.js", "contact.js", "colleagues.js"),
        *("steps.js", "undo.js"),
        "update.js",
    ),
    "manage": (
        *(_ARRIVAL, *_OF_ALL, DESK_FACTS),
        *("clock.js", "matching.js", "limit.js", "note.js", "report.js", "calls.js", "attempts.js", "signing.js"),
        *("report_form.js", "report_faults.js", "links.js", "contact_fields.js"),
        *("manage_desk.js", "manage_owners.js", "manage_handover.js", "ask.js", "shown_once.js", "webhook_words.js"),
        *("manage_glance.js", "manage_told.js", "manage_responders.js", "manage_listing.js", "manage_disputes.js"),
        *("manage_people.js", "manage_access.js", "manage_webhooks.js", "manage_redaction.js", "manage_audit.js"),
        "manage.js",
    ),
}
# These pages need a service behind them.
_SERVICE_ONLY = frozenset({"update", "manage"})


def names(*, is_static: bool) -> tuple[str, ...]:
    """The modules of every page, or with `is_static` of the pages that a built site has."""
    pages = [page for page in MODULES if not (is_static and page in _SERVICE_ONLY)]
    return tuple(dict.fromkeys(name for page in pages for name in MODULES[page]))


def script(name: str, language: Language) -> bytes:
    """A module as UTF-8."""
    if name in GENERATED:
        return GENERATED[name](language)
    return resources.files(__package__).joinpath("scripts", name).read_bytes()


def facts(language: Language) -> bytes:
    """`facts.js` in a language. The types in it are for the checks; `scripts/types.d.ts` has them."""
    with speaking(language):
        lines = (
            _words(_WORDS),
            '/** @type {import("./types.js").Facts} */',
            f"export const FACTS = {msgspec.json.encode(_facts(language)).decode()};",
            "/** The number of the plural form for a number. @type {(n: number) => number} */",
            f"export const pluralForm = (n) => Number({language.plural_rule});",
            "",
        )
    return "\n".join(lines).encode()


def desk_facts(language: Language) -> bytes:
    """`desk_facts.js` in a language."""
    with speaking(language):
        return f"{_words(_DESK_WORDS)}\n".encode()


# The modules that are made from the vocabulary and the catalogue.
GENERATED: Mapping[str, Callable[[Language], bytes]] = {FACTS: facts, DESK_FACTS: desk_facts}


def _words(messages: Mapping[str, Messages]) -> str:
    words = {part: _translate(each) for part, each in messages.items()}
    return f"export const WORDS = {msgspec.json.encode(words).decode()};"


def _translate(messages: Mapping[Any, str | tuple[str, str]]) -> dict[str, object]:
    """The messages in the language that is spoken; one with a plural becomes all its forms."""
    return {
        key: gettext(message) if isinstance(message, str) else plural_forms(*message)
        for key, message in messages.items()
    }


def _facts(language: Language) -> dict[str, object]:
    return {
        "months": [gettext(month) for month in sentences.MONTHS],
        "labels": {state: sentences.label(state) for state in vocabulary.STATES},
        "states": {state: sentences.state_in_words(state) for state in vocabulary.STATES},
        "areas": {code: (area.parent, area.kind) for code, area in AREAS.items()},
        "exploitation_types": list(ExploitationType),
        "age_groups": list(AgeGroup),
        "genders": list(Gender),
        # In the order in which reasons are given.
        "reason_outcomes": dict(OUTCOME_OF),
        "reason_sentences": {code: gettext(text) for code, text in vocabulary.MATCH_REASONS.items()},
        "outcomes": {code: gettext(text) for code, text in vocabulary.OUTCOMES.items()},
        "circumstances": _inside(vocabulary.CIRCUMSTANCES),
        "reasons": {each: sentences.reason_in_words(each) for each in vocabulary.REASONS},
        "area_names": {code: (gettext(area.name), code in vocabulary.COMPOUND_AREAS) for code, area in AREAS.items()},
        "ages": {code: (gettext(label.alone), gettext(label.inside)) for code, label in sentences.AGES.items()},
        "exploitation_labels": _inside(vocabulary.EXPLOITATION_TYPES),
        "gender_labels": _inside(vocabulary.GENDERS),
        "gender_labels_with_children": _inside(sentences.GENDERS_WITH_CHILDREN),
        "counts": _translate(sentences.COUNTS),
        "periods": _translate(sentences.PERIODS),
        "periods_up_to": _translate(sentences.PERIODS_UP_TO),
        "period_ranges": _translate(sentences.PERIOD_RANGES),
        "list_patterns": language.list_patterns,
    }


def _inside(labels: Mapping[Any, vocabulary.Label]) -> dict[str, tuple[str, bool]]:
    """The words inside a sentence, and whether they have an "and" or "or" of their own."""
    return {code: (gettext(label.inside), label.compound) for code, label in labels.items()}


# The message of wording.language.join_words.
_LISTS = {"compound": "{words}, and {last}"}
# The messages of sentences.day and sentences.moment.
_TIMES = {
    "day": "{day} {month} {year}",
    "moment": "{day}, {time}",
    "summer": "{time} BST",
    "winter": "{time} GMT",
}
_WORDS: dict[str, Messages] = {
    "lists": _LISTS,
    "times": _TIMES,
    "directory": DIRECTORY,
    "question": QUESTION,
    "responder": RESPONDER,
    "coverage": COVERAGE,
}
_DESK_WORDS: dict[str, Messages] = {
    "calls": CALLS,
    "sign_in_refused": ACCESS,
    "faults": FAULTS,
    "update": UPDATE,
    "manage": MANAGE,
    "manage_responders": RESPONDERS,
    "manage_listing": LISTING,
    "manage_disputes": DISPUTES,
    **ACCESS_WORDS,
    "signing": SIGNING,
    "links": LINKS,
    "contact": CONTACT,
    "colleagues": COLLEAGUES,
}
