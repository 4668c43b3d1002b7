"""The code blocks of README.md, CONTRIBUTING.md and docs/."""

import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
_BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    page: str
    line: int
    language: str
    code: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Those in these languages; without one, all."""
    found = []
    for path in PAGES:
        text = path.read_text()
        for match in _BLOCK.finditer(text):
            code = re.sub(f"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
            line = text.count("\n", 0, match.start()) + 1
            page = str(path.relative_to(ROOT))
            found.append(Block(page=page, line=line, language=match["language"], code=code))
    return [block for block in found if not languages or block.language in languages]


def fences() -> dict[str, int]:
    """How many lines of each page begin or end a block."""
    pattern = re.compile(r"^\s*(```|~~~)", re.MULTILINE)
    return {str(path.relative_to(ROOT)): len(pattern.findall(path.read_text())) for path in PAGES}
