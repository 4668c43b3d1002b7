"""The page at `/update`, on which a responder changes its state."""

from collections.abc import Sequence

from capacity_api.domain import vocabulary
from capacity_api.domain.intake import State
from capacity_api.pages.rendering import options, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking

_EXPLANATIONS = {
    State.OPEN: "takes new people",
    State.WAITING_LIST: "takes names, in turn",
    State.PAUSED: "takes nobody new now",
}


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
            circumstances=options(vocabulary.CIRCUMSTANCES),
            reasons=options(vocabulary.REASONS),
        )
