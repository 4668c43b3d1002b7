"""A real nginx on loopback, with the examples of the documentation."""

import asyncio
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.processes import finish
from tests.serving import PATIENCE_SECONDS

_DOCS = Path(__file__).parents[1] / "docs"
FILES_EXAMPLE = _DOCS / "nginx.conf"
PROXY_EXAMPLE = _DOCS / "operate" / "nginx.conf"
# Debian installs it in a folder that is only on the path of administrators.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@asynccontextmanager
async def serving(root: Path, page_headers: str, folder: Path, certificate: Path | None = None) -> AsyncIterator[str]:
    """The address at which nginx serves `root` by the example; it keeps its own files in `folder`.

    With a `certificate` for localhost, which holds its key too, it does so over TLS.
    """
    # Relative to the main file, as `include` is.
    (folder / "capacity-pages.conf").write_text(page_headers)
    changes = {"root /srv/capacity;": f"root {root};"}
    async with _running(FILES_EXAMPLE.read_text(), changes, folder, certificate) as address:
        yield address


@asynccontextmanager
async def proxying(backend: str, folder: Path, example: str) -> AsyncIterator[str]:
    """The address at which nginx passes requests on to `backend`, configured by `example`."""
    changes = {
        "server 127.0.0.1:8000;": f"server {backend.removeprefix('http://')};",
        "proxy_cache_path /var/cache/nginx-capacity": f"proxy_cache_path {folder}/cache",
    }
    async with _running(example, changes, folder) as address:
        yield address


@asynccontextmanager
async def _running(
    example: str, changes: dict[str, str], folder: Path, certificate: Path | None = None
) -> AsyncIterator[str]:
    """nginx with an example in which its port, its log and `changes` are replaced."""
    assert NGINX is not None
    port = free_port()
    tls = "" if certificate is None else f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}"
    changes |= {
        "listen 80;": f"listen 127.0.0.1:{port}{tls};",
        "error_log /var/log/nginx/capacity.log emerg;": f"error_log {folder}/error.log;",
    }
    for line, here in changes.items():
        assert line in example
        example = example.replace(line, here)
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
    async with until_ended(process, port, folder / "error.log"):
        yield f"http://127.0.0.1:{port}" if certificate is None else f"https://localhost:{port}"


@asynccontextmanager
async def until_ended(process: asyncio.subprocess.Process, port: int, log: Path) -> AsyncIterator[None]:
    """Wait until a process answers on a port; end the process afterwards."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _answers(port):
                assert process.returncode is None, log.read_text()
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await finish(process)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


def free_port() -> int:
    """A port on loopback where nobody listens, for a program that has to be told its own.

    The system gives ports of a higher range to whoever asks for any: tests beside this one do so all the time.
    """
    while True:
        # Hypothesis repeats the numbers of `random`, in each process of the tests the same ones.
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as bound:
            try:
                bound.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
