"""`locale/pages.pot`: every message of the pages, for translators. `make messages` writes it."""

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from capacity_api.domain import gaps, vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.pages import (
    coverage,
    directory,
    directory_words,
    history_words,
    manage_access_words,
    problem,
    question,
    question_words,
    rendering,
    scripts,
    update,
)
from capacity_api.wording import sentences

PAGES = Path(directory.__file__).parent
WORDING = Path(sentences.__file__).parent
TEMPLATE = PAGES / "locale" / "pages.pot"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2)}


def catalogue() -> Catalog:
    """Every message: in the code, in the templates, and in the tables that either looks up.

    A message with a plural is two texts, for one and for more. Comments for translators begin with "Translators:".
    """
    found = Catalog(project="capacity_api", header_comment="# The messages of the pages: the English text of each.")
    for package in (PAGES, WORDING):
        extracted = extract_from_dir(package, METHODS, keywords=KEYWORDS, comment_tags=["Translators:"])
        for _, _, message, comments, _ in extracted:
            found.add(message, auto_comments=comments)
    for message in tables():
        found.add(message)
    found.creation_date = found.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return found


def tables() -> Iterator[str | tuple[str, str]]:
    yield from (
        value for name, value in vars(sentences).items() if name.isupper() and isinstance(value, str) and " " in value
    )
    yield from sentences.MONTHS
    codes = (vocabulary.STATES, vocabulary.EXPLOITATION_TYPES, vocabulary.GENDERS)
    both: list[Mapping[Any, vocabulary.Label]] = [
        *codes,
        vocabulary.CIRCUMSTANCES,
        vocabulary.REASONS,
        sentences.AGES,
    ]
    for labels in (*both, vocabulary.AGE_GROUPS):
        yield from (label.alone for label in labels.values())
    for labels in (*both, sentences.GENDERS_WITH_CHILDREN):
        yield from (label.inside for label in labels.values())
    own = (
        vocabulary.UNITS,
        vocabulary.OUTCOMES,
        vocabulary.MATCH_REASONS,
        directory._HEADINGS,
        update._EXPLANATIONS,
    )
    for table in own:
        yield from table.values()
    for everybody, by_gender in gaps.AGES.values():
        yield from (everybody, *by_gender.values())
    yield from (*gaps.OF_ANY_AGE.values(), *coverage.SIGNS.values(), *coverage.LEGEND.values())
    yield from coverage.CHILDREN.values()
    for plurals in (sentences.COUNTS, sentences.PERIODS, sentences.PERIODS_UP_TO, sentences.PERIOD_RANGES):
        yield from plurals.values()
    yield from (label for _, label in rendering._MAIN_PAGES)
    for heading_and_sentence in problem.WORDS.values():
        yield from heading_and_sentence
    yield from (explanation for _, explanation in question_words.ACTIONS.values())
    yield from (text for table in question.TABLES for text in table.values())
    yield from manage_access_words.ACTION_GROUPS.values()
    yield from manage_access_words.REDACTED_FIELDS.values()
    for words in (scripts._WORDS | scripts._DESK_WORDS).values():
        yield from words.values()
    yield from (label.alone for label in update._OWN_CIRCUMSTANCES.values())
    yield from directory.PUBLISHED_COLUMNS
    yield from directory_words.GROUPS.values()
    yield from directory_words.LAPSED.values()
    yield from history_words.HISTORY.values()
    yield from (area.name for area in AREAS.values())


def written(found: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, found, width=120, sort_output=True, omit_header=True)
    return file.getvalue()


if __name__ == "__main__":
    TEMPLATE.write_bytes(written(catalogue()))
