"""GET /evidence: what happened, as a page. Its numbers are those of `/v1/statistics`."""

import gc
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import msgspec
import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.pages.parsed import Parsed
from tests.pages.tables import Rows, tables_of
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, WAITING, Service, serving
from tests.wording.languages import INVENTED, invented_language

from capacity_api.config import Settings
from capacity_api.publication import documents
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.wording.language import ENGLISH, Language

__all__ = ["invented_language"]
OVER = "This period is over."
RUNNING = "This period is still running."
WHOLE = "Hours in the whole period, and their share of the hours counted"
SHARES = "Share of time in each state"
PAUSES = "Pauses of each charity"
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def read(service: Service, path: str = "/evidence") -> str:
    answer = await service.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def text_of(page: str) -> str:
    return Parsed(page.encode()).text


def after(rows: Rows, name: str) -> list[str]:
    """The row that follows the one with this name alone."""
    return rows[rows.index([name]) + 1]


async def live_a_day(service: Service, clock: Clock) -> None:
    """From the listing at noon on 21 November to 08:20 on the next day, TARA (adults in Scotland) has every state."""
    clock.advance(timedelta(hours=1))
    for report, hours in ((OPEN, 10), (PAUSED, 2), (WAITING, 3), (PAUSED, 4)):
        await service.report("tara", report)
        clock.advance(timedelta(hours=hours))
    clock.advance(timedelta(minutes=20))


async def test_the_page_has_the_time_in_each_state_the_pauses_and_the_hours_with_nobody(
    service: Service, clock: Clock
) -> None:
    await live_a_day(service, clock)
    page = await read(service)
    tables = tables_of(page)
    everything = ["20 (100%)"] * 4
    assert tables[WHOLE] == [
        ["Any age", "Adults (18 and over)", "Children (under 18)", "Young people (18 to 25)"],
        *(["England"], everything, ["Wales"], everything),
        *(["Scotland"], ["10 (50%)", "10 (50%)", "20 (100%)", "10 (50%)"]),
        *(["Northern Ireland"], everything),
    ]
    month = [["November 2026 of 20 hours"], ["10", "10", "20", "10"]]
    assert tables["Scotland: hours with nobody confirmed open"][1:] == month
    assert after(tables[SHARES], "TARA") == ["50%", "15%", "30%", "5%"]
    assert after(tables[SHARES], "Unseen Has not joined") == ["0%", "0%", "0%", "100%"]
    # Twelve were not confirmed all the time: 260 hours in all, and 250 of them.
    assert after(tables[SHARES], "All charities together") == ["4%", "1%", "2%", "93%"]
    assert ["TARA", "2", "4 hours"] in tables[PAUSES]
    assert ["Unseen", "0", "none"] in tables[PAUSES]
    names = [row[0] for row in tables[PAUSES][2:]]
    assert len(names) == 13
    assert names == sorted(names, key=str.casefold)
    said = text_of(page)
    assert "1 November 2025 to 22 November 2026, 08:00 (UK time)." in said
    assert "We have a record from 21 November 2026, 12:00 on. Before that, nobody kept one." in said
    assert "At 22 November 2026, 08:20, 1 of 13 charities have a state that still holds." in said
    assert "Half of these states are 5 hours old or newer (median age)." in said
    assert RUNNING in said
    assert "It does not mean closed." in said


async def test_the_files_have_what_the_page_shows(service: Service, clock: Clock) -> None:
    await live_a_day(service, clock)
    page = await read(service, "/evidence/2026-11")
    files = [unescape(link) for link in re.findall(r'href="(/v1/statistics[^"]*)"', page)]
    span = "from=2026-11-01T00:00:00Z&to=2026-11-22T08:00:00Z&by=month"
    assert files == [f"/v1/statistics.csv?{span}", f"/v1/statistics?{span}"]
    statistics = await service.read(files[1])
    hours = {each["area"]: each["nobody_open_hours"] for each in statistics["groups"] if each["age_group"] == "adult"}
    assert [f"{hours[each]:.0f}" for each in hours] == [row[1].split()[0] for row in tables_of(page)[WHOLE][2::2]]
    table = (await service.client.get(files[0])).text
    assert ",month,group,S92000003,Scotland,adult,,,,,,,,,,,,36000,10.0,72000" in table


async def test_a_period_has_an_address_and_stays_as_it_is_once_it_is_over(service: Service, clock: Clock) -> None:
    await live_a_day(service, clock)
    clock.set(datetime(2027, 4, 2, 9, 30, tzinfo=UTC))
    spans = {
        "/evidence/2026": ("2026: 1 January 2026 to the end of 31 December 2026", OVER),
        "/evidence/2027": ("2027: 1 January 2027 to 2 April 2027, 10:00", RUNNING),
        "/evidence/2026-11": ("November 2026: 1 November 2026 to the end of 30 November 2026", OVER),
        "/evidence/2026-12": ("December 2026: 1 December 2026 to the end of 31 December 2026", OVER),
        # Summer time began on 28 March.
        "/evidence/2027-03": ("March 2027: 1 March 2027 to the end of 31 March 2027", OVER),
        "/evidence/2026-11-22/2026-11-22": ("22 November 2026 to the end of 22 November 2026", OVER),
        "/evidence/2026-04-01/2027-09-30": ("1 April 2026 to 2 April 2027, 10:00", RUNNING),
    }
    pages = {path: await read(service, path) for path in spans}
    for path, (words, state) in spans.items():
        assert f"{words} (UK time). {state}" in text_of(pages[path]), path
    assert after(tables_of(pages["/evidence/2027-03"])[WHOLE], "Scotland")[0] == "743 (100%)"
    months = tables_of(pages["/evidence/2026"])["Wales: hours with nobody confirmed open"][1::2]
    assert months == [["November 2026 of 228 hours"], ["December 2026 of 744 hours"]]
    assert "We have a record from" not in pages["/evidence/2026-12"]
    await service.report("tara", OPEN)
    clock.advance(timedelta(hours=2))
    for path, (_, state) in spans.items():
        same = tables_of(await read(service, path)) == tables_of(pages[path])
        assert same == (state == OVER), path


@on_one_database
async def test_the_periods_that_there_are_can_be_chosen(service: Service, clock: Clock) -> None:
    clock.set(datetime(2027, 1, 3, 9, 30, tzinfo=UTC))
    links = [link["href"] for link in Parsed((await read(service, "/evidence/2026")).encode()).links()]
    found = [link for link in links if link is not None and link.startswith("/evidence")]
    paths = ["/2027", "/2027-01", "/2026", "/2026-11", "/2026-12"]
    assert found == ["/evidence", "/evidence", *(f"/evidence{path}" for path in paths)]
    for path in found:
        await read(service, path)


@on_one_database
async def test_before_the_first_hour_is_over_there_is_nothing_to_show(service: Service) -> None:
    page = await read(service)
    assert "Nothing was recorded in this period yet." in page
    assert tables_of(page) == {}


@on_one_database
async def test_what_is_no_period_or_none_yet_is_refused(service: Service, clock: Clock) -> None:
    clock.set(datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    cases = {
        "There is no such date": [
            "2026-13",
            "2026-00",
            "0000",
            "9999",
            "2026-02-29/2026-03-01",
            "2026-01-01/2026-02-30",
        ],
        "The last day is before the first": ["2026-11-23/2026-11-22"],
        "This period has not begun, or began less than an hour ago": ["2027", "2026-12", "2026-12-01/2026-12-05"],
        "This period was before the first listing, and nobody kept a record of it": [
            *("2025", "2026-10", "1999", "2026-11-01/2026-11-20"),
        ],
    }
    for detail, spans in cases.items():
        for span in spans:
            answer = await service.client.get(f"/evidence/{span}")
            assert_refused(answer, 422, "invalid", what=span)
            assert answer.json()["detail"] == detail, span
    for nonsense in (
        "x",
        "26",
        "2026-1",
        "2026-11-21",
        "٢٠٢٦",
        "2026/2027",
        "2026-11/2026-12",
        "a/b",
        "1/2/3",
    ):
        answer = await service.client.get(f"/evidence/{nonsense}")
        assert_refused(answer, 404, "not_found", what=nonsense)
    for_people = {"accept": "text/html"}
    page = await service.client.get("/evidence/2025", headers=for_people)
    assert page.status_code == 422
    assert "We cannot show this period Its dates may be wrong, still to come, or from before our record begins." in (
        text_of(page.text)
    )
    page = await service.client.get("/evidence/x", headers=for_people)
    assert page.status_code == 404
    assert "08000 121 700" in text_of(page.text)


@on_one_database
async def test_what_others_append_to_an_address_changes_nothing(service: Service, clock: Clock) -> None:
    await live_a_day(service, clock)
    assert await read(service, "/evidence/2026?utm_source=x") == await read(service, "/evidence/2026")
    moved = await service.client.get("/evidence/2026/")
    assert (moved.status_code, moved.headers["location"]) == (308, "/evidence/2026")


@on_one_database
async def test_readers_of_one_period_cost_one_query_a_minute(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, query_limit=2), clock) as service:
        await live_a_day(service, clock)
        # The tests' own address has no limit.
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        address = service.client.base_url
        async with httpx.AsyncClient(base_url=address, transport=transport, timeout=PATIENCE_SECONDS) as reader:
            for _ in range(5):
                answer = await reader.get("/evidence")
            clock.advance(timedelta(seconds=59))
            answer = await reader.get("/evidence")
            assert "As read on 22 November 2026, 08:20" in text_of(answer.text)
            await service.report("unseen", OPEN)
            clock.advance(timedelta(minutes=1))
            # What is said of now is in memory, and so it is always of now.
            answer = await reader.get("/evidence")
            assert "As read on 22 November 2026, 08:21" in text_of(answer.text)
            assert "At 22 November 2026, 08:21, 2 of 13 charities" in text_of(answer.text)
            assert (await reader.get("/evidence/2026-11")).status_code == 200
            assert_refused(await reader.get("/evidence/2026"), 429, "too_many_requests")
            assert (await reader.get("/evidence")).status_code == 200


@on_one_database
async def test_a_page_that_is_kept_keeps_no_old_snapshot(service: Service, clock: Clock) -> None:
    await live_a_day(service, clock)
    for day in range(1, 21):
        await service.report("tara", OPEN)
        await read(service, f"/evidence/2026-11-{day:02}/2026-11-22")
    gc.collect()
    # The newest, and one that is being replaced.
    assert sum(isinstance(each, Snapshot) for each in gc.get_objects()) <= 2


@on_one_database
async def test_periods_that_are_refused_put_none_out(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, query_limit=70), clock) as service:
        await live_a_day(service, clock)
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        address = service.client.base_url
        async with httpx.AsyncClient(base_url=address, transport=transport, timeout=PATIENCE_SECONDS) as reader:
            assert (await reader.get("/evidence")).status_code == 200
            for year in range(1950, 2019):
                assert (await reader.get(f"/evidence/{year}")).status_code == 422
            assert_refused(await reader.get("/evidence/2026"), 429, "too_many_requests")
            assert (await reader.get("/evidence")).status_code == 200


@on_one_database
async def test_every_language_has_the_page(
    settings: Settings, clock: Clock, invented_language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "find_languages", lambda: (ENGLISH, invented_language))
    async with serving(settings, clock) as service:
        await live_a_day(service, clock)
        for path in ("", "/2026", "/2026-11", "/2026-11-21/2026-11-30"):
            page = await read(service, f"/{INVENTED}/evidence{path}")
            assert f'<html lang="{INVENTED}" dir="rtl">' in page
            other = {"href": f"/evidence{path}", "hreflang": "en", "lang": "en", "dir": "ltr"}
            assert other in Parsed(page.encode()).links()
            assert f'href="/{INVENTED}/evidence/2026-11"' in page
        for language in ("en", "cy", "v1"):
            assert_refused(await service.client.get(f"/{language}/evidence"), 404, "not_found")
            for period in ("2026", "2099", "2026-13"):
                assert_refused(await service.client.get(f"/{language}/evidence/{period}"), 404, "not_found")
