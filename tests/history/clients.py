"""Clients that change the directory at random, one change after another, and note what was acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import httpx
from tests.history.record import Acknowledged, Finding, Promise, Record
from tests.history.servers import Member, passes
from tests.serving import Headers

from capacity_api.clock import utc_now

# How long a report of those in `Responder` holds, in whole hours: as short as can be.
VALID_FOR = timedelta(hours=1)
_LONGEST_PLAN_SECONDS = 4.0
_LONGEST_PAUSE_SECONDS = 0.05
STATES = ("open", "paused", "waiting_list")


class Client:
    """Makes random changes, through any server. `did` counts what was acknowledged.

    `owner` is whose token it has, as the record names it; the administrators' cannot be suspended.
    """

    def __init__(
        self,
        name: str,
        servers: list[Member],
        record: Record,
        chance: Random,
        headers: Headers,
        *,
        owner: str | None = None,
    ) -> None:
        self._name = name
        self._servers = servers
        self._record = record
        self._chance = chance
        self._headers = headers
        self._owner = owner
        self._made = 0
        # The latest that the server's own clock may have shown when it gave the last answer.
        self._answered_at = utc_now()
        self.did: Counter[str] = Counter()

    async def live(self, ended: asyncio.Event) -> None:
        while not await passes(ended, self._chance.uniform(0, _LONGEST_PAUSE_SECONDS)):
            choices = self.choices()
            (what,) = self._chance.choices([each for each, _ in choices], [weight for _, weight in choices])
            await what()

    def choices(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        """What it may do next, and how often it does."""
        raise NotImplementedError

    async def call(
        self, method: str, path: str, body: object = None, *, refusals: tuple[int, ...] = (), what: str
    ) -> httpx.Response | None:
        """The answer, which may be one of the `refusals`; None where nobody knows whether anything was done."""
        server = self._chance.choice(self._servers)
        record = self._record
        era, had_gone_back, began = record.era, record.has_gone_back, time.monotonic()
        known = None if self._owner is None else record.suspensions[self._owner]
        try:
            answer = await server.client.request(method, path, json=body, headers=self._headers)
        except httpx.TransportError:
            return None
        # Somebody may set the clock, and set it right, while the request waits.
        self._answered_at = utc_now() + server.lead_since(began)
        if answer.status_code == 503:
            return None
        where = f"{method} {path} of {self._name}, by {server.name}: {answer.status_code} {answer.text}"
        is_sure = known is not None and record.suspensions[self._owner or ""] == known
        if _refuses_the_suspended(answer) and known is not None and not (is_sure and known.is_suspended is False):
            return None
        if answer.status_code in refusals:
            return answer
        if answer.status_code not in {200, 201, 202, 204}:
            if answer.status_code < 500 and (record.is_restoring or era != record.era):
                # What it is about may not be there yet.
                return None
            raise Finding(Promise.ANSWERED, where)
        if is_sure and known is not None and known.is_suspended:
            raise Finding(Promise.REFUSED, f"its owner is suspended, {where}")
        if had_gone_back and record.has_gone_back and era == record.era:
            raise Finding(Promise.REFUSED, f"its database had gone back, {where}")
        self.did[what] += 1
        # A restore may have undone it, or do so at any moment.
        stands = era == record.era and not record.is_restoring
        if stands and answer.content and "published-sequence" in answer.headers:
            await self._read_back(server, answer)
        return answer if stands else None

    def note(self) -> str:
        """A note that nobody has written before."""
        self._made += 1
        return f"{self._name}, {self._made}"

    async def _read_back(self, server: Member, answer: httpx.Response) -> None:
        """Read what was written, on the server that says that it shows it."""
        written = answer.json()
        written = written.get("responder", written)
        if "intake" not in written:
            return
        if int(answer.headers["published-sequence"]) < written["sequence"]:
            self.did["shown later"] += 1
            return
        era = self._record.era
        try:
            shown = await server.client.get(f"/v1/responders/{written['slug']}")
        except httpx.TransportError:
            return
        if era != self._record.era:
            return
        if shown.status_code != 200 or shown.json()["sequence"] < written["sequence"]:
            raise Finding(
                Promise.READ_BACK, f"{server.name} acknowledged {written['sequence']}, then showed {shown.text}"
            )


def _refuses_the_suspended(answer: httpx.Response) -> bool:
    """Whether the owner is suspended: 401, or 409 where that happened after the token was checked."""
    return answer.status_code == 401 or (answer.status_code == 409 and answer.json()["code"] == "webhook_suspended")


class Responder(Client):
    """Says what it takes on, and nobody else says it."""

    def __init__(self, slug: str, servers: list[Member], record: Record, chance: Random, headers: Headers) -> None:
        super().__init__(slug, servers, record, chance, headers, owner=slug)
        self._slug = slug
        self._path = f"/v1/responders/{slug}"

    def choices(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [(self._report, 10), (self._confirm, 3), (self._count, 3), (self._plan, 3), (self._cancel, 1)]

    async def prepare(self) -> None:
        """From now on a count may pause it, and let it go on."""
        threshold = {"pause_at": 100, "reopen_below": 60, "report": {"exceptions": ["homelessness"]}}
        await self.call("PUT", f"{self._path}/threshold", threshold, what="threshold")

    async def _report(self) -> None:
        note = self.note()
        body = {"state": self._chance.choice(STATES), "note": note}
        answer = await self.call("PUT", f"{self._path}/intake", body, what="report")
        if answer is not None:
            self._record.see_validity(answer.json(), self._answered_at, VALID_FOR)
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(self._slug, "report", note))

    async def _plan(self) -> None:
        note = self.note()
        starts = utc_now() + timedelta(seconds=self._chance.uniform(1, _LONGEST_PLAN_SECONDS))
        body = {"state": "paused", "note": note, "effective_from": starts.isoformat()}
        # It may have begun before the request arrived.
        answer = await self.call("PUT", f"{self._path}/intake?replace=true", body, refusals=(422,), what="plan")
        if answer is not None and answer.is_success:
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(self._slug, "planned", note))

    async def _confirm(self) -> None:
        answer = await self.call("POST", f"{self._path}/intake/confirmation", refusals=(409,), what="confirmation")
        if answer is not None and answer.is_success:
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(self._slug))

    async def _count(self) -> None:
        body = {"open_referrals": self._chance.choice((20, 80, 120))}
        await self.call("PUT", f"{self._path}/caseload", body, what="count")

    async def _cancel(self) -> None:
        await self.call("DELETE", f"{self._path}/intake/planned", what="cancelled")
