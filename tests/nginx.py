"""A real nginx on loopback, with the example of the documentation."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "docs" / "nginx.conf"
# Debian installs it in a folder that is only on the path of administrators.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@asynccontextmanager
async def serving(root: Path, page_headers: str, folder: Path) -> AsyncIterator[str]:
    """The address at which nginx serves `root`; it keeps its own files in `folder`."""
    assert NGINX is not None
    port = _free_port()
    example = EXAMPLE.read_text()
    for line, here in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "root /srv/capacity;": f"root {root};",
        "error_log /var/log/nginx/capacity.log emerg;": f"error_log {folder}/error.log;",
    }.items():
        assert line in example
        example = example.replace(line, here)
    # Relative to the main file, as `include` is.
    (folder / "capacity-pages.conf").write_text(page_headers)
    (folder / "capacity.conf").write_text(example)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Without it, the workers of an nginx that root starts run as a user that may not read the test's folders.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ {temporary} include capacity.conf; }}\n"
    )
    process = await asyncio.create_subprocess_exec(
        NGINX, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"
    )
    try:
        async with asyncio.timeout(10):
            while not await _answers(port):
                assert process.returncode is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
