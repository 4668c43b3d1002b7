"""`docs/guide/copy.md`, done by a newcomer: a copy that survives a kill, a lapse, a delisting and a restore."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, Block, blocks
from tests.docs.terminal import Terminal, assert_shown, running
from tests.examples.partners import NODE
from tests.nginx import free_port
from tests.processes import COMMAND
from tests.serving import PATIENCE_SECONDS

PAGE = "docs/guide/copy.md"
# Ctrl-C, and the end of what it ended.
STOP = "kill -TERM $!; wait $!"
# How the block begins that is for this language alone.
LANGUAGES = {"python": "integrate() { .partner/bin/python ", "javascript": "integrate() { node "}


async def is_shown(tool: Terminal, block: Block, without: str = "nothing at all") -> None:
    """Ask `shown` until it prints what the page says."""
    said = ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not all(line in said.splitlines() for line in block.code.splitlines()) or without in said:
                said = await tool.paste("shown 2> /dev/null")
    except TimeoutError:
        assert_shown(block, said)
        assert without not in said


# What the other language does is tested against the same service by tests/examples/test_partner.py.
@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=pytest.mark.soak)])
async def test_the_copy_survives_what_the_page_does_to_it(tmp_path: Path, language: str) -> None:
    others = tuple(words for name, words in LANGUAGES.items() if name != language)
    shells = iter([block.code for block in blocks("sh") if block.page == PAGE and not block.code.startswith(others)])
    seen = iter([block for block in blocks("text") if block.page == PAGE])
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".curlrc").write_text("fail-with-body\nnoproxy = *\n")
    env = {**os.environ, "CURL_HOME": str(tmp_path), "FOLLOW_EVERY_SECONDS": "0.5"}
    port, own_port = free_port(), free_port()
    words = {
        ".venv/bin/capacity-api": str(COMMAND),
        ".partner/bin/python": sys.executable,
        "node ": f"{NODE} ",
        "http://127.0.0.1:8000": f"http://127.0.0.1:{port}",
        "PORT=9000": f"PORT={own_port}",
        # A terminal of this test has nobody to press Ctrl-C.
        "serve --port 8000": f"serve --port {port} > log 2>&1 & until grep -q 'answers on' log; do sleep 0.1; done",
    }
    async with (
        running("bash", cwd=tmp_path, env=env) as first,
        running("bash", "-m", cwd=tmp_path, env=env) as second,
    ):
        service, tool = Terminal(first, words), Terminal(second, words)
        await service.paste(next(shells))
        try:
            for _ in range(4):
                await tool.paste(next(shells))
            await is_shown(tool, next(seen))
            await tool.paste(next(shells))
            await is_shown(tool, next(seen))
            assert_shown(next(seen), await tool.paste(next(shells)))
            await tool.paste(next(shells))
            await is_shown(tool, Block(page=PAGE, line=0, language="text", code="salvation-army paused"), "tara")
            await service.paste(STOP)
            await service.paste(next(shells))
            await is_shown(tool, next(seen))
            await service.paste(STOP)
            await tool.paste(next(shells))
            assert not (tmp_path / "trial").exists()
            assert [*shells, *seen] == [], "the page has a block that this test leaves out"
        finally:
            await tool.paste("kill -9 $(jobs -p)")
            await service.paste(STOP)
