"""A network of its own, in which every address is this machine, and a name server whose answers change.

`python -m tests.delivery.lonely_network` tries every address and name in it and prints what happened as JSON. It is
started inside namespaces (`unshare`), where it may bring up an interface, own every address and put its name server
where the C library looks for one. Nothing that it sends can leave.
"""

import asyncio
import json
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TypedDict, cast

from tests.domain.addresses import NO_HTTPS, REFUSED

from capacity_api.delivery import sender
from capacity_api.delivery.egress import Guard
from capacity_api.delivery.pool import Pool

_A, _AAAA = 1, 28
# The answers for each name, in the order in which it is asked; the last one again and again.
ANSWERS: dict[str, list[list[str]]] = {
    "good": [["8.8.8.8"]],
    "good6": [["2606:4700:4700::1111"]],
    "rebinds": [["8.8.8.8"], ["127.0.0.1"], ["10.0.0.1"]],
    "rebinds6": [["2606:4700:4700::1111"], ["::1"]],
    "loopback": [["127.0.0.1"]],
    "zero": [["0.0.0.0"]],  # noqa: S104 - that it is nowhere is what is tested
    "private": [["192.168.1.1"]],
    "metadata": [["169.254.169.254"]],
    "azure": [["168.63.129.16"]],
    "shared": [["100.64.0.1"]],
    "multicast": [["224.0.0.1"]],
    "mixed": [["8.8.8.8", "10.0.0.1"]],
    "mixed6": [["8.8.8.8", "::1"]],
    "mapped": [["::ffff:127.0.0.1"]],
    "compatible": [["::127.0.0.1"]],
    "nat64": [["64:ff9b::7f00:1"]],
    "nat64-local": [["64:ff9b:1::7f00:1"]],
    "6to4": [["2002:7f00:1::"]],
    "teredo": [["2001:0:808:808::1"]],
    "unique-local": [["fd00:ec2::254"]],
    "site-local": [["fec0::1"]],
    "empty": [[]],
}


class NameServer(asyncio.DatagramProtocol):
    """DNS over UDP (RFC 1035), as much of it as one question needs. Each answer holds for no second."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's is none by its class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode().lower())
            at += 1 + length
        (kind,) = struct.unpack(">H", data[at + 1 : at + 3])
        records = [each.packed for each in self._addresses(labels[0], kind)]
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(records), 0, 0)
        answers = b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(each)) + each for each in records)
        self._transport.sendto(head + data[12 : at + 5] + answers, address)

    def _addresses(self, name: str, kind: int) -> Sequence[IPv4Address | IPv6Address]:
        sequence = ANSWERS.get(name, [[]])
        # The question for the other kind of address, at the same time, gets the same answer.
        number = self.asked.get(f"{name} {kind}", 0)
        self.asked[f"{name} {kind}"] = number + 1
        version = {_A: 4, _AAAA: 6}.get(kind)
        return [each for each in map(ip_address, sequence[min(number, len(sequence) - 1)]) if each.version == version]


class Happened(TypedDict):
    """What came of the attempts at one address, where they arrived, and how often the name server was asked for it."""

    reasons: list[str]
    arrived: list[str]
    asked: int


async def everything() -> dict[str, dict[str, Happened]]:
    arrived: list[str] = []

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Where the sender believed to be going: this machine is everywhere.
        arrived.append(writer.get_extra_info("sockname")[0])
        writer.transport.abort()

    async def attempts(pool: Pool, url: str, name: str = "", count: int = 1) -> Happened:
        arrived.clear()
        names.asked.clear()
        outcomes = [await sender.post(pool, url, {}, b"{}", datetime.now(UTC)) for _ in range(count)]
        return {
            "reasons": [outcome.reason or "delivered" for outcome in outcomes],
            "arrived": list(arrived),
            "asked": names.asked.get(f"{name} {_A}", 0),
        }

    _, names = await asyncio.get_running_loop().create_datagram_endpoint(NameServer, ("127.0.0.1", 53))
    for port in (80, 443, 8080, 8443):
        await asyncio.start_server(listener, "0.0.0.0", port)  # noqa: S104 - there is nobody else here
        await asyncio.start_server(listener, "::", port)
    guarded, open_to_all = Pool(Guard(())), Pool(Guard((ip_network("0.0.0.0/0"), ip_network("::/0"))))
    return {
        "names": {name: await attempts(guarded, f"https://{name}.partner.test/", name, count=3) for name in ANSWERS},
        "addresses": {url: await attempts(guarded, url) for url in (*REFUSED, *NO_HTTPS)},
        "allowed": {name: await attempts(open_to_all, f"https://{name}.partner.test/") for name in ANSWERS},
    }


@contextmanager
def settled(options: str) -> Iterator[None]:
    """Every address is this machine's, and a name server of this process the only one, asked with these options."""
    for command in (
        "ip link set lo up",
        "ip route add local default dev lo",
        "ip -6 route add local default dev lo",
    ):
        subprocess.run(command.split(), check=True)
    with tempfile.TemporaryDirectory() as folder:
        for path, text in (
            ("/etc/resolv.conf", f"nameserver 127.0.0.1\noptions {options}\n"),
            ("/etc/nsswitch.conf", "hosts: files dns\n"),
        ):
            if Path(path).exists():
                own = Path(folder) / Path(path).name
                own.write_text(text)
                subprocess.run(["mount", "--bind", str(own), path], check=True)
        yield


if __name__ == "__main__":
    with settled("timeout:2 attempts:1"):
        print(json.dumps(asyncio.run(everything())))  # noqa: T201 - the test reads it
