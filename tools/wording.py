"""`docs/wording.md`: what people read, who reads it and where it stands. `make messages` writes it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.extract import extract_from_dir
from tools.messages import KEYWORDS, METHODS, tables

from capacity_api.domain.areas import AREAS
from capacity_api.wording.sentences import MONTHS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "capacity_api"
DOCUMENT = ROOT / "docs" / "wording.md"

EVERYONE = "Everybody who reads the pages"
CHARITIES = "People at charities"
COORDINATORS = "Coordinators and partners"
MAIL = "People who get mail"
TEXTS = "Readers of the feed, the digest and of mail"
_GROUPS = (EVERYONE, CHARITIES, COORDINATORS, MAIL, TEXTS)
# The beginnings of the names of files, and who reads what stands in them. In all others it is everybody.
_READERS = {
    "manage": COORDINATORS,
    "update": CHARITIES,
    "report_fields": CHARITIES,
    "contact_fields": CHARITIES,
    "people_words": CHARITIES,
    "sign_in_by_mail": CHARITIES,
    "link": CHARITIES,
}
# Texts in English alone: these files have no messages, or sentences beside them.
_TEXT_FILES = ("wording/sentences.py", "wording/digest.py", "formats/atom.py")
_MAIL_FILES = ("mail/messages.py",)
_MESSAGE_FOLDERS = ("pages", "wording")
_TABLE_FILES = ("pages/*.py", "wording/*.py", "domain/vocabulary.py")
_WORD = re.compile(r"[^\W\d_]{2,}")
_VALUE = re.compile(r"{[^{}]*}")
_MEDIA_TYPE = re.compile(r"^\w+/\S+;")
_TEMPLATE_TAG = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
_TEMPLATE_VALUE = re.compile(r"{{\W*(\w+).*?}}")
# Names, not sentences.
_LEFT_OUT = frozenset({*MONTHS, *(area.name for area in AREAS.values())})


class Sentence(NamedTuple):
    """A message, or a text in English alone. `places` are files below `src/capacity_api`."""

    text: str
    reader: str
    places: tuple[str, ...]


def sentences() -> list[Sentence]:
    """Every sentence and label, by reader and text. One that two groups read comes twice."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for text, place in (*_messages(), *_table_messages()):
        found[_reader(place), text].add(place)
    messages = {text for _, text in found}
    for reader, files in ((TEXTS, _TEXT_FILES), (MAIL, _MAIL_FILES)):
        for place in files:
            for text in set(_texts(SOURCE / place)) - messages - {" ".join(MONTHS)}:
                found[reader, text].add(place)
    for template in sorted((SOURCE / "mail" / "templates").glob("*.txt")):
        for text in _paragraphs(template.read_text()):
            found[MAIL, text].add(f"mail/templates/{template.name}")
    return [
        Sentence(text, reader, tuple(sorted(places)))
        for (reader, text), places in sorted(found.items(), key=lambda item: (_GROUPS.index(item[0][0]), item[0][1]))
        if text not in _LEFT_OUT
    ]


def _messages() -> Iterator[tuple[str, str]]:
    for folder in _MESSAGE_FOLDERS:
        for file, _, message, _, _ in extract_from_dir(SOURCE / folder, METHODS, keywords=KEYWORDS):
            for text in _forms(message):
                yield text, f"{folder}/{file}"


def _table_messages() -> Iterator[tuple[str, str]]:
    """The messages that stand in tables, with the files that hold them."""
    files = [path for pattern in _TABLE_FILES for path in sorted(SOURCE.glob(pattern))]
    constants = {str(path.relative_to(SOURCE)): set(_constants(path)) for path in files}
    for message in tables():
        for text in _forms(message):
            yield from ((text, place) for place, known in constants.items() if text in known)


def _forms(message: str | Iterable[str]) -> set[str]:
    """A message; or two, for one and for more."""
    return {message} if isinstance(message, str) else set(message)


def _reader(place: str) -> str:
    name = place.rpartition("/")[2]
    return next((reader for start, reader in _READERS.items() if name.startswith(start)), EVERYONE)


def _constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _texts(path: Path) -> Iterator[str]:
    """The sentences in a file of Python: strings of two words or more, but for docstrings and assertions."""
    tree = ast.parse(path.read_text())
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        elif isinstance(node, ast.Assert):
            skipped.add(id(node.msg))
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(each) for each in ast.walk(node) if each is not node}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(_piece(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if _is_text(text):
            yield text


def _is_text(text: str) -> bool:
    """Whether it is words for people, and not a pattern, the name of something or a media type."""
    words = _WORD.findall(_VALUE.sub("", text))
    return len(words) > 1 and " " in text and "\\" not in text and _MEDIA_TYPE.match(text) is None


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "{value}"


def _paragraphs(template: str) -> Iterator[str]:
    """The lines of a template of mail, with `{name}` for each value."""
    for line in _TEMPLATE_TAG.sub("\n", template).split("\n"):
        text = _TEMPLATE_VALUE.sub(r"{\1}", line).strip()
        if _WORD.search(_VALUE.sub("", text)):
            yield text


def written(found: Iterable[Sentence]) -> str:
    """The document."""
    lines = [
        "# What people read",
        "",
        "Every sentence and label of the pages, the mail, the feed and the digest, with the files of",
        "`src/capacity_api` in which it stands. `make messages` writes this page from the code, and",
        "`tests/wording/test_plain_words.py` checks each sentence: its length, its reading age, and words that",
        "we do not use. Values stand in braces. What the API says to programs is in the OpenAPI document.",
    ]
    reader = ""
    for sentence in found:
        if sentence.reader != reader:
            reader = sentence.reader
            lines += ["", f"## {reader}", "", "| what it says | where |", "|---|---|"]
        text = sentence.text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
        lines.append(f"| {text} | {', '.join(f'`{place}`' for place in sentence.places)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(written(sentences()))
