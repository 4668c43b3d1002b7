"""What the clients, readers and subscribers of one run saw, and what has to hold of it all. It asks nobody."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from capacity_api.operations.webhooks.scan import MAX_IN_ORDER

Json = dict[str, Any]


class Promise(StrEnum):
    """What the service promises. A finding names the one that was broken."""

    KEPT = "nothing that was acknowledged is lost"
    NUMBERED = "numbers have no gap but the jump of a restore, and none is given out twice"
    READ_BACK = "a writer reads its write"
    FORWARD = "nobody who reads one server goes back"
    AGREED = "every server, the built files and a replay of the events agree"
    TOLD = "each subscriber ends with what holds"
    IN_ORDER = "nothing older arrives after something newer"
    CURSOR = "a webhook's cursor never goes back"
    SAME_BYTES = "an id always carries the same bytes unless it was redacted"
    IN_TIME = "nothing past its end was answered as holding"
    VALIDITY = "a report holds for its validity by the wall's clock"
    REFUSED = "nothing is taken from a suspended owner, or into a database that went back"
    MEASURED = "the statistics add up, and are the same when they are counted again"
    ANSWERED = "every answer is one that the contract has"


class Finding(AssertionError):
    """A promise was broken."""

    def __init__(self, promise: Promise, detail: str) -> None:
        super().__init__(f"not so: {promise}: {detail}")
        self.promise = promise


class Acknowledged(msgspec.Struct, frozen=True):
    """What an answer to a write said about the event with its number. `place` is where the intake has the report."""

    slug: str
    place: str | None = None
    note: str | None = None


class Restore(msgspec.Struct, frozen=True):
    """`directory.restored` has `number`, and follows `last`: what had a number between them is lost."""

    last: int
    number: int


class Known(msgspec.Struct, frozen=True):
    """Whether an owner is suspended; None where nobody knows. `version` grows with each change of it."""

    is_suspended: bool | None = False
    version: int = 0


class Record:
    """`redacted` are the ranges of numbers of which notes were taken out, by slug.

    `era` grows when a restore begins and ends: what was asked in one era says nothing in the next. `has_gone_back`:
    the database is known to be older than what was shown, and nobody has said that it was restored.
    """

    def __init__(self) -> None:
        self.restores: list[Restore] = []
        self.era = 0
        self.has_gone_back = False
        self.suspensions: dict[str, Known] = defaultdict(Known)
        # How often each webhook was replayed, by its address, twice for each: before and after it was asked for.
        self.replays: Counter[str] = Counter()
        self.acknowledged: dict[int, Acknowledged] = {}
        self.redacted: dict[str, list[tuple[int, int]]] = defaultdict(list)
        # Whether each responder that comes and goes is listed; None where the answer to the last change was lost.
        self.is_listed: dict[str, bool | None] = {}
        # Whether each token holds, in the same way, by its id; and the tokens.
        self.holds: dict[str, bool | None] = {}
        self.tokens: dict[str, str] = {}
        self._shown: dict[str, int] = defaultdict(int)
        self._cursors: dict[tuple[str, int, int], int] = defaultdict(int)
        self._bodies: dict[str, dict[bytes, str]] = defaultdict(dict)
        self._ids: dict[int, str] = {}

    def begin_restore(self) -> None:
        """What was done since the backup may be undone from now on, or may not."""
        self._begin_era()

    def end_restore(self, restore: Restore) -> None:
        self.restores.append(restore)
        self._begin_era()

    def _begin_era(self) -> None:
        self.era += 1
        self.is_listed = dict.fromkeys(self.is_listed)
        self.holds = dict.fromkeys(self.holds)
        for owner in self.suspensions:
            self.note_suspension(owner, is_suspended=None)

    def note_suspension(self, owner: str, *, is_suspended: bool | None) -> None:
        self.suspensions[owner] = Known(is_suspended, self.suspensions[owner].version + 1)

    def acknowledge(self, number: int, said: Acknowledged) -> None:
        other = self.acknowledged.setdefault(number, said)
        if other != said:
            raise Finding(Promise.NUMBERED, f"{number} was given to {other} and to {said}")

    def see_answer(self, reader: str, path: str, published: int, body: Json) -> None:
        """A server has shown this to somebody who reads it alone; `published` is the number that it gave itself."""
        seen = self._shown[reader]
        numbers = [body.get("latest", 0), body.get("sequence", 0)]
        numbers += [each.get("sequence", 0) for each in body.get("items", [])]
        if published < max(numbers):
            raise Finding(Promise.FORWARD, f"{path} shows {max(numbers)} to {reader}, and says that it is {published}")
        is_whole = "latest" in body or "total" in body
        if published < seen or (is_whole and max(numbers) < seen):
            raise Finding(Promise.FORWARD, f"{path} shows {published}, {numbers} to {reader}, and it was {seen} before")
        self._shown[reader] = published

    @property
    def is_restoring(self) -> bool:
        return self.era % 2 == 1

    def cursor_age(self, webhook: str) -> tuple[int, int]:
        """Its cursor does not go back before this has changed."""
        return self.era, self.replays[webhook]

    def see_cursor(self, webhook: str, cursor: int, age: tuple[int, int]) -> None:
        """A webhook's cursor was asked for when its `cursor_age` was `age`."""
        # Each replay counts as one when it is asked for, and as one more when that is answered.
        is_replaying = self.replays[webhook] % 2 == 1
        if is_replaying or age != self.cursor_age(webhook):
            return
        key = (webhook, *age)
        if cursor < self._cursors[key]:
            raise Finding(Promise.CURSOR, f"{webhook} was at {self._cursors[key]}, then at {cursor}")
        self._cursors[key] = cursor

    def see_body(self, body: bytes, where: str) -> None:
        """The body of an event arrived."""
        event = json.loads(body)
        self._bodies[event["id"]].setdefault(body, where)
        number = event["sequence"]
        if number is not None and self._ids.setdefault(number, event["id"]) != event["id"]:
            raise Finding(Promise.NUMBERED, f"{number} is the number of {self._ids[number]} and, {where}, of {body!r}")

    def see_responders(self, responders: Iterable[Json], asked_at: datetime, where: str) -> None:
        """A read that was asked at `asked_at` was answered with these."""
        for each in responders:
            intake = each["intake"]
            planned = intake["planned"] or {}
            if intake["state"] != "unconfirmed" and _has_come(intake["confirm_by"], asked_at):
                raise Finding(
                    Promise.IN_TIME,
                    f"{where}, asked at {asked_at}: {each['slug']} {intake['state']} until {intake['confirm_by']}",
                )
            if _has_come(planned.get("effective_from"), asked_at):
                raise Finding(Promise.IN_TIME, f"{where}, asked at {asked_at}: {each['slug']} still plans {planned}")

    def see_validity(self, responder: Json, answered_at: datetime, valid_for: timedelta) -> None:
        """A report for now was answered at `answered_at`, by the clock of its server."""
        confirm_by = datetime.fromisoformat(responder["intake"]["confirm_by"])
        if confirm_by > answered_at + valid_for:
            raise Finding(Promise.VALIDITY, f"answered at {answered_at}, it holds until {confirm_by}")

    def check_events(self, events: list[Json]) -> None:
        """What the list of all events says in the end."""
        newest = 0
        for event in events:
            self._check_number(event, newest)
            newest = event["sequence"]
        by_number = {event["sequence"]: event for event in events}
        for restore in self.restores:
            if restore.number not in by_number:
                raise Finding(Promise.KEPT, f"the restore {restore} is not there")
        for number, said in self.acknowledged.items():
            if not any(restore.last < number < restore.number for restore in self.restores):
                self._check_kept(number, said, by_number.get(number))
        _check_lapses(events)

    def _check_number(self, event: Json, newest: int) -> None:
        number = event["sequence"]
        if event["type"] != "directory.restored":
            if number != newest + 1:
                raise Finding(Promise.NUMBERED, f"{number} is the number of the event after {newest}")
        elif number <= max(newest, event["data"]["last"]) or Restore(newest, number) not in self.restores:
            raise Finding(Promise.NUMBERED, f"{event} follows {newest}; the restores are {self.restores}")

    def check_bodies(self) -> None:
        for seen in self._bodies.values():
            (first, where), *others = seen.items()
            for other, there in others:
                if first == other:
                    continue
                one, two = json.loads(first), json.loads(other)
                if not self._is_redacted(one) or _without_notes(one) != _without_notes(two):
                    raise Finding(Promise.SAME_BYTES, f"{where} had {first!r}, {there} had {other!r}")

    def check_directory(self, responders: Mapping[str, Json], replayed: Mapping[str, Json]) -> None:
        """The directory in the end, and what a replay of the events gives."""
        for slug, is_listed in self.is_listed.items():
            if is_listed is not None and (slug in responders) != is_listed:
                raise Finding(Promise.KEPT, f"{slug} must {'' if is_listed else 'not '}be listed")
        check_equal(Promise.AGREED, "the replay", replayed, responders)

    def _check_kept(self, number: int, said: Acknowledged, event: Json | None) -> None:
        if event is None:
            raise Finding(Promise.KEPT, f"{said} was event {number}, and is not there")
        responder = event["data"].get("responder") or event["data"]
        kept = responder.get("slug")
        if kept != said.slug:
            raise Finding(Promise.KEPT, f"{said} was event {number}, which is about {kept}")
        if said.place is None or self._is_redacted(event):
            return
        report = responder["intake"][said.place] or {}
        note = (report.get("report") or {}).get("note") if said.place == "planned" else report.get("note")
        if note != said.note:
            raise Finding(Promise.KEPT, f"{said} was event {number}, which says {note!r}")

    def _is_redacted(self, event: Json) -> bool:
        slug = (event["data"].get("responder") or {}).get("slug", "")
        return any(first <= (event["sequence"] or 0) <= last for first, last in self.redacted[slug])


def _check_lapses(events: list[Json]) -> None:
    """What lapses is what stood: a lapse ends the report that the event before it had.

    A pause that a count brought ends in another way, also where somebody has confirmed it: a lower count brings back
    what was before, even if that has lapsed.
    """
    stood: dict[str, Json] = {}
    # Since when each has been paused, if a count brought that.
    paused_by_count: dict[str, str] = {}
    for event in events:
        if event["type"] == "directory.restored":
            # It ends everything, and what follows it says so.
            stood = {}
        responder = event["data"].get("responder")
        if responder is None:
            continue
        slug, now = responder["slug"], responder["intake"]
        before = stood.get(slug, now)
        by_count = now["said_by"] == "threshold"
        is_brought_back = not by_count and paused_by_count.get(slug) == before["since"]
        if event["type"] == "intake.unconfirmed" and before["confirm_by"] != now["confirm_by"] and not is_brought_back:
            raise Finding(
                Promise.KEPT,
                f"event {event['sequence']} ends what held until {now['confirm_by']}, not {before['confirm_by']}",
            )
        stood[slug] = now
        if by_count:
            paused_by_count[slug] = now["since"]


def check_equal(promise: Promise, whose: str, found: Mapping[str, Json], truth: Mapping[str, Json]) -> None:
    """Name the responders that differ."""
    for slug in sorted({*found, *truth}):
        if found.get(slug) != truth.get(slug):
            raise Finding(promise, f"{whose} has {found.get(slug)}, the directory {truth.get(slug)}")


def check_order(numbers: Iterable[int], subscriber: str, *, falls: int = 0, deaths: int = 0) -> None:
    """Something may arrive twice, and nothing for the first time after something newer.

    So many times (`falls`) all after some number comes again, and after each of so many `deaths` of a worker what one
    claim had of it.
    """
    arrived: list[int] = []
    before = 0
    for number in numbers:
        if not arrived or number > arrived[-1]:
            arrived.append(number)
        else:
            place = bisect_left(arrived, number)
            is_repeated = arrived[place] == number
            if is_repeated and number >= before:
                pass
            elif is_repeated and deaths and len(arrived) - place <= MAX_IN_ORDER:
                deaths -= 1
            elif falls:
                falls -= 1
                arrived = [number]
            else:
                raise Finding(
                    Promise.IN_ORDER, f"{subscriber} got {number} after {arrived[-1]}, and {before} before it"
                )
        before = number


def _has_come(moment: str | None, now: datetime) -> bool:
    return moment is not None and datetime.fromisoformat(moment) <= now


def _without_notes(event: Json) -> Json:
    intake = (event["data"].get("responder") or {}).get("intake")
    if intake is not None:
        for report in (intake["report"], intake["last_report"], (intake["planned"] or {}).get("report")):
            if report is not None:
                report["note"] = None
    return event
