"""No statement that a start, a change, a refresh, a claim or a public read runs looks at all that ever happened.

The service does each of these with a past of ten years, and both databases then explain every statement that it ran.
"""

import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
from bench.past import Past, build
from sqlalchemy import Engine, event
from tests.api.stages import HANDLERS, changes_something, name_of, set_stage
from tests.api.subscribers import report, subscribed
from tests.conftest import NOON, Clock
from tests.serving import OPEN, PAUSED, Service, serving

from capacity_api.config import Settings
from capacity_api.db.table import Table
from capacity_api.operations import periods

EVENTS = 3000
FOREVER = frozenset({"event", "report", "delivery"})
# Their indexes that hold a few rows each: they may be read whole.
FEW = frozenset(
    str(index.name)
    for name in FOREVER
    for index in Table.metadata.tables[name].indexes
    if index.dialect_options["sqlite"]["where"] is not None
)
Statements = dict[str, Any]


@contextmanager
def collected() -> Iterator[Statements]:
    """Each statement that is run meanwhile, with the values of one of its runs."""
    found: Statements = {}

    def note(_: Any, __: Any, statement: str, values: Any, ___: Any, many: bool) -> None:
        if values or not many:
            found.setdefault(statement, values[0] if many else values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def is_about_the_past(statement: str) -> bool:
    return any(re.search(rf"\b(FROM|JOIN|UPDATE|INTO) {table}\b", statement) for table in FOREVER)


def scans_of_sqlite(settings: Settings, statements: Statements) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(settings.url.database or "")) as connection:
        for statement, values in statements.items():
            names = FOREVER | set(re.findall(r"\b(?:event|report|delivery) AS (\w+)", statement))
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
                if scan and scan[1] in names and scan[2] not in FEW:
                    yield step, statement


async def scans_of_postgresql(settings: Settings, statements: Statements) -> AsyncIterator[tuple[str, str]]:
    url = settings.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    try:
        # What can be found by an index is, in however small a table.
        await connection.execute("SET enable_seqscan = off")
        for statement, values in statements.items():
            plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values))
            for step in _steps(plan[0]["Plan"]):
                if step.get("Relation Name") in FOREVER and _reads_all(step):
                    yield f"{step['Node Type']} of {step['Relation Name']}", statement
    finally:
        await connection.close()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _steps(each)


def _reads_all(step: dict[str, Any]) -> bool:
    if step["Node Type"] == "Seq Scan":
        return True
    return step["Node Type"].startswith("Index") and "Index Cond" not in step and step["Index Name"] not in FEW


async def do_everything(settings: Settings, clock: Clock) -> None:
    """Start, and do each operation once; deliver, count for the statistics, and let reports lapse."""
    async with serving(settings, clock) as service, subscribed(service, settings, clock) as subscriber:
        clock.advance(timedelta(minutes=1))
        await report(subscriber, PAUSED, OPEN)
        await subscriber.deliver()
        await read_in_other_ways(service)
        admin = await service.token()
        stage = await set_stage(service, admin)
        for route in sorted(HANDLERS, key=lambda route: (changes_something(route), route[0] == "delete")):
            if changes_something(route):
                stage = await set_stage(service, admin)
            answer = await stage.call(route, admin)
            assert answer.status_code < 500, (name_of(route), answer.text)
        clock.advance(timedelta(days=8))
        await service.report("tara", OPEN)
        async with service.database.write() as session:
            while await periods.count_events(session):
                pass


async def read_in_other_ways(service: Service) -> None:
    """What an answer from memory cannot say."""
    span = {"from": "2019-01-01T00:00:00Z", "to": "2025-01-01T00:00:00Z"}
    for path, query in (
        ("/v1/directory", {"as_of": "2022-05-01T12:00:00Z"}),
        ("/v1/directory.csv", {"as_of": "2022-05-01T12:00:00Z"}),
        ("/v1/events", {"after": "100"}),
        ("/v1/events", {"after": "100", "type": "intake.paused", "responder": "tara"}),
        ("/v1/responders/tara/history", {}),
        ("/v1/responders/tara/history", {"limit": "5", **span}),
        ("/v1/statistics", {"by": "month", **span}),
        ("/v1/statistics.csv", span),
        ("/evidence/2022", {}),
    ):
        answer = await service.client.get(path, params=query)
        assert answer.status_code in {200, 404}, (path, answer.text)


async def test_no_statement_reads_all_that_ever_happened(settings: Settings, clock: Clock) -> None:
    await build(settings, Past(13, EVENTS, NOON - timedelta(days=3650), NOON - timedelta(seconds=1)))
    with collected() as statements:
        await do_everything(settings, clock)
    asked = {statement: values for statement, values in statements.items() if is_about_the_past(statement)}
    assert len(asked) > 40, "the service was not seen at its work"
    if settings.is_sqlite:
        found = list(scans_of_sqlite(settings, asked))
    else:
        found = [each async for each in scans_of_postgresql(settings, asked)]
    assert not found, "\n".join(f"{step}: {statement}" for step, statement in found)
