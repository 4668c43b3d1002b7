"""The page at `/update`, on which a responder changes its state."""

from collections.abc import Sequence

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance, State
from capacity_api.domain.vocabulary import Label
from capacity_api.pages.rendering import options, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_EXPLANATIONS = {
    State.OPEN: "takes new people",
    State.WAITING_LIST: "takes names, in turn",
    State.PAUSED: "takes nobody new now",
}
# The other labels speak of a responder, this one to it.
_OWN_CIRCUMSTANCES = {Circumstance.EXISTING_CLIENT: Label("Your existing clients", "your existing clients")}


def update_page(language: Language, languages: Sequence[Language], *, demonstration: bool) -> Resource:
    return page_resource(render_update(language, languages, demonstration=demonstration))


def render_update(
    language: Language = ENGLISH, languages: Sequence[Language] = (), *, demonstration: bool = False
) -> bytes:
    """The page as UTF-8."""
    with speaking(language):
        return render_page(
            "update.html",
            language,
            languages,
            demonstration=demonstration,
            explained=_EXPLANATIONS,
            units=[(unit, gettext(label)) for unit, label in vocabulary.UNITS.items()],
            limits=[
                ("areas", gettext("Place"), [(code, gettext(area.name)) for code, area in AREAS.items()]),
                ("exploitation_types", gettext("Exploitation"), options(vocabulary.EXPLOITATION_TYPES)),
                ("age_groups", gettext("Age"), options(vocabulary.AGE_GROUPS)),
                ("genders", gettext("Gender"), options(vocabulary.GENDERS)),
            ],
            circumstances=options(vocabulary.CIRCUMSTANCES | _OWN_CIRCUMSTANCES),
            reasons=options(vocabulary.REASONS),
        )
