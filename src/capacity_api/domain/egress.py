"""Where webhooks may be sent: over https to the public internet, or to networks that the operator allows.

`parse_target` reads a URL once, for the check and for the connection. Two parsers could read it differently, and the
connection would go to a host that was not checked. `is_target_allowed` checks the URL without resolving its name.
`is_address_allowed` checks an IP address that the name resolved to, and has the last word. A refusal gives no reason:
reasons would let a caller map a private network.
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

MAX_URL_LENGTH = 2000
_PORTS = frozenset({443, 8443})

# Every block in the IANA registries of special-purpose addresses (RFC 6890), with what cloud providers use it for. We
# keep our own list because `is_global` allows several of them, and differs between versions of Python.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, which only its own machines can reach
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
# All allocated global unicast addresses. Mapped, compatible, NAT64, local and multicast addresses are outside.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, such as Teredo, benchmarking and ORCHID
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
# Characters that some URL parsers read as another character, or that could end a line of HTTP.
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
    """The parts of a URL that the connection and the request need.

    `host` is in ASCII and lower case, without a final dot. `address` is its IP address, or null if it is a name. `path`
    includes the query.
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
    """The URL of a webhook, unchanged, if it is allowed. Raises `Invalid` at `/url`.

    If the operator allows any network, then private names, plain http and other ports pass this check. They are
    checked again for each connection, by IP address.
    """
    target = parse_target(url)
    if not target.is_https and not allow:
        raise _must_be_https()
    if not is_target_allowed(target, allow):
        raise _not_allowed()
    return url


def parse_target(url: str) -> Target:
    """The parts of a URL, allowed or not. Raises `Invalid` if it is not a URL that a webhook can have."""
    if len(url) > MAX_URL_LENGTH:
        raise Invalid.at("/url", f"must be at most {MAX_URL_LENGTH} characters")
    parts = _URL.fullmatch(url)
    scheme = "" if parts is None else parts["scheme"].lower()
    if parts is None or scheme not in {"http", "https"}:
        raise _must_be_https()
    if parts["fragment"] is not None or _FORBIDDEN_CHARACTERS.search(url):
        raise _not_allowed()
    # Control characters, invisible characters and spaces of any script.
    if not url.isascii() and any(unicodedata.category(character)[0] in "CZ" for character in url):
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
    """Whether the URL is allowed. A name that passes must be checked again by `is_address_allowed` once resolved."""
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
    """Whether a webhook may be sent to this IP address and port, over http or https."""
    if any(network.version == address.version and address in network for network in allow):
        return True
    return is_https and port in _PORTS and _is_public(address)


def _is_public(address: Address) -> bool:
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
    """The host in its standard form, and its IPv4 address if it is not a name."""
    host = _ascii(host.lower()).removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _v4(labels)
        return str(address), address
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _not_allowed()
    return host, None


def _ascii(host: str) -> str:
    """The host in ASCII (IDNA 2008). Refuses characters with a compatibility form, such as full-width digits."""
    if host.isascii():
        return host
    composed = unicodedata.normalize("NFC", host)
    if unicodedata.normalize("NFKC", host) != composed or not all(
        character in "-." or unicodedata.category(character)[0] in "LNM" for character in composed
    ):
        raise _not_allowed()
    try:
        return idna.encode(composed, uts46=True).decode()
    except idna.IDNAError:
        raise _not_allowed() from None


def _v4(labels: list[str]) -> Address:
    """The IPv4 address in any form that `inet_aton` accepts: one to four parts, each decimal, octal or hexadecimal."""
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


def _must_be_https() -> Invalid:
    return Invalid.at("/url", "must be an https address")


def _not_allowed() -> Invalid:
    return Invalid.at(
        "/url",
        "is not allowed as a webhook address: it must be https, on port 443 or 8443 of a host on the public internet, "
        "without a user name or fragment",
    )
