"""`docs/guide/showing.md` has every state, and the `capacity_status` that is published for it."""

import re
from datetime import timedelta
from typing import Any

from tests.conftest import Clock
from tests.docs.blocks import ROOT
from tests.serving import OPEN, PAUSED, WAITING, serving

from capacity_api.config import Settings
from capacity_api.domain.intake import State

PAGE = (ROOT / "docs" / "guide" / "showing.md").read_text()
MEANINGS, CODES = PAGE.partition("\n## `capacity_status`\n")[::2]


def test_every_state_has_a_row() -> None:
    assert re.findall(r"^\| `(\w+)` \|", MEANINGS, re.MULTILINE) == [str(state) for state in State]


async def test_each_state_is_published_with_the_code_that_the_page_says(settings: Settings, clock: Clock) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([\w-]+)`|null)", CODES, re.MULTILINE))
    async with serving(settings, clock) as service:
        published: dict[str, Any] = {}
        for report in (OPEN, PAUSED, WAITING):
            intake = (await service.report("tara", report))["intake"]
            published[intake["state"]] = intake["capacity_status"]
        (tara,) = (
            each["first_responder_capacity"]
            for each in (await service.read("/open-referral-uk/services"))["contents"]
            if each["first_responder_capacity"]["slug"] == "tara"
        )
        assert tara["intake"]["capacity_status"] == rows["waiting_list"]
        clock.advance(timedelta(days=7))
        intake = (await service.responder("tara"))["intake"]
        published[intake["state"]] = intake["capacity_status"] or ""
        assert rows == published
        assert ",capacity_status," in (await service.client.get("/v1/directory.csv")).text
