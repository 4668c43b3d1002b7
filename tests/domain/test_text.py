import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import NONCHARACTERS, texts, unhurried

from capacity_api.domain.text import plain_text, required_text
from capacity_api.errors import Invalid

# Unicode's category Cc, which never changes, and the surrogates.
CONTROL = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
UNPRINTABLE = {*map(chr, range(0xD800, 0xE000)), *map(chr, NONCHARACTERS)}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, None),
        ("", None),
        ("   ", None),
        ("\u00a0\u2003", None),
        ("  Ring first  ", "Ring first"),
        ("Größe, 中文, ትግርኛ, عربي", "Größe, 中文, ትግርኛ, عربي"),
        ("\u200fعربي\u200e", "\u200fعربي\u200e"),
        ("\u2067عربي\u2069", "\u2067عربي\u2069"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("<script>", "<script>"),
    ],
)
@pytest.mark.parametrize("multiline", [False, True])
def test_text_stays_as_it_was_typed_but_for_the_space_around_it(
    typed: str | None, kept: str | None, multiline: bool
) -> None:
    assert plain_text(typed, "/note", 50, multiline=multiline) == kept


@pytest.mark.parametrize(
    "character", ["\x00", "\t", "\x1b", "\x7f", "\x85", "\r", "\ud800", "\ufdd0", "\ufffe", "\U0010ffff"]
)
@pytest.mark.parametrize("multiline", [False, True])
def test_a_control_character_is_refused_and_named(character: str, multiline: bool) -> None:
    with pytest.raises(Invalid) as refusal:
        plain_text(f"a{character}b", "/note", 50, multiline=multiline)
    (error,) = refusal.value.errors
    assert error.pointer == "/note"
    assert error.detail.endswith(f"U+{ord(character):04X}")


@pytest.mark.parametrize("character", ["\n", "\t", "\x00"])
def test_a_control_character_at_either_end_is_refused_too(character: str) -> None:
    for text in (character, character + "a", "a" + character):
        with pytest.raises(Invalid):
            plain_text(text, "/name", 50)


@pytest.mark.parametrize(
    ("typed", "kept"), [("a\nb", "a\nb"), ("a\r\nb", "a\nb"), ("\n\r\n", None), ("\r\na\n\nb\n", "a\n\nb")]
)
def test_a_new_line_is_kept_only_where_there_are_lines(typed: str, kept: str | None) -> None:
    assert plain_text(typed, "/note", 50, multiline=True) == kept
    with pytest.raises(Invalid):
        plain_text(typed, "/name", 50)


@pytest.mark.parametrize(
    ("text", "fits"), [("a" * 5, True), ("a" * 6, False), ("  aaaaa  ", True), ("😀" * 5, True), ("😀" * 6, False)]
)
def test_the_length_is_counted_in_characters_without_the_space_around(text: str, fits: bool) -> None:
    if fits:
        assert plain_text(text, "/note", 5) == text.strip()
    else:
        with pytest.raises(Invalid, match="at most 5 characters; it has 6"):
            plain_text(text, "/note", 5)


@pytest.mark.parametrize("nothing", ["", " ", "\u2003"])
def test_a_required_text_is_not_empty(nothing: str) -> None:
    with pytest.raises(Invalid, match="must not be empty") as refusal:
        required_text(nothing, "/name", 50)
    assert [error.pointer for error in refusal.value.errors] == ["/name"]
    assert required_text(" Unseen ", "/name", 50) == "Unseen"


@unhurried
@given(typed=texts, multiline=st.booleans())
def test_what_is_kept_has_no_control_character_no_space_around_it_and_fits(typed: str, multiline: bool) -> None:
    refused = (CONTROL - {"\n"} if multiline else CONTROL) | UNPRINTABLE
    normal = typed.replace("\r\n", "\n") if multiline else typed
    # Some letters, such as U+F900, are kept as others that mean the same.
    composed = unicodedata.normalize("NFC", normal.strip())
    try:
        kept = plain_text(typed, "/note", 10, multiline=multiline)
    except Invalid:
        assert refused & set(normal) or len(composed) > 10
        return
    assert kept is None or (0 < len(kept) <= 10 and kept == kept.strip() and not refused & set(kept))
    assert (kept or "") == composed


@unhurried
@given(typed=texts, multiline=st.booleans())
def test_text_that_was_kept_is_kept_again_unchanged(typed: str, multiline: bool) -> None:
    try:
        kept = plain_text(typed, "/note", 50, multiline=multiline)
    except Invalid:
        return
    assert plain_text(kept, "/note", 50, multiline=multiline) == kept
