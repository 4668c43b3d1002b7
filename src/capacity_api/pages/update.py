"""The page at `/update`, on which a responder changes its state."""

from operator import itemgetter

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance, ExpectedTime, State, Unit
from capacity_api.domain.vocabulary import Label
from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings, options, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_EXPLANATIONS = {
    State.OPEN: "takes new people",
    State.WAITING_LIST: "takes new people after a wait",
    State.PAUSED: "takes nobody new, except the people you name",
}
# The other labels speak of a responder, this one to it.
_OWN_CIRCUMSTANCES = {Circumstance.EXISTING_CLIENT: Label("Your existing clients", "your existing clients")}
# For how long a report may hold; the API takes any number of hours up to 90 days.
_VALID_FOR_DAYS = (1, 2, 3, 7, 14, 28, 90)
# Offered to tick, as the languages that a responder speaks; the API takes any.
_SPOKEN = (
    *("am", "ar", "bg", "bn", "cy", "de", "en", "es", "fa", "fr", "gu", "ha", "hi", "hu", "it", "ku", "lt", "ne"),
    *(
        "pa",
        "pl",
        "ps",
        "pt",
        "ro",
        "ru",
        "so",
        "sq",
        "sw",
        "th",
        "ti",
        "tl",
        "tr",
        "uk",
        "ur",
        "vi",
        "yo",
        "yue",
        "zh",
    ),
)


def update_page(language: Language, settings: PageSettings) -> Resource:
    return page_resource(render_update(language, settings))


def render_update(language: Language = ENGLISH, settings: PageSettings = PLAIN_SETTINGS) -> bytes:
    """The page as UTF-8. Where no mail is sent, it offers none."""
    with speaking(language):
        return render_page(
            "update.html",
            language,
            settings,
            spoken=spoken_languages(),
            validities=[
                (days * 24, sentences.period_in_words(ExpectedTime(min=days, max=days, unit=Unit.DAYS)))
                for days in _VALID_FOR_DAYS
            ],
            **report_fields(),
            circumstances=options(vocabulary.CIRCUMSTANCES | _OWN_CIRCUMSTANCES),
        )


def report_fields() -> dict[str, object]:
    """What `report_fields.html` and the states above it offer, in the language that is spoken."""
    return {
        "explained": _EXPLANATIONS,
        "units": [(unit, gettext(label)) for unit, label in vocabulary.UNITS.items()],
        "limits": [
            ("areas", gettext("Place"), [(code, gettext(area.name)) for code, area in AREAS.items()]),
            ("exploitation_types", gettext("Exploitation"), options(vocabulary.EXPLOITATION_TYPES)),
            ("age_groups", gettext("Age"), options(vocabulary.AGE_GROUPS)),
            ("genders", gettext("Gender"), options(vocabulary.GENDERS)),
        ],
        "reasons": options(vocabulary.REASONS),
    }


def spoken_languages() -> list[tuple[str, str]]:
    """The languages that a contact offers to tick, by their names in the language that is spoken."""
    return sorted(((code, sentences.languages_in_words([code])) for code in _SPOKEN), key=itemgetter(1))
