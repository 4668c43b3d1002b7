"""The rules, `/v1/matches`, `alternatives` and the page decide alike, about random remits and reports in a service."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
from tests.conftest import Clock
from tests.node import node
from tests.serving import Service
from tools.matching_vectors import Draws
from tools.write_facts import write_facts

from capacity_api.domain.intake import NEVER_REPORTED, Intake
from capacity_api.domain.matching import Question, decide
from capacity_api.representations.responder import Responder, remit_of

ROUNDS, QUESTIONS = 2, 15


async def test_the_rules_the_matches_the_alternatives_and_the_page_agree(service: Service, clock: Clock) -> None:
    write_facts()
    draws = Draws(20261122)
    outcomes: set[str] = set()
    for _ in range(ROUNDS):
        # By now every report of the round before has lapsed.
        clock.advance(timedelta(days=8))
        await report_for_everybody(service, draws)
        responders = (await service.read("/v1/directory"))["responders"]
        responders.sort(key=lambda each: (each["name"].casefold(), each["slug"]))
        cases: list[dict[str, Any]] = []
        expected: list[Any] = []
        for question in [msgspec.to_builtins(draws.question()) for _ in range(QUESTIONS)]:
            own = draws.one(responders)
            matches = await matches_for(service, "/v1/matches", question)
            outcomes |= {match["outcome"] for match in matches}
            by_slug = {match["responder"]["slug"]: decision_of(match) for match in matches}
            assert by_slug == dict(decisions(question, responders))
            others = await matches_for(service, f"/v1/responders/{own['slug']}/alternatives", question)
            if says_nothing(question):
                answer = await service.read(f"/v1/responders/{own['slug']}/alternatives")
                assert others == answer["matches"]
            else:
                assert others == [
                    match for match in matches if match["outcome"] != "no" and match["responder"]["slug"] != own["slug"]
                ]
            cases += [{"question": question, "responder": each} for each in responders]
            expected += [by_slug[each["slug"]] for each in responders]
            cases.append({"question": question, "own": own, "responders": responders})
            expected.append([[each["responder"]["slug"], each["outcome"]] for each in others])
        for own in responders:
            answer = await service.read(f"/v1/responders/{own['slug']}/alternatives")
            cases.append({"own": own, "responders": responders})
            expected.append([[each["responder"]["slug"], each["outcome"]] for each in answer["matches"]])
        decided = json.loads(node("tests/js/decide.js", stdin=json.dumps(cases)))
        for case, mine, theirs in zip(cases, expected, decided, strict=True):
            assert theirs == mine, case
    assert outcomes == {"yes", "waiting_list", "ask", "no"}


async def report_for_everybody(service: Service, draws: Draws) -> None:
    """Give every responder another remit, and most of them a report; some change their remit once more after it."""
    admin = await service.token()
    for each in (await service.read("/v1/directory"))["responders"]:
        path = f"/v1/responders/{each['slug']}"
        remit = draws.remit()
        assert (await service.client.patch(path, json={"remit": msgspec.to_builtins(remit)}, headers=admin)).is_success
        report = draws.intake(remit).current_report
        if report is None:
            continue
        body = msgspec.to_builtins(report)
        answer = await service.client.put(f"{path}/intake", json=body, headers=admin)
        if answer.status_code == 422:
            # A limit that this remit has no room for.
            answer = await service.client.put(f"{path}/intake", json={**body, "limited_to": None}, headers=admin)
        assert answer.is_success, answer.text
        if draws.happens(0.2):
            changed = {"remit": msgspec.to_builtins(draws.remit())}
            assert (await service.client.patch(path, json=changed, headers=admin)).is_success


async def matches_for(service: Service, path: str, question: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await service.client.post(path, json={**question, "limit": 500})
    assert answer.status_code == 200, answer.text
    matches: list[dict[str, Any]] = answer.json()["matches"]
    return matches


def says_nothing(question: Any) -> bool:
    return msgspec.convert(question, Question) == Question()


def decision_of(match: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": match["outcome"], "reasons": [reason["code"] for reason in match["reasons"]]}


def decisions(question: Any, responders: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the rules decide about each responder as the directory has it."""
    for each in msgspec.convert(responders, list[Responder]):
        report = each.intake.report
        intake = Intake(report=report) if report is not None else NEVER_REPORTED
        outcome, reasons = decide(each.slug, remit_of(each.remit), intake, msgspec.convert(question, Question))
        yield each.slug, {"outcome": outcome, "reasons": list(reasons)}
