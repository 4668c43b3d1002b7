"""What every handler works with. Each transaction of the API begins and ends here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.api.budgets import Budget
from capacity_api.api.evidence_pages import EvidencePages
from capacity_api.api.known_tokens import KnownTokens
from capacity_api.api.refused import Refused
from capacity_api.api.sign_in_queue import SignInQueue
from capacity_api.clock import Clock
from capacity_api.config import Settings
from capacity_api.db import sequence
from capacity_api.db.bulkheads import Bulkhead, short_queue
from capacity_api.db.engine import CHANGED, SEEN, Database
from capacity_api.domain.actor import SERVICE, Actor
from capacity_api.domain.keys import Keys
from capacity_api.edge.addresses import Client
from capacity_api.edge.refusals import Refusals
from capacity_api.operations import tokens
from capacity_api.operations.tokens import Identity
from capacity_api.publication.documents import page_settings
from capacity_api.publication.publisher import Publisher

T = TypeVar("T")
# How many unknown tokens and links an address may try in a minute.
FAILURE_LIMIT = 30
# How often an address may ask for a sign-in link in a minute.
SIGN_IN_LIMIT = 10


class Context:
    """Handlers get it as `context`. There is one for each application."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        keys: Keys,
        clock: Clock,
        publisher: Publisher,
        known_tokens: KnownTokens,
        sign_ins: SignInQueue,
        refusals: Refusals,
        notify: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.database = database
        self.keys = keys
        self.clock = clock
        self.publisher = publisher
        self.known_tokens = known_tokens
        self.sign_ins = sign_ins
        self.refusals = refusals
        self.refused = Refused()
        self.query_budget = Budget("queries", settings.query_limit, settings.trusted_proxies, refusals)
        self.failure_budget = Budget("tokens", FAILURE_LIMIT, settings.trusted_proxies, refusals)
        self.sign_in_budget = Budget("sign_ins", SIGN_IN_LIMIT, settings.trusted_proxies, refusals)
        self.evidence_pages = EvidencePages(page_settings(settings))
        self._notify = notify
        self._computing = short_queue(1)

    def now(self) -> datetime:
        return self.clock()

    @asynccontextmanager
    async def read(self, _identity: Identity) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, for a caller with a token. Raises `DatabaseRestored`.

        Otherwise an old "open" or a revoked token would be back.
        """
        async with self.read_within(Bulkhead.READS) as session:
            yield session

    @asynccontextmanager
    async def read_anonymously(self, client: Client) -> AsyncIterator[AsyncSession]:
        """The same for anybody. Raises `TooManyRequests` and `TooBusy` too."""
        self.spend_query(client)
        async with self.read_within(Bulkhead.ANONYMOUS) as session:
            yield session

    def spend_query(self, client: Client) -> None:
        """Count what costs more than memory. Raises `TooManyRequests`."""
        self.query_budget.require(client, self.now())
        self.query_budget.spend(client)

    @asynccontextmanager
    async def read_published(self, client: Client) -> AsyncIterator[AsyncSession]:
        """The same for anybody. At the end of its block, this process has published all that it saw."""
        async with self.read_anonymously(client) as session:
            newest, _ = await sequence.latest(session)
            yield session
        await self.publisher.wait_for(newest)

    @asynccontextmanager
    async def read_within(self, bulkhead: Bulkhead) -> AsyncIterator[AsyncSession]:
        async with self.database.read(bulkhead) as session:
            await self.database.continuity.require_same(session)
            yield session

    async def compute(self, function: Callable[[], T]) -> T:
        """Run in a thread what takes long for one reader. One at a time, because the publication needs threads too.

        Raises `TooBusy`.
        """
        async with self._computing.turn():
            return await asyncio.to_thread(function)

    @asynccontextmanager
    async def write(self, identity: Identity) -> AsyncIterator[AsyncSession]:
        """A transaction of the caller. At its end it is committed, and this process has published it and all it saw.

        The body of a request may take its time, so the token is looked at again: it may have ended, or its owner been
        suspended. Raises a subclass of `Unauthenticated`.

        Publication and delivery are woken only after the commit: earlier they would find nothing. The wait for the
        publication has a limit (`acknowledge_timeout`).
        """
        async with self._write(identity.actor) as session:
            await tokens.identify_again(session, self.now(), identity)
            yield session

    @asynccontextmanager
    async def write_by_link(self) -> AsyncIterator[AsyncSession]:
        """The same for a caller with a link, which `operations.link_use` makes the actor.

        Read first whether the link can be used: what anybody may send must not take the write lock.
        """
        async with self._write(SERVICE) as session:
            yield session

    @asynccontextmanager
    async def _write(self, actor: Actor) -> AsyncIterator[AsyncSession]:
        async with self.database.write(actor) as session:
            yield session
        if CHANGED in session.info:
            self._notify()
        await self.publisher.wait_for(max(session.info.get(CHANGED, 0), session.info.get(SEEN, 0)))
