"""`capacity-api` as a process of its own, on a port that is free."""

import asyncio
import atexit
import base64
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests import commands
from tests.serving import PATIENCE_SECONDS

COMMAND = Path(sys.executable).parent / "capacity-api"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
# For a process that was told to end at once, and first prints where it was.
_LAST_WORDS_SECONDS = 10
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([commands.__name__])


@atexit.register
def _kill_those_left() -> None:
    """At its end, Python would wait for each of them for ever."""
    for process in multiprocessing.active_children():
        process.kill()


def environment(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a service on `database_url`: `write_limit="0"` is `CAPACITY_WRITE_LIMIT`."""
    named = {f"CAPACITY_{name.upper()}": value for name, value in settings.items()}
    # A process that does not end is aborted, and then prints where it was.
    own = {"CAPACITY_DATABASE_URL": database_url, "CAPACITY_SECRET_KEY": KEY, "PYTHONFAULTHANDLER": "1"}
    return {**os.environ, **own, **named}


async def run(*arguments: str, env: dict[str, str], program: str = "capacity-api") -> tuple[int, str, str]:
    """Run a command to its end: exit code, standard output, standard error."""
    out, out_of_child = _forks.Pipe(duplex=False)
    err, err_of_child = _forks.Pipe(duplex=False)
    process = await _fork(program, arguments, env, out_of_child, err_of_child)
    with out, err:
        try:
            # Twice: what the process started may keep its output open.
            async with asyncio.timeout(2 * PATIENCE_SECONDS), asyncio.TaskGroup() as group:
                reading = group.create_task(_read(out)), group.create_task(_read(err))
                code = await _end_of(process)
        finally:
            if process.exitcode is None:
                process.kill()
    output, errors = (each.result().decode() for each in reading)
    return code, output, errors


async def issue_token(env: dict[str, str], *owner: str) -> str:
    code, out, err = await run("token", "issue", *owner, "--json", env=env)
    assert code == 0, err
    token: str = json.loads(out)["token"]
    return token


class Process:
    """A command that goes on until it is ended, and what it has announced."""

    def __init__(self, process: BaseProcess, out: Connection, announced: str) -> None:
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

    async def wait(self) -> int:
        code = await _end_of(self._process)
        self._out.close()
        return code

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        self._process.kill()
        await self.wait()


async def start(
    *arguments: str,
    env: dict[str, str],
    announces: str = "answers on ",
    log: Path | None = None,
    before: Callable[[], None] | None = None,
) -> Process:
    """Start a command, and wait until it announces that it is ready. Its standard error is added to the file `log`.

    `before`, a function of a module, is called in its process first.
    """
    out, out_of_child = _forks.Pipe(duplex=False)
    process = await _fork("capacity-api", arguments, env, out_of_child, log=log, before=before)
    said, announcement = b"", announces.encode()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while chunk := await _read_some(out):
                said += chunk
                _, is_announced, rest = said.partition(announcement)
                if is_announced and b"\n" in rest:
                    return Process(process, out, rest.partition(b"\n")[0].decode().strip())
    except TimeoutError:
        await _abort(process, lambda: _until_readable(process.sentinel))
        raise AssertionError(f"{process.name!r} did not say {announces!r} in {PATIENCE_SECONDS} s: {said!r}") from None
    except asyncio.CancelledError:
        process.kill()
        raise
    with out:
        raise AssertionError(f"it stopped with {await _end_of(process)} before it answered")


@asynccontextmanager
async def serving(*arguments: str, env: dict[str, str], log: Path | None = None) -> AsyncIterator[Process]:
    process = await start("serve", "--port", "0", *arguments, env=env, log=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            code = await process.wait()
            assert code == 0, f"serve ended with {code} when it was told to"


async def finish(process: asyncio.subprocess.Process, seconds: float = PATIENCE_SECONDS) -> tuple[bytes, bytes]:
    """Wait for the end of a process that ends by itself or was told to; what it still wrote."""
    try:
        async with asyncio.timeout(seconds):
            return await process.communicate()
    except TimeoutError:
        await _abort(process, process.communicate)
        raise AssertionError(f"process {process.pid} did not end in {seconds} s, and was killed") from None


async def _fork(
    program: str,
    arguments: tuple[str, ...],
    env: dict[str, str],
    *outputs: Connection,
    log: Path | None = None,
    before: Callable[[], None] | None = None,
) -> BaseProcess:
    name = " ".join((program, *arguments))
    process = _forks.Process(
        target=commands.call, name=name, args=(program, arguments, env, *outputs), kwargs={"log": log, "before": before}
    )
    await asyncio.to_thread(process.start)
    for each in outputs:
        each.close()
    return process


async def _end_of(process: BaseProcess) -> int:
    """Wait for the end of a process that ends by itself or was told to; its exit code."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _until_readable(process.sentinel)
    except TimeoutError:
        await _abort(process, lambda: _until_readable(process.sentinel))
        raise AssertionError(f"{process.name!r} did not end in {PATIENCE_SECONDS} s, and was killed") from None
    process.join()
    assert process.exitcode is not None
    return process.exitcode


async def _abort(process: BaseProcess | asyncio.subprocess.Process, end: Callable[[], Awaitable[object]]) -> None:
    """End a process that hangs; if it is Python, it prints where each thread is."""
    assert process.pid is not None
    for number in (signal.SIGABRT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await end()
                return


async def _read(pipe: Connection) -> bytes:
    found = b""
    while chunk := await _read_some(pipe):
        found += chunk
    return found


async def _read_some(pipe: Connection) -> bytes:
    # Not in a thread: one that waits cannot be told to stop, and the event loop would wait for it at its end.
    await _until_readable(pipe.fileno())
    return os.read(pipe.fileno(), 1 << 16)


async def _until_readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
