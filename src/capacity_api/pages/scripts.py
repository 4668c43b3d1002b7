"""The scripts of the pages: native ES modules, one file each, and `facts.js`, which is generated.

`facts.js` holds the codes and words that the modules need, in one language. So the vocabulary and the catalogue stay
the only source of both. The other modules are the same in every language, and import the `facts.js` beside them.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.matching import OUTCOME_OF
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.wording import sentences
from capacity_api.wording.language import Language, gettext, plural_forms, speaking

FACTS = "facts.js"
# Below the home of each language.
FOLDER = "scripts/"
_OF_ALL = (FACTS, "words.js", "dom.js", "leave.js")
# The modules of each page. The last one imports the others; the page names them all, so that they load at once.
MODULES: Mapping[str, tuple[str, ...]] = {
    "directory": (
        *_OF_ALL,
        *("freshness.js", "clock.js", "responders.js", "matching.js", "list.js", "filter.js"),
        "directory.js",
    ),
    "coverage": (*_OF_ALL, "freshness.js", "coverage.js"),
    "update": (*_OF_ALL, "clock.js", "matching.js", "limit.js", "note.js", "report.js", "update.js"),
}
NAMES = tuple(dict.fromkeys(name for modules in MODULES.values() for name in modules))


def script(name: str, language: Language) -> bytes:
    """A module as UTF-8."""
    return facts(language) if name == FACTS else resources.files(__package__).joinpath("scripts", name).read_bytes()


def facts(language: Language) -> bytes:
    """`facts.js` in a language. The types in it are for the checks; `scripts/types.d.ts` has them."""
    with speaking(language):
        words = {page: _translate(messages) for page, messages in _WORDS.items()}
        lines = (
            f"export const WORDS = {msgspec.json.encode(words).decode()};",
            '/** @type {import("./types.js").Facts} */',
            f"export const FACTS = {msgspec.json.encode(_facts(language)).decode()};",
            "/** The number of the plural form for a number. @type {(n: number) => number} */",
            f"export const pluralForm = (n) => Number({language.plural_rule});",
            "",
        )
    return "\n".join(lines).encode()


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


# A text; or two, for one and for more.
_Messages = Mapping[str, str | tuple[str, str]]
# The message of wording.language.join_words.
_LISTS = {"compound": "{words}, and {last}"}
# The messages of sentences.day and sentences.moment.
_TIMES = {"day": "{day} {month} {year}", "moment": "{day}, {time}"}
# In English "min" is the same for one and for more.
_STALE_LIST = (
    "New states cannot be fetched. This list was read at {time}, {minutes} min ago. "
    "Each state holds at most until the time beside it."
)
_STALE_PICTURE = (
    "A new picture cannot be fetched. This one was read at {time}, {minutes} min ago. "
    "Somebody whom it shows as open may not be any more."
)
_DIRECTORY: _Messages = {
    "changed": "Changed just now: {changes}.",
    "change": "{name}: {state}",
    "stale": (_STALE_LIST, _STALE_LIST),
    "fresh": "New states arrive again.",
    "lapsed": "What it last said (“{state}”) lapsed on {time}. It says nothing about now.",
    "nobody_open": sentences.NOBODY_OPEN,
    "paused_nobody": sentences.PAUSED_NOBODY,
    "found": "{outcome}: {count}",
    "nobody": "Nobody here has confirmed that it can take this person now. The helpline above can be called.",
    "nobody_else": "Nobody else is known to take these people now. Call the helpline above.",
    "others": "These may take the same people:",
    "nobody_else_for_person": "Nobody else is known to take this person now. Call the helpline above.",
    "others_for_person": "These may take this person:",
}
_COVERAGE: _Messages = {
    "changed": "The picture has changed just now.",
    "stale": (_STALE_PICTURE, _STALE_PICTURE),
    "fresh": "New pictures arrive again.",
}
# What is said of a report is as in templates/entry.html.
_UPDATE = {
    "end_of": "the end of {day}",
    "limited": "For now only: {limit}.",
    "nobody_in_remit": "nobody in its remit",
    "adult_people": "Adult {people}",
    "people_of_ages": "{ages}: {people} only",
    "still_takes": "Still takes {people}.",
    "no_exceptions": "It listed no exceptions.",
    "until_by_own_account": "Until {day}, by its own account.",
    "not_until": "It has not said until when.",
    "expects_until": "Expects this to last until {day}.",
    "reason": "Reason given: {reason}.",
    "response": "Response: {response}",
    "referral": "Referral to the NRM: {referral}",
    "expected": "{period}: expected, not guaranteed",
    "no_timeframe": "Cannot say how long a reply takes",
    "response_not_said": "It has not said how long a reply takes",
    "holds": "as confirmed until {time}",
    "holds_as_told": "as told to this directory, until {time}",
    "holds_at_limit": "at its own limit, which holds until {time}",
    "confirmed_and_lapsed": (
        "Its last report (“{state}”, confirmed on {confirmed}) lapsed on {time}. It says nothing about now."
    ),
    "lapsed": "Its last report (“{state}”) lapsed on {time}. It says nothing about now.",
    "never_reported": "It has not reported to this directory yet.",
    "planned": "Planned: {state} from {time}.",
    "planned_until": "Planned: {state} from {time} until {day}.",
    "will_be_limited": "Then only: {limit}.",
    "will_still_take": "Will still take {people}.",
    "response_then": "Response then: {response}",
    "referral_then": "Referral to the NRM then: {referral}",
    "announced": "Announced: {state} from {time}. It starts by itself.",
    "called_off": "Called off: {state} from {time}.",
    "already_planned": (
        "You have already planned this: {state} from {time}. Only one change can be planned, so nothing was published. "
        "What you entered is still here."
    ),
    "replace": "Replace that plan",
    "note_seems": (
        "This note will be public. It seems to contain {what}. Nothing was published yet. Publish it anyway?"
    ),
    "note_phone": "a phone number",
    "note_email": "an email address",
    "note_address": "a postal address",
    "note_postcode": "a postcode",
    "note_name": "the name of a person",
    "publish_anyway": "Publish it anyway",
    "published": "Published: {state}. It holds until {time}; confirm it before then.",
    "sending": "On its way. No answer yet.",
    "not_a_responder": "This token does not speak for a responder. This page takes the token of one.",
    "token_ends": "Your token works until {time}. Ask whoever runs this directory for a new one before then.",
    "unreadable": "Something below cannot be read, so nothing was published. What you entered is still here.",
    "unreachable": "The server cannot be reached. Nothing was changed. Check the connection and try again.",
    "unknown": (
        "No answer came, so it is not known whether this was published. What you entered is still here. "
        "Try again: sending the same twice does no harm."
    ),
    "changed_meanwhile": (
        "What is shown had changed since you looked, so nothing was published. See above what it is now; "
        "what you entered is still here. Publish it again if it is right."
    ),
}
_WORDS: dict[str, _Messages] = {
    "lists": _LISTS,
    "times": _TIMES,
    "directory": _DIRECTORY,
    "coverage": _COVERAGE,
    "update": _UPDATE,
}
