"""Schemathesis asks the running API, as each kind of caller, whether it keeps to its own OpenAPI document."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from tests.conftest import settings_of
from tests.processes import finish
from tests.serving import OPEN, PATIENCE_SECONDS, serving

from capacity_api.clock import utc_now

pytestmark = pytest.mark.soak
_FOLDER = Path(__file__).parent
# The same examples each time, and few: a change of the document must not fail by chance. More are asked by hand.
_EXAMPLES, _SEED = 3, 1


@pytest.mark.parametrize("caller", ["nobody", "responder", "partner", "admin"])
async def test_the_api_keeps_to_its_document(database_url: str, caller: str, tmp_path: Path) -> None:
    async with serving(settings_of(database_url), utc_now) as service:
        await service.report("tara", OPEN)
        owner = {"responder": {"responder": "tara"}, "partner": {"partner": "Case tool"}}.get(caller, {})
        headers = {} if caller == "nobody" else await service.token(**owner)
        run = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("schemathesis"),
            "--config-file",
            _FOLDER / "schemathesis.toml",
            "run",
            f"{str(service.client.base_url).rstrip('/')}/openapi.json",
            "--no-color",
            f"--max-examples={_EXAMPLES}",
            f"--seed={_SEED}",
            *(f"--header={name.title()}: {value}" for name, value in headers.items()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(_FOLDER), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"},
        )
        output, _ = await finish(run, 10 * PATIENCE_SECONDS)
    assert run.returncode == 0, output.decode()
