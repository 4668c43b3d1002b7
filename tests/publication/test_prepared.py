"""What the clock alone will make of a snapshot is built before, and is the same as what would be built then."""

import asyncio
import gc
import weakref
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.conftest import NOON, Clock
from tests.many import add_many, open_intake

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.areas import WALES
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.intake import Report, ReportedState
from capacity_api.domain.remit import Remit
from capacity_api.formats.format import Format
from capacity_api.operations import intake, responders
from capacity_api.operations.responders import ResponderRequest
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import BUILD_AHEAD_FROM, Publisher
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot

COUNT = BUILD_AHEAD_FROM + 1
LAPSE = NOON + timedelta(days=7)
SOON = LAPSE - timedelta(seconds=20)
COUNTED = "/counted"


class Counted:
    """A document that says how often it was built."""

    def __init__(self) -> None:
        self.times = 0

    def build(self, snapshot: Snapshot) -> Resource:
        self.times += 1
        return Resource(str(snapshot.sequence).encode())


@pytest.fixture
async def register(database: Database) -> Database:
    """Half of many lapse at `LAPSE`, some a little later, and the others in another week."""
    times = [LAPSE] * (COUNT // 2) + [LAPSE + timedelta(milliseconds=n) for n in range(1, 10)]
    times += [LAPSE + timedelta(days=7)] * (COUNT - len(times))
    await add_many(database, [open_intake(NOON, time) for time in times])
    return database


def publisher_of(database: Database, clock: Clock, counted: Counted | None = None) -> Publisher:
    formats = [] if counted is None else [Format(name="counted", documents={COUNTED: counted.build})]
    return Publisher(database, clock, catalogue(Settings(), formats))


def documents_of(snapshot: Snapshot) -> dict[str, bytes]:
    found = {path: snapshot.find(path) for path in snapshot.paths()}
    return {path: resource.body for path, resource in found.items() if resource is not None}


async def change(database: Database, clock: Clock, kind: str) -> None:
    async with database.write() as session:
        if kind == "report":
            await intake.report_intake(session, clock(), "many-003", Report(state=ReportedState.PAUSED))
        elif kind == "delist":
            await responders.delist_responder(session, clock(), "many-004")
        elif kind == "list":
            remit = Remit(areas=(WALES,), exploitation_types=EVERYTHING, age_groups=EVERYTHING)
            await responders.list_responder(session, clock(), ResponderRequest(slug="new", name="New", remit=remit))


async def test_what_was_prepared_is_what_readers_get_at_that_moment(register: Database, clock: Clock) -> None:
    counted = Counted()
    clock.set(SOON)
    publisher = publisher_of(register, clock, counted)
    await publisher.refresh()
    await publisher.prepare()
    before = counted.times
    clock.set(LAPSE - timedelta(microseconds=1))
    assert publisher.current().responders["many-000"].intake.state == "open"
    clock.set(LAPSE)
    snapshot = publisher.current()
    assert snapshot.responders["many-000"].intake.state == "unconfirmed"
    assert snapshot.find(COUNTED) is not None
    assert counted.times == before, "built while a reader waited"


@pytest.mark.parametrize("kind", ["nothing", "report", "delist", "list"])
@pytest.mark.parametrize("late", [timedelta(0), timedelta(milliseconds=5), timedelta(minutes=2)])
@pytest.mark.parametrize("soon", [SOON, LAPSE - timedelta(seconds=1)])
async def test_it_is_the_same_as_what_is_built_then(
    register: Database, clock: Clock, kind: str, late: timedelta, soon: datetime
) -> None:
    clock.set(soon)
    publisher, other = publisher_of(register, clock), publisher_of(register, clock)
    for each in (publisher, other):
        await each.refresh()
    await publisher.prepare()
    # What was prepared does not know of this.
    await change(register, clock, kind)
    for each in (publisher, other):
        await each.refresh()
    clock.set(LAPSE + late)
    prepared, built = publisher.current(), other.current()
    assert prepared.sequence == built.sequence == publisher.sequence
    assert prepared.match_index == built.match_index
    assert prepared.counts == built.counts
    assert (prepared.next_change, prepared.updated_at) == (built.next_change, built.updated_at)
    pages = [path for path in prepared.paths() if prepared.catalogue.states_time(path)]
    shown, expected = documents_of(prepared), documents_of(built)
    for path in pages if prepared.now != built.now else ():
        del shown[path], expected[path]
    assert shown == expected


async def test_a_change_after_it_was_prepared_is_prepared_too(register: Database, clock: Clock) -> None:
    counted = Counted()
    clock.set(SOON)
    publisher = publisher_of(register, clock, counted)
    await publisher.refresh()
    await publisher.prepare()
    await change(register, clock, "report")
    await publisher.refresh()
    await publisher.prepare()
    before = counted.times
    clock.set(LAPSE)
    snapshot = publisher.current()
    assert snapshot.responders["many-003"].intake.state == "paused"
    resource = snapshot.find(COUNTED)
    assert resource is not None
    assert resource.body == str(publisher.sequence).encode()
    assert counted.times == before, "built while a reader waited"


async def test_a_change_in_the_last_seconds_brings_what_follows_it(register: Database, clock: Clock) -> None:
    counted = Counted()
    clock.set(LAPSE - timedelta(seconds=1))
    publisher = publisher_of(register, clock, counted)
    await publisher.refresh()
    await change(register, clock, "report")
    await publisher.refresh()
    before = counted.times
    clock.set(LAPSE)
    snapshot = publisher.current()
    assert snapshot.responders["many-000"].intake.state == "unconfirmed"
    assert snapshot.responders["many-003"].intake.state == "paused"
    assert snapshot.find(COUNTED) is not None
    assert counted.times == before, "built while a reader waited"


async def test_what_lapsed_at_once_is_freed_later_and_in_small_pieces(database: Database, clock: Clock) -> None:
    await add_many(database, [open_intake(NOON, LAPSE)] * (2 * COUNT))
    clock.set(SOON)
    publisher = publisher_of(database, clock)
    await publisher.refresh()
    await publisher.prepare()
    # A thread may still hold what it was given.
    await asyncio.get_running_loop().shutdown_default_executor()
    replaced = weakref.WeakSet(publisher.current().entries.values())
    clock.set(LAPSE)
    assert publisher.current().responders["many-000"].intake.state == "unconfirmed"
    clock.advance(timedelta(seconds=15))
    await publisher.prepare()
    assert len(replaced) > COUNT
    clock.advance(timedelta(seconds=1))
    counts = [len(replaced)]

    async def look() -> None:
        while counts[-1]:
            await asyncio.sleep(0)  # the other task has its turn
            counts.append(len(replaced))

    looking = asyncio.create_task(look())
    await publisher.prepare()
    await looking
    assert max(before - after for before, after in pairwise(counts)) <= 100


async def test_the_garbage_collector_looks_through_few_objects_of_each_responder(
    database: Database, clock: Clock
) -> None:
    # It holds up every reader meanwhile.
    publisher = publisher_of(database, clock)
    await publisher.refresh()
    await add_many(database, [open_intake(NOON, LAPSE)] * 1_000)
    gc.collect()
    before = len(gc.get_objects())
    await publisher.refresh()
    assert len(publisher.current().entries) >= 1_000
    gc.collect()
    assert len(gc.get_objects()) - before < 12 * 1_000


async def test_nothing_is_prepared_long_before(register: Database, clock: Clock) -> None:
    counted = Counted()
    clock.set(NOON)
    publisher = publisher_of(register, clock, counted)
    await publisher.refresh()
    before = counted.times
    await publisher.prepare()
    assert counted.times == before


async def test_what_was_prepared_for_a_database_that_went_back_is_not_shown(register: Database, clock: Clock) -> None:
    clock.set(SOON)
    publisher = publisher_of(register, clock)
    await change(register, clock, "report")
    await publisher.refresh()
    await publisher.prepare()
    register.continuity.went_back = True
    clock.set(LAPSE + timedelta(seconds=1))
    states = {each.intake.state for each in publisher.current().responders.values()}
    assert states == {"unconfirmed"}
