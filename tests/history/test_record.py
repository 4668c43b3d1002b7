"""Each promise of `Record` is kept by a good history, and broken by one that differs in that alone."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.history.record import Acknowledged, Finding, Promise, Record, Restore, check_equal, check_order

from capacity_api.operations.webhooks.scan import MAX_IN_ORDER

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER, EARLIER = "2026-11-21T12:00:01Z", "2026-11-21T12:00:00Z"


def responder(state: str = "open", confirm_by: str | None = LATER, **intake: Any) -> dict[str, Any]:
    report = {"state": "open", "note": intake.pop("note", "one")}
    said = {"report": report, "said_by": "responder", "since": EARLIER, "last_report": None, "planned": None, **intake}
    return {"slug": "tara", "intake": {"state": state, "confirm_by": confirm_by, **said}}


def event(number: int, **intake: Any) -> dict[str, Any]:
    kind = "intake.unconfirmed" if intake.get("state") == "unconfirmed" else "intake.updated"
    return {"id": f"event {number}", "type": kind, "sequence": number, "data": {"responder": responder(**intake)}}


def body(number: int, **intake: Any) -> bytes:
    return json.dumps(event(number, **intake)).encode()


PLAN = {"effective_from": LATER, "report": {"state": "paused", "note": "two"}}


def acknowledged(record: Record) -> None:
    record.acknowledge(1, Acknowledged("tara", "report", "one"))
    record.acknowledge(2, Acknowledged("tara", "planned", "two"))


def redacted(record: Record) -> None:
    record.redacted["tara"].append((3, 3))


def test_a_good_history_breaks_no_promise() -> None:
    record = Record()
    acknowledged(record)
    redacted(record)
    lapse = event(4, state="unconfirmed")
    record.check_events(
        [event(1), event(2, planned=PLAN), event(3, note=None), lapse, {**lapse, "sequence": 5, "data": {}}]
    )
    for number in (1, 1, 3):
        record.see_answer("reader 1", "/v1/directory", number, {"sequence": number, "total": 0})
        record.see_cursor("webhook", number, record.cursor_age("webhook"))
    record.see_answer("reader 1", "/v1/responders/tara", 3, {"sequence": 1})
    record.see_answer("reader 2", "/v1/responders/tara", 2, {"sequence": 1})
    record.see_responders([responder(planned=PLAN), responder("unconfirmed", EARLIER)], NOON, "/v1/directory")
    record.see_validity(responder(), NOON, timedelta(seconds=1))
    for seen in (body(1), body(1), body(3), body(3, note=None)):
        record.see_body(seen, "here")
    record.check_bodies()
    record.is_listed |= {"tara": True, "new": False, "unknown": None}
    record.check_directory({"tara": responder()}, {"tara": responder()})
    check_order([1, 2, 2, 5], "subscriber")
    check_order([1, 3, 1, 3, 4, 3, 3], "subscriber", deaths=2)
    check_order([*range(1, MAX_IN_ORDER + 1), 1, 3], "subscriber", deaths=1)


def restored(number: int, last: int) -> dict[str, Any]:
    return {"id": "restored", "type": "directory.restored", "sequence": number, "data": {"last": last}}


def test_a_restore_may_lose_what_has_a_number_between_and_nothing_else() -> None:
    record = Record()
    acknowledged(record)
    record.acknowledge(3, Acknowledged("tara", "report", "lost"))
    record.is_listed["tara"] = True
    record.note_suspension("tara", is_suspended=True)
    for number in (5, 2):
        # The same webhook before and after it is replayed.
        record.see_cursor("webhook", number, record.cursor_age("webhook"))
        record.replays["webhook"] += 2
    asked = record.cursor_age("webhook")
    record.begin_restore()
    record.see_cursor("webhook", 1, asked)
    record.end_restore(Restore(last=2, number=100))
    assert (record.is_listed, record.suspensions["tara"].is_suspended) == ({"tara": None}, None)
    lapse = event(101, state="unconfirmed", confirm_by=EARLIER)
    record.check_events([event(1), event(2, planned=PLAN), restored(100, 2), lapse, event(102)])
    check_order([1, 3, 1, 2, 3], "subscriber", falls=1)


def test_while_a_replay_is_under_way_a_cursor_may_go_back() -> None:
    record = Record()
    record.replays["webhook"] += 1
    for number in (5, 2):
        record.see_cursor("webhook", number, record.cursor_age("webhook"))


def test_a_pause_by_a_count_may_end_in_what_had_lapsed_before() -> None:
    paused = event(2, said_by="threshold", state="paused", confirm_by=LATER)
    for brought_back in ({"said_by": None, "confirm_by": None}, {"said_by": "responder", "confirm_by": EARLIER}):
        Record().check_events([event(1), paused, event(3, state="unconfirmed", **brought_back)])
        # Somebody may have confirmed it meanwhile.
        confirmed = event(3, state="paused", confirm_by=LATER)
        Record().check_events([event(1), paused, confirmed, event(4, state="unconfirmed", **brought_back)])
    reopened = event(3, since=LATER)
    with pytest.raises(Finding):
        Record().check_events([event(1), paused, reopened, event(4, state="unconfirmed", confirm_by=EARLIER)])
    with pytest.raises(Finding):
        Record().check_events(
            [event(1), paused, event(3, state="unconfirmed", said_by="threshold", confirm_by=EARLIER)]
        )


def _restored(record: Record, restore: Restore, *events: dict[str, Any]) -> None:
    record.end_restore(restore)
    record.check_events([event(1), event(2, planned=PLAN), *events])


def _bodies(record: Record, *bodies: bytes) -> None:
    for seen in bodies:
        record.see_body(seen, "here")
    record.check_bodies()


def _answers(record: Record, *answers: tuple[int, dict[str, Any]]) -> None:
    for published, shown in answers:
        record.see_answer("reader 1", "/", published, shown)


def _cursors(record: Record, *cursors: int) -> None:
    for cursor in cursors:
        record.see_cursor("webhook", cursor, record.cursor_age("webhook"))


def _listed(record: Record, *, is_listed: bool) -> None:
    record.is_listed["tara"] = is_listed
    record.check_directory({} if is_listed else {"tara": responder()}, {})


BROKEN: list[tuple[Promise, Callable[[Record], object]]] = [
    (Promise.KEPT, lambda record: record.check_events([event(1)])),
    (Promise.KEPT, lambda record: record.check_events([event(1, note="other"), event(2, planned=PLAN)])),
    (Promise.KEPT, lambda record: record.check_events([event(1), event(2)])),
    (Promise.KEPT, lambda record: record.check_events([{**event(1), "data": {}}, event(2, planned=PLAN)])),
    (
        Promise.KEPT,
        lambda record: record.check_events(
            [event(1), event(2, planned=PLAN), event(3, state="unconfirmed", confirm_by=EARLIER)]
        ),
    ),
    (Promise.KEPT, lambda record: _listed(record, is_listed=True)),
    (Promise.KEPT, lambda record: _listed(record, is_listed=False)),
    (Promise.NUMBERED, lambda record: record.check_events([event(1), event(3)])),
    (Promise.NUMBERED, lambda record: record.check_events([event(1), event(1)])),
    (Promise.NUMBERED, lambda record: record.acknowledge(1, Acknowledged("tara", "report", "other"))),
    (Promise.NUMBERED, lambda record: _bodies(record, body(1), body(1).replace(b"event 1", b"event 2"))),
    (Promise.NUMBERED, lambda record: record.check_events([event(1), event(2, planned=PLAN), restored(100, 2)])),
    (Promise.NUMBERED, lambda record: _restored(record, Restore(2, 100), restored(100, 2), event(102))),
    (Promise.NUMBERED, lambda record: _restored(record, Restore(1, 100), restored(100, 1))),
    (Promise.NUMBERED, lambda record: _restored(record, Restore(2, 2), restored(2, 2))),
    (Promise.KEPT, lambda record: _restored(record, Restore(2, 100))),
    (Promise.FORWARD, lambda record: _answers(record, (2, {}), (1, {}))),
    (Promise.FORWARD, lambda record: _answers(record, (2, {}), (2, {"sequence": 1, "total": 0}))),
    (Promise.FORWARD, lambda record: _answers(record, (1, {"latest": 2}))),
    (Promise.FORWARD, lambda record: _answers(record, (1, {"items": [{"sequence": 2}]}))),
    (Promise.CURSOR, lambda record: _cursors(record, 2, 1)),
    (Promise.IN_TIME, lambda record: record.see_responders([responder(confirm_by=EARLIER)], NOON, "/")),
    (Promise.IN_TIME, lambda record: record.see_responders([responder("paused", EARLIER)], NOON, "/")),
    (
        Promise.IN_TIME,
        lambda record: record.see_responders([responder(planned={"effective_from": EARLIER})], NOON, "/"),
    ),
    (Promise.VALIDITY, lambda record: record.see_validity(responder(), NOON, timedelta(milliseconds=999))),
    (Promise.SAME_BYTES, lambda record: _bodies(record, body(1), body(1, note=None))),
    (Promise.SAME_BYTES, lambda record: _bodies(record, body(3), body(3, state="paused"))),
    (Promise.AGREED, lambda record: record.check_directory({"tara": responder()}, {"tara": responder("paused")})),
    (Promise.AGREED, lambda record: record.check_directory({"tara": responder()}, {})),
    (Promise.TOLD, lambda _: check_equal(Promise.TOLD, "a subscriber", {"tara": responder()}, {})),
    (Promise.IN_ORDER, lambda _: check_order([1, 3, 2], "subscriber")),
    (Promise.IN_ORDER, lambda _: check_order([1, 3, 2, 3, 1], "subscriber", falls=1)),
    (Promise.IN_ORDER, lambda _: check_order([1, 3, 1, 3, 1], "subscriber", deaths=1)),
    (Promise.IN_ORDER, lambda _: check_order([1, 3, 2], "subscriber", deaths=1)),
    (Promise.IN_ORDER, lambda _: check_order([1, 3, 1, 2], "subscriber", deaths=1)),
    (Promise.IN_ORDER, lambda _: check_order([*range(1, MAX_IN_ORDER + 2), 1], "subscriber", deaths=1)),
]


@pytest.mark.parametrize(("promise", "history"), BROKEN)
def test_a_broken_promise_is_found(promise: Promise, history: Callable[[Record], object]) -> None:
    record = Record()
    acknowledged(record)
    redacted(record)
    with pytest.raises(Finding) as found:
        history(record)
    assert found.value.promise is promise
