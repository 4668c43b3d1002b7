"""The page at `/manage`, on which a coordinator looks after the directory, and a partner after its own webhooks."""

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.pages.manage_access_words import ACTION_GROUPS, REDACTED_FIELDS
from capacity_api.pages.rendering import PLAIN_SETTINGS, PageSettings, options, page_resource, render_page
from capacity_api.pages.update import report_fields, spoken_languages
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language, gettext, speaking


def manage_page(language: Language, settings: PageSettings) -> Resource:
    return page_resource(render_manage(language, settings))


def render_manage(language: Language = ENGLISH, settings: PageSettings = PLAIN_SETTINGS) -> bytes:
    """The page as UTF-8. Its parts are templates of their own, `manage_*.html`; `manage.js` says how they work."""
    with speaking(language):
        return render_page(
            "manage.html",
            language,
            settings,
            spoken=spoken_languages(),
            circumstances=options(vocabulary.CIRCUMSTANCES),
            areas=[(code, gettext(area.name)) for code, area in AREAS.items()],
            kinds=options(vocabulary.EXPLOITATION_TYPES),
            ages=options(vocabulary.AGE_GROUPS),
            genders=options(vocabulary.GENDERS),
            actions=[(code, gettext(words)) for code, words in ACTION_GROUPS.items()],
            fields=[(code, gettext(words)) for code, words in REDACTED_FIELDS.items()],
            **report_fields(),
        )
