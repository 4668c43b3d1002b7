"""A week's life under a clock that jumps: the log alone says who paused what, what failed and who could not sign in."""

import asyncio
import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests import processes
from tests.api.people import EMAIL, add_person, mailing, make_link, use
from tests.api.subscribers import Subscriber, subscribed
from tests.conftest import NOON, Clock
from tests.serving import OPEN, PAUSED, Headers, Service, serving
from tests.test_log import DOCUMENT, Line, lines_of

from capacity_api import log
from capacity_api.config import Settings
from capacity_api.domain.links import LinkKind
from capacity_api.domain.tokens import RANDOM_BYTES, make_token

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
THRESHOLD = {"pause_at": 100, "reopen_below": 60, "report": {"state": "paused"}}


@contextlib.contextmanager
def logged_by(clock: Clock) -> Iterator[io.StringIO]:
    """What this process logs meanwhile, as JSON and with the times of `clock`."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        log.configure(Settings(log_format="json"), "serve", clock)
        try:
            yield said
        finally:
            log.configure(Settings(), "tests")


class Lived(msgspec.Struct):
    """What is left of the week: its log, what must not be in it, and the ids of those who were refused."""

    log: str
    private: list[str]
    ids: dict[str, str]


class Week:
    """The acts of the week, and what must not be in the log."""

    def __init__(self, service: Service, clock: Clock, subscriber: Subscriber) -> None:
        self.service = service
        self.clock = clock
        self.subscriber = subscriber
        self.private = [PAUSED["note"], EMAIL, subscriber.made["url"], subscriber.made["secret"], "127.0.0.1"]

    async def token(self, **owner: Any) -> tuple[Headers, str]:
        """The header of a new token, and its id."""
        bearer = await self.service.token(**owner)
        self.private.append(bearer["authorization"].removeprefix("Bearer "))
        return bearer, (await self.call(bearer, "GET", "/me", 200))["token_id"]

    async def call(self, bearer: Headers, method: str, path: str, status: int, body: Any = None) -> Any:
        answer = await self.service.client.request(method, f"/v1{path}", json=body, headers=bearer)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def until(self, hours: float) -> None:
        """The worker goes on trying until so many hours after the beginning."""
        while self.clock() < NOON + hours * HOUR:
            self.clock.set(min(self.clock() + 6 * HOUR, NOON + hours * HOUR))
            await self.subscriber.deliver()


def time_of(hours: int) -> str:
    return f"{NOON + hours * HOUR:%Y-%m-%dT%H:%M:%S}.000Z"


def owners_of(lines: list[Line]) -> dict[str, str]:
    """Whose each token is that was issued."""
    return {line["token_id"]: line["owner"] for line in lines if line["event"] == "token.issue"}


def pauses(lines: list[Line]) -> list[tuple[str, ...]]:
    """When, who, whom, how and by whose word."""
    owners = owners_of(lines)
    found = [line for line in lines if line["event"] == "intake.paused"]
    keys = ("responder", "kind", "said_by")
    return [(line["time"], owners[line["actor"]], *(line[key] for key in keys)) for line in found]


def refused(lines: list[Line], event: str, *keys: str) -> list[tuple[str | None, ...]]:
    return [tuple(line.get(key) for key in ("time", "reason", *keys)) for line in lines if line["event"] == event]


@pytest.fixture
async def lived(clock: Clock, settings: Settings, tmp_path: Path) -> Lived:
    """The week, and a backup at its end."""
    with logged_by(clock) as said:
        async with serving(mailing(settings), clock) as service, subscribed(service, settings, clock) as subscriber:
            week = Week(service, clock, subscriber)
            ids = await live(week)
    env = processes.environment(str(settings.database_url))
    code, out, backup = await processes.run("backup", str(tmp_path / "backup"), env=env)
    assert code == 0, out + backup
    text = said.getvalue() + "".join(line + "\n" for line in backup.splitlines() if line.startswith("{"))
    return Lived(log=text, private=week.private, ids=ids)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_log_of_a_week_answers_who_paused_what_failed_and_who_could_not_sign_in(lived: Lived) -> None:
    assert [each for each in lived.private if each in lived.log] == []
    lines, ids = lines_of(lived.log), lived.ids
    assert pauses(lines) == [
        (time_of(1), "tara", "tara", "reported", "responder"),
        (time_of(2), "admin", "unseen", "reported", "coordinator"),
        (time_of(3), "salvation-army", "salvation-army", "counted", "threshold"),
        # Its report had lapsed: it is still true.
        (time_of(8 * 24), "tara", "tara", "confirmed", "responder"),
    ]
    webhook = ids["webhook"]
    (failing,) = [line for line in lines if line["event"] == "delivery.failing"]
    (disabled,) = [line for line in lines if line["event"] == "webhook.disable"]
    assert (failing["webhook_id"], failing["reason"], failing["status"]) == (webhook, "http_500", 500)
    assert (disabled["webhook_id"], disabled["reason"]) == (webhook, "failing")
    assert time_of(5 * 24) <= disabled["time"] <= time_of(7 * 24)
    assert refused(lines, "token.refused", "token_id", "owner") == [
        (time_of(4), "token_unknown", None, None),
        (time_of(4), "token_revoked", ids["revoked"], "tara"),
        (time_of(4), "token_expired", ids["expired"], "tara"),
        # It goes on asking: once an hour is enough.
        (time_of(6), "token_expired", ids["expired"], "tara"),
    ]
    assert refused(lines, "link.refused", "kind", "owner", "person") == [
        (time_of(6), "link_used", "sign_in", "tara", ids["person"]),
        (time_of(6), "link_expired", "sign_in", "tara", ids["person"]),
    ]
    (lapsed,) = [line for line in lines if line.get("kind") == "lapsed" and line["responder"] == "kalayaan"]
    assert (lapsed["event"], lapsed["actor"]) == ("intake.unconfirmed", "service")
    (redacted,) = [line for line in lines if line["event"] == "responder.redact"]
    assert (redacted["responder"], owners_of(lines)[redacted["actor"]]) == ("tara", "admin")
    assert [line["event"] for line in lines].count("database.backup") == 1


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_each_question_of_the_page_finds_its_answer_in_the_log_of_a_week(lived: Lived, tmp_path: Path) -> None:
    (tmp_path / "capacity.log").write_text(lived.log)
    (request_id, *_) = [line["request_id"] for line in lines_of(lived.log) if line.get("code") == "not_owner"]
    section = DOCUMENT.read_text().partition("## Questions that the log answers\n")[2]
    commands = re.findall(r"^jq .*", section, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        asked = re.sub(r'(?<=request_id == ")[^"]+', request_id, command)
        process = await asyncio.create_subprocess_exec(
            *shlex.split(asked), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await processes.finish(process)
        assert (process.returncode, err) == (0, b""), command
        assert out, command


async def live(week: Week) -> dict[str, str]:
    """The week. Gives the ids of those who were refused."""
    service, clock, call = week.service, week.clock, week.call
    tara, _ = await week.token(responder="tara")
    army, _ = await week.token(responder="salvation-army")
    admin, _ = await week.token()
    await service.report("kalayaan", OPEN)
    await call(army, "PUT", "/responders/salvation-army/intake", 200, OPEN)
    await call(army, "PUT", "/responders/salvation-army/threshold", 200, THRESHOLD)
    week.subscriber.endpoint.status = 500
    clock.set(NOON + HOUR)
    paused = await call(tara, "PUT", "/responders/tara/intake", 200, PAUSED)
    await call(tara, "POST", "/responders/tara/intake/confirmation", 200)
    await call(tara, "PUT", "/responders/unseen/intake", 403, OPEN)
    clock.set(NOON + 2 * HOUR)
    await call(admin, "PUT", "/responders/unseen/intake", 200, PAUSED)
    clock.set(NOON + 3 * HOUR)
    await call(army, "PUT", "/responders/salvation-army/caseload", 200, {"open_referrals": 100})

    revoked, revoked_id = await week.token(responder="tara")
    await call(revoked, "DELETE", f"/tokens/{revoked_id}", 204)
    expired, expired_id = await week.token(responder="tara", expires_at=clock() + HOUR)
    unknown = make_token(bytes(RANDOM_BYTES))
    week.private.append(unknown)
    clock.set(NOON + 4 * HOUR)
    for bearer in ({"authorization": f"Bearer {unknown}"}, revoked, expired, expired):
        await call(bearer, "GET", "/me", 401)
    person = await add_person(service, admin, owner="tara")
    link = await make_link(service, LinkKind.SIGN_IN, "tara", person_id=UUID(person["id"]))
    late = await make_link(service, LinkKind.SIGN_IN, "tara", person_id=UUID(person["id"]))
    signed_in = await use(service, link.secret)
    assert signed_in.status_code == 200
    week.private += [link.secret, late.secret, signed_in.json()["token"]]
    clock.set(NOON + 6 * HOUR)
    await call(expired, "GET", "/me", 401)
    for secret in (link.secret, late.secret, late.secret):
        assert (await use(service, secret)).status_code == 410

    redaction = {"fields": ["report.note"], "from": paused["sequence"], "to": None}
    await call(admin, "POST", "/responders/tara/redactions", 200, redaction)
    await week.until(7 * 24 - 1)
    clock.set(NOON + 8 * DAY)
    await call(tara, "POST", "/responders/tara/intake/confirmation", 200)
    return {"revoked": revoked_id, "expired": expired_id, "person": person["id"], "webhook": week.subscriber.made["id"]}
