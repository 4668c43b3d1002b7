"""Text that people type and strangers read: what may stand in it."""

import unicodedata
from collections.abc import Sequence

from capacity_api.errors import Invalid


def plain_text(value: str | None, pointer: str, max_length: int, *, multiline: bool = False) -> str | None:
    """`value` without surrounding white space, `None` when nothing is left.

    Refuses control characters (category Cc; `multiline` allows a newline), lone surrogates, noncharacters, which
    neither HTML nor XML can hold, and more than `max_length` characters. Bidirectional marks pass: languages need them,
    and whoever shows the text isolates it.
    """
    if value is None:
        return None
    text = value.replace("\r\n", "\n") if multiline else value
    for character in text:
        if _is_refused(character) and not (multiline and character == "\n"):
            raise Invalid.at(pointer, f"must not contain the character U+{ord(character):04X}")
    text = text.strip()
    if len(text) > max_length:
        raise Invalid.at(pointer, f"must be at most {max_length} characters; it has {len(text)}")
    return text or None


def _is_refused(character: str) -> bool:
    code = ord(character)
    # The 66 noncharacters (Unicode, 23.7).
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return is_noncharacter or unicodedata.category(character) in {"Cc", "Cs"}


def required_text(value: str, pointer: str, max_length: int) -> str:
    """Like `plain_text`, and refuses what is empty."""
    text = plain_text(value, pointer, max_length)
    if text is None:
        raise Invalid.at(pointer, "must not be empty")
    return text


def join_words(words: Sequence[str], last: str = "and", *, compound: bool = False) -> str:
    """ "a", "a and b", "a, b and c" in English; `wording.language` joins words that are translated.

    `compound`: one of the words has an "and" or "or" of its own, so a comma comes before `last`.
    """
    if len(words) < 2:
        return "".join(words)
    comma = "," if compound else ""
    return ", ".join(words[:-1]) + f"{comma} {last} {words[-1]}"
