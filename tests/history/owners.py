"""The coordinator and the partner of one run: who changes more than a report."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from random import Random

from tests.history.clients import STATES, VALID_FOR, Client
from tests.history.record import Acknowledged, Record
from tests.history.servers import Member
from tests.history.subscribers import Subscriber
from tests.serving import Headers

# The name of the partner in the record; a responder's is its slug.
PARTNER = "partner"
_NOTE = ["report.note"]
_REMIT = {"areas": ["E92000001"], "exploitation_types": ["all"], "age_groups": ["adult"]}


class Coordinator(Client):
    """Lists, delists, renames, reports for others, redacts; issues and revokes tokens; suspends owners for a while.

    `owners` are the ids of those that it suspends, by their name in the record.
    """

    def __init__(
        self,
        servers: list[Member],
        record: Record,
        chance: Random,
        headers: Headers,
        *,
        slugs: tuple[str, ...],
        owners: Mapping[str, str],
    ) -> None:
        super().__init__("coordinator", servers, record, chance, headers)
        self._slugs = slugs
        self._owners = owners

    def choices(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [
            (self._list_or_delist, 4),
            (self._rename, 3),
            (self._redact, 2),
            (self._issue, 1),
            (self._revoke, 1),
            (self._report_for, 1),
            (self._suspend_or_resume, 3 if self._suspended() else 1),
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
            # Nobody knows how far it went, if at all: a restore may be under way, and numbers jump there.
            self._record.redacted[slug].append((first, sys.maxsize))
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

    async def _report_for(self) -> None:
        slug, note = self._chance.choice(self._slugs), self.note()
        body = {"state": self._chance.choice(STATES), "note": note}
        answer = await self.call("PUT", f"/v1/responders/{slug}/intake", body, what="reported for")
        if answer is not None:
            self._record.see_validity(answer.json(), self._answered_at, VALID_FOR)
            self._record.acknowledge(answer.json()["sequence"], Acknowledged(slug, "report", note))

    def _suspended(self) -> list[str]:
        """Those that are, as far as is known."""
        return [owner for owner in self._owners if self._record.suspensions[owner].is_suspended is not False]

    async def _suspend_or_resume(self) -> None:
        suspended = self._suspended()
        if suspended:
            await self._set_suspended(self._chance.choice(suspended), is_suspended=False)
        else:
            await self._set_suspended(self._chance.choice([*self._owners]), is_suspended=True)

    async def _set_suspended(self, owner: str, *, is_suspended: bool) -> None:
        self._record.note_suspension(owner, is_suspended=None)
        path, body = f"/v1/owners/{self._owners[owner]}", {"suspended": is_suspended}
        if await self.call("PATCH", path, body, what="suspended" if is_suspended else "resumed") is not None:
            self._record.note_suspension(owner, is_suspended=is_suspended)

    async def resume_all(self) -> None:
        while suspended := self._suspended():
            await self._set_suspended(suspended[0], is_suspended=False)


class Partner(Client):
    """Has events sent again, and tests its webhooks."""

    def __init__(
        self, servers: list[Member], record: Record, chance: Random, headers: Headers, *, subscribers: list[Subscriber]
    ) -> None:
        super().__init__("partner", servers, record, chance, headers, owner=PARTNER)
        self._subscribers = subscribers

    def choices(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [(self._test, 10), (self._replay_some, 1)]

    async def _test(self) -> None:
        path = f"/v1/webhooks/{self._chance.choice(self._subscribers).webhook_id}/test"
        # A few a minute are enough for anybody.
        await self.call("POST", path, {"type": "intake.paused"}, refusals=(429,), what="tested")

    async def _replay_some(self) -> None:
        after = self._chance.choice([0, *self._record.acknowledged])
        await self.replay(self._chance.choice(self._subscribers), after)

    async def replay(self, subscriber: Subscriber, after: int) -> bool:
        """Have the events after this number sent again; false where nobody knows whether they are."""
        self._record.replays[subscriber.url] += 1
        path = f"/v1/webhooks/{subscriber.webhook_id}/replay"
        answer = await self.call("POST", path, {"after": after}, what="replayed")
        self._record.replays[subscriber.url] += 1
        return answer is not None
