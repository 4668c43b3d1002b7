"""What is not delivered yet is sent without what was redacted, and no answer brings it back."""

import asyncio
import json
from datetime import timedelta
from typing import Any

from tests.conftest import Clock
from tests.delivery import endpoints, rows
from tests.delivery.endpoints import Endpoint
from tests.delivery.rows import add_responder, add_webhook, claim_webhooks, record, report
from tests.delivery.workers import deliver_all
from tests.stored import places_in_tables

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.delivery.worker import Worker
from capacity_api.domain.intake import ReportedState
from capacity_api.domain.redaction import RedactedField
from capacity_api.domain.retry import Delivered, Retry
from capacity_api.operations import redaction
from capacity_api.operations.redaction import RedactionRequest

URL = "http://127.0.0.1:9/hook"
NAME = "Xanthippe"
NOTE = f"Ask for {NAME}."
# What an endpoint says that sends our body back.
ECHO = Delivered(status=200, duration_ms=1, answer=f"received: {NOTE}")
FAILED = Retry(reason="http_500", status=500, duration_ms=1, answer=f"cannot take: {NOTE}")


async def redact(database: Database, clock: Clock, first: int = 1) -> int:
    async with database.write() as session:
        new = RedactionRequest(fields=(RedactedField.REPORT_NOTE,), first=first)
        return (await redaction.redact(session, clock(), "kalayaan", new)).sequence


def bodies(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in endpoint.posts]


async def test_what_failed_before_is_tried_again_without_it_and_then_the_redaction_is_told(
    database: Database, settings: Settings, clock: Clock
) -> None:
    await add_responder(database, clock())
    endpoint = Endpoint(status=500)
    async with endpoints.serving(endpoint) as url:
        worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event())
        # It wants no such events: `event.redacted` comes all the same.
        await add_webhook(database, clock(), url, event_types=["intake.opened"])
        number = await report(database, clock(), ReportedState.OPEN, NOTE)
        await deliver_all(worker)
        redacted = await redact(database, clock)
        endpoint.status = 204
        clock.advance(timedelta(minutes=1))
        await deliver_all(worker)
        await worker.close()
    first, again, told = bodies(endpoint)
    assert again == json.loads(json.dumps(first).replace(f'"{NOTE}"', "null")) != first
    assert (again["sequence"], told["sequence"], told["type"]) == (number, redacted, "event.redacted")
    assert told["data"] == {"slug": "kalayaan", "from": 1, "to": redacted - 1, "fields": ["report.note"]}


async def test_a_message_that_waits_in_a_worker_is_read_again_before_it_is_sent(
    database: Database, settings: Settings, clock: Clock
) -> None:
    responder = await add_responder(database, clock())
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url:
        worker = Worker(database, rows.KEYS, settings, clock, asyncio.Event(), fresh_seconds=0)
        await report(database, clock(), ReportedState.OPEN, NOTE)
        await add_webhook(database, clock(), url, responder_id=responder)
        await rows.add_private_event(database, clock(), responder)
        # It claims both events, and sends one after the other.
        endpoint.gate.clear()
        while not endpoint.posts:
            await worker.deliver_some()
            await asyncio.wait([asyncio.create_task(endpoint.arrived(1))], timeout=0.1)
        await redact(database, clock)
        endpoint.gate.set()
        await deliver_all(worker)
        await worker.close()
    found = bodies(endpoint)
    assert [each["type"] for each in found] == ["intake.confirmation_due", "intake.opened", "event.redacted"]
    assert NAME in json.dumps(found[0]), "it was on its way"
    assert NAME not in json.dumps(found[1:])


async def test_the_answers_to_redacted_events_are_dropped_and_those_to_others_are_kept(
    database: Database, clock: Clock
) -> None:
    responder = await add_responder(database, clock())
    await add_responder(database, clock(), "unseen")
    await add_webhook(database, clock(), URL, responder_id=responder)
    await report(database, clock(), ReportedState.OPEN, NOTE)
    await rows.add_private_event(database, clock(), responder)
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, ECHO, FAILED)
    clock.advance(timedelta(minutes=1))
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, ECHO)
    kept = await rows.add_event(database, clock(), "unseen")
    (claim,) = await claim_webhooks(database, clock())
    await record(database, clock(), claim, Delivered(status=200, duration_ms=1, answer="thanks"))
    assert "attempt.answer" in await places_in_tables(database, NAME)
    await redact(database, clock, first=1)
    assert await places_in_tables(database, NAME) == set()
    answers = [attempt.answer for attempt in await rows.read_attempts(database)]
    assert answers == [None, None, None, "thanks"], kept


async def test_an_answer_that_comes_after_the_redaction_is_not_kept(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    webhook = await add_webhook(database, clock(), URL)
    await report(database, clock(), ReportedState.OPEN, NOTE)
    (claim,) = await claim_webhooks(database, clock())
    await redact(database, clock)
    await record(database, clock(), claim, ECHO)
    (attempt,) = await rows.read_attempts(database)
    assert (attempt.status, attempt.answer) == (200, None)
    assert (await rows.read_webhook(database, webhook)).cursor == claim.messages[0].sequence
    assert await places_in_tables(database, NAME) == set()


async def test_a_redaction_and_an_answer_at_the_same_time_leave_nothing(database: Database, clock: Clock) -> None:
    await add_responder(database, clock())
    await add_webhook(database, clock(), URL)
    for n in range(5):
        await report(database, clock(), ReportedState.OPEN, f"{n}: {NOTE}")
        (claim,) = await claim_webhooks(database, clock())
        await asyncio.gather(record(database, clock(), claim, ECHO), redact(database, clock))
        assert await places_in_tables(database, NAME) == set(), n
        for claim in await claim_webhooks(database, clock()):
            await record(database, clock(), claim, Delivered(status=204, duration_ms=1))
