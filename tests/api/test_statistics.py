"""GET /v1/statistics and /v1/statistics.csv: the evidence, for any period."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service

from capacity_api.operations import periods

PATH = "/v1/statistics"
REMIT = {
    "areas": ["S92000003"],
    "exploitation_types": ["all"],
    "age_groups": ["adult"],
    "genders": ["all"],
    "existing_clients_only": False,
}
HOUR = 3600
DAY = 24 * HOUR


async def read(service: Service, start: str | None = None, end: str | None = None) -> dict[str, Any]:
    """The statistics, which must be the same before and after everything was counted."""
    parameters = {name: time for name, time in (("from", start), ("to", end)) if time is not None}
    statistics = await service.read(PATH, **parameters)
    async with service.database.write() as session:
        while await periods.count_events(session):
            pass
    assert await service.read(PATH, **parameters) == statistics
    return dict(statistics)


async def statistics_of(
    service: Service, slug: str, start: str | None = None, end: str | None = None
) -> dict[str, Any]:
    statistics = await read(service, start, end)
    return next(each for each in statistics["responders"] if each["slug"] == slug)


async def nobody_open_seconds(service: Service, start: str | None = None, end: str | None = None) -> dict[str, int]:
    """The seconds in which nobody was confirmed open, by the name of the nation."""
    return {each["name"]: each["nobody_open_seconds"] for each in (await read(service, start, end))["nations"]}


def seconds(**states: int) -> dict[str, int]:
    return {"open": 0, "waiting_list": 0, "paused": 0, "unconfirmed": 0, **states}


async def test_a_responder_has_its_share_of_each_state_and_its_pauses(service: Service, clock: Clock) -> None:
    clock.advance(timedelta(hours=1))
    for report, hours in ((OPEN, 10), (PAUSED, 2), (WAITING, 3), (PAUSED, 4)):
        await service.report("tara", report)
        clock.advance(timedelta(hours=hours))
    assert await statistics_of(service, "tara") == {
        "slug": "tara",
        "name": "TARA",
        "listed_seconds": 20 * HOUR,
        "seconds": seconds(open=10 * HOUR, waiting_list=3 * HOUR, paused=6 * HOUR, unconfirmed=HOUR),
        "shares": {"open": 0.5, "waiting_list": 0.15, "paused": 0.3, "unconfirmed": 0.05},
        "pause_count": 2,
        "longest_pause_seconds": 4 * HOUR,
    }
    statistics = await read(service)
    assert (statistics["from"], statistics["to"]) == ("2026-08-24T08:00:00Z", "2026-11-22T08:00:00Z")
    assert statistics["counted_from"] == "2026-11-21T12:00:00Z"
    assert [each["slug"] for each in statistics["responders"]] == [
        each["slug"] for each in (await service.read("/v1/directory"))["responders"]
    ]


async def test_a_pause_is_cut_at_the_edges_and_counts_where_it_began(service: Service, clock: Clock) -> None:
    await service.report("tara", {**PAUSED, "reopens_on": "2026-12-20"})
    clock.advance(timedelta(days=10))
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=1))
    cases = [
        # From, to, seconds paused, pauses, longest pause: all of it, then its beginning, middle and end.
        ("2026-11-21T00:00:00Z", "2026-12-02T00:00:00Z", 10 * DAY, 1, 10 * DAY),
        ("2026-11-21T12:00:00Z", "2026-12-01T12:00:00Z", 10 * DAY, 1, 10 * DAY),
        ("2026-11-21T11:00:00Z", "2026-11-21T12:00:01Z", 1, 1, 1),
        ("2026-11-21T12:00:01Z", "2026-11-22T12:00:01Z", DAY, 0, DAY),
        ("2026-12-01T11:59:59Z", "2026-12-02T00:00:00Z", 1, 0, 1),
        ("2026-12-01T12:00:00Z", "2026-12-02T00:00:00Z", 0, 0, 0),
        ("2026-11-25T00:00:00+01:00", "2026-11-25T01:00:00+01:00", HOUR, 0, HOUR),
        # Without an offset it is UTC; what is finer than a second is cut.
        ("2026-11-25T00:00:00", "2026-11-25T00:00:10.9", 10, 0, 10),
    ]
    for start, end, paused, pauses, longest in cases:
        statistics = await statistics_of(service, "tara", start, end)
        measured_pauses = (
            statistics["seconds"]["paused"],
            statistics["pause_count"],
            statistics["longest_pause_seconds"],
        )
        assert measured_pauses == (paused, pauses, longest), (start, end)


async def test_a_pause_that_goes_on_counts_until_now(service: Service, clock: Clock) -> None:
    await service.report("tara", PAUSED)
    clock.advance(timedelta(hours=5))
    statistics = await statistics_of(service, "tara", "2026-11-21T13:00:00Z", "2030-01-01T00:00:00Z")
    assert statistics["seconds"] == seconds(paused=4 * HOUR)
    assert (statistics["pause_count"], statistics["longest_pause_seconds"]) == (0, 4 * HOUR)
    assert (await read(service, "2026-11-21T13:00:00Z", "2030-01-01T00:00:00Z"))["to"] == "2026-11-21T17:00:00Z"


async def test_a_confirmation_and_a_new_note_do_not_break_a_pause(service: Service, clock: Clock) -> None:
    for report in (PAUSED, PAUSED, {**PAUSED, "note": "Still full."}):
        await service.report("tara", report)
        clock.advance(timedelta(days=1))
    token = await service.token(responder="tara")
    await service.client.patch("/v1/responders/tara", json={"remit": REMIT}, headers=token)
    clock.advance(timedelta(days=1))
    statistics = await statistics_of(service, "tara")
    assert (statistics["pause_count"], statistics["longest_pause_seconds"]) == (1, 4 * DAY)


async def test_a_report_is_unconfirmed_from_the_second_on_at_which_it_lapses(service: Service, clock: Clock) -> None:
    await service.report("tara", PAUSED)
    clock.advance(timedelta(days=9))
    # Whether or not the lapse is recorded yet, which the service does within a moment of real time.
    statistics = await statistics_of(service, "tara")
    assert statistics["seconds"] == seconds(paused=7 * DAY, unconfirmed=2 * DAY)
    await service.report("tara", PAUSED)
    clock.advance(timedelta(days=1))
    statistics = await statistics_of(service, "tara")
    assert (statistics["pause_count"], statistics["longest_pause_seconds"]) == (2, 7 * DAY)


async def test_a_day_that_is_named_ends_at_midnight_in_london_in_summer_too(service: Service, clock: Clock) -> None:
    clock.advance(timedelta(days=130))
    await service.report("tara", {**PAUSED, "reopens_on": "2027-04-10"})
    clock.advance(timedelta(days=20))
    statistics = await statistics_of(service, "tara", "2027-04-10T22:00:00Z", "2027-04-11T00:00:00Z")
    assert statistics["seconds"] == seconds(paused=HOUR, unconfirmed=HOUR)


async def test_a_planned_pause_counts_from_its_start(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    await service.report("tara", {**PAUSED, "effective_from": "2026-11-22T12:00:00Z"})
    clock.advance(timedelta(days=3))
    assert (await statistics_of(service, "tara"))["seconds"] == seconds(open=DAY, paused=2 * DAY)


async def test_only_the_time_in_the_directory_counts(service: Service, clock: Clock) -> None:
    admin = await service.token()
    new = {"slug": "new-one", "name": "New One", "remit": REMIT}
    clock.advance(timedelta(days=1))
    assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    await service.report("new-one", PAUSED)
    clock.advance(timedelta(hours=2))
    assert (await service.client.delete("/v1/responders/new-one", headers=admin)).status_code == 204
    clock.advance(timedelta(days=20))
    assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    clock.advance(timedelta(hours=1))
    statistics = await statistics_of(service, "new-one")
    assert statistics["seconds"] == seconds(paused=2 * HOUR, unconfirmed=HOUR)
    assert (statistics["listed_seconds"], statistics["longest_pause_seconds"]) == (3 * HOUR, 2 * HOUR)
    for start, end, is_there in (
        ("2026-11-21T00:00:00Z", "2026-11-22T11:59:59Z", False),
        ("2026-11-21T00:00:00Z", "2026-11-22T12:00:01Z", True),
        ("2026-11-22T13:59:59Z", "2026-11-22T15:00:00Z", True),
        ("2026-11-22T14:00:00Z", "2026-12-12T14:00:00Z", False),
        ("2026-12-12T14:00:00Z", "2026-12-12T14:00:01Z", True),
    ):
        slugs = [each["slug"] for each in (await read(service, start, end))["responders"]]
        assert ("new-one" in slugs) is is_there, (start, end)
        assert slugs == sorted(slugs)


async def test_a_responder_that_was_just_listed_has_no_shares_yet(service: Service) -> None:
    statistics = await read(service)
    assert len(statistics["responders"]) == 13
    for each in statistics["responders"]:
        assert (each["listed_seconds"], each["shares"], each["longest_pause_seconds"]) == (0, None, 0)
        assert each["seconds"] == seconds()


async def test_nobody_is_open_in_a_nation_until_one_that_covers_all_of_it_is(service: Service, clock: Clock) -> None:
    # Part of England; existing clients alone; nobody knows which types; on a waiting list.
    for slug, report in (("unseen", OPEN), ("refugee-council", OPEN), ("nspcc", OPEN), ("migrant-help", WAITING)):
        await service.report(slug, report)
    clock.advance(timedelta(hours=1))
    await service.report("bawso", OPEN)
    await service.report("tara", OPEN)
    clock.advance(timedelta(hours=1))
    await service.report("barnardos", OPEN)
    await service.report("bawso", PAUSED)
    clock.advance(timedelta(hours=1))
    await service.report("barnardos", PAUSED)
    clock.advance(timedelta(hours=1))
    assert await nobody_open_seconds(service) == {
        "England": 3 * HOUR,
        "Wales": 2 * HOUR,
        "Scotland": HOUR,
        "Northern Ireland": 3 * HOUR,
    }
    statistics = await nobody_open_seconds(service, "2026-11-21T12:30:00Z", "2026-11-21T13:30:00Z")
    assert statistics == {"England": HOUR, "Wales": HOUR // 2, "Scotland": HOUR // 2, "Northern Ireland": HOUR}
    hours = [each["nobody_open_hours"] for each in (await read(service))["nations"]]
    assert hours == [3.0, 2.0, 1.0, 3.0]
    # A lapse leaves a nation without anybody, and so does a remit that becomes smaller.
    await service.report("salvation-army", OPEN)
    clock.advance(timedelta(hours=1))
    smaller = {**REMIT, "areas": ["E12000001"]}
    token = await service.token(responder="salvation-army")
    await service.client.patch("/v1/responders/salvation-army", json={"remit": smaller}, headers=token)
    clock.advance(timedelta(days=10))
    statistics = await nobody_open_seconds(service, "2026-11-21T16:00:00Z", "2026-12-01T16:00:00Z")
    assert statistics["England"] == 10 * DAY - HOUR
    assert statistics["Scotland"] == 3 * DAY + 3 * HOUR


async def hours_of_groups(service: Service, area: str, **parameters: str) -> dict[str, float]:
    statistics = await service.read(PATH, **parameters)
    return {each["age_group"]: each["nobody_open_hours"] for each in statistics["groups"] if each["area"] == area}


async def test_each_age_group_of_a_nation_has_its_own_time_without_anybody_open(service: Service, clock: Clock) -> None:
    for slug in ("bawso", "barnardos"):
        await service.report(slug, OPEN)
        clock.advance(timedelta(hours=1))
    statistics = await read(service)
    assert [(each["area"], each["age_group"]) for each in statistics["groups"]] == [
        (nation["code"], age) for nation in statistics["nations"] for age in ("adult", "child", "young_person")
    ]
    assert statistics["groups"][0] == {
        "area": "E92000001",
        "age_group": "adult",
        "counted_seconds": 2 * HOUR,
        "nobody_open_seconds": 2 * HOUR,
        "nobody_open_hours": 2.0,
    }
    # BAWSO is for adults, young ones among them.
    wales = await hours_of_groups(service, "W92000004")
    assert (wales["adult"], wales["young_person"]) == (0.0, 0.0)
    assert wales["child"] > 0


async def test_a_limit_leaves_those_out_whom_it_does_not_name(service: Service, clock: Clock) -> None:
    young = {**OPEN, "limited_to": {"age_groups": ["young_person"], "areas": ["S92000003"]}}
    await service.report("salvation-army", young)
    clock.advance(timedelta(hours=1))
    await read(service)
    assert await hours_of_groups(service, "S92000003") == {"adult": 1.0, "child": 1.0, "young_person": 0.0}
    assert await hours_of_groups(service, "E92000001") == {"adult": 1.0, "child": 1.0, "young_person": 1.0}
    assert (await nobody_open_seconds(service))["Scotland"] == 0
    # It lapses after a week, whether or not anybody has recorded that.
    clock.advance(timedelta(days=10))
    assert (await nobody_open_seconds(service))["Scotland"] == 3 * DAY + HOUR


async def test_a_waiting_list_while_everybody_else_pauses_is_time_with_nobody_open(
    service: Service, clock: Clock
) -> None:
    for each in (await service.read("/v1/directory"))["responders"]:
        await service.report(each["slug"], WAITING if each["slug"] == "migrant-help" else PAUSED)
    clock.advance(timedelta(hours=2))
    statistics = await read(service)
    assert {each["nobody_open_hours"] for each in statistics["nations"]} == {2.0}
    assert {each["nobody_open_hours"] for each in statistics["groups"]} == {2.0}
    assert {each["counted_seconds"] for each in statistics["groups"]} == {2 * HOUR}


async def test_each_month_in_london_can_be_had_apart(service: Service, clock: Clock) -> None:
    await service.report("tara", PAUSED)
    clock.advance(timedelta(days=4))
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=50))
    period = {"from": "2026-11-25T00:00:00Z", "to": "2027-01-10T06:00:00Z", "by": "month"}
    found = await service.read(PATH, **period)
    months = found.pop("months")
    assert [(month["from"], month["to"]) for month in months] == [
        ("2026-11-25T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2027-01-01T00:00:00Z", "2027-01-10T06:00:00Z"),
    ]
    for month in months:
        alone = await service.read(PATH, **{"from": month["from"], "to": month["to"]})
        assert month == {name: alone[name] for name in month}
    whole = await read(service, period["from"], period["to"])
    assert whole.pop("months") is None
    assert whole == found
    # In summer a month begins an hour before midnight UTC. Before the first listing there is no month.
    clock.advance(timedelta(days=150))
    summer = await service.read(PATH, **{"from": "2001-01-01", "to": "2027-05-01T00:00:00Z", "by": "month"})
    edges = [month["from"] for month in summer["months"]]
    assert (edges[0], edges[-3:]) == (
        "2026-11-21T12:00:00Z",
        ["2027-03-01T00:00:00Z", "2027-03-31T23:00:00Z", "2027-04-30T23:00:00Z"],
    )
    before = await service.read(PATH, **{"from": "2001-01-01", "to": "2002-01-01", "by": "month"})
    assert before["months"] == []


async def test_there_is_nothing_to_count_before_the_first_listing(service: Service) -> None:
    statistics = await read(service, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
    assert (statistics["counted_from"], statistics["responders"]) == (None, [])
    assert {each["nobody_open_seconds"] for each in statistics["nations"] + statistics["groups"]} == {None}


@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv"])
async def test_a_bad_period_is_refused(shared_service: Service, path: str) -> None:
    for parameter in ("from", "to"):
        for value in ("soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", ""):
            answer = await shared_service.client.get(path, params={parameter: value})
            assert_refused(answer, 422, "invalid", f"?{parameter}", what=value)
    for start, end in (
        ("2026-11-21T12:00:00Z", "2026-11-20T12:00:00Z"),
        ("2026-11-21T12:00:01Z", None),
        ("2027-11-21T12:00:00Z", "2028-11-21T12:00:00Z"),
    ):
        answer = await shared_service.client.get(path, params={"from": start, **({"to": end} if end else {})})
        assert_refused(answer, 422, "invalid", "?from", what=(start, end))
    assert_refused(await shared_service.client.get(path, params={"to": "0001-01-01T00:00:00Z"}), 422, "invalid", "?to")
    assert_refused(await shared_service.client.get(path, params={"since": "x"}), 422, "unknown_parameter", "?since")
    for by in ("week", "Month", ""):
        assert_refused(await shared_service.client.get(path, params={"by": by}), 422, "invalid", "?by", what=by)


async def test_the_table_says_the_same(service: Service, clock: Clock) -> None:
    await service.report("tara", PAUSED)
    clock.advance(timedelta(hours=3))
    period = {"from": "2026-11-21T13:00:00Z", "to": "2026-11-21T15:00:00Z"}
    answer = await service.client.get(f"{PATH}.csv", params=period)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="statistics.csv"'
    assert answer.headers.get_list("access-control-allow-origin") in ([], ["*"])
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 1 + 13 + 4 + 12
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    statistics = await service.read(PATH, **period)
    assert len(rows) == 29
    assert {row["span"] for row in rows} == {"whole"}
    names = {each["code"]: each["name"] for each in statistics["nations"]}
    groups = [{**each, "code": each["area"], "name": names[each["area"]]} for each in statistics["groups"]]
    for row, each in zip(rows, statistics["responders"] + statistics["nations"] + groups, strict=True):
        assert (row["from"], row["to"]) == (statistics["from"], statistics["to"])
        kind = "responder" if "slug" in each else "group" if "age_group" in each else "nation"
        assert (row["kind"], row["code"]) == (kind, each["slug"] if kind == "responder" else each["code"])
        shown = {f"{state}_{kind}": value for kind in ("seconds", "share") for state, value in _states(each, kind)}
        shown |= {name: each[name] for name in row if name in each and name != "code"}
        shown |= {"counted_until": statistics["counted_until"]}
        blank = row.keys() - shown.keys() - {"from", "to", "span", "kind", "code"}
        assert {name: row[name] for name in shown} == {name: str(value) for name, value in shown.items()}
        assert {row[name] for name in blank} == {""}
    tara = next(row for row in rows if row["code"] == "tara")
    assert (tara["paused_seconds"], tara["paused_share"], tara["pause_count"]) == ("7200", "1.0", "0")


async def test_the_table_has_each_month_too(service: Service, clock: Clock) -> None:
    await service.report("tara", PAUSED)
    clock.advance(timedelta(days=20))
    parameters = {"by": "month", "from": "2026-11-01T00:00:00Z"}
    answer = await service.client.get(f"{PATH}.csv", params=parameters)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    statistics = await service.read(PATH, **parameters)
    assert [row["span"] for row in rows] == ["whole"] * 29 + ["month"] * 58
    assert [(row["from"], row["to"]) for row in rows[29::29]] == [
        (month["from"], month["to"]) for month in statistics["months"]
    ]
    paused = [row["paused_seconds"] for row in rows if row["code"] == "tara"]
    assert paused == ["604800", "604800", "0"]


def _states(each: dict[str, Any], kind: str) -> list[tuple[str, Any]]:
    return list(each.get({"seconds": "seconds", "share": "shares"}[kind], {}).items())


async def test_a_name_in_the_table_is_no_formula(service: Service) -> None:
    names = ["=1+1", "+44 20", "-1", "@SUM(A1)", 'Say "a", b', "Ünïcode 中", "plain = name"]
    admin = await service.token()
    for n, name in enumerate(names):
        new = {"slug": f"a-{n}", "name": name, "remit": REMIT}
        assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    answer = await service.client.get(f"{PATH}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    shown = [row["name"] for row in rows if row["code"].startswith("a-")]
    assert shown == ["'=1+1", "'+44 20", "'-1", "'@SUM(A1)", *names[4:]]
