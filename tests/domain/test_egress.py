# ruff: noqa: S104 - addresses that look like others, and such as one should not bind to, are what this is about
from ipaddress import ip_address, ip_network

import pytest

from capacity_api.domain.egress import Network, check_url, is_allowed
from capacity_api.errors import Invalid

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NOT_ALLOWED = "is not allowed as a webhook address"

PASSES = [
    "https://partner.org.uk/hooks/1?key=a%20b",
    "https://partner.org.uk",
    "HTTPS://Partner.org.uk/Hook",
    "https://partner.org.uk:443/hook",
    "https://partner.org.uk:8443/hook",
    "https://partner.example/hook",
    "https://münchen.de/hook",
    "https://xn--mnchen-3ya.de/hook",
    "https://例え.jp/hook",
    "https://my_team.partner.org.uk/hook",
    "https://partner.org.uk./hook",
    "https://partner.org.uk/größe",
    "https://localhost.partner.org.uk/",
    "https://internal.partner.org.uk/",
    "https://1.partner.org.uk/",
    "https://8.8.8.8/hook",
    "https://[2606:4700:4700::1111]/hook",
    "https://[2606:4700:4700::1111]:8443/hook",
]

NO_HTTPS = [
    "",
    "partner.org.uk/hook",
    "//partner.org.uk/hook",
    "https:/partner.org.uk/hook",
    "https:partner.org.uk",
    "http://partner.org.uk/hook",
    "ftp://partner.org.uk/hook",
    "file:///etc/passwd",
    "unix:///run/docker.sock",
    "javascript:alert(1)",
    " https://partner.org.uk/",
    "\thttps://partner.org.uk/",
]

SYNTAX = [
    "https://",
    "https:///hook",
    "https://:443/",
    "https://?a",
    "https://user@partner.org.uk/",
    "https://user:secret@partner.org.uk/",
    "https://@partner.org.uk/",
    "https://partner.org.uk@127.0.0.1/",
    "https://partner.org.uk/#part",
    "https://partner.org.uk/#",
    "https://partner.org.uk/a b",
    "https://partner.org.uk/a\tb",
    "https://partner.org.uk/a\r\nHost: b",
    "https://partner.org.uk/\0",
    "https://partner.org.uk/\x7f",
    "https://partner.org.uk/\u2028",
    "https://partner.org.uk/\u202e",
    "https://partner.org.uk/\u00a0",
    "https://partner.org.uk\\@127.0.0.1/",
    "https://partner%2eorg.uk/",
    "https://%31%32%37.0.0.1/",
    "https://partner.org.uk:0/",
    "https://partner.org.uk:65536/",
    "https://partner.org.uk:99999999/",
    "https://partner.org.uk:/",
    "https://partner.org.uk:-443/",
    "https://partner.org.uk:4 43/",
    "https://partner.org.uk:٤٤٣/",
    "https://partner.org.uk:80/",
    "https://partner.org.uk:8080/",
    "https://partner.org.uk:22/",
    "https://partner..org.uk/",
    "https://.partner.org.uk/",
    "https://-partner.org.uk/",
    "https://partner-.org.uk/",
    "https://partner,org.uk/",
    "https://partner.org.uk,127.0.0.1/",
    f"https://{'a' * 64}.org.uk/",
    f"https://{'a.' * 130}uk/",
    "https://[::1/",
    "https://::1/",
    "https://[]/",
    "https://[v1.a]/",
    "https://[2606:4700:4700::1111%25eth0]/",
    "https://[2606:4700:4700::1111%eth0]/",
    "https://[8.8.8.8]/",
]

NAMES = [
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://printer.local./",
    "https://db.internal/",
    "https://router.home.arpa/",
]

METADATA_NAMES = [
    "https://metadata/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://METADATA.google.internal./",
    "https://metadata.goog/",
    "https://instance-data/",
    "https://instance-data.ec2.internal/",
]

LOOPBACK_HOSTS = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0177.0x0.0.01",
    "127.255.255.254",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
]

ADDRESSES = [
    *LOOPBACK_HOSTS,
    "0",
    "0.0.0.0",
    "0x",
    "10.0.0.1",
    "012.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "168.63.129.16",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "256.0.0.1",
    "1.2.3.4.5",
    "4294967296",
    "08.8.8.8",
    "99999999999999999999999999",
    "partner.123",
    "partner.0x7f",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "127\u00ad.0.0.1",
    "127.0.0\u200b.1",
    "ⓛocalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "ｐartner.org.uk",
    "💩.la",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[::8.8.8.8]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:808:808::1]",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[3fff::1]",
    "[3ffe::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[4000::1]",
    "[5f00::1]",
]


def _detail(url: str, allow: tuple[Network, ...] = ()) -> str | None:
    """What the caller is told, or `None` when the address passes."""
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
def test_what_is_not_https_is_told_so(url: str) -> None:
    assert _detail(url) == "must be an https address"


@pytest.mark.parametrize("url", [*SYNTAX, *NAMES, *METADATA_NAMES, *(f"https://{host}/hook" for host in ADDRESSES)])
def test_everything_else_is_refused_in_the_same_words(url: str) -> None:
    assert _detail(url) == NOT_ALLOWED


def test_an_address_has_at_most_2000_characters() -> None:
    start = "https://partner.org.uk/"
    assert _detail(start + "a" * (2000 - len(start))) is None
    assert _detail(start + "a" * (2001 - len(start))) == "must be at most 2000 characters"


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
@pytest.mark.parametrize("start", ["http://{}/", "http://{}:8080/", "https://{}:9999/", "https://{}/"])
def test_within_what_is_allowed_any_port_and_plain_http_pass(host: str, start: str) -> None:
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
def test_what_is_allowed_opens_nothing_else(url: str) -> None:
    assert _detail(url, LOOPBACK) == NOT_ALLOWED


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4009::1"])
def test_a_public_address_is_reached_over_https_on_two_ports_alone(text: str) -> None:
    address = ip_address(text)
    assert is_allowed(address, 443, True, ())
    assert is_allowed(address, 8443, True, ())
    assert not is_allowed(address, 80, False, ())
    assert not is_allowed(address, 443, False, ())
    assert not is_allowed(address, 80, True, ())
    assert not is_allowed(address, 443, False, LOOPBACK)


@pytest.mark.parametrize(
    "text",
    [host.strip("[]") for host in ADDRESSES if host.startswith("[")]
    + ["2606:4700:4700::1111%eth0", "127.0.0.1", "10.1.2.3", "168.63.129.16", "100.64.1.1", "192.0.0.9", "192.0.0.10"],
)
def test_an_address_that_is_not_plainly_global_is_never_reached(text: str) -> None:
    assert not is_allowed(ip_address(text), 443, True, ())
    assert not is_allowed(ip_address(text), 443, True, (ip_network("203.0.113.0/24"),))


def test_an_allowed_network_is_reached_on_any_port_and_over_plain_http() -> None:
    assert is_allowed(ip_address("127.9.9.9"), 5000, False, LOOPBACK)
    assert is_allowed(ip_address("::1"), 80, False, LOOPBACK)
    assert not is_allowed(ip_address("::2"), 80, False, LOOPBACK)
