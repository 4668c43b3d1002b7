"""`capacity-api demo`: the three lines that it prints do what they say."""

import asyncio
import json
import os
import re
import shlex
import signal
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
from tests.docs.terminal import read_until
from tests.processes import COMMAND, finish
from tests.serving import PATIENCE_SECONDS


async def test_the_three_lines_do_what_they_say(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        COMMAND, "demo", "--port", "0", "--listen-port", "0", stdout=PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert demo.stdout is not None
    try:
        output = await read_until("Stop it", demo.stdout)
        lines = re.findall(r"^   (curl .*)$", output, re.MULTILINE)
        assert len(lines) == 3
        paused, directory = [json.loads(await _run_line(line)) for line in lines[:2]]
        assert (paused["slug"], paused["intake"]["state"]) == ("salvation-army", "paused")
        states = {each["slug"]: each["intake"]["state"] for each in directory["responders"]}
        assert states.pop("salvation-army") == "paused"
        assert states.pop("migrant-help") == "waiting_list"
        assert set(states.values()) == {"unconfirmed"}
        assert directory["demonstration"] is True
        # The receiver prints what it has got, so that is what to wait for. With the pause nobody is open for adults.
        printed = await read_until("coverage.gap_opened", demo.stdout)
        assert "intake.paused salvation-army" in printed
        received = json.loads(await _run_line(lines[2]))["received"]
        assert [(each["verified"], each["event"]["type"]) for each in received] == [
            (True, "intake.paused"),
            (True, "coverage.gap_opened"),
        ]
        page = re.search(r"page +(\S+)", output)
        mail = re.search(r"mail +(\S+)", output)
        assert page is not None
        assert mail is not None
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            assert "Demonstration data" in (await client.get(page[1])).text
            assert "There is none yet." in (await client.get(mail[1])).text
            for email, place in (("editor@example.org", "update"), ("coordinator@example.org", "manage")):
                assert email in output
                await client.post(f"{page[1]}v1/sign-in", json={"email": email})
                address = re.search(r"\n(\S+#link=\S+)\n", await read_until("#link=", demo.stdout))
                assert address is not None
                assert address[1].startswith(f"{page[1]}{place}#link=")
                shown = await client.get(mail[1])
                assert f'href="{address[1]}"' in shown.text
                assert shown.headers["content-type"] == "text/html; charset=utf-8"
    finally:
        if demo.returncode is None:
            demo.send_signal(signal.SIGTERM)
        await finish(demo)
    assert demo.returncode == 0
    assert list(tmp_path.iterdir()) == [], "nothing is kept"


async def _run_line(line: str) -> str:
    process = await asyncio.create_subprocess_exec(*shlex.split(line), "--silent", stdout=PIPE)
    out, _ = await finish(process)
    assert process.returncode == 0
    return out.decode()
