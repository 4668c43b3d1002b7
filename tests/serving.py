"""The whole service over HTTP on loopback, in the test's own event loop, with a clock that the test moves."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tests.prompt import PromptServer

from capacity_api.app import create_app
from capacity_api.asgi import Receive, Scope, Send
from capacity_api.cli.serving import Server, bind
from capacity_api.clock import Clock
from capacity_api.clock_watch import ClockWatch
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery.egress import default_context
from capacity_api.domain.keys import Keys
from capacity_api.domain.owner import Owner
from capacity_api.edge.connections import Limits
from capacity_api.formats.format import Format
from capacity_api.formats.registry import FORMATS
from capacity_api.operations import owners, responders, tokens

OPEN: dict[str, Any] = {"state": "open", "expected_response": {"min": 5, "max": 10, "unit": "working_days"}}
PAUSED: dict[str, Any] = {
    "state": "paused",
    "reason": "referral_threshold",
    "exceptions": ["self_referral", "homelessness"],
    "note": "Full.",
}
WAITING: dict[str, Any] = {"state": "waiting_list"}
Headers = dict[str, str]
# Long enough for a busy machine. No test depends on how long something takes.
PATIENCE_SECONDS = 60.0


def bound(seconds: float) -> float:
    """A bound of safety for what is promised in so many seconds: five times the room.

    Beside other tests a time says nothing. Then there is only patience.
    """
    return PATIENCE_SECONDS if "PYTEST_XDIST_WORKER" in os.environ else 5 * seconds


@asynccontextmanager
async def patience(what: Callable[[], str], seconds: float = PATIENCE_SECONDS) -> AsyncIterator[None]:
    """Fail, and say what was waited for, when the block takes longer."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise AssertionError(f"in {seconds} s there was not: {what()}") from error


async def answers_at_once(calls: Iterable[Callable[[], Awaitable[httpx.Response]]]) -> list[httpx.Response]:
    """The answers of calls that are made at once, each again while the service is too busy for it.

    Callers are told to do so. A change waits five seconds for its turn, and on a busy machine the last of ten may need
    longer.
    """

    async def answer(call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        while (answer := await call()).status_code == 503:
            pass
        return answer

    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        return await asyncio.gather(*(answer(call) for call in calls))


def client_of(address: str, **options: Any) -> httpx.AsyncClient:
    """A client of a service, which waits as long as a busy machine needs."""
    # A context of its own would read the whole list of authorities.
    return httpx.AsyncClient(
        base_url=address, verify=default_context(), trust_env=False, timeout=PATIENCE_SECONDS, **options
    )


def codes_of(readiness: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in readiness["reasons"]]


class _Server(PromptServer, Server):
    pass


class Service:
    """A running service: `client` for calls, `database` for what no call shows."""

    def __init__(self, client: httpx.AsyncClient, database: Database, clock: Clock) -> None:
        self.client = client
        self.database = database
        self.clock = clock
        self.keys = Keys(database.settings.secret_keys)

    async def token(self, *, responder: str | None = None, partner: str | None = None, **options: Any) -> Headers:
        """The header of a new token: of a responder, of a partner (added when new), or of an administrator."""
        async with self.database.write() as session:
            owner = Owner(type="admin")
            if responder is not None:
                owner = await owners.responder_owner(session, responder)
            if partner is not None:
                await owners.add_partner(session, self.clock(), partner)
                owner = await owners.partner_owner(session, partner)
            issued = await tokens.issue_token(session, self.clock(), self.keys, owner, **options)
        return {"authorization": f"Bearer {issued.token}"}

    async def resume(self, owner_id: str) -> None:
        """Let the tokens of an owner hold again, such as of a responder that was delisted and listed again."""
        path, body = f"/v1/owners/{owner_id}", {"suspended": False}
        answer = await self.client.patch(path, json=body, headers=await self.token())
        assert answer.status_code == 200, answer.text

    async def report(self, slug: str, report: dict[str, Any]) -> dict[str, Any]:
        """Report for a responder with a token of its own, and return the responder as the public sees it."""
        answer = await self.client.put(
            f"/v1/responders/{slug}/intake", json=report, headers=await self.token(responder=slug)
        )
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def read(self, path: str, **parameters: Any) -> Any:
        answer = await self.client.get(path, params=parameters or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def readiness(self, is_expected: Callable[[list[str]], bool]) -> dict[str, Any]:
        """What `/readyz` says once the codes of its reasons are as expected."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await self.client.get("/readyz")
                said: dict[str, Any] = answer.json()
                assert (answer.status_code == 200) == (said["status"] == "ok") == (not said["reasons"])
                if is_expected(codes_of(said)):
                    return said

    async def events_after(self, after: int) -> list[dict[str, Any]]:
        """The events after this number, without the coverage events: those are in tests/api/test_coverage.py."""
        page = await self.read("/v1/events", after=after)
        return [event for event in page["events"] if not event["type"].startswith("coverage.")]

    async def responder(self, slug: str) -> dict[str, Any]:
        directory = await self.read("/v1/directory")
        return next(each for each in directory["responders"] if each["slug"] == slug)


@asynccontextmanager
async def serving(
    settings: Settings,
    clock: Clock,
    *,
    deliver: bool = False,
    formats: Sequence[Format] = FORMATS,
    clock_watch: ClockWatch | None = None,
    limits: Limits | None = None,
    has_edge: bool = True,
    database: Database | None = None,
) -> AsyncIterator[Service]:
    """The service with the starting register on a database at the right schema, which may be empty.

    Unless `clock_watch` says otherwise, time passes when the test moves the clock, and no clock is in doubt. Without
    `has_edge` it runs as in any other ASGI server. It uses `database`, or makes one.
    """
    clock_watch = clock_watch or ClockWatch(clock, lambda: clock().timestamp(), asks_database=False)
    beside = Database(settings)
    async with beside.write() as session:
        await responders.load_register(session, clock())
    bound = bind("127.0.0.1", 0)
    started = asyncio.Event()
    where: list[str] = []

    def announce(address: str) -> None:
        where.append(address)
        started.set()

    app = create_app(
        settings,
        clock,
        clock_watch=clock_watch,
        database=database,
        deliver=deliver,
        acknowledge_timeout=PATIENCE_SECONDS,
        formats=formats,
        limits=limits,
    )

    async def without_edge(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    server = _Server(app if has_edge else without_edge, bound, announce)
    running = asyncio.create_task(server.serve_bound())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({running, waiting}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert where, "the service did not start"
    try:
        async with client_of(where[0]) as client:
            yield Service(client, beside, clock)
    finally:
        server.stop()
        await asyncio.wait({running}, timeout=PATIENCE_SECONDS)
        if not running.done():
            for task in asyncio.all_tasks():
                task.print_stack()
            running.cancel()
        await running
        await beside.close()
