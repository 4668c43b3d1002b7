"""The scripts of the pages: each page has one file, joined from modules in the order in which they need each other.

The modules import each other as any do; in the joined file they share one scope, and the import lines are left out.
What they know of codes and words comes from here, so that vocabulary and catalogue stay the only source of both.
"""

from importlib import resources

import msgspec

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.matching import OUTCOME_OF
from capacity_api.domain.remit import ExploitationType, Gender
from capacity_api.wording import sentences
from capacity_api.wording.language import Language, gettext, speaking

_MODULES = {
    "directory.js": ("leave", "words", "page", "matching", "list", "filter", "live"),
    "update.js": ("leave", "words", "report", "update"),
    "coverage.js": ("leave", "words", "page", "coverage"),
}
NAMES = tuple(_MODULES)


def script(name: str, language: Language) -> bytes:
    """One page's script as UTF-8, with its words in that language."""
    with speaking(language):
        facts = msgspec.json.encode(_facts(name)).decode()
    modules = (resources.files(__package__).joinpath("scripts", f"{each}.js").read_text() for each in _MODULES[name])
    lines = (line for module in modules for line in module.splitlines() if not line.startswith("import "))
    return "\n".join([f"const FACTS = {facts};", *lines, ""]).encode()


def _facts(name: str) -> dict[str, object]:
    words = {"directory.js": _DIRECTORY, "update.js": _UPDATE, "coverage.js": _COVERAGE}[name]
    facts: dict[str, object] = {
        "words": {key: gettext(message) for key, message in words.items()},
        "months": [gettext(month) for month in sentences.MONTHS],
        "states": {state: (sentences.label(state), sentences.state_in_words(state)) for state in vocabulary.STATES},
    }
    if name == "directory.js":
        facts |= {
            "kinds": list(ExploitationType),
            "genders": list(Gender),
            "areas": {code: (area.parent, area.kind) for code, area in AREAS.items()},
            # In the order in which reasons are given, with the outcome that each stands for.
            "reasons": dict(OUTCOME_OF),
            "sentences": {code: gettext(text) for code, text in vocabulary.MATCH_REASONS.items()},
            "outcomes": {code: gettext(text) for code, text in vocabulary.OUTCOMES.items()},
        }
    if name == "update.js":
        facts |= {
            "circumstances": {each: sentences.circumstances_in_words([each]) for each in vocabulary.CIRCUMSTANCES},
            "reasons": {each: sentences.reason_in_words(each) for each in vocabulary.REASONS},
            "units": {unit: [gettext(one), gettext(many)] for unit, (one, many) in vocabulary.UNITS.items()},
        }
    return facts


# Those of sentences.day and sentences.moment.
_TIMES = {"day": "{day} {month} {year}", "moment": "{day}, {time}"}
_DIRECTORY = {
    "changed": "Changed just now: {changes}.",
    "change": "{name}: {state}",
    "stale": (
        "New states cannot be fetched. This list was read at {time}, {minutes} min ago. "
        "Each state holds at most until the time beside it."
    ),
    "fresh": "New states arrive again.",
    "lapsed": "What it last said (“{state}”) lapsed on {time}. It says nothing about now.",
    "nobody_open": sentences.NOBODY_OPEN,
    "paused_nobody": sentences.PAUSED_NOBODY,
    **_TIMES,
    "and": ", ",
    "found": "{outcome}: {count}",
    "nobody": "Nobody here has confirmed that it can take this person now. The helpline above can be called.",
    "nobody_else": "Nobody else is known to take these people now. Call the helpline above.",
    "others": "These may take the same people:",
}
_COVERAGE = {
    "changed": "The picture has changed just now.",
    "stale": (
        "A new picture cannot be fetched. This one was read at {time}, {minutes} min ago. "
        "Somebody whom it shows as open may not be any more."
    ),
    "fresh": "New pictures arrive again.",
    **_TIMES,
}
# Those of a report are the sentences of templates/entry.html.
_UPDATE = {
    "comma": ", ",
    "and": "{words} and {last}",
    "and_after_comma": "{words}, and {last}",
    "from_to": "{min} to {max} {unit}",
    "up_to": "up to {max} {unit}",
    **_TIMES,
    "end_of": "the end of {day}",
    "still_takes": "Still takes {people}.",
    "no_exceptions": "No exceptions were named.",
    "until_by_own_account": "Until {day}, by its own account.",
    "not_until": "It has not said until when.",
    "expects_until": "Expects this to last until {day}.",
    "reason": "Reason given: {reason}.",
    "response": "Response: {response}",
    "expected": "{period}: expected, not guaranteed",
    "no_timeframe": "no timeframe can be given",
    "holds": "as confirmed until {time}",
    "lapsed": "What it last said (“{state}”) lapsed on {time}. It says nothing about now.",
    "never_reported": "It has not reported to this directory yet.",
    "planned": "Planned: {state} from {time}.",
    "planned_until": "Planned: {state} from {time} until {day}.",
    "will_still_take": "Will still take {people}.",
    "announced": "Announced: {state} from {time}. It starts by itself.",
    "called_off": "Called off: {state} from {time}.",
    "published": "Published: {state}. It holds until {time}; confirm it before then.",
    "sending": "On its way. No answer yet.",
    "not_a_responder": "This token does not speak for a responder. This page takes the token of one.",
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
