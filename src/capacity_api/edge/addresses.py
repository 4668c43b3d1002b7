"""Whose address a request comes from. Anybody can send a forwarding header, so only a trusted proxy's word counts.

Each proxy adds the address that called it at the end of `Forwarded` (RFC 7239) or `X-Forwarded-For`. So they are read
from the right, past the trusted proxies. The first other address is the client's, and what stands left of it may be
invented. A proxy writes one of the two headers and often passes the other on as it came: where they differ, nobody
knows which is true.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

Network = IPv4Network | IPv6Network
# The address where a trusted proxy says none, or none that can be read (RFC 7239 §6.2). It is in no network.
UNKNOWN = "unknown"
_UNLIMITED = (ip_network("127.0.0.1/32"), ip_network("::1/128"))
# Pairs such as `for="[2001:db8::1]:4711";proto=https` (RFC 7239 §4). Some proxies leave the quotes out.
_PAIR = r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]+|"(?:[^"\\]|\\.)*")"""
_ELEMENT = re.compile(rf"\s*{_PAIR}(?:;{_PAIR})*\s*(?:,|$)")
_PAIRS = re.compile(_PAIR)
# With or without a port.
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+)(?::[0-9]+)?|([0-9A-Fa-f:.]+)")


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `address` is an IP address, `UNKNOWN`, or `None` on a Unix socket."""

    address: str | None
    # A trusted proxy says so. Otherwise the connection comes from there.
    is_forwarded: bool
    # It may be a proxy that nobody has listed, with many clients; or the client pretends so.
    is_doubtful: bool


def find_client(peer: str | None, headers: Iterable[tuple[bytes, bytes]], trusted: Sequence[Network]) -> Client:
    """Who sends a request with these headers on a connection from the address `peer`."""
    lines: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        if name in {b"forwarded", b"x-forwarded-for"}:
            lines.setdefault(name, []).append(value)
    if not lines or peer is None or not is_in(peer, trusted):
        return Client(address=peer, is_forwarded=False, is_doubtful=bool(lines))
    found = set()
    for name, values in lines.items():
        # Several lines of one header are one list (RFC 9110 §5.3).
        text = b",".join(values).decode("latin-1")
        nodes = _forwarded_nodes(text) if name == b"forwarded" else text.split(",")
        found.add(_first_untrusted(nodes, trusted))
    return Client(address=found.pop() if len(found) == 1 else UNKNOWN, is_forwarded=True, is_doubtful=False)


def is_in(address: str | None, networks: Sequence[Network]) -> bool:
    """Whether the address is known and in one of the networks."""
    if not networks:
        return False
    parsed = _parse(address or "")
    return parsed is not None and any(parsed in network for network in networks)


def group_of(host: str | None, trusted: Sequence[Network]) -> str | None:
    """The addresses that one limit is for: one of IPv4, or a /64 of IPv6, which is one customer's.

    `None` where there is no limit: this machine, the trusted proxies, a Unix socket.
    """
    return None if host is None or is_in(host, (*_UNLIMITED, *trusted)) else _group(host)


def group_of_client(client: Client, trusted: Sequence[Network]) -> str | None:
    """The same for a client. One that comes through a proxy always has a limit."""
    return _group(client.address) if client.is_forwarded and client.address else group_of(client.address, trusted)


def _group(address: str) -> str:
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), 64), strict=False))
    return address if parsed is None else str(parsed)


def _first_untrusted(nodes: Sequence[str], trusted: Sequence[Network]) -> str:
    """The client, of the addresses from the client to the last proxy. If all are trusted, it is the first."""
    address = UNKNOWN
    for node in reversed(nodes):
        match = _NODE.fullmatch(node.strip())
        parsed = None if match is None else _parse(match[1] or match[2] or match[3])
        if parsed is None:
            return UNKNOWN
        address = str(parsed)
        if not any(parsed in network for network in trusted):
            break
    return address


def _forwarded_nodes(text: str) -> list[str]:
    """The `for` of each element; "" where it has none, and alone where the header cannot be parsed."""
    nodes = []
    position = 0
    while element := _ELEMENT.match(text, position):
        named = [value for name, value in _PAIRS.findall(element[0]) if name.lower() == "for"]
        nodes.append(named[0].strip('"') if len(named) == 1 else "")
        if not element[0].endswith(","):
            return nodes
        position = element.end()
    return [""]


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address. One of IPv4 within IPv6 (`::ffff:192.0.2.1`) is the same as without."""
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
