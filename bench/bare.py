"""The least that an ASGI application can do: the same bytes and headers as the service, and no decision."""

import sys
from typing import Any

import httpx
from bench.cases import CASES

from capacity_api.cli.server import Server, bind, uvloop_runner

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def held(port: int) -> dict[tuple[bytes, ...], Answer]:
    """Each case's answer as the service gives it, by the request headers that ask for it."""
    answers = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for path, headers in CASES.values():
            with client.stream("GET", path, headers=headers) as response:
                body = b"".join(response.iter_raw())
                # The server adds the date, as it does for the service.
                kept = [(name, value) for name, value in response.headers.raw if name.lower() != b"date"]
                answers[_key(list(headers.items()))] = (response.status_code, kept, body)
    return answers


def _key(headers: list[tuple[str, str]]) -> tuple[bytes, ...]:
    return tuple(value.encode() for name, value in sorted(headers) if name in {"accept-encoding", "if-none-match"})


def application(answers: dict[tuple[bytes, ...], Answer]) -> Any:
    async def bare(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        key = tuple(value for name, value in sorted(scope["headers"]) if name in {b"accept-encoding", b"if-none-match"})
        status, headers, body = answers[key]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return bare


if __name__ == "__main__":
    server = Server(application(held(int(sys.argv[1]))), bind("127.0.0.1", 0), lambda where: print(where, flush=True))
    with uvloop_runner() as runner:
        runner.run(server.serve_until_stopped())
