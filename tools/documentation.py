"""The documentation as a site. `make docs` writes its sources into `build/documentation` and builds them.

The site is `docs/`, the pages of the project that stand outside it, and every other file that one of these pages links
to. Links work in the repository, and are written anew for the site only where a file has another place there.
"""

import os
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
SOURCES = ROOT / "build" / "documentation"
# The path of a link to a file; what has a scheme, and what leads to a place in the same page, is none.
_PATH = re.compile(r"(?<=\]\()[^)\s#:]+(?=[)#])")


def place_of(file: Path) -> Path:
    """Where a file of the repository stands in the site."""
    if file.is_relative_to(DOCS):
        return file.relative_to(DOCS)
    # A browser shows what it knows the type of, and downloads the rest.
    return file.relative_to(ROOT) if file.suffix else file.relative_to(ROOT).with_suffix(".txt")


def write_sources(folder: Path = SOURCES) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    waiting = [*DOCS.rglob("*.md"), *PAGES]
    written = set(waiting)
    while waiting:
        file = waiting.pop()
        copy = folder / place_of(file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            text, linked = _page(file)
            copy.write_text(text)
            waiting += linked - written
            written |= linked
        elif not file.is_relative_to(DOCS):
            shutil.copy(file, copy)


def _page(page: Path) -> tuple[str, set[Path]]:
    """A page with its links as they are in the site, and the files that it links to."""
    linked: set[Path] = set()
    place = place_of(page)

    def path_in_the_site(match: re.Match[str]) -> str:
        file = (page.parent / match[0]).resolve()
        # What leads nowhere stays as it is, and the build complains.
        if not file.is_file() or not file.is_relative_to(ROOT):
            return match[0]
        linked.add(file)
        return Path(os.path.relpath(place_of(file), place.parent)).as_posix()

    return _PATH.sub(path_in_the_site, page.read_text()), linked


if __name__ == "__main__":
    write_sources()
