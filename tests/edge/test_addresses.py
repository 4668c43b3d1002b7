"""Whose address a request comes from, as a table: what is invented never counts."""

from ipaddress import ip_network

import pytest

from capacity_api.edge.addresses import UNKNOWN, Client, find_client, group_of, group_of_client, is_in

TRUSTED = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))
PROXY = "10.0.0.1"
FORWARDED, FOR = b"forwarded", b"x-forwarded-for"


def _found(peer: str | None, *headers: tuple[bytes, str]) -> Client:
    return find_client(peer, [(name, value.encode("latin-1")) for name, value in headers], TRUSTED)


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([(FOR, "192.0.2.1")], "192.0.2.1"),
        ([(FOR, " 192.0.2.1 ")], "192.0.2.1"),
        ([(FOR, "192.0.2.1:4711")], "192.0.2.1"),
        ([(FOR, "2001:db8::1")], "2001:db8::1"),
        ([(FOR, "[2001:db8::1]:4711")], "2001:db8::1"),
        ([(FOR, "2001:DB8:0::1")], "2001:db8::1"),
        ([(FOR, "::ffff:192.0.2.1")], "192.0.2.1"),
        # Only the last that is no proxy: the client may have sent the others.
        ([(FOR, "127.0.0.1, 192.0.2.1")], "192.0.2.1"),
        ([(FOR, "nonsense, 192.0.2.1")], "192.0.2.1"),
        ([(FOR, "192.0.2.9, 192.0.2.1, 10.1.2.3, fd00::1")], "192.0.2.1"),
        ([(FOR, "192.0.2.9"), (FOR, "192.0.2.1")], "192.0.2.1"),
        # A proxy that asks for itself.
        ([(FOR, "10.9.9.9, 10.1.2.3")], "10.9.9.9"),
        ([(FORWARDED, "for=192.0.2.1")], "192.0.2.1"),
        ([(FORWARDED, "For=192.0.2.1;proto=https;by=10.0.0.1")], "192.0.2.1"),
        ([(FORWARDED, 'host="a,b;for=10.1.1.1";for=192.0.2.1')], "192.0.2.1"),
        ([(FORWARDED, 'for="192.0.2.1:80"')], "192.0.2.1"),
        ([(FORWARDED, 'for="[2001:db8::1]:4711", for=10.1.2.3')], "2001:db8::1"),
        ([(FORWARDED, "for=[2001:db8::1]")], "2001:db8::1"),
        ([(FORWARDED, "for=127.0.0.1"), (FORWARDED, "for=192.0.2.1")], "192.0.2.1"),
        ([(FORWARDED, "for=192.0.2.1"), (FOR, "192.0.2.9, 192.0.2.1")], "192.0.2.1"),
        # A proxy that writes one passes the other on, as the client invented it.
        ([(FORWARDED, "for=127.0.0.1"), (FOR, "192.0.2.1")], UNKNOWN),
        ([(FORWARDED, "for=192.0.2.1"), (FOR, "127.0.0.1")], UNKNOWN),
        ([(FORWARDED, "nonsense"), (FOR, "192.0.2.1")], UNKNOWN),
    ],
)
def test_a_trusted_proxy_says_who_asks(headers: list[tuple[bytes, str]], address: str) -> None:
    expected = Client(address=address, is_forwarded=True, is_doubtful=False)
    assert _found(PROXY, *headers) == _found("::ffff:10.0.0.1", *headers) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "192.0.2.1,",
        "localhost",
        "192.0.2.256",
        "192.0.2.1 192.0.2.2",
        "[::1",
        "::1]",
        "fe80::1%eth0",
        "1",
        "\xe9",
    ],
)
def test_a_header_that_cannot_be_read_leaves_the_client_unknown(value: str) -> None:
    assert _found(PROXY, (FOR, value)).address == UNKNOWN
    assert _found(PROXY, (FORWARDED, f"for={value}")).address == UNKNOWN


@pytest.mark.parametrize(
    "value",
    [
        "for=unknown",
        "for=_hidden",
        "by=10.0.0.1",
        "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1;",
        "for =192.0.2.1",
        'for="192.0.2.1',
        # The client opens a quotation that the proxy's own words would close.
        'for=127.0.0.1;x=", for="[2001:db8::1]"',
        'for=", for=192.0.2.1',
        'x="\\", for=192.0.2.1',
    ],
)
def test_a_forwarded_header_without_a_sound_address_leaves_the_client_unknown(value: str) -> None:
    assert _found(PROXY, (FORWARDED, value)).address == UNKNOWN


@pytest.mark.parametrize("header", [(FOR, "192.0.2.1"), (FORWARDED, "for=192.0.2.1"), (FOR, "")])
@pytest.mark.parametrize("peer", ["127.0.0.1", "192.0.2.7", "::1", "fe80::1%eth0", None])
def test_the_word_of_anybody_else_does_not_count_and_puts_the_address_in_doubt(
    peer: str | None, header: tuple[bytes, str]
) -> None:
    assert _found(peer, header) == Client(address=peer, is_forwarded=False, is_doubtful=True)
    assert _found(peer, (b"x-real-ip", "192.0.2.1")) == Client(address=peer, is_forwarded=False, is_doubtful=False)


def test_without_trusted_proxies_no_header_counts() -> None:
    found = find_client("127.0.0.1", [(FOR, b"192.0.2.1")], ())
    assert found == Client(address="127.0.0.1", is_forwarded=False, is_doubtful=True)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("127.0.0.1", None),
        ("::ffff:127.0.0.1", None),
        ("::1", None),
        ("10.1.2.3", None),
        ("fd00::1", None),
    ],
)
def test_the_group_of_an_address(address: str, counted: str | None) -> None:
    assert group_of(address, TRUSTED) == counted
    assert group_of_client(_found(address), TRUSTED) == counted


def test_who_comes_through_a_proxy_has_limits_whatever_the_address() -> None:
    for address in ("127.0.0.1", "::1", "10.1.2.3"):
        assert group_of_client(_found(PROXY, (FOR, address)), TRUSTED) == ("::/64" if address == "::1" else address)
    assert group_of_client(_found(PROXY, (FOR, "nonsense")), TRUSTED) == UNKNOWN
    assert group_of_client(_found(None, (FOR, "192.0.2.1")), TRUSTED) is None


def test_an_unknown_address_is_in_no_network() -> None:
    everything = tuple(map(ip_network, ("0.0.0.0/0", "::/0")))
    assert is_in("192.0.2.1", everything)
    assert is_in("2001:db8::1", everything)
    assert not is_in(UNKNOWN, everything)
    assert not is_in(None, everything)
