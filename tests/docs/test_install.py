"""What the pages tell an operator to type works on a Debian that has nothing of ours yet."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests import nginx
from tests.docs.blocks import Block, blocks
from tests.serving import PATIENCE_SECONDS

# Of the folders that the pages write into, those that a new Debian has. nginx brings its own.
_ON_DEBIAN = ("etc/systemd/system", "etc/nginx/conf.d", "usr/local/sbin", "var/backups", "var/cache", "var/lib")
_SYSTEMD = "docs/operate/systemd.md"
_INSTALL = "docs/operate/install.md"
_CERTIFICATE = re.compile(r"/etc/ssl/capacity/(fullchain|key)\.pem")


def block_with(page: str, text: str) -> Block:
    (found,) = (block for block in blocks() if block.page == page and text in block.code)
    return found


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-ec", script], cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )


def test_each_file_goes_into_a_folder_that_is_there(tmp_path: Path) -> None:
    """The lines that install something, on an empty tree, with the files that the page copies."""
    for folder in _ON_DEBIAN:
        (tmp_path / folder).mkdir(parents=True)
    prepare = block_with(_SYSTEMD, "pip wheel").code
    (copied,) = re.findall(r"^cp (.*) install/$", prepare, re.MULTILINE)
    install = tmp_path / "install"
    install.mkdir()
    assert shell(f"cp {copied} {install}", Path(__file__).parents[2]).returncode == 0
    lines = re.findall(r"^(?:install|cd|echo) .*$", block_with(_SYSTEMD, "systemd-sysusers").code, re.MULTILINE)
    assert len(lines) == 8
    # The user is made by systemd-sysusers, which the test does not run.
    script = re.sub(r" -[go] capacity-api", "", "\n".join(lines))
    done = shell(re.sub(r"(?<= )/(?=etc|usr|var)", f"{tmp_path}/", script), install)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc/sysusers.d/capacity-api.conf").is_file()
    assert (tmp_path / "etc/capacity-api/database-url").is_file()


def test_cron_says_nothing_unless_something_is_wrong(tmp_path: Path) -> None:
    lines = re.findall(r"^[\d *]+root +(.*capacity-admin.*)$", block_with(_SYSTEMD, "15 3 * * *").code, re.MULTILINE)
    assert len(lines) == 2
    stub = tmp_path / "capacity-admin"
    for code, is_told in ((0, False), (1, True)):
        stub.write_text(f"#!/bin/sh\necho said\necho logged >&2\nexit {code}\n")
        stub.chmod(0o755)
        for line in lines:
            # cron takes the backslash away.
            command = line.replace("/usr/local/sbin/capacity-admin", str(stub)).replace("\\%", "%")
            done = shell(command, tmp_path)
            assert ("said" in done.stdout) == is_told
            assert "backup" not in line or not done.stderr


@pytest.mark.skipif(nginx.NGINX is None, reason="nginx is not installed: no example was tested")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: there was no certificate")
def test_nginx_takes_the_example_with_tls_and_what_leads_to_it(tmp_path: Path) -> None:
    """As the page changes it, in folders that a new Debian has."""
    for folder in (*_ON_DEBIAN, "etc/ssl/capacity", "var/log/nginx"):
        (tmp_path / folder).mkdir(parents=True)
    certificate = ["-subj", "/CN=localhost", "-keyout", "etc/ssl/capacity/key.pem", "-out"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate, "etc/ssl/capacity/fullchain.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    example = nginx.PROXY_EXAMPLE.read_text()
    tls = block_with(_INSTALL, "listen 443 ssl;").code
    assert len(_CERTIFICATE.findall(tls)) == 2
    assert "    listen 80; " in example
    site = example.replace("    listen 80; ", f"{tls} ", 1) + block_with(_INSTALL, "return 308").code
    (tmp_path / "site.conf").write_text(re.sub(r"(?<= )/(?=etc|var)", f"{tmp_path}/", site))
    main = tmp_path / "main.conf"
    main.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\nhttp {{ include site.conf; }}\n"
    )
    assert nginx.NGINX is not None
    done = subprocess.run(
        [nginx.NGINX, "-t", "-e", tmp_path / "error.log", "-c", main],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
