"""No connection is made to an address that is not allowed. The name server is a fake.

`test_rebinding.py` asks a real one.
"""

import asyncio
from ipaddress import ip_address

import httpx
import pytest
from tests.delivery.endpoints import LOOPBACK, Endpoint, listening, open_response, pooled, read_request, serving

from capacity_api.delivery import egress
from capacity_api.delivery.egress import EgressRefused, Guard
from capacity_api.delivery.pool import Pool, build_post
from capacity_api.domain.egress import Address, parse_target


class Names:
    """A name server that gives each answer once and then the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[Address]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(each) for each in answer]


async def post(pool: Pool, url: str) -> int:
    async with open_response(pool, url) as response:
        await response.aread()
        return response.status_code


def port_of(url: str) -> int:
    return parse_target(url).port


async def test_the_name_stays_in_the_request_and_the_connection_goes_to_the_address() -> None:
    endpoint, names = Endpoint(), Names(["127.0.0.1"])
    async with serving(endpoint) as url, pooled(resolve=names) as pool:
        assert await post(pool, f"http://Partner.example.:{port_of(url)}/hook") == 204
    assert names.asked == ["partner.example"]
    ((headers, _),) = endpoint.posts
    assert headers["host"] == f"partner.example:{port_of(url)}"


async def test_a_name_in_other_letters_is_asked_for_in_ascii() -> None:
    endpoint, names = Endpoint(), Names(["127.0.0.1"])
    async with serving(endpoint) as url, pooled(resolve=names) as pool:
        assert await post(pool, f"http://MÜNCHEN.de:{port_of(url)}/größe") == 204
    assert names.asked == ["xn--mnchen-3ya.de"]
    ((headers, _),) = endpoint.posts
    assert headers["host"] == f"xn--mnchen-3ya.de:{port_of(url)}"


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
    async with serving(endpoint) as url, pooled(resolve=Names(answer)) as pool:
        with pytest.raises(EgressRefused):
            await post(pool, f"{scheme}://partner.example:{port_of(url)}/")
    assert endpoint.posts == []


async def test_a_name_is_resolved_once_for_a_connection_so_that_a_second_answer_changes_nothing() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    endpoint = Endpoint()
    async with serving(endpoint) as url, pooled(resolve=names) as pool:
        await post(pool, f"http://partner.example:{port_of(url)}/")
        await post(pool, f"http://partner.example:{port_of(url)}/")
    assert names.asked == ["partner.example"]
    assert len(endpoint.posts) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0177.1", "[::1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_without_anything_allowed_no_connection_to_loopback_is_made(host: str, scheme: str) -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url, pooled(()) as pool:
        with pytest.raises(EgressRefused):
            await post(pool, f"{scheme}://{host}:{port_of(url)}/")
    assert endpoint.posts == []


@pytest.mark.parametrize(
    "name", ["metadata.google.internal", "db.internal", "printer.local", "intranet", "a.localhost"]
)
async def test_a_name_that_would_not_be_taken_any_more_is_not_even_resolved(name: str) -> None:
    names = Names(["8.8.8.8"])
    async with pooled((), resolve=names) as pool:
        with pytest.raises(EgressRefused):
            await post(pool, f"https://{name}/")
    assert names.asked == []


async def test_the_url_of_a_request_decides_nothing() -> None:
    """The address and path of a request come from its target, not from its URL: httpx would send `%3C` for `<`."""
    heads: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    elsewhere = Endpoint()
    async with serving(elsewhere) as other, listening(handler) as port, pooled() as pool:
        sent = build_post(parse_target(f"http://127.0.0.1:{port}/a|b?<c>"), {}, b"{}")
        sent.url = httpx.URL(other)
        response = await pool.handle_async_request(sent)
        await response.aclose()
    assert elsewhere.posts == []
    assert heads[0].startswith(f"POST /a|b?<c> HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n".encode())


async def test_the_next_address_is_tried_when_one_is_dead() -> None:
    endpoint = Endpoint()
    async with serving(endpoint) as url, pooled(resolve=Names(["127.0.0.2", "127.0.0.1"])) as pool:
        assert await post(pool, f"http://partner.example:{port_of(url)}/") == 204


async def test_the_environment_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, endpoint = Endpoint(), Endpoint()
    async with serving(proxy) as via, serving(endpoint) as url:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, via)
        async with pooled() as pool:
            await post(pool, url)
    assert (len(proxy.posts), len(endpoint.posts)) == (0, 1)


async def test_a_literal_address_needs_no_name_server() -> None:
    endpoint, names = Endpoint(), Names(["10.0.0.1"])
    async with serving(endpoint) as url, pooled(resolve=names) as pool:
        await post(pool, url)
        await post(pool, f"http://2130706433:{port_of(url)}/")
    assert names.asked == []
    assert {headers["host"] for headers, _ in endpoint.posts} == {f"127.0.0.1:{port_of(url)}"}


async def test_a_context_is_made_once() -> None:
    assert egress.default_context() is egress.default_context()
    assert Guard(())._context is Guard(LOOPBACK)._context
