"""The page at `/update`, on which a responder changes its state."""

from collections.abc import Sequence
from operator import itemgetter

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance, State
from capacity_api.domain.vocabulary import Label
from capacity_api.pages.rendering import options, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_EXPLANATIONS = {
    State.OPEN: "takes new people",
    State.WAITING_LIST: "takes names, in turn",
    State.PAUSED: "takes nobody new now",
}
# The other labels speak of a responder, this one to it.
_OWN_CIRCUMSTANCES = {Circumstance.EXISTING_CLIENT: Label("Your existing clients", "your existing clients")}


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


def update_page(
    language: Language, languages: Sequence[Language], *, demonstration: bool, sends_mail: bool, contact: str | None
) -> Resource:
    made = render_update(language, languages, demonstration=demonstration, sends_mail=sends_mail, contact=contact)
    return page_resource(made)


def render_update(
    language: Language = ENGLISH,
    languages: Sequence[Language] = (),
    *,
    demonstration: bool = False,
    sends_mail: bool = False,
    contact: str | None = None,
) -> bytes:
    """The page as UTF-8. Where no mail is sent, it offers none. `contact` is the one of the directory's page."""
    with speaking(language):
        return render_page(
            "update.html",
            language,
            languages,
            demonstration=demonstration,
            sends_mail=sends_mail,
            contact=contact,
            spoken=spoken_languages(),
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
