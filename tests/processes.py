"""`capacity-api` as a process of its own, on a port that is free."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

COMMAND = Path(sys.executable).parent / "capacity-api"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
_START_SECONDS = 60
_END_SECONDS = 120


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a service on `database_url`: `write_limit="0"` is `CAPACITY_WRITE_LIMIT`."""
    named = {f"CAPACITY_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, "CAPACITY_DATABASE_URL": database_url, "CAPACITY_SECRET_KEY": KEY, **named}


async def run(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run a command to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_END_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


class Process:
    """A server that has said where it answers."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        self._process.kill()
        await self._process.wait()


async def start(*arguments: str, env: dict[str, str], announces: str = "answers on ") -> Process:
    process = await asyncio.create_subprocess_exec(COMMAND, *arguments, env=env, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        while line := (await process.stdout.readline()).decode():
            if announces in line:
                return Process(process, line.split(announces)[1].strip())
    raise AssertionError(f"it stopped with {await process.wait()} before it answered")


@asynccontextmanager
async def serving(*arguments: str, env: dict[str, str]) -> AsyncIterator[Process]:
    process = await start("serve", "--port", "0", *arguments, env=env)
    try:
        yield process
    finally:
        if process._process.returncode is None:
            process._process.terminate()
            await process._process.wait()
