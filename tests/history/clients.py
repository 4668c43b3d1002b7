"""Those who change the directory at random, each one change after another, and note what was acknowledged."""

import asyncio
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
_STATES = ("open", "paused", "waiting_list")
_NOTE = ["report.note"]
_REMIT = {"areas": ["E92000001"], "exploitation_types": ["all"], "age_groups": ["adult"]}


class Client:
    """Makes random changes, through any server. `did` counts what was acknowledged."""

    def __init__(self, name: str, servers: list[Member], record: Record, chance: Random, headers: Headers) -> None:
        self._name = name
        self._servers = servers
        self._record = record
        self._chance = chance
        self._headers = headers
        self._made = 0
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
        try:
            answer = await server.client.request(method, path, json=body, headers=self._headers)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code in refusals:
            return answer
        if answer.status_code not in {200, 201, 204}:
            raise Finding(Promise.ANSWERED, f"{method} {path} of {self._name}: {answer.status_code} {answer.text}")
        self.did[what] += 1
        if answer.content and "published-sequence" in answer.headers:
            await self._read_back(server, answer)
        return answer

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
        try:
            shown = await server.client.get(f"/v1/responders/{written['slug']}")
        except httpx.TransportError:
            return
        if shown.status_code != 200 or shown.json()["sequence"] < written["sequence"]:
            raise Finding(
                Promise.READ_BACK, f"{server.name} acknowledged {written['sequence']}, then showed {shown.text}"
            )


class Responder(Client):
    """Says what it takes on, and nobody else says it."""

    def __init__(self, slug: str, servers: list[Member], record: Record, chance: Random, headers: Headers) -> None:
        super().__init__(slug, servers, record, chance, headers)
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
        body = {"state": self._chance.choice(_STATES), "note": note}
        answer = await self.call("PUT", f"{self._path}/intake", body, what="report")
        if answer is not None:
            self._record.see_validity(answer.json(), utc_now(), VALID_FOR)
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


class Coordinator(Client):
    """Lists, delists, renames, redacts; issues and revokes tokens; suspends a partner and lets it go on."""

    def __init__(
        self,
        servers: list[Member],
        record: Record,
        chance: Random,
        headers: Headers,
        *,
        slugs: tuple[str, ...],
        partner_id: str,
    ) -> None:
        super().__init__("coordinator", servers, record, chance, headers)
        self._slugs = slugs
        self._partner_id = partner_id

    def choices(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [
            (self._list_or_delist, 4),
            (self._rename, 3),
            (self._redact, 2),
            (self._issue, 1),
            (self._revoke, 1),
            (self._suspend, 1),
        ]

    async def _list_or_delist(self) -> None:
        slug = f"newcomer-{self._chance.randrange(3)}"
        was_listed, self._record.is_listed[slug] = self._record.is_listed.get(slug, False), None
        # It may be done already although its answer was lost.
        if was_listed is not False:
            answer = await self.call("DELETE", f"/v1/responders/{slug}", refusals=(404,), what="delisted")
            if answer is not None:
                self._record.is_listed[slug] = False
            return
        body = {"slug": slug, "name": self.note(), "remit": _REMIT}
        answer = await self.call("POST", "/v1/responders", body, what="listed")
        if answer is not None:
            self._record.is_listed[slug] = True
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(slug))

    async def _rename(self) -> None:
        slug = self._chance.choice(self._slugs)
        answer = await self.call("PATCH", f"/v1/responders/{slug}", {"name": self.note()}, what="renamed")
        if answer is not None:
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(slug))

    async def _redact(self) -> None:
        slug = self._chance.choice(self._slugs)
        known = [number for number, said in self._record.acknowledged.items() if said.slug == slug]
        if not known:
            return
        first = self._chance.choice(known)
        answer = await self.call(
            "POST", f"/v1/responders/{slug}/redactions", {"fields": _NOTE, "from": first, "to": None}, what="redacted"
        )
        if answer is None:
            # Nobody knows how far it went, if at all.
            newest = max(self._record.acknowledged)
            self._record.redacted[slug].append((first, newest + 1000))
            return
        redacted = answer.json()
        self._record.redacted[slug].append((redacted["from"], redacted["to"]))
        self._record.acknowledge(redacted["sequence"], Acknowledged(slug))

    async def _issue(self) -> None:
        answer = await self.call("POST", "/v1/tokens", {"owner": "admin", "label": self.note()}, what="issued")
        if answer is not None:
            issued = answer.json()
            self._record.tokens[issued["id"]] = issued["token"]
            self._record.holds[issued["id"]] = True

    async def _revoke(self) -> None:
        holding = [token for token, holds in self._record.holds.items() if holds]
        if not holding:
            return
        token = self._chance.choice(holding)
        self._record.holds[token] = None
        if await self.call("DELETE", f"/v1/tokens/{token}", what="revoked") is not None:
            self._record.holds[token] = False

    async def _suspend(self) -> None:
        is_suspended = self._chance.random() < 0.5
        await self.suspend(is_suspended=is_suspended)

    async def suspend(self, *, is_suspended: bool) -> bool:
        """Suspend the partner, or let it go on; false where nobody knows whether that was done."""
        path, body = f"/v1/owners/{self._partner_id}", {"suspended": is_suspended}
        return await self.call("PATCH", path, body, what="suspended" if is_suspended else "resumed") is not None
