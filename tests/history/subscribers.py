"""Subscribers that follow the rule for receivers, as the example integration does, and sometimes fail."""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import httpx
from tests.delivery.endpoints import Endpoint
from tests.examples.partners import example_module
from tests.history.record import Finding, Json, Promise, Record, check_equal, check_order
from tests.history.servers import Member

from capacity_api.clock import Clock, utc_now
from capacity_api.domain.events import PRIVATE, EventType

# "All" leaves out confirmations, without which a copy does not know until when a report holds.
EVERY_TYPE = sorted({*EventType} - PRIVATE)
# How often an event is lost by one that forgets.
_FORGETS = 0.05
_Copy: Any = example_module("copy_of_directory").Copy


class Subscriber(Endpoint):
    """Keeps a copy of the directory by webhooks alone, and reads it whole after a restore.

    `slugs` are those that it hears of; none stands for all. One that `forgets` acknowledges some events and does
    nothing with them: `forgotten` is the first of those.
    """

    def __init__(
        self,
        name: str,
        record: Record,
        chance: Random,
        folder: Path,
        servers: Sequence[Member] = (),
        *,
        clock: Clock = utc_now,
        slugs: tuple[str, ...] = (),
        forgets: bool = False,
    ) -> None:
        super().__init__()
        self.name = name
        self.is_well = False
        self.url = ""
        self.webhook_id = ""
        self.forgotten: int | None = None
        self._servers = servers
        self._clock = clock
        self._forgets = forgets
        # The number of the last restore that it heard of.
        self._restored = 0
        self._record = record
        self._chance = chance
        self.slugs = slugs
        # In the order of the events, those that no longer hold too.
        self.wants_all = name in {"everything", "forgetful"}
        self._copy = _Copy(folder / f"{name}.json")
        self._taken: set[int] = set()
        self._since = 0

    def begin(self, since: int, directory: Json) -> None:
        """Start from the directory, read after its webhook was made. It hears of what comes after `since`."""
        self._since = since
        self._copy.replace(directory)

    async def take(self, body: bytes) -> int:
        self._record.see_body(body, self.name)
        fate = "arrives"
        if not self.is_well:
            (fate,) = self._chance.choices(("arrives", "is slow", "is refused", "fails late"), (90, 5, 3, 2))
        if fate == "is refused":
            return 503
        if fate == "is slow":
            # As slow as its seed says.
            await asyncio.sleep(self._chance.uniform(0, 0.5))
        event = json.loads(body)
        number = event["sequence"]
        if self._forgets and not self.is_well and number is not None and self._chance.random() < _FORGETS:
            self.forgotten = min(number, self.forgotten or number)
            return 204
        if event["type"] == "directory.restored":
            self._restored = max(self._restored, number)
        if not await self._has_copy():
            return 503
        self._copy.apply_webhook(event)
        if not await self._has_copy():
            return 503
        self._taken.add(number)
        return 503 if fate == "fails late" else 204

    async def _has_copy(self) -> bool:
        """Whether there is one to apply events to: after a restore it is read anew, from whatever server answers."""
        if self._copy.cursor is not None:
            return True
        for server in self._servers:
            began = time.monotonic()
            try:
                answer = await server.client.get("/v1/directory")
            except httpx.TransportError:
                continue
            if server.was_far_behind_since(began):
                # Hours behind, it shows newer reports as unconfirmed, and later as they are under the same number.
                continue
            if answer.status_code == 200 and answer.json()["sequence"] >= self._restored:
                self._copy.replace(answer.json())
                return True
        return False

    def check_all_taken(self, numbers: Iterable[int]) -> None:
        """For one that wants everything. What was not sent before a restore is not sent later."""
        restored = max((each.number for each in self._record.restores), default=0)
        missing = {number for number in numbers if number > self._since and number >= restored} - self._taken
        if missing:
            raise Finding(Promise.TOLD, f"{self.name} was never told of {sorted(missing)}")

    def check(self, responders: dict[str, Json], *, in_order: bool, deaths: int = 0) -> None:
        """Compare its copy with the directory, and what arrived with the order in which it happened (`check_order`)."""
        truth = {slug: each for slug, each in responders.items() if not self.slugs or slug in self.slugs}
        shown = self._copy.responders(self._clock())
        copied = {slug: each for slug, each in shown.items() if not self.slugs or slug in self.slugs}
        check_equal(Promise.TOLD, self.name, _unnumbered(copied), _unnumbered(truth))
        numbers = [json.loads(body)["sequence"] for _, body in self.posts]
        if in_order:
            # A replay goes back, and so may what was on its way then: each is counted twice.
            falls = self._record.replays[self.url]
            check_order([number for number in numbers if number is not None], self.name, falls=falls, deaths=deaths)


def _unnumbered(responders: dict[str, Json]) -> dict[str, Json]:
    """A redaction gives a responder a number of its own, which webhooks alone do not bring."""
    left_out = {"sequence", "updated_at"}
    return {slug: {name: each[name] for name in each.keys() - left_out} for slug, each in responders.items()}


def _since_the_restore(page: Json) -> Json:
    """A restore says of everybody anew how things are; nothing before it is to be built on."""
    events = page["events"]
    restored = [at for at, event in enumerate(events) if event["type"] == "directory.restored"]
    return {**page, "events": events[restored[-1] + 1 :]} if restored else page


def replayed(pages: list[Json], folder: Path, clock: Clock = utc_now) -> dict[str, Json]:
    """The responders that the events give, from the first on or since the last restore."""
    copy = _Copy(folder / "replay.json")
    copy.replace({"responders": [], "sequence": 0})
    for page in pages:
        copy.apply_page(_since_the_restore(page))
    found: dict[str, Json] = copy.responders(clock())
    return found
