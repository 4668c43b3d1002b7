"""`locale/pages.pot`: every message of the pages, for translators. `make messages` writes it."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.pages import directory, scripts, update
from capacity_api.wording import sentences

PAGES = Path(directory.__file__).parent
WORDING = Path(sentences.__file__).parent
TEMPLATE = PAGES / "locale" / "pages.pot"


def catalogue() -> Catalog:
    """Every message: in the code, in the templates, and in the tables that either looks up."""
    found = Catalog(project="capacity_api", header_comment="# The messages of the pages: the English text of each.")
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    for package in (PAGES, WORDING):
        for _, _, message, _, _ in extract_from_dir(package, methods, keywords={"gettext": None, "_": None}):
            found.add(message)
    for message in tables():
        found.add(message)
    found.creation_date = found.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return found


def tables() -> Iterator[str]:
    yield from (
        value for name, value in vars(sentences).items() if name.isupper() and isinstance(value, str) and " " in value
    )
    yield from sentences.MONTHS
    labels = (vocabulary.STATES, vocabulary.EXPLOITATION_TYPES, vocabulary.AGE_GROUPS, vocabulary.GENDERS)
    reasons = (vocabulary.CIRCUMSTANCES, vocabulary.REASONS, vocabulary.OUTCOMES, vocabulary.MATCH_REASONS)
    own = (sentences._AGES, sentences._GENDERS_WITH_CHILDREN, directory._HEADINGS, update._EXPLANATIONS)
    for labels_of_codes in (*labels, *reasons, *own):
        yield from labels_of_codes.values()
    for words in scripts._WORDS.values():
        yield from words.values()
    for pair in vocabulary.UNITS.values():
        yield from pair
    yield from directory.PUBLISHED_CELLS
    yield from (area.name for area in AREAS.values())


def written(found: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, found, width=120, sort_output=True, omit_header=True)
    return file.getvalue()


if __name__ == "__main__":
    TEMPLATE.write_bytes(written(catalogue()))
