"""Each output format can be taken out of the list, and one that fails harms nothing else."""

import json
import pkgutil
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service, serving

import capacity_api.api.formats
import capacity_api.formats
from capacity_api.api.routes import _BY_FORMAT
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.remit import Remit
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.operations.responders import ResponderRequest, list_responder
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import BUILD_AHEAD_FROM, Publisher
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.static_site.folder import WriteSummary, open_folder
from capacity_api.static_site.site import StaticSite

ROOT = Path(__file__).parents[2]
# A path of each format that answers without a query.
PATHS = {
    "csv": "/v1/directory.csv",
    "atom": "/v1/feed.atom",
    "rpde": "/v1/changes",
    "open_referral": "/open-referral-uk/services",
    "statistics": "/v1/statistics.csv",
}
CORE = (
    "/",
    "/coverage",
    "/update",
    "/manage",
    "/v1/directory",
    "/v1/coverage",
    "/v1/responders/tara",
    "/v1/statistics",
    "/v1/events",
)
CSV = PATHS["csv"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    # The formats read no database.
    return sqlite_url


def fails_for(slug: str) -> tuple[Format, ...]:
    """The formats, with a table that cannot write the row of one responder."""
    table = next(output for output in FORMATS if output.name == "csv").documents[CSV]

    def document(snapshot: Snapshot) -> Resource:
        report = snapshot.entries[slug].responder.intake.report if slug in snapshot.entries else None
        if report is not None and report.note == "unwritable":
            raise ValueError("a row that cannot be written")
        return table(snapshot)

    return tuple(
        Format(name="csv", documents={CSV: document}) if output.name == "csv" else output for output in FORMATS
    )


def test_every_format_has_a_path_here() -> None:
    assert {output.name for output in FORMATS} == PATHS.keys()


def test_every_module_of_a_format_is_registered_with_its_controller() -> None:
    names = {output.name for output in FORMATS}
    assert {module.name for module in pkgutil.iter_modules(capacity_api.formats.__path__)} - {
        "format",
        "registry",
    } == names
    assert {module.name for module in pkgutil.iter_modules(capacity_api.api.formats.__path__)} == names
    assert _BY_FORMAT.keys() == names


@pytest.mark.parametrize("path", [path.removesuffix("/services") for path in PATHS.values()])
def test_every_format_is_in_the_index_of_the_documentation_and_in_a_test_of_the_api(path: str) -> None:
    assert path in (ROOT / "docs" / "index.md").read_text()
    assert any(path in test.read_text() for test in (ROOT / "tests" / "api").glob("test_*.py"))


@pytest.mark.parametrize("removed", PATHS)
async def test_without_one_format_the_rest_still_works(
    settings: Settings, clock: Clock, tmp_path: Path, removed: str
) -> None:
    formats = [output for output in FORMATS if output.name != removed]
    async with serving(settings, clock, formats=formats) as service:
        await service.report("tara", OPEN)
        gone = await service.client.get(PATHS[removed])
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
        for path in (*CORE, *(path for name, path in PATHS.items() if name != removed)):
            assert (await service.client.get(path)).status_code == 200, path
        await _build_site(service.database, clock, tmp_path / "with", FORMATS)
        await _build_site(service.database, clock, tmp_path / "without", formats)
    with_it, without_it = (_names(tmp_path / name) for name in ("with", "without"))
    assert without_it <= with_it
    assert {name for name in without_it if name.startswith("v1/responders/")} == {
        name for name in with_it if name.startswith("v1/responders/")
    }


async def test_a_format_that_fails_is_a_problem_at_its_own_path_alone(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock, formats=fails_for("tara")) as service:
        assert (await service.client.get(CSV)).status_code == 200
        await _assert_only_the_table_fails(service)


async def test_a_format_that_fails_holds_nothing_back_however_many_responders_there_are(
    settings: Settings, clock: Clock
) -> None:
    async with serving(settings, clock, formats=fails_for("tara")) as service:
        remit = Remit(areas=("W92000004",), exploitation_types=EVERYTHING, age_groups=("adult",))
        async with service.database.write() as session:
            for number in range(BUILD_AHEAD_FROM):
                new = ResponderRequest(slug=f"other-{number}", name=f"Other {number}", remit=remit)
                await list_responder(session, clock(), new)
        await _assert_only_the_table_fails(service)


async def test_a_file_that_cannot_be_built_keeps_its_version_and_the_others_follow(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", {**OPEN, "note": "writable"})
        formats, root = fails_for("tara"), tmp_path / "site"
        assert (await _build_site(service.database, clock, root, formats)).failed == 0
        table = (root / "v1" / "directory.csv").read_bytes()
        await service.report("tara", {**PAUSED, "note": "unwritable"})
        summary = await _build_site(service.database, clock, root, formats)
        assert summary.failed == 1
        assert (root / "v1" / "directory.csv").read_bytes() == table
        directory = json.loads((root / "v1" / "directory").read_bytes())
        assert directory == await service.read("/v1/directory")
        assert "1 paused" in (root / "index.html").read_text()
        await service.report("tara", {**PAUSED, "note": "writable again"})
        assert (await _build_site(service.database, clock, root, formats)).failed == 0
        assert "writable again" in (root / "v1" / "directory.csv").read_text()


async def test_a_page_that_cannot_be_built_names_the_helpline_and_no_open_responder(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    def unreadable(_: Snapshot) -> Resource:
        raise ValueError("a page that cannot be rendered")

    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        whole = catalogue(settings)
        broken = msgspec.structs.replace(whole, documents={**whole.documents, "/": unreadable})
        publisher = Publisher(service.database, clock, broken)
        await publisher.refresh()
        snapshot = publisher.current()
        page, directory = snapshot.find("/"), snapshot.find("/v1/directory")
        assert page is not None
        assert directory is not None
        assert page.status == 500
        assert snapshot.find("/") is page
        # As in the log.
        UUID(dict(page.headers)["x-request-id"])
        assert b"08000 121 700" in page.body
        assert b"open" not in page.body.split(b"<main")[1].split(b"</main>")[0].replace(b"who is open", b"")
        assert directory.body == (await service.client.get("/v1/directory")).content
        with open_folder(tmp_path / "site") as folder:
            await StaticSite(publisher, FORMATS, folder, clock).write()
        assert (tmp_path / "site" / "index.html").read_bytes() == page.body, "an old page could show an old state"


async def _assert_only_the_table_fails(service: Service) -> None:
    await service.report("tara", {**PAUSED, "note": "unwritable"})
    refused = await service.client.get(CSV)
    assert (refused.status_code, refused.headers["content-type"]) == (500, "application/problem+json")
    assert refused.json()["code"] == "internal_error"
    tara = await service.responder("tara")
    assert (tara["intake"]["state"], tara["intake"]["report"]["note"]) == ("paused", "unwritable")
    for path in (*CORE, *(path for path in PATHS.values() if path != CSV)):
        assert (await service.client.get(path)).status_code == 200, path
    assert "1 paused" in (await service.client.get("/")).text
    assert (await service.client.get("/readyz")).status_code == 200
    await service.report("tara", {**PAUSED, "note": "writable"})
    assert (await service.client.get(CSV)).status_code == 200


async def _build_site(
    database: Database, clock: Clock, root: Path, formats: tuple[Format, ...] | list[Format]
) -> WriteSummary:
    publisher = Publisher(database, clock, catalogue(database.settings, formats))
    await publisher.refresh()
    with open_folder(root) as folder:
        summary = await StaticSite(publisher, formats, folder, clock).write()
    assert summary is not None
    return summary


def _names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
