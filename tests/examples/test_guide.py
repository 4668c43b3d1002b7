"""The examples of the guide, run as a reader would, and the pages that show them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.examples.partners import NODE
from tests.nginx import free_port
from tests.processes import finish
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, Service, serving
from tools.examples import DOCS, pages, with_examples

from capacity_api.clock import utc_now
from capacity_api.config import Settings

GUIDE = DOCS / "examples" / "guide"
COMMANDS = {".sh": ("bash", "-eu"), ".py": (sys.executable,), ".js": (str(NODE),)}
IN_CODE = [".py", ".js"]
SECRET = "whsec_" + "A" * 43 + "="


@asynccontextmanager
async def running(file: str, folder: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    path = GUIDE / file
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[path.suffix],
        path,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await finish(process)


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


async def output_of(file: str, folder: Path, **environment: str) -> str:
    """What an example prints that comes to an end by itself."""
    async with running(file, folder, **environment) as process, asyncio.timeout(PATIENCE_SECONDS):
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()


def address_of(service: Service) -> str:
    return str(service.client.base_url).rstrip("/")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_shows_the_examples_as_they_are(page: Path) -> None:
    assert with_examples(page.read_text()) == page.read_text(), "run make examples"


def test_every_example_is_on_a_page() -> None:
    text = "".join(page.read_text() for page in (DOCS / "guide").glob("*.md"))
    for file in GUIDE.iterdir():
        assert file.name == "package.json" or f"<!-- examples/guide/{file.name} -->" in text, file.name


@pytest.mark.parametrize("suffix", IN_CODE)
async def test_polling_says_who_is_open(settings: Settings, tmp_path: Path, suffix: str) -> None:
    async with serving(settings, utc_now) as service:
        await service.report("tara", OPEN)
        async with running(f"poll{suffix}", tmp_path, DIRECTORY=address_of(service)) as process:
            line = await line_of(process)
    assert line.replace('"', "'").replace("[ ", "[").replace(" ]", "]") == "open now: ['TARA']"


async def test_polling_with_curl_costs_a_304(settings: Settings, tmp_path: Path) -> None:
    async with serving(settings, utc_now) as service:
        assert await output_of("poll.sh", tmp_path, DIRECTORY=address_of(service)) == "304\n"


@pytest.mark.parametrize("suffix", IN_CODE)
async def test_following_goes_on_where_it_stopped(settings: Settings, tmp_path: Path, suffix: str) -> None:
    async with serving(settings, utc_now) as service:
        first = await service.report("tara", PAUSED)
        async with running(f"follow{suffix}", tmp_path, DIRECTORY=address_of(service)) as process:
            assert await line_of(process) == f"{first['sequence']} tara paused"
            cursor = tmp_path / "cursor.txt"
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not cursor.exists() or cursor.read_text() != str(first["sequence"]):  # noqa: ASYNC110 - a file has no event for it
                    await asyncio.sleep(0.05)  # it writes its file after it has printed
        second = await service.report("unseen", PAUSED)
        async with running(f"follow{suffix}", tmp_path, DIRECTORY=address_of(service)) as process:
            assert await line_of(process) == f"{second['sequence']} unseen paused"


async def test_following_with_curl_keeps_what_was_asked_for(settings: Settings, tmp_path: Path) -> None:
    async with serving(settings, utc_now) as service:
        await service.report("tara", PAUSED)
        await service.report("unseen", PAUSED)
        page = json.loads(await output_of("follow.sh", tmp_path, DIRECTORY=address_of(service)))
        assert [each["data"]["responder"]["slug"] for each in page["events"]] == ["tara"]
        everything = json.loads((tmp_path / "page.json").read_text())
        assert everything == await service.read("/v1/events")


@pytest.mark.parametrize("suffix", IN_CODE)
async def test_a_webhook_is_made_received_and_verified(settings: Settings, tmp_path: Path, suffix: str) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    async with serving(settings, utc_now, deliver=True) as service:
        token = (await service.token(partner="Case tool"))["authorization"].removeprefix("Bearer ")
        await output_of("receive.sh", tmp_path, DIRECTORY=address_of(service), TOKEN=token, RECEIVER=address)
        secret = json.loads((tmp_path / "webhook.json").read_text())["secret"]
        async with running(f"receive{suffix}", tmp_path, WEBHOOK_SECRET=secret, PORT=str(port)) as process:
            await service.report("tara", PAUSED)
            assert await line_of(process) == "intake.paused tara"


@pytest.mark.parametrize("suffix", IN_CODE)
async def test_a_sender_that_goes_away_ends_no_receiver(tmp_path: Path, suffix: str) -> None:
    port = free_port()
    environment = {"WEBHOOK_SECRET": f" {SECRET}\n", "PORT": str(port)}
    async with running(f"receive{suffix}", tmp_path, **environment) as process, asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await answer_to(port, b"content-length: 9\r\n\r\nhalf")
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)  # it does not say that it listens
        assert b" 401 " in await answer_to(port, b"content-length: 2\r\n\r\n{}")
        assert await line_of(process) == "refused: not signed with this secret"


async def answer_to(port: int, rest: bytes) -> bytes:
    """The answer to somebody who sends the `rest` of a request, and then nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nhost: us\r\nconnection: close\r\n" + rest)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("suffix", IN_CODE)
@pytest.mark.parametrize("secret", ["", " ", "whsec_", "whsec_…", f"{SECRET} {SECRET}"])
def test_a_receiver_does_not_start_without_a_secret(suffix: str, secret: str) -> None:
    done = subprocess.run(
        [*COMMANDS[suffix], GUIDE / f"receive{suffix}"],
        env={"WEBHOOK_SECRET": secret, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    line = "WEBHOOK_SECRET must be one secret: whsec_ and at least 24 bytes in base64\n"
    assert (done.returncode, done.stderr) == (1, line)


@pytest.mark.parametrize("suffix", COMMANDS)
async def test_a_person_is_matched(settings: Settings, tmp_path: Path, suffix: str) -> None:
    async with serving(settings, utc_now) as service:
        await service.report("salvation-army", PAUSED)
        output = await output_of(f"match{suffix}", tmp_path, DIRECTORY=address_of(service))
        if suffix == ".sh":
            first = json.loads(output)["matches"][0]
            assert (first["outcome"], first["responder"]["slug"]) == ("yes", "salvation-army")
        else:
            assert output.startswith("yes The Salvation Army [")
            assert "\nno TARA [" in output
