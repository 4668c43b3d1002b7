"""Where webhooks may go: https to what is plainly on the public internet, or whatever the operator allows.

`parse_target` reads an address once, for the judgement and for the connection: two readers may
understand it differently, and then the connection goes where nobody judged. `is_target_allowed` judges
what is written, without resolving a name. `is_address_allowed` judges what the name resolved to, and
has the last word. A refusal gives no reason, as reasons would map a private network.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import quote

import idna
import msgspec

from capacity_api.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2000
_PORTS = frozenset({443, 8443})

# Every block that the registries of special-purpose addresses list (RFC 6890 and IANA), and what clouds put there. The
# list stands here because `is_global` differs between versions of Python and passes several of them.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, reached from inside alone
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# All that was ever given out as global unicast. Mapped, compatible, NAT64, local and multicast forms lie outside.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them Teredo, benchmarking and ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3ffe::/16",
        "3fff::/20",
    )
)

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?P<fragment>#.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<host>[^\[\]:@%]+))(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
# Each of them is one character that some reader of addresses takes for another, or that could end a line of HTTP.
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))

_METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.com",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.packet.net",
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
        "rancher-metadata",
    }
)
_PRIVATE_ENDINGS = frozenset({"local", "localhost", "internal", "home.arpa"})


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What the connection and the request need to know of an address.

    `host` in ASCII, lower case, without a final dot; `address` is what it spells, when it is no name. `path` is what
    the request asks for, with the query.
    """

    is_https: bool
    host: str
    port: int
    address: Address | None
    path: str

    @property
    def authority(self) -> str:
        """The `Host` header (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


def check_url(url: str, allow: tuple[Network, ...]) -> str:
    """The address of a webhook as it was given; raises `Invalid` at `/url`.

    With `allow`, names that point inside, plain http and other ports pass here and are decided when it connects.
    """
    target = parse_target(url)
    if not target.is_https and not allow:
        raise _no_https()
    if not is_target_allowed(target, allow):
        raise _not_allowed()
    return url


def parse_target(url: str) -> Target:
    """What an address says, whether it is allowed or not; raises `Invalid` for what is no address of a webhook."""
    if len(url) > LONGEST_URL:
        raise Invalid.at("/url", f"must be at most {LONGEST_URL} characters")
    parts = _URL.fullmatch(url)
    if parts is None or (scheme := parts["scheme"].lower()) not in {"http", "https"}:
        raise _no_https()
    if parts["fragment"] is not None or _FORBIDDEN_CHARACTERS.search(url):
        raise _not_allowed()
    if not url.isascii() and any(unicodedata.category(each)[0] in "CZ" for each in url):
        raise _not_allowed()
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise _not_allowed()
    port = int(authority["port"] or (443 if scheme == "https" else 80))
    if not 1 <= port <= 65535:
        raise _not_allowed()
    host, address = _v6(authority["v6"]) if authority["v6"] else _name_or_v4(authority["host"])
    path = parts["rest"] if parts["rest"].startswith("/") else "/" + parts["rest"]
    return Target(
        is_https=scheme == "https",
        host=host,
        port=port,
        address=address,
        path=path if path.isascii() else quote(path, safe=_VISIBLE),
    )


def is_target_allowed(target: Target, allow: tuple[Network, ...]) -> bool:
    """Whether what is written is allowed; of a name, as far as can be told before it is resolved."""
    if target.address is not None:
        return is_address_allowed(target.address, target.port, target.is_https, allow)
    if target.host in _METADATA_NAMES:
        return False
    if allow:
        return True
    labels = target.host.split(".")
    is_private = len(labels) == 1 or labels[-1] in _PRIVATE_ENDINGS or ".".join(labels[-2:]) in _PRIVATE_ENDINGS
    return target.is_https and target.port in _PORTS and not is_private


def is_address_allowed(address: Address, port: int, is_https: bool, allow: tuple[Network, ...]) -> bool:
    """Whether a webhook may be sent to this address, port and scheme."""
    if any(network.version == address.version and address in network for network in allow):
        return True
    return is_https and port in _PORTS and _is_plainly_global(address)


def _is_plainly_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    return (
        address.scope_id is None
        and address.is_global
        and address in _GLOBAL_V6
        and not any(address in network for network in _REFUSED_V6)
    )


def _v6(text: str) -> tuple[str, Address]:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise _not_allowed() from None
    return str(address), address


def _name_or_v4(host: str) -> tuple[str, Address | None]:
    """A host as it is asked for, and the IPv4 address that it spells, if it is no name."""
    host = _ascii(host.lower()).removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _v4(labels)
        return str(address), address
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _not_allowed()
    return host, None


def _ascii(host: str) -> str:
    """The host as it goes out (IDNA 2008). Only letters that stand for themselves: full-width digits are nobody's."""
    if host.isascii():
        return host
    composed = unicodedata.normalize("NFC", host)
    if unicodedata.normalize("NFKC", host) != composed or not all(
        each in "-." or unicodedata.category(each)[0] in "LNM" for each in composed
    ):
        raise _not_allowed()
    try:
        return idna.encode(composed, uts46=True).decode()
    except idna.IDNAError:
        raise _not_allowed() from None


def _v4(labels: list[str]) -> Address:
    """An address in any spelling that `inet_aton` takes: decimal, octal, hexadecimal, one to four parts."""
    *front, last = (_number(label) for label in labels)
    if len(front) > 3 or any(part > 255 for part in front) or last >= 256 ** (4 - len(front)):
        raise _not_allowed()
    value = last
    for index, part in enumerate(front):
        value += part << (24 - 8 * index)
    return ipaddress.IPv4Address(value)


def _number(label: str) -> int:
    if len(label) > 20 or not _NUMBER.fullmatch(label):
        raise _not_allowed()
    try:
        if label.startswith("0x"):
            return int(label[2:] or "0", 16)
        return int(label, 8 if label.startswith("0") else 10)
    except ValueError:
        raise _not_allowed() from None


def _no_https() -> Invalid:
    return Invalid.at("/url", "must be an https address")


def _not_allowed() -> Invalid:
    return Invalid.at(
        "/url",
        "is not allowed as a webhook address: those are https, on port 443 or 8443 of the public internet, "
        "without a user name or fragment",
    )
