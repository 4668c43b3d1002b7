"""`docs/webhooks.md` says how many events a replay sends, for some webhooks; so many arrive."""

import json
import re
from datetime import timedelta
from pathlib import Path

from tests.api.subscribers import report, subscribed
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, Service

from capacity_api.config import Settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
SECTION = DOCUMENT.partition("\n### What a replay sends\n")[2].partition("\n### ")[0]
DEFAULTS = {"event_types": ["all"], "responders": ["all"], "stale": "drop"}
ROWS = re.findall(r"^\| `(\{.*\})` \| (\d+) \|", SECTION, re.MULTILINE)


async def test_a_replay_sends_as_many_events_as_the_document_says(
    service: Service, settings: Settings, clock: Clock
) -> None:
    plan = {**PAUSED, "effective_from": (clock() + timedelta(days=1)).isoformat()}
    sent = {}
    async with subscribed(service, settings, clock) as subscriber:
        await report(subscriber, PAUSED, {**PAUSED, "note": "Fuller."}, OPEN, OPEN, plan)
        everything = (await service.read("/v1/events"))["events"]
        await subscriber.deliver()
        for fields, _ in ROWS:
            body = {**DEFAULTS, **json.loads(fields)}
            answer = await service.client.patch(subscriber.path, json=body, headers=subscriber.token)
            assert answer.status_code == 200, answer.text
            await subscriber.post("/replay", 202, json={"after": 0})
            sent[fields] = len(await subscriber.deliver())
    assert f"That makes {len(everything)} events." in SECTION
    assert sent == {fields: int(count) for fields, count in ROWS}
    assert len(ROWS) == 5
