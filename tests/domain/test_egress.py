import re
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.addresses import ADDRESSES, LOOPBACK_HOSTS, METADATA_NAMES, NO_HTTPS, PASSES, REFUSED

from capacity_api.domain.egress import Network, check_url, is_address_allowed, parse_target
from capacity_api.errors import Invalid

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NOT_ALLOWED = (
    "is not allowed as a webhook address: it must be https, on port 443 or 8443 of a host on the public internet, "
    "without a user name or fragment"
)


def _detail(url: str, allow: tuple[Network, ...] = ()) -> str | None:
    """The detail of the refusal, or `None` when the address is allowed."""
    try:
        assert check_url(url, allow) == url
    except Invalid as refusal:
        (error,) = refusal.errors
        assert error.pointer == "/url"
        return error.detail
    return None


@pytest.mark.parametrize("url", PASSES)
def test_an_address_on_the_public_internet_passes(url: str) -> None:
    assert _detail(url) is None


@pytest.mark.parametrize("url", NO_HTTPS)
def test_an_address_without_https_is_refused_for_that_reason(url: str) -> None:
    assert _detail(url) == "must be an https address"


@pytest.mark.parametrize("url", REFUSED)
def test_everything_else_is_refused_in_the_same_words(url: str) -> None:
    assert _detail(url) == NOT_ALLOWED


def test_the_list_is_long() -> None:
    assert len(set(REFUSED)) >= 150


def test_an_address_has_at_most_2000_characters() -> None:
    start = "https://partner.org.uk/"
    assert _detail(start + "a" * (2000 - len(start))) is None
    assert _detail(start + "a" * (2001 - len(start))) == "must be at most 2000 characters"


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
@pytest.mark.parametrize("start", ["http://{}/", "http://{}:8080/", "https://{}:9999/", "https://{}/"])
def test_in_an_allowed_network_any_port_and_plain_http_pass(host: str, start: str) -> None:
    assert _detail(start.format(host), LOOPBACK) is None


@pytest.mark.parametrize(
    "url", ["http://receiver:8080/", "http://localhost:1/", "https://db.internal/", "http://a.org/"]
)
def test_with_something_allowed_a_name_is_decided_when_it_connects(url: str) -> None:
    assert _detail(url, LOOPBACK) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://8.8.8.8:8080/",
        "https://10.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "http://１２７.０.０.１/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1/#",
        *METADATA_NAMES,
    ],
)
def test_an_allowed_network_opens_no_other_address(url: str) -> None:
    assert _detail(url, LOOPBACK) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("url", "host", "authority", "path"),
    [
        ("https://partner.org.uk", "partner.org.uk", "partner.org.uk", "/"),
        ("HTTPS://Partner.org.uk.:443/Hook?a=%20&b", "partner.org.uk", "partner.org.uk", "/Hook?a=%20&b"),
        ("https://partner.org.uk:8443?key=1", "partner.org.uk", "partner.org.uk:8443", "/?key=1"),
        ("http://partner.org.uk:80//a/../b", "partner.org.uk", "partner.org.uk", "//a/../b"),
        ("https://MÜNCHEN.de/größe", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "/gr%C3%B6%C3%9Fe"),
        # Written with a letter and a mark, as some keyboards do.
        ("https://mu\u0308nchen.de/", "xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "/"),
        # IDNA 2003 would have resolved strasse.de, which belongs to another owner.
        ("https://straße.de/", "xn--strae-oqa.de", "xn--strae-oqa.de", "/"),
        ("https://0x8.8.2056/", "8.8.8.8", "8.8.8.8", "/"),
        ("https://[2606:4700:4700:0::1111]:8443/", "2606:4700:4700::1111", "[2606:4700:4700::1111]:8443", "/"),
    ],
)
def test_an_address_is_dialled_and_asked_for_as_it_was_judged(url: str, host: str, authority: str, path: str) -> None:
    target = parse_target(url)
    assert (target.host, target.authority, target.path) == (host, authority, path)


@given(st.text(st.sampled_from("htps:/.@[]#?%\\ 0127xa-_é１。\u200b\r\n"), max_size=40) | st.text(max_size=40))
def test_whatever_is_written_is_an_address_that_can_be_sent_or_none(text: str) -> None:
    for url in (text, f"https://{text}", f"https://partner.org.uk/{text}"):
        try:
            target = parse_target(url)
        except Invalid:
            continue
        for part in (target.authority, target.path):
            assert part
            assert all("!" <= each <= "~" for each in part)
        assert not set(target.host) & set("/?#@[]%\\")
        if target.address is None:
            assert re.fullmatch(r"[a-z0-9_.-]{1,253}", target.host)
        else:
            assert target.host == str(target.address)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4009::1"])
def test_a_public_address_is_reached_over_https_on_two_ports_alone(text: str) -> None:
    address = ip_address(text)
    assert is_address_allowed(address, 443, True, ())
    assert is_address_allowed(address, 8443, True, ())
    assert not is_address_allowed(address, 80, False, ())
    assert not is_address_allowed(address, 443, False, ())
    assert not is_address_allowed(address, 80, True, ())
    assert not is_address_allowed(address, 443, False, LOOPBACK)


@pytest.mark.parametrize(
    "text",
    [host.strip("[]") for host in ADDRESSES if host.startswith("[")]
    + ["2606:4700:4700::1111%eth0", "127.0.0.1", "10.1.2.3", "168.63.129.16", "100.64.1.1", "192.0.0.9", "192.0.0.10"],
)
def test_an_address_that_is_not_plainly_global_is_never_reached(text: str) -> None:
    assert not is_address_allowed(ip_address(text), 443, True, ())
    assert not is_address_allowed(ip_address(text), 443, True, (ip_network("203.0.113.0/24"),))


def test_an_allowed_network_is_reached_on_any_port_and_over_plain_http() -> None:
    assert is_address_allowed(ip_address("127.9.9.9"), 5000, False, LOOPBACK)
    assert is_address_allowed(ip_address("::1"), 80, False, LOOPBACK)
    assert not is_address_allowed(ip_address("::2"), 80, False, LOOPBACK)
