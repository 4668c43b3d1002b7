from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
from tests.api.people import NOBODYS_SERVER
from tests.api.subscribers import Subscriber, subscribed
from tests.conftest import NOON, Clock, settings_of
from tests.databases import Server, copy_sqlite
from tests.listed import postgresql_template, sqlite_template
from tests.serving import Service, serving

from capacity_api.config import Settings

__all__ = ["postgresql_template", "sqlite_template"]


@pytest.fixture
async def service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    async with serving(settings, clock) as running:
        yield running


@pytest.fixture
async def subscriber(service: Service, settings: Settings, clock: Clock) -> AsyncIterator[Subscriber]:
    async with subscribed(service, settings, clock) as found:
        yield found


# They try every route or every question in many ways, or look at how something is said, and hardly depend on the
# database: what is published is answered from memory. The second database is for the soak run.
_HARDLY_OF_THE_DATABASE = frozenset(
    {
        "test_audit_routes.py",
        "test_changes_feed.py",
        "test_clock_in_doubt.py",
        "test_deprecation.py",
        "test_directory.py",
        "test_directory_table.py",
        "test_evidence.py",
        "test_feed.py",
        "test_form.py",
        "test_health.py",
        "test_limited_intake.py",
        "test_match_agreement.py",
        "test_matches.py",
        "test_matrix.py",
        "test_open_referral.py",
        "test_problems.py",
        "test_profile.py",
        "test_said_by.py",
    }
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in _HARDLY_OF_THE_DATABASE and "postgresql" in item.name:
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    template = request.getfixturevalue(f"{request.param}_template")
    if request.param == "sqlite":
        yield copy_sqlite(template, tmp_path_factory.mktemp("shared") / "capacity.db")
    else:
        server: Server = request.getfixturevalue("postgresql_server")
        with server.create_database(template) as url:
            yield url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
async def shared_service(shared_url: str) -> AsyncIterator[Service]:
    """One service for all requests of a module that are refused: to start one takes longer than to refuse ten."""
    settings = msgspec.structs.replace(settings_of(shared_url), smtp=NOBODYS_SERVER)
    async with serving(settings, Clock(NOON)) as running:
        before = await running.read("/v1/events", after=0)
        yield running
        assert await running.read("/v1/events", after=0) == before, "a test that shares the service changed something"
