"""The checker in one process, with a clock that is moved: Hypothesis draws what happens, and makes it short again."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.conftest import NOON, Clock, settings_of
from tests.databases import Server, copy_sqlite
from tests.delivery import endpoints
from tests.history.endings import Ending, read_pages
from tests.history.readers import Source, read_once
from tests.history.record import Acknowledged, Finding, Json, Promise, Record
from tests.history.subscribers import EVERY_TYPE, Subscriber, replayed
from tests.serving import PATIENCE_SECONDS, Headers, Service, patience, serving

from capacity_api.config import Settings
from capacity_api.domain.owner import Owner
from capacity_api.operations import owners, tokens

# The first two only report and confirm, so that it is known what they are; the third does everything.
_PLAIN = ("tara", "unseen")
_SLUGS = (*_PLAIN, "kalayaan")
_VALID_FOR = timedelta(days=7)
_REMIT = {"areas": ["E92000001"], "exploitation_types": ["all"], "age_groups": ["adult"]}
_HOUR = timedelta(hours=1)
# Up to a lapse, to the instant of it and past it; a plan begins within a day.
_TIMES = (timedelta(0), timedelta(seconds=1), _HOUR, timedelta(days=1), _VALID_FOR - _HOUR, _VALID_FOR)

slugs, states = st.sampled_from(_SLUGS), st.sampled_from(("open", "paused", "waiting_list"))


class World:
    """The service, on a database of its own, and what was seen of it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.record = Record()
        self.clock = Clock(NOON)
        # Until when each of the plain ones is in which state.
        self.said: dict[str, tuple[str, Any]] = {}
        self._settings = settings
        self._folder = folder
        self._made = 0
        self._stack = AsyncExitStack()
        self._endpoint_stack = AsyncExitStack()
        self._tokens: dict[str, Headers] = {}
        self._ids: dict[str, str] = {}
        self.service: Service
        self._subscriber = Subscriber("everything", self.record, Random(0), folder, clock=self.clock)
        self._subscriber.is_well = True

    async def open(self) -> None:
        await self.start()
        await self._issue()
        self._subscriber.url = await self._endpoint_stack.enter_async_context(endpoints.serving(self._subscriber))
        body = {"url": self._subscriber.url, "event_types": EVERY_TYPE, "stale": "send"}
        webhook = await self.call("POST", "/v1/webhooks", body, owner="partner")
        self._subscriber.begin(webhook.json()["last_sequence"], await self.service.read("/v1/directory"))

    async def start(self) -> None:
        self.service = await self._stack.enter_async_context(serving(self._settings, self.clock, deliver=True))

    async def close(self) -> None:
        await self._stack.aclose()
        await self._endpoint_stack.aclose()

    async def restart(self) -> None:
        await self._stack.aclose()
        await self.start()

    def note(self) -> str:
        self._made += 1
        return f"note {self._made}"

    async def call(
        self, method: str, path: str, body: object = None, *, owner: str, refusals: tuple[int, ...] = ()
    ) -> httpx.Response:
        answer = await self.service.client.request(method, path, json=body, headers=self._tokens[owner])
        is_suspended = self.record.suspensions[owner].is_suspended
        allowed = (401,) if is_suspended else (200, 201, 204, *refusals)
        if answer.status_code not in allowed:
            raise Finding(Promise.ANSWERED, f"{method} {path} of {owner}: {answer.status_code} {answer.text}")
        return answer

    async def suspend(self, slug: str, *, is_suspended: bool) -> None:
        await self.call("PATCH", f"/v1/owners/{self._ids[slug]}", {"suspended": is_suspended}, owner="admin")
        self.record.note_suspension(slug, is_suspended=is_suspended)

    def acknowledge(self, answer: httpx.Response, slug: str, place: str | None = None, note: str | None = None) -> None:
        self.record.acknowledge(answer.json()["sequence"], Acknowledged(slug, place, note))
        if place == "report":
            self.record.see_validity(answer.json(), self.clock(), _VALID_FOR)

    async def look(self) -> None:
        """Read everything once."""
        source = Source("the service", self.service.client, clock=self.clock)
        await read_once(source, self.record, min(self.record.acknowledged, default=0))
        shown = {each["slug"]: each for each in (await self.service.read("/v1/directory"))["responders"]}
        for slug, (state, until) in self.said.items():
            expected = state if self.clock() < until else "unconfirmed"
            if shown[slug]["intake"]["state"] != expected:
                raise Finding(Promise.READ_BACK, f"{slug} must be {expected}, and is {shown[slug]['intake']}")

    async def check(self) -> None:
        """Everybody agrees in the end."""
        ending = await self._agreed()
        latest = ending.events[-1]["sequence"]
        webhooks: list[Json] = []
        async with patience(lambda: f"a webhook that has come to {latest}: {webhooks}"):
            while not webhooks or webhooks[0]["last_sequence"] < latest:
                webhooks = (await self.call("GET", "/v1/webhooks", owner="admin")).json()["items"]
        self.record.check_events(ending.events)
        self.record.check_bodies()
        self.record.check_directory(ending.responders, replayed(ending.pages, self._folder, self.clock))
        ending.check_gaps()
        self._subscriber.check_all_taken(event["sequence"] for event in ending.events)
        self._subscriber.check(ending.responders, in_order=True)

    async def _agreed(self) -> Ending:
        """The directory once everything that is due is recorded: the background looks each quarter of a second."""
        ending = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    pages = await read_pages(self.service.client)
                    directory: Json = await self.service.read("/v1/directory")
                    coverage: Json = await self.service.read("/v1/coverage")
                    if directory["sequence"] == coverage["sequence"] == pages[-1]["sequence"]:
                        ending = Ending(directory, pages, coverage)
                        if ending.responders == replayed(pages, self._folder, self.clock):
                            return ending
        except TimeoutError:
            assert ending is not None
            return ending

    async def _issue(self) -> None:
        """Tokens that never end, because years may pass."""
        service = self.service
        async with service.database.write() as session:
            await owners.add_partner(session, self.clock(), "Case tool")
            found = {"admin": Owner(type="admin"), "partner": await owners.partner_owner(session, "Case tool")}
            found |= {slug: await owners.responder_owner(session, slug) for slug in _SLUGS}
        for name, owner in found.items():
            async with service.database.write() as session:
                issued = await tokens.issue_token(session, self.clock(), service.keys, owner, expires_at=None)
            self._tokens[name] = {"authorization": f"Bearer {issued.token}"}
            self._ids[name] = str(owner.id)


class Machine(RuleBasedStateMachine):
    """After each step everything is read, and in the end compared."""

    def __init__(self, database: Callable[[Path], Any]) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        url = self._stack.enter_context(database(folder))
        self._runner = self._stack.enter_context(asyncio.Runner())
        self.world = World(settings_of(url), folder)
        self._runner.run(self.world.open())

    def teardown(self) -> None:
        try:
            self._runner.run(self.world.check())
        finally:
            self._runner.run(self.world.close())
            self._stack.close()

    async def _call(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response | None:
        """The answer where something was done; then everything is read."""
        answer = await self.world.call(method, path, body, **options)
        await self.world.look()
        return answer if answer.is_success else None

    @rule(slug=slugs, state=states)
    def report(self, slug: str, state: str) -> None:
        world, note = self.world, self.world.note()
        body = {"state": state, "note": note}
        answer = self._runner.run(world.call("PUT", f"/v1/responders/{slug}/intake", body, owner=slug))
        if answer.is_success:
            world.acknowledge(answer, slug, "report", note)
            if slug in _PLAIN:
                world.said[slug] = state, world.clock() + _VALID_FOR
        self._runner.run(world.look())

    @rule(slug=slugs)
    def confirm(self, slug: str) -> None:
        world, path = self.world, f"/v1/responders/{slug}/intake/confirmation"
        answer = self._runner.run(world.call("POST", path, owner=slug, refusals=(409,)))
        if answer.is_success:
            world.acknowledge(answer, slug)
            if slug in _PLAIN:
                world.said[slug] = world.said[slug][0], world.clock() + _VALID_FOR
        self._runner.run(world.look())

    @rule(hours=st.sampled_from((1, 24, 200)), state=st.sampled_from(("paused", "waiting_list")))
    def plan(self, hours: int, state: str) -> None:
        world, note = self.world, self.world.note()
        body = {"state": state, "note": note, "effective_from": (world.clock() + hours * _HOUR).isoformat()}
        path = f"/v1/responders/{_SLUGS[-1]}/intake?replace=true"
        answer = self._runner.run(self._call("PUT", path, body, owner=_SLUGS[-1]))
        if answer is not None:
            world.acknowledge(answer, _SLUGS[-1], "planned", note)

    @rule()
    def cancel(self) -> None:
        self._runner.run(self._call("DELETE", f"/v1/responders/{_SLUGS[-1]}/intake/planned", owner=_SLUGS[-1]))

    @rule(count=st.sampled_from((20, 80, 120)))
    def count(self, count: int) -> None:
        path, owner = f"/v1/responders/{_SLUGS[-1]}", _SLUGS[-1]
        threshold = {"pause_at": 100, "reopen_below": 60, "report": {"exceptions": ["homelessness"]}}
        self._runner.run(self._call("PUT", f"{path}/threshold", threshold, owner=owner))
        self._runner.run(self._call("PUT", f"{path}/caseload", {"open_referrals": count}, owner=owner))

    @rule(number=st.integers(0, 1))
    def list_or_delist(self, number: int) -> None:
        world, slug = self.world, f"newcomer-{number}"
        is_listed = world.record.is_listed.get(slug, False)
        if is_listed:
            self._runner.run(self._call("DELETE", f"/v1/responders/{slug}", owner="admin"))
        else:
            body = {"slug": slug, "name": world.note(), "remit": _REMIT}
            answer = self._runner.run(self._call("POST", "/v1/responders", body, owner="admin"))
            assert answer is not None
            world.acknowledge(answer, slug)
        world.record.is_listed[slug] = not is_listed

    @precondition(lambda self: self.world.record.acknowledged)
    @rule(data=st.data())
    def redact(self, data: st.DataObject) -> None:
        world = self.world
        first, said = data.draw(st.sampled_from(sorted(world.record.acknowledged.items(), key=lambda pair: pair[0])))
        body = {"fields": ["report.note"], "from": first, "to": None}
        path = f"/v1/responders/{said.slug}/redactions"
        answer = self._runner.run(world.call("POST", path, body, owner="admin"))
        redacted = answer.json()
        world.record.redacted[said.slug].append((redacted["from"], redacted["to"]))
        world.record.acknowledge(redacted["sequence"], Acknowledged(said.slug))
        self._runner.run(world.look())

    @rule(slug=slugs)
    def suspend_or_resume(self, slug: str) -> None:
        is_suspended = self.world.record.suspensions[slug].is_suspended
        self._runner.run(self.world.suspend(slug, is_suspended=not is_suspended))

    @rule(time=st.sampled_from(_TIMES), is_read_at_once=st.booleans())
    def pass_time(self, time: timedelta, is_read_at_once: bool) -> None:
        self.world.clock.advance(time)
        if is_read_at_once:
            self._runner.run(self.world.look())

    @rule()
    def restart(self) -> None:
        self._runner.run(self.world.restart())
        self._runner.run(self.world.look())


@pytest.fixture
def database(request: pytest.FixtureRequest, kind: str, sqlite_template: Path) -> Callable[[Path], Any]:
    """Makes a database for one example."""

    @contextmanager
    def make(folder: Path) -> Iterator[str]:
        if kind == "sqlite":
            yield copy_sqlite(sqlite_template, folder / "capacity.db")
            return
        server: Server = request.getfixturevalue("postgresql_server")
        with server.create_database(request.getfixturevalue("postgresql_template")) as url:
            yield url.render_as_string(hide_password=False)

    return make


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("examples", "steps"), [pytest.param(2, 10, id="few"), pytest.param(20, 25, id="many", marks=pytest.mark.soak)]
)
def test_every_promise_is_kept_in_one_process(database: Callable[[Path], Any], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Machine(database),  # type: ignore[arg-type]  # it is only called
        settings=settings(
            deadline=None,
            max_examples=examples,
            stateful_step_count=steps,
            # To explain an example, each line of the service would be traced.
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
