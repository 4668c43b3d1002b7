"""Subscribers that follow the rule for receivers, as the example integration does, and sometimes fail."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from tests.delivery.endpoints import Endpoint
from tests.examples.partners import example_module
from tests.history.record import Finding, Json, Promise, Record, check_equal, check_order

from capacity_api.clock import utc_now
from capacity_api.domain.events import PRIVATE, EventType

# "All" leaves out confirmations, without which a copy does not know until when a report holds.
EVERY_TYPE = sorted({*EventType} - PRIVATE)
_Copy: Any = example_module("copy_of_directory").Copy


class Subscriber(Endpoint):
    """Keeps a copy of the directory by webhooks alone. `slugs` are those that it hears of; none stands for all."""

    def __init__(self, name: str, record: Record, chance: Random, folder: Path, slugs: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.name = name
        self.is_well = False
        self.webhook_id = ""
        self._record = record
        self._chance = chance
        self._slugs = slugs
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
            await asyncio.sleep(self._chance.uniform(0, 0.5))
        event = json.loads(body)
        self._copy.apply_webhook(event)
        self._taken.add(event["sequence"])
        return 503 if fate == "fails late" else 204

    def check_all_taken(self, numbers: Iterable[int]) -> None:
        """For one that wants everything, superseded events too."""
        missing = {number for number in numbers if number > self._since} - self._taken
        if missing:
            raise Finding(Promise.TOLD, f"{self.name} was never told of {sorted(missing)}")

    def check(self, responders: dict[str, Json], *, in_order: bool) -> None:
        """Compare its copy with the directory, and what arrived with the order in which it happened."""
        truth = {slug: each for slug, each in responders.items() if not self._slugs or slug in self._slugs}
        shown = self._copy.responders(utc_now())
        copied = {slug: each for slug, each in shown.items() if not self._slugs or slug in self._slugs}
        check_equal(Promise.TOLD, self.name, _unnumbered(copied), _unnumbered(truth))
        numbers = [json.loads(body)["sequence"] for _, body in self.posts]
        if in_order:
            check_order([number for number in numbers if number is not None], self.name)


def _unnumbered(responders: dict[str, Json]) -> dict[str, Json]:
    """A redaction gives a responder a number of its own, which webhooks alone do not bring."""
    left_out = {"sequence", "updated_at"}
    return {slug: {name: each[name] for name in each.keys() - left_out} for slug, each in responders.items()}


def replayed(pages: list[Json], folder: Path) -> dict[str, Json]:
    """The responders that the events give, from the first on."""
    copy = _Copy(folder / "replay.json")
    copy.replace({"responders": [], "sequence": 0})
    for page in pages:
        copy.apply_page(page)
    found: dict[str, Json] = copy.responders(utc_now())
    return found
