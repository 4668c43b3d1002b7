"""A directory that was declared restored confirms nothing that it does not know (docs/operate/backup.md)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.api.refusals import assert_refused
from tests.api.subscribers import Subscriber
from tests.conftest import Clock
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PATIENCE_SECONDS, PAUSED, WAITING, Headers, Service, serving

from capacity_api.clock import read_boot_clock, utc_now
from capacity_api.config import Settings
from capacity_api.db.mark import mark_path, write_mark
from capacity_api.db.position import read_position
from capacity_api.db.tables import InstallationRow, WebhookRow
from capacity_api.errors import ConfigurationError
from capacity_api.operations import coverage, periods, restored
from capacity_api.operations.restored import RestoredDirectory, TokenDecision
from capacity_api.operations.webhooks import due_work

SLUG = "salvation-army"
THRESHOLD: dict[str, Any] = {"pause_at": 100, "reopen_below": 61, "report": {"state": "paused"}}


async def restore(
    service: Service, *, above: int | None = 0, tokens: TokenDecision = TokenDecision.KEEP, marked_number: int = 0
) -> RestoredDirectory:
    """Declare a restore. `above` 0 leaves the clocks of test and database uncompared."""
    async with service.database.write(recovering=True) as session:
        done = await restored.declare_restored(
            session, service.clock(), above=above, tokens=tokens, marked_number=marked_number
        )
    settings = service.database.settings
    if settings.is_sqlite:
        async with service.database.read() as session:
            write_mark(mark_path(settings), await read_position(session))
    return done


async def shown(service: Service, number: int) -> dict[str, Any]:
    """The directory, once it is at this number."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (directory := await service.read("/v1/directory"))["sequence"] < number:
            pass
    return dict(directory)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def send(service: Service, token: Headers, method: str, path: str, body: Any = None) -> Any:
    return await service.client.request(method, f"/v1/responders/{SLUG}/{path}", json=body, headers=token)


async def count(service: Service, token: Headers, number: int) -> dict[str, Any]:
    answer = await send(service, token, "PUT", "caseload", {"open_referrals": number})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_it_takes_a_number_above_any_that_was_given_out(service: Service) -> None:
    now = milliseconds(service.clock())
    first = await restore(service)
    assert (first.last, first.number) == (13, now)
    # Soon after it the last number, and then the mark, are above the milliseconds.
    second = await restore(service)
    assert (second.last, second.number) == (now + 13, now + 14)
    third = await restore(service, marked_number=now + 1000)
    assert third.number == now + 1001
    fourth = await restore(service, above=now + 5000)
    assert fourth.number == now + 5001


async def test_every_listed_responder_becomes_unconfirmed_after_it_whatever_its_state(
    service: Service, clock: Clock
) -> None:
    reported = {SLUG: OPEN, "tara": PAUSED, "kalayaan": WAITING}
    for slug, report in reported.items():
        await service.report(slug, report)
    admin = await service.token()
    assert (await service.client.delete("/v1/responders/nspcc", headers=admin)).status_code == 204
    before = {each["slug"]: each for each in (await service.read("/v1/directory"))["responders"]}
    clock.advance(timedelta(hours=1))
    done = await restore(service)
    moment = clock().isoformat().replace("+00:00", "Z")

    directory = await shown(service, done.number + 12)
    events = (await service.read("/v1/events", after=done.last))["events"]
    assert [event["sequence"] for event in events] == list(range(done.number, done.number + len(events)))
    assert (events[0]["type"], events[0]["data"]) == ("directory.restored", {"last": done.last})
    assert {event["timestamp"] for event in events} == {moment}
    about = [event for event in events if event["type"] == "intake.unconfirmed"]
    assert [event["data"]["responder"]["slug"] for event in about] == sorted(before)
    assert done.responders == len(before) == 12
    for event in about:
        slug, previous = event["data"]["responder"]["slug"], before[event["data"]["responder"]["slug"]]["intake"]
        assert event["data"]["previous_state"] == previous["state"]
        intake = event["data"]["responder"]["intake"]
        assert intake["state"] == "unconfirmed"
        assert intake["report"] is intake["planned"] is None
        if slug in reported:
            assert intake["last_report"] == previous["report"]
            assert intake["confirm_by"] == intake["since"] == moment
            assert (intake["said_by"], intake["confirmed_at"]) == (previous["said_by"], previous["confirmed_at"])
        else:
            assert intake == previous, "nobody ever reported"
    assert {each["intake"]["state"] for each in directory["responders"]} == {"unconfirmed"}
    entries = (await service.read(f"/v1/responders/{SLUG}/history"))["items"]
    assert [entry["kind"] for entry in entries] == ["restored", "reported"]
    assert (entries[0]["at"], entries[0]["state"]) == (moment, "unconfirmed")


async def test_a_report_that_lapsed_before_keeps_its_own_times(service: Service, clock: Clock) -> None:
    first = (await service.report(SLUG, OPEN))["intake"]
    clock.advance(timedelta(days=8))
    done = await restore(service)
    await shown(service, done.number + 13)
    intake = (await service.responder(SLUG))["intake"]
    assert intake["confirm_by"] == intake["since"] == first["confirm_by"]


async def test_plans_and_what_a_threshold_put_aside_are_dropped_and_the_audit_counts_them(
    service: Service, clock: Clock
) -> None:
    token = await service.token(responder=SLUG)
    await send(service, token, "PUT", "threshold", THRESHOLD)
    await send(service, token, "PUT", "intake", OPEN)
    await count(service, token, 100)
    tara = await service.token(responder="tara")
    plan = {**PAUSED, "effective_from": (clock() + timedelta(days=1)).isoformat()}
    assert (await service.client.put("/v1/responders/tara/intake", json=plan, headers=tara)).status_code == 200
    done = await restore(service)
    await shown(service, done.number + 13)
    assert (done.dropped_plans, done.dropped_reports) == (1, 1)
    assert (await service.responder("tara"))["intake"]["planned"] is None
    clock.advance(timedelta(days=2))
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
    admin = await service.token()
    entries = (await service.client.get("/v1/audit", headers=admin)).json()["items"]
    assert [entry["target"] for entry in entries if entry["action"] == "directory.restore"] == [
        f"{done.number}; dropped: 1 plans, 1 reports that a threshold had put aside; tokens: keep"
    ]


@pytest.mark.parametrize("by", ["responder", "coordinator"])
async def test_still_true_is_refused_until_there_is_a_new_report(service: Service, by: str) -> None:
    token = await service.token(responder=SLUG)
    await send(service, token, "PUT", "intake", OPEN)
    done = await restore(service)
    assert_refused(await send(service, token, "POST", "intake/confirmation"), 409, "restored")
    # A plan is no word about now.
    plan = {**PAUSED, "effective_from": (service.clock() + timedelta(days=1)).isoformat()}
    assert (await send(service, token, "PUT", "intake", plan)).status_code == 200
    assert_refused(await send(service, token, "POST", "intake/confirmation"), 409, "restored")
    assert (await send(service, token, "DELETE", "intake/planned")).status_code == 200
    if by == "coordinator":
        token = await service.token()
    answer = await send(service, token, "PUT", "intake", OPEN)
    assert (answer.status_code, answer.json()["intake"]["state"]) == (200, "open")
    events = await service.events_after(done.number + 13)
    assert events[-1]["type"] == "intake.opened", "the same report is a new one"
    entries = (await service.read(f"/v1/responders/{SLUG}/history"))["items"]
    assert (entries[0]["kind"], entries[0]["said_by"]) == ("reported", by)
    answer = await send(service, token, "POST", "intake/confirmation")
    assert (answer.status_code, answer.json()["intake"]["state"]) == (200, "open")


async def test_without_any_report_there_is_nothing_to_confirm(service: Service) -> None:
    token = await service.token(responder=SLUG)
    await restore(service)
    assert_refused(await send(service, token, "POST", "intake/confirmation"), 409, "nothing_to_confirm")


async def test_a_count_never_reopens_what_stood_before(service: Service) -> None:
    token = await service.token(responder=SLUG)
    await send(service, token, "PUT", "threshold", THRESHOLD)
    await send(service, token, "PUT", "intake", OPEN)
    await count(service, token, 100)
    await restore(service)
    answer = await count(service, token, 10)
    assert (answer["open_referrals"], answer["responder"]["intake"]["state"]) == (10, "unconfirmed")
    assert_refused(await send(service, token, "POST", "intake/confirmation"), 409, "restored")


async def test_a_count_may_pause_and_then_still_brings_nothing_back(service: Service, clock: Clock) -> None:
    token = await service.token(responder=SLUG)
    await send(service, token, "PUT", "threshold", THRESHOLD)
    await send(service, token, "PUT", "intake", OPEN)
    await restore(service)
    assert (await count(service, token, 100))["responder"]["intake"]["state"] == "paused"
    # The pause was made after the restore, so it can be confirmed.
    answer = await send(service, token, "POST", "intake/confirmation")
    assert (answer.status_code, answer.json()["intake"]["report"]["reason"]) == (200, "referral_threshold")
    assert (await count(service, token, 10))["responder"]["intake"]["state"] == "paused"
    clock.advance(timedelta(days=8))
    assert (await count(service, token, 10))["responder"]["intake"]["state"] == "unconfirmed"


async def test_no_token_holds_until_it_is_reviewed(service: Service) -> None:
    token, admin = await service.token(responder=SLUG), await service.token()
    await restore(service, tokens=TokenDecision.REVIEW)
    assert_refused(await send(service, token, "PUT", "intake", OPEN), 401, "token_unreviewed")
    assert_refused(await service.client.get("/v1/audit", headers=admin), 401, "token_unreviewed")
    issued = await service.token(responder=SLUG)
    assert (await send(service, issued, "PUT", "intake", OPEN)).status_code == 200


@pytest.mark.parametrize(
    ("decision", "status"), [(TokenDecision.KEEP, 200), (TokenDecision.REVOKE, 401)], ids=lambda each: str(each)
)
async def test_all_tokens_can_be_kept_or_revoked(service: Service, decision: TokenDecision, status: int) -> None:
    token = await service.token(responder=SLUG)
    await restore(service, tokens=TokenDecision.REVIEW)
    await restore(service, tokens=decision)
    answer = await send(service, token, "PUT", "intake", OPEN)
    assert answer.status_code == status
    if decision is TokenDecision.REVOKE:
        assert_refused(answer, 401, "token_revoked")


async def test_it_goes_to_every_webhook_first_and_in_order(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        # A webhook that wants nothing else, and one that was failing.
        body = {"url": url, "event_types": ["intake.planned"], "responders": ["tara"]}
        created = await service.client.post("/v1/webhooks", json=body, headers=partner)
        assert created.status_code == 201
        await service.report(SLUG, OPEN)
        far = datetime.now(UTC) + timedelta(days=1)
        async with service.database.write() as session:
            await session.execute(update(WebhookRow).values(next_attempt_at=far, failing_since=far, failures=3))
        done = await restore(service, above=None)
        await endpoint.arrived(1)
        events = [json.loads(body) for _, body in endpoint.posts]
        assert [(each["type"], each["sequence"]) for each in events] == [("directory.restored", done.number)]
        stored = (await service.client.get(f"/v1/webhooks/{created.json()['id']}", headers=partner)).json()
        assert (stored["status"], stored["failing_since"]) == ("active", None)


async def test_a_webhook_that_was_disabled_meanwhile_hears_of_it_whatever_it_wants_of_the_rest(
    settings: Settings,
) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        created = await service.client.post("/v1/webhooks", json={"url": url}, headers=partner)
        path = f"/v1/webhooks/{created.json()['id']}"
        await service.client.patch(path, json={"status": "disabled"}, headers=partner)
        done = await restore(service, above=None)
        answer = await service.client.post(f"{path}/enable?replay=false", headers=partner)
        assert answer.status_code == 200, answer.text
        await endpoint.arrived(1)
        first = json.loads(endpoint.posts[0][1])
        assert (first["type"], first["sequence"]) == ("directory.restored", done.number)


async def test_what_was_to_be_sent_before_is_not_sent_after_it(service: Service, subscriber: Subscriber) -> None:
    await service.report(SLUG, OPEN)
    done = await restore(service)
    async with service.database.read() as session:
        due = await due_work.find_due(session, service.clock(), 10, 10, {}, boot_time=read_boot_clock())
        waiting = await due_work.count_waiting_events(session)
    found = [event.sequence for scan in due.scans for event in scan.next_events[:1]]
    assert set(found) == {done.number}
    await shown(service, done.number + 13)
    events = (await service.read("/v1/events", after=done.last))["events"]
    assert waiting == len(events) * len(due.scans)


async def test_a_replay_from_before_it_goes_on_behind_the_gap_in_the_numbers(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        body = {"url": url, "event_types": ["responder.listed", "intake.opened"]}
        created = (await service.client.post("/v1/webhooks", json=body, headers=partner)).json()
        done = await restore(service, above=None)
        await service.report("tara", OPEN)
        await endpoint.arrived(2)
        path = f"/v1/webhooks/{created['id']}/replay"
        answer = await service.client.post(path, json={"after": 0}, headers=partner)
        assert answer.status_code == 202, answer.text
        await endpoint.arrived(2 + 13 + 2)
        events = [json.loads(body) for _, body in endpoint.posts][2:]
        assert [each["type"] for each in events] == ["responder.listed"] * 13 + ["directory.restored", "intake.opened"]
        assert events[-2]["sequence"] == done.number


async def test_the_coverage_follows_with_one_event_for_all(service: Service) -> None:
    for slug in (SLUG, "tara", "kalayaan"):
        await service.report(slug, OPEN)
    done = await restore(service)
    await shown(service, done.number + 14)
    events = (await service.read("/v1/events", after=done.last))["events"]
    gaps = [event["type"] for event in events if event["type"].startswith("coverage.")]
    assert gaps == ["coverage.gap_opened"]
    assert events[-1]["type"] == "coverage.gap_opened"
    async with service.database.write() as session:
        assert not await coverage.rebuild(session), "the counts were right"


async def test_the_statistics_count_over_the_gap_in_the_numbers(service: Service, clock: Clock) -> None:
    await service.report(SLUG, OPEN)
    clock.advance(timedelta(days=1))
    await restore(service)
    clock.advance(timedelta(days=1))
    await service.report(SLUG, PAUSED)
    counted = 0
    async with service.database.write() as session:
        await periods.reset(session)
        while batch := await periods.count_events(session, 5):
            counted += batch
        assert not await periods.is_behind(session)
    # The first page of events holds all.
    assert counted == len((await service.read("/v1/events", after=0, limit=500))["events"])
    clock.advance(timedelta(days=1))
    end = clock()
    answer = await service.read(
        "/v1/statistics", **{"from": (end - timedelta(days=3)).isoformat(), "to": end.isoformat()}
    )
    found = next(each for each in answer["responders"] if each["slug"] == SLUG)
    day = 24 * 60 * 60
    assert found["seconds"] == {"open": day, "waiting_list": 0, "paused": day, "unconfirmed": day}


async def test_a_reader_may_ask_for_the_time_before_it(service: Service, clock: Clock) -> None:
    await service.report(SLUG, OPEN)
    clock.advance(timedelta(hours=1))
    before = clock().isoformat()
    clock.advance(timedelta(hours=1))
    await restore(service)
    found = await service.read("/v1/directory", as_of=before, state="open")
    assert [each["slug"] for each in found["responders"]] == [SLUG]


async def test_every_cursor_of_before_stays_valid(service: Service) -> None:
    done = await restore(service)
    await shown(service, done.number + 13)
    # A number of a past that this database does not have any more.
    page = await service.read("/v1/events", after=done.last + 20)
    assert page["events"][0]["sequence"] == done.number
    changes = await service.read("/v1/changes")
    assert len(changes["items"]) == 13


async def test_it_is_refused_while_the_clock_is_in_doubt(service: Service, clock: Clock) -> None:
    await service.report(SLUG, OPEN)
    clock.advance(-timedelta(minutes=6))
    await service.readiness(lambda codes: "clock" in codes)
    with pytest.raises(ConfigurationError, match="--above N"):
        await restore(service, above=None)
    done = await restore(service, above=10**15)
    assert done.number == 10**15 + 1
    await shown(service, done.number + 13)
    events = (await service.read("/v1/events", after=done.last))["events"]
    moment = clock().isoformat().replace("+00:00", "Z")
    assert events[0]["timestamp"] == moment, "dated by the wall, before the event before it"
    await service.readiness(lambda codes: "clock" not in codes)
    assert (await service.report(SLUG, OPEN))["intake"]["confirmed_at"] == moment


async def test_a_database_that_was_moved_away_takes_writes_again(service: Service) -> None:
    async with service.database.write() as session:
        await session.execute(update(InstallationRow).values(moved_at=service.clock()))
    done = await restore(service)
    async with service.database.read() as session:
        row = await session.get_one(InstallationRow, 1)
        assert (row.moved_at, row.restored_sequence) == (None, done.number)
        assert row.marked is service.database.settings.is_sqlite
