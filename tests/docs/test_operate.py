"""The operator's pages say what the code does: permissions, connections, how long things are kept, and who asks."""

import re
from pathlib import Path

import httpx
import pytest
from tests import nginx, processes
from tests.docs.blocks import ROOT

from capacity_api.config import Settings
from capacity_api.database_url import PARAMETERS, SSL_MODES
from capacity_api.db.bulkheads import CONNECTIONS
from capacity_api.db.privileges import needed_privileges

OPERATE = ROOT / "docs" / "operate"
INSTALL = (OPERATE / "install.md").read_text()


def test_the_permissions_are_those_that_the_service_needs() -> None:
    rows = re.findall(r"^\| (.*) \| ((?:SELECT|INSERT|UPDATE|DELETE|, )+) \|$", INSTALL, re.MULTILINE)
    said = {name: tuple(held.split(", ")) for names, held in rows for name in re.findall(r"`(\w+)`", names)}
    every_other = [tuple(held.split(", ")) for names, held in rows if names == "every other"]
    needed = needed_privileges(Settings())
    assert {name: said.get(name, *every_other) for name in needed} == needed
    assert said.keys() <= needed.keys()


def test_the_connections_are_those_of_the_pools() -> None:
    serving = sum(CONNECTIONS.values())
    assert f"| {serving} | 4 × {serving} = {4 * serving} |" in INSTALL


def test_the_address_of_a_database_may_have_what_the_page_says() -> None:
    section = INSTALL.partition("### The address of a provider")[2].partition("`channel_binding`")[0]
    assert set(re.findall(r"`(\w[\w-]*)`", section)) >= {*PARAMETERS, *SSL_MODES}


def test_what_is_deleted_is_kept_for_as_long_as_the_page_says() -> None:
    page = (OPERATE / "size.md").read_text()
    kept = Settings()
    assert f"| deliveries and their attempts | {kept.keep_deliveries.days} days" in page
    assert f"| mail: its kind and how it went | {kept.keep_mail.days} days" in page
    assert f"| links, without their secret | {kept.keep_mail.days} days" in page
    assert "| [the audit](audit.md) | for ever" in page
    assert kept.keep_audit is None


@pytest.mark.skipif(nginx.NGINX is None, reason="nginx is not installed: it served nothing")
async def test_nginx_says_who_asks_and_passes_no_invented_address_on(tmp_path: Path, sqlite_url: str) -> None:
    """`/metrics` shows whom the service takes the reader for: only 127.0.0.1 may read it without a token."""
    env = processes.environment(sqlite_url, metrics_allow="127.0.0.1", trusted_proxies="127.0.0.1")
    example = nginx.PROXY_EXAMPLE.read_text()
    async with processes.serving(env=env) as service, nginx.proxying(service.address, tmp_path, example) as proxy:

        async def status_for(source: str, **headers: str) -> int:
            transport = httpx.AsyncHTTPTransport(local_address=source)
            async with httpx.AsyncClient(base_url=proxy, transport=transport, timeout=60) as client:
                return (await client.get("/metrics", headers=headers)).status_code

        assert await status_for("127.0.0.1") == 200
        assert await status_for("127.0.0.2") == 401
        assert await status_for("127.0.0.2", **{"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"}) == 401
        # A header that it would pass on would not agree with its own.
        assert await status_for("127.0.0.1", forwarded="for=192.0.2.1") == 200
