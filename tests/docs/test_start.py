"""`docs/guide/start.md`, done by a newcomer with a real demonstration: each step shows what the page says."""

import os
import re
import sys
from pathlib import Path

from tests.docs.blocks import ROOT, blocks
from tests.docs.terminal import Terminal, assert_shown, read_until, running
from tests.nginx import free_port
from tests.processes import COMMAND


async def test_each_step_shows_what_the_page_says(tmp_path: Path) -> None:
    page = [block for block in blocks() if block.page == "docs/guide/start.md"]
    shells = iter([block for block in page if block.language == "sh"])
    seen = iter([block for block in page if block.language == "text"])
    port = free_port()
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    env = {**os.environ, "TMPDIR": str(tmp_path), "CURL_HOME": str(tmp_path)}
    (tmp_path / ".curlrc").write_text("fail-with-body\nnoproxy = *\n")
    async with (
        running(str(COMMAND), "demo", "--port", "0", "--listen-port", "0", env=env) as demo,
        running("bash", cwd=tmp_path, env=env) as shell,
    ):
        assert demo.stdout is not None
        terminal = Terminal(shell, {"127.0.0.1:9000": f"127.0.0.1:{port}"})
        assert next(shells).code.endswith("make demo\n")
        said = await read_until("Stop it", demo.stdout)
        for line in next(seen).code.splitlines():
            assert line == "…" or line.partition("=")[0] in said
        await terminal.paste(next(line for line in said.splitlines() if line.startswith("   export ")))
        assert_shown(next(seen), await terminal.paste(next(shells).code))
        for _ in range(2):
            await terminal.paste(next(shells).code)
        secret = (await terminal.paste('echo "$WEBHOOK_SECRET"')).strip()
        assert re.fullmatch(r"whsec_\S+", secret)
        assert "\n.partner/bin/python docs/examples/guide/receive.py\n" in next(shells).code
        assert (ROOT / next(shells).code.removeprefix("node ").strip()).exists()
        receiver = running(
            sys.executable,
            "docs/examples/guide/receive.py",
            cwd=tmp_path,
            env={**env, "WEBHOOK_SECRET": secret, "PORT": str(port)},
        )
        async with receiver as receiving:
            assert receiving.stdout is not None
            for _ in range(2):
                await terminal.paste(next(shells).code)
                shown = next(seen)
                assert_shown(shown, await read_until(shown.code.strip(), receiving.stdout))
            assert (await terminal.paste(next(shells).code)).split() == ["401"]
            await read_until("refused: not signed with this secret", receiving.stdout)
            assert '"reason":null' in await terminal.paste(next(shells).code)
        await terminal.paste(next(shells).code)
        asked = 'curl -s "$DIRECTORY/v1/webhooks/$WEBHOOK_ID" -H "Authorization: Bearer $TOKEN"'
        assert '"code":"not_found"' in await terminal.paste(asked)
        assert [*shells, *seen] == [], "the page has a block that this test leaves out"
