"""A terminal that a newcomer pastes the blocks of a page into."""

import asyncio
import re
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.docs.blocks import Block
from tests.processes import finish
from tests.serving import PATIENCE_SECONDS

_END = "--- end of the block"


async def read_until(words: str, output: asyncio.StreamReader) -> str:
    said = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while words not in said:
            line = await output.readline()
            assert line, said
            said += line.decode()
    return said


@asynccontextmanager
async def running(*command: str, **options: object) -> AsyncIterator[Process]:
    # Of any keyword's type.
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, **options)  # type: ignore[arg-type]
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await finish(process)


class Terminal:
    """A shell that a newcomer pastes into."""

    def __init__(self, process: Process, words: Mapping[str, str]) -> None:
        """`words`: what is different here from what the page says, such as a port."""
        self._process = process
        self._words = words

    async def paste(self, code: str) -> str:
        """What it shows."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for word, meaning in self._words.items():
            code = code.replace(word, meaning)
        self._process.stdin.write(f"{code}\necho; echo '{_END}'\n".encode())
        return (await read_until(_END, self._process.stdout)).partition(_END)[0]


def assert_shown(block: Block, said: str) -> None:
    """Each line of the page was there; a time may be another."""
    for line in block.code.splitlines():
        pattern = re.sub(r"\\?\d+", r"\\d+", re.escape(line))
        assert line == "…" or re.search(f"^{pattern}$", said.replace("\ufeff", ""), re.MULTILINE), (line, said)
