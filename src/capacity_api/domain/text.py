"""Text that people type and strangers read: what may stand in it."""

import unicodedata
from collections.abc import Sequence

import msgspec

from capacity_api.errors import Invalid

# What no text may hold, as a regular expression writes it. The last noncharacters of the other planes are left out.
_CONTROL = r"\u0000-\u001F\u007F-\u009F\uFDD0-\uFDEF\uFFFE\uFFFF"


def plain_text(value: str | None, pointer: str, max_length: int, *, multiline: bool = False) -> str | None:
    """`value` in NFC without surrounding white space, `None` when nothing is left.

    Refuses control characters (category Cc; `multiline` allows a newline), lone surrogates, noncharacters, which
    neither HTML nor XML can hold, and more than `max_length` characters. Bidirectional marks pass: languages need them,
    and the page that shows the text isolates it.
    """
    if value is None:
        return None
    text = value.replace("\r\n", "\n") if multiline else value
    for character in text:
        if _is_refused(character) and not (multiline and character == "\n"):
            raise Invalid.at(pointer, f"must not contain the character U+{ord(character):04X}")
    # The same name in two Unicode forms is one name.
    text = unicodedata.normalize("NFC", text.strip())
    if len(text) > max_length:
        raise Invalid.at(pointer, f"must be at most {max_length} characters; it has {len(text)}")
    return text or None


def text_limits(max_length: int, *, required: bool = False, multiline: bool = False) -> msgspec.Meta:
    """What a schema says of the text that `plain_text` takes; with `required`, of what `required_text` takes."""
    any_of = "[^{control}]*" if not multiline else r"(\r\n|[^{control}]|\n)*"
    pattern = f"^{any_of}[^\\s{{control}}]{any_of}$" if required else f"^{any_of}$"
    limits = {"maxLength": max_length, "pattern": pattern.format(control=_CONTROL)}
    return msgspec.Meta(extra_json_schema={**({"minLength": 1} if required else {}), **limits})


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
