"""The past of each responder: the same from memory as from the database."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import get_args, get_type_hints

from tests.conftest import Clock
from tests.outages import away
from tests.serving import OPEN, PAUSED, WAITING, Service, serving

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.days import day_of, day_start
from capacity_api.domain.intake import State, Step
from capacity_api.publication import documents
from capacity_api.publication.publisher import Publisher
from capacity_api.representations.responder import HistoryEntry
from capacity_api.snapshot.history import STATES_KEPT_FOR, History
from capacity_api.snapshot.snapshot import Snapshot

HISTORY = "/v1/responders/tara/history"


async def published(settings: Settings, clock: Clock) -> Snapshot:
    """The snapshot of a process that starts now."""
    database = Database(settings)
    publication = Publisher(database, clock, documents.catalogue(settings))
    await publication.refresh()
    await database.close()
    return publication.current()


async def report_for_a_hundred_days(service: Service, clock: Clock) -> None:
    """A hundred days of one responder: it opens, lapses, pauses, is delisted and listed again, waits."""
    admin = await service.token()
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=20))
    for report in (PAUSED, OPEN, OPEN, PAUSED):
        await service.report("tara", report)
        clock.advance(timedelta(days=3))
    await service.report("unseen", OPEN)
    known = await service.read("/v1/responders/tara")
    new = {"slug": "tara", "name": "TARA", "remit": {**known["remit"], "areas": ["S92000003"]}}
    assert (await service.client.delete("/v1/responders/tara", headers=admin)).status_code == 204
    clock.advance(timedelta(days=1))
    assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    await service.resume(known["id"])
    clock.advance(timedelta(days=60))
    await service.report("tara", WAITING)
    clock.advance(timedelta(days=8))
    # Every write first records the due steps.
    await service.report("unseen", PAUSED)


async def test_the_history_in_memory_is_that_of_the_database(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await report_for_a_hundred_days(service, clock)
        for report in [OPEN, PAUSED] * 30:
            await service.report("migrant-help", report)
        for slug, items in (("tara", 6), ("migrant-help", 50), ("nspcc", 0)):
            path = f"/v1/responders/{slug}/history"
            from_memory, from_database = await service.read(path), await service.read(path, limit=50)
            assert from_memory == from_database
            assert len(from_memory["items"]) == items
        following = (await service.read("/v1/responders/migrant-help/history"))["next"]
        more = await service.read("/v1/responders/migrant-help/history", cursor=following)
        assert (len(more["items"]), more["next"]) == (10, None)


async def test_the_history_can_be_read_while_the_database_is_away(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
        async with away(settings.url):
            assert [each["state"] for each in (await service.read(HISTORY))["items"]] == ["open"]


async def test_what_a_process_followed_is_what_one_that_starts_later_reads(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await report_for_a_hundred_days(service, clock)
        followed = await service.read(HISTORY)
        snapshot = await published(settings, clock)
        read = snapshot.find(HISTORY)
        assert read is not None
        assert (await service.client.get(HISTORY)).content == read.body
        assert followed["items"][0]["kind"] == "lapsed"


async def test_the_states_of_a_year_begin_where_the_responder_was_listed(settings: Settings, clock: Clock) -> None:
    start = clock()
    async with serving(settings, clock) as service:
        await report_for_a_hundred_days(service, clock)
        states = (await published(settings, clock)).entries["tara"].states(clock())
    days = [((at - start) / timedelta(days=1), state.value) for at, state in states]
    assert days == [
        (0, "open"),
        (7, "unconfirmed"),
        (20, "paused"),
        (23, "open"),
        (29, "paused"),
        # Delisted, and listed again a day later as unconfirmed.
        (32, "unconfirmed"),
        (93, "waiting_list"),
        (100, "unconfirmed"),
    ]


async def test_a_lapse_that_nobody_recorded_is_among_the_states(settings: Settings, clock: Clock) -> None:
    async with serving(settings, clock) as service:
        await service.report("tara", OPEN)
    snapshot = await published(settings, clock)
    clock.advance(timedelta(days=8))
    states = snapshot.entries["tara"].at(clock()).states(clock())
    # It was listed and opened at the same moment.
    assert states == ((clock() - timedelta(days=8), "open"), (clock() - timedelta(days=1), "unconfirmed"))


def test_a_history_knows_every_kind_of_step_but_a_reminder() -> None:
    of_a_step, of_an_entry = (set(get_args(get_type_hints(kind)["kind"])) for kind in (Step, HistoryEntry))
    assert of_a_step - of_an_entry == {"reminded"}
    assert of_an_entry <= of_a_step


def flapping(every: timedelta, span: timedelta) -> list[tuple[datetime, State]]:
    """The states of somebody who reports another one every few minutes."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    states = (State.OPEN, State.PAUSED, State.WAITING_LIST)
    return [(start + every * number, states[number % 3]) for number in range(span // every)]


def lasted(states: Sequence[tuple[datetime, State]], until: datetime) -> Counter[tuple[date, State]]:
    """The seconds in each state on each day in Europe/London."""
    seconds: Counter[tuple[date, State]] = Counter()
    for (began, state), (ended, _) in pairwise((*states, (until, State.UNCONFIRMED))):
        while began < ended:
            end = min(ended, day_start(day_of(began) + timedelta(days=1)))
            seconds[day_of(began), state] += round((end - began).total_seconds())
            began = end
    return seconds


def test_a_year_of_somebody_who_reports_every_few_minutes_is_bounded_and_each_of_its_days_exact() -> None:
    changes = flapping(timedelta(minutes=17), timedelta(days=400))
    until = changes[-1][0]
    history = History.of((), changes)
    assert len(history.changes) <= 2000
    assert history.changes[-500:] == tuple(changes[-500:]), "the newest have their own times"
    kept = lasted(history.states(until - STATES_KEPT_FOR, until, (), changes[-1][1]), until)
    first = day_of(until - STATES_KEPT_FOR)
    assert {key: seconds for key, seconds in kept.items() if key[0] > first} == {
        key: seconds for key, seconds in lasted(changes, until).items() if key[0] > first
    }
    # What is kept by following it change by change is bounded in the same way.
    for at, state in flapping(timedelta(minutes=17), timedelta(days=5)):
        history = history.changed([(at + timedelta(days=400), state)])
        assert len(history.changes) <= 2000
