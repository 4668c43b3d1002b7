"""`capacity-api` as a process of its own, on a port that is free."""

import asyncio
import base64
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TextIO

from tests import commands

COMMAND = Path(sys.executable).parent / "capacity-api"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
_START_SECONDS = 60
_END_SECONDS = 120
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([commands.__name__])


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a service on `database_url`: `write_limit="0"` is `CAPACITY_WRITE_LIMIT`."""
    named = {f"CAPACITY_{name.upper()}": value for name, value in settings.items()}
    return {**os.environ, "CAPACITY_DATABASE_URL": database_url, "CAPACITY_SECRET_KEY": KEY, **named}


async def run(*arguments: str, env: dict[str, str], program: str = "capacity-api") -> tuple[int, str, str]:
    """Run a command to its end: exit code, standard output, standard error."""
    out, out_of_child = _forks.Pipe(duplex=False)
    err, err_of_child = _forks.Pipe(duplex=False)
    process = await _fork(program, arguments, env, out_of_child, err_of_child)
    try:
        with _open_output(out) as output, _open_output(err) as errors:
            async with asyncio.timeout(_END_SECONDS):
                both = await asyncio.gather(asyncio.to_thread(output.read), asyncio.to_thread(errors.read))
                await asyncio.to_thread(process.join)
    finally:
        if process.exitcode is None:
            process.kill()
            await asyncio.to_thread(process.join)
    assert process.exitcode is not None
    return process.exitcode, *both


async def issue_token(env: dict[str, str], *owner: str) -> str:
    code, out, err = await run("token", "issue", *owner, "--json", env=env)
    assert code == 0, err
    token: str = json.loads(out)["token"]
    return token


class Process:
    """A command that goes on until it is ended, and what it has announced."""

    def __init__(self, process: BaseProcess, out: TextIO, announced: str) -> None:
        self._process = process
        self._out = out
        self.address = announced

    @property
    def returncode(self) -> int | None:
        """Negative: the signal that ended it."""
        return self._process.exitcode

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int | None:
        await asyncio.to_thread(self._process.join)
        self._out.close()
        return self.returncode

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        self._process.kill()
        await self.wait()


async def start(
    *arguments: str, env: dict[str, str], announces: str = "answers on ", log: Path | None = None
) -> Process:
    """Start a command, and wait until it announces that it is ready. Its standard error is added to the file `log`."""
    out, out_of_child = _forks.Pipe(duplex=False)
    process = await _fork("capacity-api", arguments, env, out_of_child, log=log)
    output = _open_output(out)
    async with asyncio.timeout(_START_SECONDS):
        while line := await asyncio.to_thread(output.readline):
            if announces in line:
                return Process(process, output, line.split(announces)[1].strip())
    await asyncio.to_thread(process.join)
    output.close()
    raise AssertionError(f"it stopped with {process.exitcode} before it answered")


@asynccontextmanager
async def serving(*arguments: str, env: dict[str, str], log: Path | None = None) -> AsyncIterator[Process]:
    process = await start("serve", "--port", "0", *arguments, env=env, log=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _fork(
    program: str, arguments: tuple[str, ...], env: dict[str, str], *outputs: Connection, log: Path | None = None
) -> BaseProcess:
    process = _forks.Process(target=commands.call, args=(program, arguments, env, *outputs), kwargs={"log": log})
    await asyncio.to_thread(process.start)
    for each in outputs:
        each.close()
    return process


def _open_output(pipe: Connection) -> TextIO:
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()), encoding="utf-8")
