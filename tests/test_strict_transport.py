"""Where the public address is https, every answer tells browsers to ask over https alone."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from tests import processes

_HEADER = "strict-transport-security"


async def ask(address: str, raw: bytes) -> bytes:
    """The whole answer to these bytes."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(raw)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("public_url", ["https://capacity.example.org", "http://capacity.example.org", ""])
async def test_every_answer_of_the_service_has_the_header(database_url: str, public_url: str) -> None:
    expected = ["max-age=31536000"] if public_url.startswith("https:") else []
    env = processes.environment(database_url, public_url=public_url)
    async with (
        processes.serving("--no-delivery", env=env) as server,
        httpx.AsyncClient(base_url=server.address, timeout=60) as client,
    ):
        answers = [
            await client.request(method, path)
            for method, path in (
                ("GET", "/"),
                ("HEAD", "/"),
                ("GET", "/update"),
                ("GET", "/v1/directory"),
                ("GET", "/v1/directory?state=open"),
                ("GET", "/v1/directory.csv"),
                ("GET", "/v1/nothing"),
                ("GET", "/healthz"),
                ("GET", "/v1/me"),
                ("PUT", "/v1/responders/tara/intake"),
                ("OPTIONS", "/v1/webhooks"),
            )
        ]
        answers.append(await client.get("/v1/directory", headers={"if-none-match": answers[3].headers["etag"]}))
        malformed = await ask(server.address, b"GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n")
    assert {answer.status_code for answer in answers} >= {200, 304, 401, 404}
    assert [answer.headers.get_list(_HEADER) for answer in answers] == [expected] * len(answers)
    assert malformed.startswith(b"HTTP/1.1 400 ")
    assert malformed.lower().count(_HEADER.encode()) == len(expected)
