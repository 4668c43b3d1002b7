"""A real Varnish on loopback, as it is without any configuration."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.nginx import free_port, until_ended
from tests.serving import PATIENCE_SECONDS

# Debian installs it in a folder that is only on the path of administrators.
VARNISHD = shutil.which("varnishd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@asynccontextmanager
async def proxying(backend: str, folder: Path) -> AsyncIterator[str]:
    """The address at which Varnish passes requests on to `backend`; it keeps its own files in `folder`."""
    assert VARNISHD is not None
    port = free_port()
    log = folder / "varnish.log"
    arguments = ("-F", "-j", "none", "-n", str(folder / "work"), "-s", "malloc,32m", "-T", "none")
    # It would close the connections of readers for whom a busy machine has no time in five seconds.
    patient = ("-p", f"timeout_idle={PATIENCE_SECONDS:.0f}")
    ports = ("-a", f"127.0.0.1:{port}", "-b", backend.removeprefix("http://"))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            VARNISHD, *arguments, *patient, *ports, stdout=output, stderr=output
        )
        async with until_ended(process, port, log):
            yield f"http://127.0.0.1:{port}"
