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
from capacity_api.publication import pages, scripts, wording

PACKAGE = Path(pages.__file__).parent
TEMPLATE = PACKAGE / "locale" / "pages.pot"


def catalogue() -> Catalog:
    """Every message: in the code, in the templates, and in the tables that either looks up."""
    found = Catalog(project="capacity_api", header_comment="# The messages of the pages: the English text of each.")
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    for _, _, message, _, _ in extract_from_dir(PACKAGE, methods, keywords={"gettext": None, "_": None}):
        found.add(message)
    for message in tables():
        found.add(message)
    found.creation_date = found.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return found


def tables() -> Iterator[str]:
    yield from (
        value for name, value in vars(wording).items() if name.isupper() and isinstance(value, str) and " " in value
    )
    yield from wording.MONTHS
    labels = (vocabulary.STATES, vocabulary.EXPLOITATION_TYPES, vocabulary.AGE_GROUPS, vocabulary.GENDERS)
    reasons = (vocabulary.CIRCUMSTANCES, vocabulary.REASONS, vocabulary.OUTCOMES, vocabulary.MATCH_REASONS)
    own = (wording._AGES, wording._GENDERS_WITH_CHILDREN, pages._HEADINGS, pages._CELLS, pages._CHOICES)
    for table in (*labels, *reasons, *own, scripts._DIRECTORY, scripts._UPDATE, scripts._COVERAGE):
        yield from table.values()
    for pair in vocabulary.UNITS.values():
        yield from pair
    yield from (area.name for area in AREAS.values())


def written(found: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, found, width=120, sort_output=True, omit_header=True)
    return file.getvalue()


if __name__ == "__main__":
    TEMPLATE.write_bytes(written(catalogue()))
