import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.strategies import unhurried

from capacity_api.domain import tokens
from capacity_api.domain.keys import Keys
from capacity_api.errors import ConfigurationError

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = tokens.make_token(bytes(40))

key_bytes = st.binary(min_size=32, max_size=32)


def test_without_any_key_the_service_does_not_start() -> None:
    with pytest.raises(ConfigurationError, match="no secret key"):
        Keys(())


@pytest.mark.parametrize(
    ("sealed_with", "read_with", "readable"),
    [
        ((OLD,), (OLD,), True),
        ((OLD,), (NEW, OLD), True),
        ((NEW, OLD), (NEW, OLD), True),
        # The newest key seals. The old one can be retired once every secret is resealed.
        ((NEW, OLD), (NEW,), True),
        ((NEW, OLD), (OLD,), False),
        ((OLD,), (NEW,), False),
    ],
)
def test_the_newest_key_seals_and_all_of_them_unseal(
    sealed_with: tuple[bytes, ...], read_with: tuple[bytes, ...], readable: bool
) -> None:
    sealed = Keys(sealed_with).seal(SECRET)
    if readable:
        assert Keys(read_with).unseal(sealed) == SECRET
    else:
        with pytest.raises(ConfigurationError, match="CAPACITY_SECRET_KEY"):
            Keys(read_with).unseal(sealed)


def test_the_secret_of_an_older_key_is_opened_and_not_by_the_newest() -> None:
    keys = Keys((NEW, OLD))
    for sealed, opened, by_the_newest in (
        (Keys((NEW,)).seal(SECRET), True, True),
        (Keys((OLD,)).seal(SECRET), True, False),
        (Keys((bytes(32),)).seal(SECRET), False, False),
        ("damaged", False, False),
        ("", False, False),
        ("é", False, False),
    ):
        assert (keys.can_unseal(sealed), keys.newest_can_unseal(sealed)) == (opened, by_the_newest)


def test_a_sealed_secret_shows_nothing_of_it_and_is_never_the_same() -> None:
    keys = Keys((OLD,))
    first, second = keys.seal(SECRET), keys.seal(SECRET)
    assert first != second
    assert SECRET.removeprefix("whsec_") not in first
    assert len(keys.seal("a" * 40)) == len(keys.seal("b" * 40))


def test_there_is_one_hash_of_a_token_for_each_key_newest_first() -> None:
    assert Keys((NEW, OLD)).token_hashes(TOKEN) == [tokens.hash_token(NEW, TOKEN), tokens.hash_token(OLD, TOKEN)]


def test_a_token_from_before_the_keys_were_exchanged_is_still_found() -> None:
    assert Keys((OLD,)).token_hashes(TOKEN)[0] in Keys((NEW, OLD)).token_hashes(TOKEN)
    assert Keys((OLD,)).token_hashes(TOKEN)[0] not in Keys((NEW,)).token_hashes(TOKEN)


@unhurried
@given(st.lists(key_bytes, min_size=1, max_size=3, unique=True), st.text())
def test_a_secret_comes_out_as_it_went_in(keys: list[bytes], secret: str) -> None:
    sealed = Keys(tuple(keys)).seal(secret)
    assert sealed.isascii()
    assert Keys(tuple(keys)).unseal(sealed) == secret
    assert Keys((keys[0],)).unseal(sealed) == secret


@unhurried
@given(st.text(), st.integers(0, 100))
def test_text_that_no_key_sealed_is_refused_in_one_line(text: str, n: int) -> None:
    keys = Keys((OLD,))
    with pytest.raises(ConfigurationError):
        keys.unseal(text)
    with pytest.raises(ConfigurationError):
        keys.unseal(Keys((OLD,)).seal(SECRET)[: n % 99])
