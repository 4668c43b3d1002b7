"""That nothing which is not allowed is ever dialled. The name server is the outermost wire, and is stood in for."""

import asyncio
import socket
from ipaddress import ip_address, ip_network

import httpcore
import httpx
import pytest
from tests.delivery.endpoints import Endpoint, serving

from capacity_api.delivery import egress
from capacity_api.delivery.egress import EgressRefused, Guard
from capacity_api.domain.egress import Address

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Names:
    """A name server that gives each answer once and then the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(each) for each in answer]


async def test_the_name_stays_in_the_request_and_the_address_is_dialled() -> None:
    endpoint, names = Endpoint(), Names(["127.0.0.1"])
    async with serving(endpoint) as url, egress.client(LOOPBACK, resolve=names) as client:
        port = httpx.URL(url).port
        answer = await client.post(f"http://partner.example:{port}/hook")
    assert answer.status_code == 204
    assert names.asked == ["partner.example"]
    ((headers, _),) = endpoint.posts
    assert headers["host"] == f"partner.example:{port}"


@pytest.mark.parametrize(
    "answer",
    [
        [],
        ["10.0.0.1"],
        ["127.0.0.1", "10.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["169.254.169.254"],
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_with_any_bad_address_or_none_is_refused(answer: list[str], scheme: str) -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url, egress.client(LOOPBACK, resolve=Names(answer)) as client:
        with pytest.raises(EgressRefused):
            await client.post(f"{scheme}://partner.example:{httpx.URL(url).port}/")
    assert endpoint.posts == []


async def test_a_name_is_resolved_once_for_a_connection_so_that_a_second_answer_changes_nothing() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    endpoint = Endpoint()
    async with serving(endpoint) as url, egress.client(LOOPBACK, resolve=names) as client:
        port = httpx.URL(url).port
        await client.post(f"http://partner.example:{port}/")
        await client.post(f"http://partner.example:{port}/")
    assert names.asked == ["partner.example"]
    assert len(endpoint.posts) == 2


async def test_without_anything_allowed_loopback_is_not_dialled() -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url, egress.client(()) as client:
        port = httpx.URL(url).port
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0177.1", "[::ffff:127.0.0.1]"):
            for scheme in ("http", "https"):
                with pytest.raises(EgressRefused):
                    await client.post(f"{scheme}://{host}:{port}/")
    assert endpoint.posts == []


async def test_the_next_address_is_dialled_when_one_is_dead() -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url, egress.client(LOOPBACK, resolve=Names(["127.0.0.2", "127.0.0.1"])) as client:
        answer = await client.post(f"http://partner.example:{httpx.URL(url).port}/")
    assert answer.status_code == 204


async def test_a_name_server_that_hangs_is_given_up_on() -> None:
    async def hang(host: str, port: int) -> list[Address]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore.ConnectTimeout):
        await Guard((), True, hang).connect_tcp("partner.example", 443, timeout=0.05)


async def test_a_unix_socket_is_never_dialled() -> None:
    with pytest.raises(EgressRefused):
        await Guard(LOOPBACK, True, egress.resolve).connect_unix_socket("/run/docker.sock")


async def test_the_environment_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, endpoint = Endpoint(), Endpoint()
    async with serving(proxy) as via, serving(endpoint) as url:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, via)
        async with egress.client(LOOPBACK) as client:
            await client.post(url)
    assert (len(proxy.posts), len(endpoint.posts)) == (0, 1)


async def test_a_literal_address_needs_no_name_server() -> None:
    assert await egress.resolve("127.0.0.1", 443) == [ip_address("127.0.0.1")]
    assert await egress.resolve("::1", 443) == [ip_address("::1")]


async def test_a_name_is_resolved_to_each_address_once() -> None:
    addresses = await egress.resolve("localhost", 443)
    assert addresses
    assert len(addresses) == len(set(addresses))
    with pytest.raises(socket.gaierror):
        await egress.resolve("a" * 64 + ".invalid", 443)
