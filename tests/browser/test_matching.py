"""The rules in the page against the rules of the service: every vector, and ten thousand cases more."""

import json
from typing import Any

import msgspec
from tests.browser.conftest import Visiting
from tools.matching_vectors import VECTORS, Draws, about_a_question, about_a_remit

DECIDE = """async (cases) => {
  const { about, decide, within } = await import("/directory.js");
  const decided = JSON.parse(cases).map(({ question, remit, responder }) => {
    const { outcome, reasons } = decide(responder, question ? about(question) : within(remit));
    return [outcome, ...reasons];
  });
  return JSON.stringify(decided);
}"""


async def assert_agreed(visiting: Visiting, drawn: list[dict[str, Any]]) -> None:
    # As one text, because the browser's protocol takes its time over many small things.
    cases = msgspec.json.encode(drawn).decode()
    async with visiting() as visit:
        page = await visit.open()
        decided = json.loads(await page.evaluate(DECIDE, cases))
    for case, found in zip(json.loads(cases), decided, strict=True):
        assert found == [case["outcome"], *case["reasons"]], case


async def test_the_page_decides_every_vector_as_the_service_does(visiting: Visiting) -> None:
    held = json.loads(VECTORS.read_text())
    await assert_agreed(visiting, held["questions"] + held["alternatives"])


async def test_the_page_and_the_service_agree_on_ten_thousand_random_cases(visiting: Visiting) -> None:
    draws = Draws(20261121)
    drawn = [about_a_question(draws) for _ in range(8000)] + [about_a_remit(draws) for _ in range(2000)]
    await assert_agreed(visiting, drawn)
