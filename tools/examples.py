"""Copies the files of `docs/examples/guide/` into the pages that show them. `make examples` writes the pages.

A block is the one below a line `<!-- examples/guide/poll.py -->`.
"""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
_LANGUAGES = {".sh": "sh", ".py": "python", ".js": "js"}
_BLOCK = re.compile(r"^<!-- (examples/\S+) -->\n\n```\w+\n.*?^```$", re.DOTALL | re.MULTILINE)


def with_examples(page: str) -> str:
    """A page with its blocks as the files are now."""

    def block(match: re.Match[str]) -> str:
        file = DOCS / match[1]
        return f"<!-- {match[1]} -->\n\n```{_LANGUAGES[file.suffix]}\n{file.read_text()}```"

    return _BLOCK.sub(block, page)


def pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


if __name__ == "__main__":
    for path in pages():
        path.write_text(with_examples(path.read_text()))
