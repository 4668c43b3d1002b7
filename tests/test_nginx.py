"""The built site behind a real nginx, with the example of the documentation: what the service answers, byte by byte."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from tests import certificates, nginx
from tests.conftest import Clock
from tests.pages.parsed import Parsed
from tests.serving import OPEN, PAUSED, Service, client_of, serving
from tests.wording.languages import invented, invented_language

from capacity_api.config import Settings
from capacity_api.formats.registry import FORMATS
from capacity_api.pages import scripts
from capacity_api.publication import documents
from capacity_api.publication.publisher import Publisher
from capacity_api.static_site.folder import NEIGHBOURS, Folder
from capacity_api.static_site.site import StaticSite, headers_of_every_page
from capacity_api.wording.language import ENGLISH, Language

__all__ = ["invented_language"]

pytestmark = pytest.mark.skipif(nginx.NGINX is None, reason="nginx is not installed: it served nothing")
DIRECTORY = "/v1/directory"
IDENTITY = {"accept-encoding": "identity"}


# The copy is made of memory, so which database that was read from makes no difference.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


class Mirror:
    """A service, its copy in files, and nginx before that."""

    def __init__(self, service: Service, publication: Publisher, copy: StaticSite, client: httpx.AsyncClient) -> None:
        self.service = service
        self.client = client
        self._publication = publication
        self._copy = copy

    def page(self, path: str) -> bytes:
        """A page as it is written: a file has no link to what needs the service."""
        found = self._publication.current().find(path)
        assert found is not None
        return found.body

    async def write(self) -> None:
        """Take in what was committed, as the copy does by itself while it watches."""
        await self._publication.refresh()
        await self._copy.write()

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={**IDENTITY, **{n.replace("_", "-"): v for n, v in headers.items()}})


@asynccontextmanager
async def mirrored(settings: Settings, clock: Clock, root: Path, folder: Folder, own: Path) -> AsyncIterator[Mirror]:
    own.mkdir()
    site = documents.catalogue(settings, is_static=True)
    headers = "".join(f'add_header {name} "{value}" always;\n' for name, value in headers_of_every_page(site, clock()))
    async with serving(settings, clock) as service, nginx.serving(root, headers, own) as address:
        await service.report("salvation-army", OPEN)
        await service.report("tara", PAUSED)
        publication = Publisher(service.database, clock, site)
        async with client_of(address) as client:
            mirror = Mirror(service, publication, StaticSite(publication, FORMATS, folder, clock), client)
            await mirror.write()
            yield mirror


@pytest.fixture
async def mirror(settings: Settings, clock: Clock, root: Path, folder: Folder, tmp_path: Path) -> AsyncIterator[Mirror]:
    async with mirrored(settings, clock, root, folder, tmp_path / "nginx") as running:
        yield running


def paths(root: Path) -> list[str]:
    """What the files are the answers to."""
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    kept = [
        name
        for name in names
        if not name.endswith((*NEIGHBOURS.values(), ".capacity-site")) and name not in {"site.json", "404.html"}
    ]
    return [re.sub(r"/?index\.(json|html)$|\.html$", "", f"/{name}") or "/" for name in kept]


async def test_each_path_gives_the_bytes_and_the_type_that_the_service_gives(mirror: Mirror, root: Path) -> None:
    found = paths(root)
    assert {
        "/",
        "/docs",
        "/coverage",
        "/about",
        "/r/tara",
        DIRECTORY,
        "/v1/responders/tara",
        "/v1/responders/tara/history",
    } <= set(found)
    assert {f"/scripts/{name}" for name in scripts.names(is_static=True)} <= set(found)
    assert {"/v1/responders/tara/alternatives", "/open-referral-uk", "/open-referral-uk/services"} <= set(found)
    for path in [*found, "/open-referral-uk/"]:
        ours = await mirror.service.client.get(path, headers=IDENTITY)
        theirs = await mirror.get(path)
        assert (theirs.status_code, ours.status_code) == (200, 200), path
        is_page = ours.headers["content-type"].startswith("text/html")
        assert theirs.content == (mirror.page(path) if is_page else ours.content), path
        assert theirs.headers["content-type"] == ours.headers["content-type"], path
        for name in ("access-control-allow-origin", "x-content-type-options", "content-disposition", "referrer-policy"):
            assert theirs.headers.get(name) == ours.headers.get(name), (path, name)
        assert "last-modified" not in theirs.headers


async def test_everything_that_is_published_without_a_query_or_a_database_has_a_file(
    mirror: Mirror, root: Path
) -> None:
    operations = (await mirror.service.read("/openapi.json"))["paths"]
    public = [path for path, methods in operations.items() if "get" in methods and not methods["get"].get("security")]
    templates = {path: re.sub(r"\{[^}]*\}", "[^/]+", path) for path in public}
    found = paths(root)
    assert {path for path in public if not any(re.fullmatch(templates[path], each) for each in found)} == {
        # They follow the database, by a query.
        "/v1/events",
        "/v1/changes",
        "/v1/statistics",
        "/v1/statistics.csv",
        # They are about a process.
        "/healthz",
        "/readyz",
        # They need the service.
        "/update",
        "/manage",
        "/evidence",
        "/evidence/{period}",
        "/evidence/{first}/{last}",
        # There is none.
        "/open-referral-uk/service_at_locations/{location_id}",
    }


async def test_a_page_may_do_what_it_may_do_at_the_service_and_is_kept_by_nobody(mirror: Mirror) -> None:
    for path in ("/", "/docs", "/r/tara", "/about", "/wall-sheet", "/coverage"):
        ours = (await mirror.service.client.get(path)).headers
        theirs = (await mirror.get(path)).headers
        assert theirs["cache-control"] == ours["cache-control"] == "no-store"
        for name in ("cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy"):
            assert theirs[name] == ours[name]
        allowed, needed = (_policy(each["content-security-policy"]) for each in (theirs, ours))
        # One policy for all pages: the styles of each, and this server's scripts also where there are none.
        assert needed.pop("style-src") <= allowed.pop("style-src")
        scripts = {"script-src": {"'self'"}, "connect-src": {"'self'"}}
        # Files answer no form.
        assert allowed == {**needed, **scripts, "form-action": {"'none'"}}
    assert "access-control-allow-origin" not in theirs


def _policy(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split(";")]
    return {name: set(values) for name, *values in parts}


async def test_scripts_are_kept_by_nobody(mirror: Mirror) -> None:
    for name in scripts.names(is_static=True):
        answer = await mirror.get(f"/scripts/{name}")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_what_did_not_change_is_304_with_the_headers_of_a_200(mirror: Mirror) -> None:
    for path in (DIRECTORY, "/v1/responders/tara", "/v1/feed.atom", "/v1/directory.csv"):
        for coding in ("identity", "gzip"):
            first = await mirror.get(path, accept_encoding=coding)
            assert first.headers["cache-control"] == "public, no-cache"
            await mirror.write()
            again = await mirror.get(path, accept_encoding=coding, if_none_match=first.headers["etag"])
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "access-control-allow-origin"):
                assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_each_of_two_changes_within_a_second_is_200(mirror: Mirror, coding: str) -> None:
    etags: list[str] = []
    # The clock stands still, and each is as long as the other.
    for note in ("One.", "Two.", "Six."):
        shown = await mirror.service.report("tara", PAUSED | {"note": note})
        await mirror.write()
        for path in (DIRECTORY, "/v1/responders/tara", "/open-referral-uk/services"):
            condition = {"if_none_match": ", ".join(etags)} if etags else {}
            answer = await mirror.get(path, accept_encoding=coding, **condition)
            assert answer.status_code == 200, (path, note)
            assert f'"{note}"' in answer.text
        assert shown["intake"]["report"]["note"] == note
        etags += [
            (await mirror.get(path, accept_encoding=coding)).headers["etag"] for path in (DIRECTORY, "/v1/coverage")
        ]
        etags.append((await mirror.get("/v1/responders/tara", accept_encoding=coding)).headers["etag"])


async def test_a_time_proves_nothing(mirror: Mirror) -> None:
    answer = await mirror.get(DIRECTORY, if_modified_since="Sat, 21 Nov 2099 12:00:00 GMT")
    assert answer.status_code == 200


async def test_the_compressed_neighbour_is_served_and_is_never_the_old_one(mirror: Mirror, root: Path) -> None:
    before = await mirror.get(DIRECTORY, accept_encoding="gzip")
    assert before.headers["content-encoding"] == "gzip"
    assert before.headers["vary"] == "Accept-Encoding"
    assert int(before.headers["content-length"]) == (root / "v1/directory.gz").stat().st_size
    await mirror.service.report("tara", OPEN)
    await mirror.write()
    after = await mirror.get(DIRECTORY, accept_encoding="gzip", if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.content == (await mirror.get(DIRECTORY)).content != before.content
    assert gzip.decompress((root / "v1/directory.gz").read_bytes()) == after.content


@pytest.mark.soak
async def test_no_reader_ever_sees_a_version_go_back(mirror: Mirror) -> None:
    stop = asyncio.Event()

    async def reading(codings: tuple[str, ...]) -> set[int]:
        seen, newest = set(), 0
        while not stop.is_set():
            for coding in codings:
                version = (await mirror.get(DIRECTORY, accept_encoding=coding)).json()["sequence"]
                assert version >= newest
                newest = version
                seen.add(version)
        return seen

    readers = [
        asyncio.create_task(reading(codings)) for codings in (("identity",), ("gzip",), ("identity", "gzip", "gzip"))
    ]
    for number in range(20):
        last = await mirror.service.report("tara", PAUSED | {"note": f"Change {number}."})
        await mirror.write()
    stop.set()
    for seen in await asyncio.gather(*readers):
        assert len(seen) > 3, "it read while files were replaced"
    assert (await mirror.get(DIRECTORY)).json()["sequence"] == last["sequence"]


async def test_a_responder_that_is_delisted_is_gone(mirror: Mirror, root: Path) -> None:
    service_id = (await mirror.service.responder("unseen"))["id"]
    admin = await mirror.service.token()
    gone = [
        "/v1/responders/unseen",
        "/v1/responders/unseen/history",
        "/v1/responders/unseen/alternatives",
        f"/open-referral-uk/services/{service_id}",
    ]
    for path in gone:
        assert (await mirror.get(path, accept_encoding="gzip")).status_code == 200
    assert (await mirror.service.client.delete(gone[0], headers=admin)).status_code == 204
    await mirror.write()
    for path in gone:
        for coding in ("identity", "gzip"):
            assert (await mirror.get(path, accept_encoding=coding)).status_code == 404
    assert not (root / "v1/responders/unseen").exists()
    assert "unseen" not in (await mirror.get(DIRECTORY)).text


async def test_a_query_is_refused_and_never_ignored_but_on_pages(mirror: Mirror) -> None:
    for path in (
        f"{DIRECTORY}?state=open",
        "/open-referral-uk/services?page=2",
        "/v1/directory.csv?a",
        "/v1/events?a=1",
    ):
        answer = await mirror.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.json()["code"] == "unknown_parameter"
        assert answer.headers["cache-control"] == "no-store"
    for path in ("/", "/coverage", "/r/tara", "/about", "/docs", "/scripts/leave.js"):
        answer = await mirror.get(f"{path}?fbclid=IwAR0&utm_source=newsletter")
        assert (answer.status_code, answer.content) == (200, (await mirror.get(path)).content)
        assert answer.headers["cache-control"] == "no-store"


async def test_a_slash_too_many_at_the_end_of_a_page_leads_to_it(mirror: Mirror) -> None:
    for path in ("/coverage", "/r/tara", "/docs"):
        for asked in (f"{path}/", f"{path}//?fbclid=1"):
            answer = await mirror.get(asked)
            assert (answer.status_code, answer.headers["location"]) == (308, path), asked
            assert answer.headers["cache-control"] == "no-store"


async def test_what_is_not_there_is_a_problem_document_for_programs(mirror: Mirror) -> None:
    ours = (await mirror.service.client.get("/v1/nothing")).json()
    for path in (
        "/v1/nothing",
        "/v1/events",
        "/v1/directory/",
        "/v1/directory.gz",
        "/v1/responders/tara/",
        "/v1/responders/tara/index.json",
        "/v1/.none",
        "/v1",
    ):
        answer = await mirror.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert answer.json() == ours | {"request_id": str(UUID(answer.headers["x-request-id"]))}, path
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_page_that_is_not_there_is_a_page_with_the_helpline_and_a_way_back(mirror: Mirror) -> None:
    ours = await mirror.service.client.get("/nothing", headers={"accept": "text/html"})
    for path in (
        "/nothing",
        "/nothing/?fbclid=1",
        "/r/nobody",
        "/r/",
        "/update",
        "/manage",
        "/evidence",
        "/index.html",
        "/coverage.html",
        "/docs.html.gz",
        "/404.html",
        "/404",
        "/404/",
        "/.capacity-site",
        "/v1nothing",
    ):
        answer = await mirror.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
        assert answer.content == ours.content, path
        UUID(answer.headers["x-request-id"])
        assert answer.headers["cache-control"] == "no-store"
        allowed, needed = (_policy(each.headers["content-security-policy"]) for each in (answer, ours))
        assert needed["style-src"] <= allowed["style-src"]


async def test_no_link_of_a_page_leads_to_what_is_not_there(mirror: Mirror) -> None:
    seen: set[str] = set()
    to_see = ["/"]
    while to_see:
        path = to_see.pop()
        answer = await mirror.get(path)
        assert answer.status_code == 200, path
        seen.add(path)
        if answer.headers["content-type"].startswith("text/html"):
            elements = Parsed(answer.content).elements
            found = {value for _, each in elements for name in ("href", "src", "action") if (value := each.get(name))}
            own = {urlsplit(value).path for value in found if value.startswith("/")}
            to_see += sorted(own - seen - set(to_see))
    assert {"/", "/coverage", "/about", "/docs", "/scripts/directory.js", "/scripts/leave.js"} <= seen


async def test_every_language_has_its_pages(
    settings: Settings,
    clock: Clock,
    root: Path,
    folder: Folder,
    tmp_path: Path,
    invented_language: Language,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    home = invented_language.home
    async with mirrored(settings, clock, root, folder, tmp_path / "nginx") as mirror:
        for path in (home, f"{home}coverage", f"{home}r/tara", f"{home}about"):
            assert (await mirror.get(f"{path}?fbclid=1")).content == mirror.page(path)
        for asked, path in ((home.rstrip("/"), home), (f"{home}coverage/", f"{home}coverage")):
            answer = await mirror.get(asked)
            assert (answer.status_code, answer.headers["location"]) == (308, path)
        for path in ("nothing", "404"):
            missing = await mirror.get(f"{home}{path}")
            assert (missing.status_code, invented("We cannot find this page") in missing.text) == (404, True)
            assert f'href="{home}"' in missing.text


async def test_the_state_of_the_copy_says_which_version_it_is(mirror: Mirror, clock: Clock) -> None:
    state = (await mirror.get("/site.json")).json()
    directory = (await mirror.get(DIRECTORY)).json()
    assert (state["sequence"], state["updated_at"]) == (directory["sequence"], directory["updated_at"])
    assert state["read_at"] == state["written_at"] == clock().isoformat().replace("+00:00", "Z")


async def test_only_over_tls_browsers_are_told_to_ask_over_tls_alone(
    mirror: Mirror, root: Path, tmp_path: Path
) -> None:
    asked = ("/", "/coverage/", "/v1/directory", "/v1/directory.csv", "/scripts/leave.js", "/nothing", "/v1/events?a")
    for path in asked:
        assert "strict-transport-security" not in (await mirror.get(path)).headers
    _, trusting = certificates.certified(tmp_path, "localhost")
    own = tmp_path / "encrypted"
    own.mkdir()
    async with (
        nginx.serving(root, "", own, tmp_path / certificates.FILE) as address,
        httpx.AsyncClient(base_url=address, verify=trusting, trust_env=False, timeout=60) as client,
    ):
        answers = [await client.get(path) for path in asked]
    assert {answer.status_code for answer in answers} == {200, 308, 400, 404}
    assert [answer.headers.get_list("strict-transport-security") for answer in answers] == [["max-age=31536000"]] * 7
