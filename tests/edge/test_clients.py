"""Clients that ask for HTTP/2 over plain http, as curl and Java do, write as others do."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from tests import processes
from tests.serving import PAUSED, WAITING, Service

CURL, JAVA = shutil.which("curl"), shutil.which("java")
# `HttpClient` asks for HTTP/2 by itself.
JAVA_CLIENT = """
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Client {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        for (int number = 2; number < arguments.length; number++) {
            var request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Authorization", arguments[1])
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofString(arguments[number]))
                .build();
            var answer = client.send(request, BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.body());
        }
    }
}
"""


async def run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await processes.finish(process)
    assert process.returncode == 0
    return out.decode()


def intake_of(service: Service) -> str:
    return f"{service.client.base_url}/v1/responders/tara/intake"


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("option", ["--http2", "--http1.1", "--http1.0"])
async def test_curl_writes(service: Service, option: str) -> None:
    authorization = (await service.token(responder="tara"))["authorization"]
    assert CURL is not None
    out = await run(
        *(CURL, "--silent", "--show-error", option, "-X", "PUT", intake_of(service)),
        *("-H", f"Authorization: {authorization}", "-H", "Content-Type: application/json", "-d", json.dumps(PAUSED)),
    )
    assert json.loads(out)["intake"]["state"] == "paused", out


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
async def test_curl_reads_several_paths_over_one_connection(service: Service) -> None:
    assert CURL is not None
    paths = ["/v1/directory", "/healthz", "/v1/responders/tara", "/"]
    out = await run(
        *(CURL, "--silent", "--show-error", "--http2", "-w", "%{num_connects} %{http_code}\\n"),
        *(each for path in paths for each in ("-o", "/dev/null", f"{service.client.base_url}{path}")),
    )
    assert out.splitlines() == ["1 200", "0 200", "0 200", "0 200"]


@pytest.mark.skipif(JAVA is None, reason="java is not installed")
async def test_java_writes(service: Service, tmp_path: Path) -> None:
    authorization = (await service.token(responder="tara"))["authorization"]
    source = tmp_path / "Client.java"
    source.write_text(JAVA_CLIENT)
    assert JAVA is not None
    reports = [json.dumps(PAUSED), json.dumps(WAITING)]
    out = await run(JAVA, str(source), intake_of(service), authorization, *reports)
    states = [json.loads(line.removeprefix("200 "))["intake"]["state"] for line in out.splitlines()]
    assert states == ["paused", "waiting_list"]
