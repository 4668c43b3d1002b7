"""`sslmode` in the database URL, as every provider prints it, does what libpq says that it does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests import certificates, processes
from tests.outages import Proxy, proxying

from capacity_api.config import Settings, from_environment
from capacity_api.db import schema
from capacity_api.db.engine import Database

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def proxy(settings: Settings, tmp_path: Path) -> AsyncIterator[Proxy]:
    server, _ = certificates.certified(tmp_path, "localhost")
    async with proxying(settings.url, server) as proxy:
        yield proxy


def with_mode(proxy: Proxy, mode: str) -> str:
    """The URL as a provider prints it. The certificate is for `localhost`."""
    url = proxy.url.replace("postgresql+asyncpg:", "postgresql:").replace("@127.0.0.1", "@localhost")
    return f"{url}?sslmode={mode}"


@pytest.mark.parametrize(
    ("mode", "is_encrypted"), [("disable", False), ("allow", False), ("prefer", True), ("require", True)]
)
async def test_a_mode_decides_whether_the_connection_is_encrypted(proxy: Proxy, mode: str, is_encrypted: bool) -> None:
    database = Database(from_environment({"CAPACITY_DATABASE_URL": with_mode(proxy, mode)}))
    try:
        assert await schema.read_revision(database) == schema.needed_revision()
    finally:
        await database.close()
    assert proxy.connections > 0
    assert proxy.encrypted == (proxy.connections if is_encrypted else 0)


async def test_a_certificate_is_verified_against_the_root_certificate_that_is_named(
    proxy: Proxy, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certificates.certified(other, "localhost")
    env = processes.environment(with_mode(proxy, "verify-full")) | {"HOME": str(tmp_path)}
    roots = {"nobody's": None, "another": other / certificates.FILE, "its own": tmp_path / certificates.FILE}
    outcomes = {}
    for name, root in roots.items():
        named = {} if root is None else {"PGSSLROOTCERT": str(root)}
        outcomes[name] = await processes.run("db", "check", env=env | named)
    assert outcomes["its own"] == (0, "the schema is up to date\n", "")
    for name, reason in (("nobody's", "root certificate file"), ("another", "certificate verify failed")):
        code, _, err = outcomes[name]
        assert code == 13
        assert err.startswith("capacity-api: the connection to the database cannot be encrypted as sslmode asks (")
        assert reason in err
        assert err.count("\n") == 1


async def test_a_server_without_tls_is_one_line(settings: Settings) -> None:
    async with proxying(settings.url) as proxy:
        code, _, err = await processes.run("db", "check", env=processes.environment(with_mode(proxy, "require")))
    assert (code, err.count("\n")) == (13, 1)
    assert "rejected SSL upgrade" in err
