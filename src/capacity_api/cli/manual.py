"""`capacity-api docs`: the operator's pages, in the terminal."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path

import click

from capacity_api.bundled_files import bundled_file
from capacity_api.cli.output import json_option, print_json, print_table
from capacity_api.errors import NotFound

_HEADING = re.compile(r"(#+) (.*)")
_FENCE = "```"
# What the operator's pages and our messages lead to. The wheel has these, and `docs/operate` and `docs/guide`.
_OTHERS = (
    "compatibility",
    "dpia",
    "for-coordinators",
    "matching",
    "performance",
    "scale",
    "settings",
    "static-site",
    "webhooks",
)


@click.command()
@click.argument("page", required=False)
@json_option
def docs(page: str | None, as_json: bool) -> None:
    """Show a page of the operator's documentation, or list the pages.

    PAGE is a page, such as backup, or one section of it: backup#restore. A path as our messages print it does too:
    docs/operate/backup.md.
    """
    pages = read_pages()
    if page is None:
        if as_json:
            print_json([{"page": name, "title": _title(text)} for name, text in pages.items()])
        else:
            print_table([(name, _title(text)) for name, text in pages.items()])
        return
    text = find(pages, page)
    if as_json:
        print_json({"page": page, "text": text})
    else:
        click.echo_via_pager(text)


def read_pages() -> dict[str, str]:
    """Every page that is installed, by name: of `docs/operate/` by its own, of others by their path in `docs/`."""
    folder = bundled_file("docs/operate/install.md").parents[1]
    others = [folder / f"{name}.md" for name in _OTHERS]
    files = [*sorted(folder.glob("operate/*.md")), *others, *sorted(folder.glob("guide/*.md"))]
    return {_name(file.relative_to(folder).as_posix()): file.read_text(encoding="utf-8") for file in files}


def find(pages: dict[str, str], asked: str) -> str:
    """The text of a page or of one section. Raises `NotFound` with names that are near."""
    path, _, anchor = asked.partition("#")
    name = _name(path)
    if name not in pages:
        raise NotFound(f"there is no page {path!r}{_near(name, pages) or '; `capacity-api docs` lists them'}")
    if not anchor:
        return pages[name]
    sections = dict(_sections(pages[name]))
    if anchor not in sections:
        has = f"; it has {', '.join(sections) or 'none'}"
        raise NotFound(f"the page {name} has no section {anchor!r}{_near(anchor, sections) or has}")
    return sections[anchor]


def _name(path: str) -> str:
    """The name of a page: of `docs/operate/backup.md` it is `backup`."""
    return Path(path).with_suffix("").as_posix().removeprefix("docs/").removeprefix("operate/")


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Each section below the title by its anchor, with the sections inside it."""
    lines = text.splitlines(keepends=True)
    headings: list[tuple[int, int, str]] = []
    in_code = False
    for n, line in enumerate(lines):
        in_code ^= line.startswith(_FENCE)
        heading = None if in_code else _HEADING.match(line)
        if heading is not None:
            headings.append((n, len(heading[1]), heading[2]))
    for n, (start, level, title) in enumerate(headings):
        if level > 1:
            end = next((later for later, depth, _ in headings[n + 1 :] if depth <= level), len(lines))
            yield _anchor(title), "".join(lines[start:end])


def _anchor(title: str) -> str:
    """What a link to a section has behind `#`, as on the site and in the repository."""
    return re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-")


def _near(name: str, known: dict[str, str]) -> str:
    near = difflib.get_close_matches(name, known, 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
