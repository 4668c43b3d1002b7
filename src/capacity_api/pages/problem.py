"""The page in place of one that is missing, refused or cannot be built: where to turn, and a way back."""

from collections.abc import Callable
from functools import cache

import msgspec

from capacity_api.pages.rendering import PageSettings, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import ENGLISH, Language

_BUSY = ("The directory cannot answer now", "Wait a minute and try again, or call the helpline.")
# A heading and a sentence by status. Any other error of a client has the words of 400, any other of ours those of 500.
WORDS = {
    400: ("This did not work", "Go back to the directory and try again."),
    404: ("We cannot find this page", "The address may be wrong, or the page may be gone."),
    # Of the pages, only those of a period refuse what is in an address.
    422: ("We cannot show this period", "Its dates may be wrong, still to come, or from before our record begins."),
    429: _BUSY,
    500: ("The directory cannot be shown now", "We do not know who is open. Try again later, or call the helpline."),
    503: _BUSY,
}


@cache
def problem_pages(settings: PageSettings) -> Callable[[str, int], Resource]:
    """The page for a path and a status, in the language of the path.

    They are all built at once: when something is broken, nothing has to be built.
    """
    languages = settings.languages or (ENGLISH,)
    pages = {(each.home, status): _problem_page(each, settings, status) for each in languages for status in WORDS}
    homes = sorted((each.home for each in languages), key=len, reverse=True)

    def find(path: str, status: int) -> Resource:
        home = next((each for each in homes if path.startswith(each)), ENGLISH.home)
        return pages.get((home, status)) or pages[home, 500 if status >= 500 else 400]

    return find


def _problem_page(language: Language, settings: PageSettings, status: int) -> Resource:
    heading, sentence = WORDS[status]
    # The page that was asked for may not be there in another language.
    alone = msgspec.structs.replace(settings, languages=())
    page = render_page("problem.html", language, alone, heading=heading, sentence=sentence)
    return page_resource(page, status)
