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
from capacity_api.pages.manage_access_words import ACCESS_WORDS
from capacity_api.pages.manage_words import DISPUTES, LISTING, MANAGE, RESPONDERS
from capacity_api.pages.people_words import COLLEAGUES, CONTACT, LINKS, SIGNING
from capacity_api.wording import sentences
from capacity_api.wording.language import Language, gettext, plural_forms, speaking

# A text; or two, for one and for more.
_Messages = Mapping[str, str | tuple[str, str]]
FACTS = "facts.js"
DESK_FACTS = "desk_facts.js"
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
    "update": (
        *(*_OF_ALL, DESK_FACTS),
        *("clock.js", "matching.js", "limit.js", "note.js", "report.js", "calls.js", "attempts.js", "signing.js"),
        *("report_form.js", "links.js", "contact_fields.js", "contact.js", "colleagues.js"),
        "update.js",
    ),
    "manage": (
        *(*_OF_ALL, DESK_FACTS),
        *("clock.js", "matching.js", "limit.js", "note.js", "report.js", "calls.js", "attempts.js", "signing.js"),
        *("report_form.js", "links.js", "contact_fields.js"),
        *("manage_desk.js", "manage_owners.js", "manage_handover.js", "ask.js", "shown_once.js", "webhook_words.js"),
        *("manage_glance.js", "manage_told.js", "manage_responders.js", "manage_listing.js", "manage_disputes.js"),
        *("manage_people.js", "manage_access.js", "manage_webhooks.js", "manage_redaction.js", "manage_audit.js"),
        "manage.js",
    ),
}
NAMES = tuple(dict.fromkeys(name for modules in MODULES.values() for name in modules))


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


def _words(messages: Mapping[str, _Messages]) -> str:
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
# What the pages say on which people change something.
_CALLS: _Messages = {
    "sending": "On its way. No answer yet.",
    "unreachable": "The server cannot be reached. Nothing was changed. Check the connection and try again.",
    "unknown": ("No answer came, so we do not know whether this was done. What you entered is still here. Try again."),
    "signed_out": "You are signed out. Sign in again.",
    "fields": "Please put this right. Nothing was changed.",
    "changed_meanwhile": (
        "What is shown had changed since you looked, so nothing was published. See above what it is now; "
        "what you entered is still here. Publish it again if it is right."
    ),
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
    "as_told": "as told to this directory",
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
    "not_a_responder": "This token does not speak for a responder. Coordinators and partners use the page /manage.",
    "token_ends": "Your token works until {time}. Ask the people who run this directory for a new one before then.",
    "unreadable": "Something below cannot be read, so nothing was published. What you entered is still here.",
}
_WORDS: dict[str, _Messages] = {
    "lists": _LISTS,
    "times": _TIMES,
    "directory": _DIRECTORY,
    "coverage": _COVERAGE,
}
_DESK_WORDS: dict[str, _Messages] = {
    "calls": _CALLS,
    "update": _UPDATE,
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
