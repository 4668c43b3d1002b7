"""The main job, end to end: a responder pauses, anyone can read it, and a partner receives a signed webhook."""

import json
from typing import Any

import pytest
import standardwebhooks
import svix
from tests.delivery import endpoints
from tests.delivery.endpoints import Endpoint
from tests.serving import OPEN, PAUSED, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings


def _verified(headers: dict[str, str], body: bytes, secret: str) -> Any:
    """The body, once both libraries that subscribers use have verified it."""
    own = standardwebhooks.Webhook(secret).verify(body, headers)
    svix.Webhook(secret).verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body + b" ", headers)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(secret).verify(body + b" ", headers)
    return own


async def test_a_partner_receives_a_pause_in_a_webhook_that_verifies(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=True) as service:
        partner = await service.token(partner="Case tool")
        created = (await service.client.post("/v1/webhooks", json={"url": url}, headers=partner)).json()
        before = (await service.read("/v1/directory"))["sequence"]
        await service.report("salvation-army", OPEN)
        # What was not sent before the pause would never be: it holds no longer.
        await endpoint.arrived(2)
        answer = await service.report("salvation-army", PAUSED)
        await endpoint.arrived(4)
        received = [_verified(headers, body, created["secret"]) for headers, body in endpoint.posts]
        assert [each["type"] for each in received] == [
            "intake.opened",
            "coverage.gap_closed",
            "intake.paused",
            "coverage.gap_opened",
        ]
        assert received[2]["data"] == {"responder": answer, "previous_state": "open"}
        assert received == (await service.read("/v1/events", after=before))["events"]


async def test_all_does_not_mean_confirmations(settings: Settings) -> None:
    everything, named = Endpoint(), Endpoint()
    async with (
        endpoints.serving(everything) as url,
        endpoints.serving(named) as other,
        serving(settings, utc_now, deliver=True) as service,
    ):
        partner = await service.token(partner="Case tool")
        for body in ({"url": url}, {"url": other, "event_types": ["intake.confirmed"]}):
            answer = await service.client.post("/v1/webhooks", json={**body, "stale": "send"}, headers=partner)
            assert answer.status_code == 201
        for report in (PAUSED, PAUSED, OPEN):
            await service.report("tara", report)
        await everything.arrived(3)
        await named.arrived(1)
        assert [_type(body) for _, body in everything.posts] == [
            "intake.paused",
            "intake.opened",
            "coverage.gap_closed",
        ]
        assert [_type(body) for _, body in named.posts] == ["intake.confirmed"]


async def test_a_new_webhook_hears_nothing_of_what_was_before_it(settings: Settings) -> None:
    endpoint = Endpoint()
    async with endpoints.serving(endpoint) as url, serving(settings, utc_now, deliver=False) as quiet:
        await quiet.report("tara", OPEN)
        partner = await quiet.token(partner="Case tool")
        await quiet.client.post("/v1/webhooks", json={"url": url}, headers=partner)
        async with serving(settings, utc_now, deliver=True) as service:
            await service.report("tara", PAUSED)
            await endpoint.arrived(2)
            assert [_type(body) for _, body in endpoint.posts] == ["intake.paused", "coverage.gap_opened"]


async def test_the_first_read_of_a_new_database_is_table_2_and_nobody_confirmed(settings: Settings) -> None:
    async with serving(settings, utc_now) as service:
        directory = await service.read("/v1/directory")
        assert directory["total"] == len(directory["responders"]) == 13
        assert {each["intake"]["state"] for each in directory["responders"]} == {"unconfirmed"}
        assert {each["intake"]["said_by"] for each in directory["responders"]} == {None}


def _type(body: bytes) -> str:
    return str(json.loads(body)["type"])
