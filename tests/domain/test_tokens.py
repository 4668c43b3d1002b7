import re
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.domain.strategies import texts, unhurried

from capacity_api.domain import tokens
from capacity_api.domain.tokens import Scope

TOKEN = tokens.make_token(bytes(range(40)))
BODY_LENGTH = len("cap_") + 32

made = st.binary(min_size=tokens.RANDOM_BYTES, max_size=tokens.RANDOM_BYTES).map(tokens.make_token)


def test_the_form_of_a_token_never_changes() -> None:
    # Tokens are out there: another alphabet or checksum would refuse them all.
    assert tokens.make_token(bytes(40)) == "cap_" + "0" * 32 + "0yhxRX"
    assert TOKEN == "cap_S86reYjdQ5ckAqLoTS4ckntI6Yz8O0Ih1L8atu"


@pytest.mark.parametrize("length", [0, 39, 41])
def test_a_token_takes_40_random_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="40 random bytes"):
        tokens.make_token(bytes(length))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "cap_",
        "cap_ä",
        "Bearer " + TOKEN,
        TOKEN[:-1],
        TOKEN[1:],
        TOKEN + "0",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN.upper(),
        TOKEN.swapcase(),
        TOKEN.replace("cap_", "cat_"),
        TOKEN + TOKEN,
        TOKEN[:-6],
        TOKEN[:-6] + "000000",
        TOKEN[:-1] + "\ud800",
        "cap_" + "\u0660" * 38,
    ],
)
def test_a_token_that_was_cut_off_or_mistyped_is_malformed(token: str) -> None:
    assert not tokens.is_well_formed(token)


def test_every_mistyped_character_is_noticed() -> None:
    for n, right in enumerate(TOKEN):
        for typed in set(map(chr, range(256))) - {right}:
            assert not tokens.is_well_formed(TOKEN[:n] + typed + TOKEN[n + 1 :]), (n, typed)


@pytest.mark.parametrize(
    ("scopes", "names"),
    [
        (tokens.RESPONDER_SCOPES, {"intake:write", "responder:write", "webhooks:manage"}),
        (tokens.PARTNER_SCOPES, {"webhooks:manage"}),
        (tokens.ADMIN_SCOPES, {"admin"}),
    ],
)
def test_an_owner_has_its_scopes_and_no_others(scopes: tuple[Scope, ...], names: set[str]) -> None:
    assert {scope.value for scope in scopes} == names


@unhurried
@given(made)
def test_a_token_that_was_made_is_well_formed(token: str) -> None:
    assert tokens.is_well_formed(token)
    assert re.fullmatch("cap_[0-9A-Za-z]{38}", token)


@unhurried
@given(made, st.integers(0, 41), st.characters() | st.sampled_from(string.ascii_letters + string.digits))
def test_no_single_change_of_a_token_gives_another_token(token: str, n: int, typed: str) -> None:
    changed = token[:n] + typed + token[n + 1 :]
    assume(changed != token)
    assert not tokens.is_well_formed(changed)


@unhurried
@given(made, st.integers(0, 40), st.sampled_from(string.ascii_letters + string.digits))
def test_a_character_too_few_or_too_many_is_malformed(token: str, n: int, typed: str) -> None:
    assert not tokens.is_well_formed(token[:n] + token[n + 1 :])
    assert not tokens.is_well_formed(token[:n] + typed + token[n:])


@unhurried
@given(made, st.integers(4, BODY_LENGTH - 2))
def test_two_swapped_characters_are_noticed(token: str, n: int) -> None:
    swapped = token[:n] + token[n + 1] + token[n] + token[n + 2 :]
    assume(swapped != token)
    assert not tokens.is_well_formed(swapped)


@unhurried
@given(
    texts | texts.map(lambda text: "cap_" + text) | st.text(min_size=38, max_size=38).map(lambda text: "cap_" + text)
)
def test_any_text_at_all_is_judged_without_an_error(text: str) -> None:
    assert tokens.is_well_formed(text) in {True, False}


@unhurried
@given(made, made, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_hash_belongs_to_one_key_and_one_token(token: str, other: str, key: bytes, other_key: bytes) -> None:
    assume(token != other and key != other_key)
    stored = tokens.hash_token(key, token)
    assert len(stored) == 32
    assert stored == tokens.hash_token(key, token)
    assert stored not in {tokens.hash_token(key, other), tokens.hash_token(other_key, token)}


END = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "warned_before", "expected"),
    [
        (timedelta(days=30, seconds=1), None, False),
        (timedelta(days=30), None, True),
        (timedelta(days=30), timedelta(days=30), False),
        (timedelta(days=8), timedelta(days=30), False),
        (timedelta(days=7), timedelta(days=30), True),
        (timedelta(days=7), None, True),
        (timedelta(days=3), timedelta(days=7), False),
        # Nobody was there to warn in time.
        (timedelta(seconds=1), timedelta(days=20), True),
        (timedelta(0), None, False),
        (-timedelta(days=1), None, False),
    ],
)
def test_when_the_owner_of_a_token_is_warned(
    before: timedelta, warned_before: timedelta | None, expected: bool
) -> None:
    warned_at = None if warned_before is None else END - warned_before
    assert tokens.is_warning_due(END - before, END, warned_at) is expected
