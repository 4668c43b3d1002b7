"""POST /v1/matches and /v1/responders/{slug}/alternatives: who can take a person now, and which others can."""

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar, post
from litestar.testing import AsyncTestClient
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service

from capacity_api.api import problems
from capacity_api.domain.vocabulary import MATCH_REASONS

MATCHES = "/v1/matches"
ELSE = "/v1/responders/tara/alternatives"
WOMAN_IN_LONDON = {"area": "E12000007", "exploitation_type": "labour", "age_group": "adult", "gender": "woman"}
BY_NAME = [
    "barnardos",
    "bawso",
    "belfast-and-lisburn-womens-aid",
    "kalayaan",
    "medaille-trust",
    "migrant-help",
    "new-pathways",
    "nspcc",
    "refugee-council",
    "tara",
    "salvation-army",  # The Salvation Army
    "unseen",
    "youth-work-alliance",
]
Found = list[tuple[str, str, list[str]]]


async def ask(service: Service, path: str = MATCHES, **question: Any) -> dict[str, Any]:
    answer = await service.client.post(path, json=question)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def summarize_matches(answer: dict[str, Any]) -> Found:
    for each in answer["matches"]:
        assert all(reason["text"] == MATCH_REASONS[reason["code"]] for reason in each["reasons"])
    return [
        (each["responder"]["slug"], each["outcome"], [reason["code"] for reason in each["reasons"]])
        for each in answer["matches"]
    ]


async def test_an_empty_question_with_nobody_confirmed_returns_everybody_as_ask_by_name(service: Service) -> None:
    found = await ask(service)
    assert [(slug, outcome) for slug, outcome, _ in summarize_matches(found)] == [(slug, "ask") for slug in BY_NAME]
    clients_only = next(reasons for slug, _, reasons in summarize_matches(found) if slug == "refugee-council")
    assert clients_only[-2:] == ["existing_client_not_given", "unconfirmed"]
    assert found["sequence"] == 13
    assert found["matches"][0]["responder"] == await service.responder("barnardos")


async def test_the_outcomes_follow_a_report_at_once(service: Service) -> None:
    await service.report("salvation-army", PAUSED)
    await service.report("migrant-help", WAITING)
    await service.report("medaille-trust", OPEN)
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes", "waiting_list"]))
    assert found == [
        ("medaille-trust", "yes", ["within_remit", "open"]),
        ("migrant-help", "waiting_list", ["waiting_list"]),
    ]
    urgent = await ask(service, **WOMAN_IN_LONDON, circumstances=["homelessness", "detention"], outcomes=["yes"])
    assert summarize_matches(urgent)[1] == ("salvation-army", "yes", ["within_remit", "exception_homelessness"])
    assert urgent["matches"][1]["responder"] == await service.responder("salvation-army")
    await service.report("salvation-army", OPEN)
    await service.report("medaille-trust", PAUSED)
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes", "waiting_list"]))
    assert [slug for slug, _, _ in found] == ["salvation-army", "migrant-help"]


async def test_a_report_that_lapses_is_to_be_asked_from_that_second_on(service: Service, clock: Clock) -> None:
    await service.report("salvation-army", OPEN)
    clock.advance(timedelta(days=7, seconds=-1))
    assert [slug for slug, *_ in summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes"]))] == [
        "salvation-army"
    ]
    clock.advance(timedelta(seconds=1))
    assert summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes"])) == []
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["ask"]))
    assert ("salvation-army", "ask", ["unconfirmed"]) in found


async def test_a_change_of_remit_or_name_a_listing_and_a_delisting_are_found_at_once(service: Service) -> None:
    admin = await service.token()
    await service.report("tara", OPEN)
    tara = (await service.responder("tara"))["remit"]
    remit = {**tara, "areas": ["K02000001"], "exploitation_types": ["all"], "as_published": None, "source": None}
    answer = await service.client.patch("/v1/responders/tara", json={"remit": remit, "name": "Zara"}, headers=admin)
    assert answer.status_code == 200, answer.text
    assert summarize_matches(await ask(service, **WOMAN_IN_LONDON, limit=1)) == [
        ("tara", "yes", ["within_remit", "open"])
    ]
    new = {"slug": "another", "name": "another", "remit": remit}
    assert (await service.client.post("/v1/responders", json=new, headers=admin)).status_code == 201
    await service.report("another", OPEN)
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes"]))
    assert [slug for slug, *_ in found] == ["another", "tara"]
    assert (await service.client.delete("/v1/responders/tara", headers=admin)).status_code == 204
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, outcomes=["yes"]))
    assert [slug for slug, *_ in found] == ["another"]


async def test_an_existing_client_is_taken_by_the_responders_that_it_names(service: Service) -> None:
    await service.report("refugee-council", OPEN)
    clients = ["tara", "refugee-council"]
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, existing_client_of=clients, limit=1))
    assert found == [("refugee-council", "yes", ["within_remit", "existing_client", "open"])]
    for nobody_of_theirs in (["tara"], []):
        found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, existing_client_of=nobody_of_theirs))
        assert ("refugee-council", "no", ["existing_clients_only"]) in found
    found = summarize_matches(await ask(service, **WOMAN_IN_LONDON))
    assert ("refugee-council", "ask", ["existing_client_not_given"]) in found


async def test_a_pause_with_exceptions_is_asked_about_what_was_not_said(service: Service) -> None:
    await service.report("salvation-army", PAUSED)

    async def of_salvation_army(**said: Any) -> tuple[str, list[str]]:
        found = summarize_matches(await ask(service, **WOMAN_IN_LONDON, **said))
        return next((outcome, reasons) for slug, outcome, reasons in found if slug == "salvation-army")

    unsaid = ["exception_not_given_self_referral", "exception_not_given_homelessness"]
    assert await of_salvation_army() == ("ask", unsaid)
    assert await of_salvation_army(circumstances=["detention"]) == ("ask", unsaid)
    assert await of_salvation_army(circumstances_excluded=["homelessness"]) == ("ask", unsaid[:1])
    none_apply = await of_salvation_army(circumstances_excluded=["homelessness", "self_referral"])
    assert none_apply == ("no", ["paused_with_exceptions"])
    one_applies = await of_salvation_army(circumstances=["homelessness"], circumstances_excluded=["self_referral"])
    assert one_applies == ("yes", ["within_remit", "exception_homelessness"])


async def test_a_report_for_some_refuses_the_others_until_it_lapses(service: Service, clock: Clock) -> None:
    await service.report("salvation-army", {**OPEN, "limited_to": {"areas": ["E12000007"], "genders": ["woman"]}})
    man_in_leeds = {**WOMAN_IN_LONDON, "area": "E12000003", "gender": "man"}

    async def of_salvation_army(question: dict[str, Any]) -> tuple[str, list[str]]:
        found = summarize_matches(await ask(service, **question))
        return next((outcome, reasons) for slug, outcome, reasons in found if slug == "salvation-army")

    assert await of_salvation_army(WOMAN_IN_LONDON) == ("yes", ["within_remit", "open"])
    assert await of_salvation_army(man_in_leeds) == ("no", ["outside_current_limit"])
    clock.advance(timedelta(days=7))
    assert await of_salvation_army(man_in_leeds) == ("ask", ["unconfirmed"])


async def test_leaving_a_field_out_says_nothing(service: Service) -> None:
    nothing: dict[str, Any] = {
        **dict.fromkeys(("area", "exploitation_type", "age_group", "gender")),
        "circumstances": [],
        "circumstances_excluded": [],
        "existing_client_of": ["unknown"],
        "outcomes": ["all"],
        "limit": 50,
    }
    assert await ask(service, **nothing) == await ask(service)
    tara = "/v1/responders/tara/alternatives"
    assert await ask(service, tara, **nothing) == await ask(service, tara)


@pytest.mark.parametrize("path", [MATCHES, ELSE])
async def test_anybody_may_ask_from_any_page(service: Service, path: str) -> None:
    origin = {"origin": "https://case-tool.example"}
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = await service.client.options(path, headers={**origin, **wanted})
    assert preflight.status_code == 204, preflight.text
    assert preflight.headers["access-control-allow-origin"] == "*"
    answer = await service.client.post(path, json={}, headers=origin)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "set-cookie" not in answer.headers


BAD_QUESTIONS: list[tuple[Any, str, tuple[str, ...]]] = [
    ({"area": "E99999999"}, "invalid", ("/area",)),
    ({"area": "London", "existing_client_of": ["nobody"]}, "invalid", ("/area", "/existing_client_of/0")),
    ({"existing_client_of": ["tara", ""]}, "invalid", ("/existing_client_of/1",)),
    ({"existing_client_of": ["tara", "unknown"]}, "invalid", ("/existing_client_of",)),
    ({"existing_client_of": ["all"]}, "invalid", ("/existing_client_of/0",)),
    ({"existing_client_of": "tara"}, "invalid", ("/existing_client_of",)),
    ({"existing_client_of": None}, "invalid", ("/existing_client_of",)),
    ({"area": ["E12000007"]}, "invalid", ("/area",)),
    ({"exploitation_type": "forced labour"}, "invalid", ("/exploitation_type",)),
    ({"exploitation_type": "unknown"}, "invalid", ("/exploitation_type",)),
    ({"age_group": "17"}, "invalid", ("/age_group",)),
    ({"age_group": 17}, "invalid", ("/age_group",)),
    ({"gender": "all"}, "invalid", ("/gender",)),
    ({"circumstances": ["self_referral", "pregnant"]}, "invalid", ("/circumstances/1",)),
    ({"circumstances": "detention"}, "invalid", ("/circumstances",)),
    ({"circumstances": None}, "invalid", ("/circumstances",)),
    ({"circumstances": ["all"]}, "invalid", ("/circumstances/0",)),
    ({"circumstances": ["existing_client"]}, "invalid", ("/circumstances/0",)),
    ({"circumstances_excluded": ["detention", "existing_client"]}, "invalid", ("/circumstances_excluded/1",)),
    (
        {"circumstances": ["detention"], "circumstances_excluded": ["homelessness", "detention"]},
        "invalid",
        ("/circumstances_excluded/1",),
    ),
    ({"outcomes": ["maybe"]}, "invalid", ("/outcomes/0",)),
    ({"outcomes": ["all", "yes"]}, "invalid", ("/outcomes",)),
    ({"outcomes": []}, "invalid", ("/outcomes",)),
    ({"limit": 0}, "invalid", ("/limit",)),
    ({"limit": 501}, "invalid", ("/limit",)),
    ({"limit": "5"}, "invalid", ("/limit",)),
    ({"limit": None}, "invalid", ("/limit",)),
    ({"name": "A. Person"}, "unknown_field", ("/name",)),
    ([], "invalid", ("",)),
]


@pytest.mark.parametrize("path", [MATCHES, ELSE])
async def test_a_bad_question_is_refused_by_name(service: Service, path: str) -> None:
    for body, code, pointers in BAD_QUESTIONS:
        answer = await service.client.post(path, json=body)
        assert_refused(answer, 422, code, *pointers, what=body)
    json_type = {"content-type": "application/json"}
    assert_refused(await service.client.post(path, content=b"{", headers=json_type), 400, "malformed")
    assert_refused(await service.client.post(path, content=b"{}"), 415, "unsupported_media_type")
    assert_refused(await service.client.post(path + "?area=W92000004", json={}), 422, "unknown_parameter", "?area")


@pytest.mark.parametrize(
    ("path", "values"), [(MATCHES, "yes, waiting_list, ask, no, all"), (ELSE, "yes, waiting_list, ask, all")]
)
async def test_a_refused_outcome_names_those_that_there_are(service: Service, path: str, values: str) -> None:
    for outcomes, fault in (([], "must name at least one of "), (["maybe"], "unknown code 'maybe'; use ")):
        answer = await service.client.post(path, json={"outcomes": outcomes})
        assert [error["detail"] for error in answer.json()["errors"]] == [fault + values]


async def test_a_question_to_matches_must_have_a_body(service: Service) -> None:
    json_type = {"content-type": "application/json"}
    assert_refused(await service.client.post(MATCHES, content=b"", headers=json_type), 400, "malformed")
    assert_refused(await service.client.post(MATCHES), 415, "unsupported_media_type")
    assert_refused(await service.client.get(MATCHES), 405, "method_not_allowed")


async def test_alternatives_that_cover_the_whole_remit_come_before_those_that_cover_part(service: Service) -> None:
    assert summarize_matches(await service.read("/v1/responders/tara/alternatives")) == [
        ("migrant-help", "ask", ["unconfirmed"]),
        ("salvation-army", "ask", ["unconfirmed"]),
    ]
    await service.report("salvation-army", PAUSED)
    await service.report("migrant-help", WAITING)
    await service.report("medaille-trust", OPEN)
    await service.report("unseen", OPEN)
    found = await service.read("/v1/responders/salvation-army/alternatives")
    assert summarize_matches(found)[:4] == [
        ("migrant-help", "waiting_list", ["waiting_list"]),
        ("bawso", "ask", ["area_partly_covered", "unconfirmed"]),
        (
            "belfast-and-lisburn-womens-aid",
            "ask",
            ["area_partly_covered", "gender_partly_covered", "unconfirmed"],
        ),
        ("kalayaan", "ask", ["exploitation_partly_covered", "unconfirmed"]),
    ]
    assert [slug for slug, *_ in summarize_matches(found)] == [
        "migrant-help",
        *("bawso", "belfast-and-lisburn-womens-aid", "kalayaan", "medaille-trust", "new-pathways"),
        *("refugee-council", "tara", "unseen", "youth-work-alliance"),
    ]
    assert found["matches"][0]["responder"] == await service.responder("migrant-help")
    assert ("medaille-trust", "ask", ["area_partly_covered"]) in summarize_matches(found)
    whole = summarize_matches(await service.read("/v1/responders/unseen/alternatives", limit=2))
    assert whole == [
        ("medaille-trust", "yes", ["within_remit", "open"]),
        ("migrant-help", "waiting_list", ["waiting_list"]),
    ]


async def test_alternatives_with_a_question_are_its_matches_without_the_responder(service: Service) -> None:
    await service.report("salvation-army", PAUSED)
    await service.report("migrant-help", WAITING)
    await service.report("unseen", OPEN)
    question: dict[str, Any] = {**WOMAN_IN_LONDON, "circumstances": ["homelessness"]}
    expected = await ask(service, **question, outcomes=["yes", "waiting_list", "ask"])
    assert summarize_matches(expected)[0][:2] == ("salvation-army", "yes")
    path = "/v1/responders/{}/alternatives"
    assert await ask(service, path.format("tara"), **question) == expected
    without = [match for match in expected["matches"] if match["responder"]["slug"] != "migrant-help"]
    assert (await ask(service, path.format("migrant-help"), **question))["matches"] == without
    waiting = await ask(service, path.format("tara"), **question, outcomes=["waiting_list"], limit=1)
    assert [each[:2] for each in summarize_matches(waiting)] == [("migrant-help", "waiting_list")]
    answer = await service.client.post(path.format("tara"), json={"outcomes": ["ask", "no"]})
    assert_refused(answer, 422, "invalid", "/outcomes/1")


async def test_alternatives_without_a_question_ask_for_the_remit_and_not_for_its_limit(service: Service) -> None:
    await service.report("salvation-army", {**OPEN, "limited_to": {"genders": ["woman"]}})
    await service.report("migrant-help", {**OPEN, "limited_to": {"genders": ["woman"]}})
    path = "/v1/responders/salvation-army/alternatives"
    found = await service.read(path)
    assert ("migrant-help", "ask", ["gender_partly_covered"]) in summarize_matches(found)
    bodies: list[dict[str, Any]] = [{"json": {}}, {"json": {"limit": 50, "outcomes": ["all"]}}, {}, {"content": b""}]
    for body in bodies:
        answer = await service.client.post(path, **body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == found, body
    assert (await service.client.get(path)).headers["cache-control"] != "no-store"


async def test_alternatives_are_refused_like_the_responder_itself(service: Service) -> None:
    for slug in ("nobody", "TARA"):
        assert_refused(await service.client.get(f"/v1/responders/{slug}/alternatives"), 404, "not_found")
        assert_refused(await service.client.post(f"/v1/responders/{slug}/alternatives"), 404, "not_found")
    for limit in ("0", "501", "x"):
        answer = await service.client.get("/v1/responders/tara/alternatives", params={"limit": limit})
        assert_refused(answer, 422, "invalid", "?limit", what=limit)
    answer = await service.client.get("/v1/responders/tara/alternatives?gender=woman")
    assert_refused(answer, 422, "unknown_parameter", "?gender")


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Everything that any logger writes at any level, with tracebacks."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    # The arguments as well: another formatter might write them.
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)r"))
    root = logging.getLogger()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
    try:
        yield written
    finally:
        root.removeHandler(handler)
        for logger, level, disabled in before:
            logger.setLevel(level)
            logger.disabled = disabled


async def test_nothing_of_a_question_is_in_any_log_or_metric(service: Service) -> None:
    questions: list[dict[str, Any]] = [
        {
            "area": "E12000007",
            "exploitation_type": "organ_harvesting",
            "age_group": "young_person",
            "gender": "non_binary",
            "circumstances": ["criminal_investigation"],
            "circumstances_excluded": ["detention"],
            "existing_client_of": ["youth-work-alliance"],
            "outcomes": ["waiting_list"],
            "limit": 497,
        },
        {"area": "A-street-in-Leeds", "existing_client_of": ["a-lawyer"]},
        {"gender": "a-girl"},
        {"her-name": "Anna"},
    ]
    # Without the age group: the statistics, which are counted meanwhile, store those of every remit.
    codes = ["E12000007", "organ_harvesting", "non_binary", "criminal_investigation", "detention"]
    words = [*codes, "youth-work-alliance", "A-street-in-Leeds", "a-lawyer", "a-girl", "her-name", "Anna"]
    admin = await service.token()
    # What the service logs is what is looked at: the client of this test is not part of it.
    asyncio.get_running_loop().set_debug(True)
    with everything_logged() as written:
        for path in (MATCHES, ELSE):
            for question in questions:
                await service.client.post(path, json=question)
            await service.client.post(
                path, content=b'{"gender": "a-girl"', headers={"content-type": "application/json"}
            )
        metrics = (await service.client.get("/metrics", headers=admin)).text
    asyncio.get_running_loop().set_debug(False)
    log = written.getvalue()
    assert "aiosqlite" in log or "asyncio" in log or "httpx" in log, "nothing was captured"
    assert 'route="/v1/matches"' in metrics
    for word in words:
        assert word not in log, word
        assert word not in metrics, word


async def test_a_fault_while_matching_is_logged_with_its_class_and_location_alone() -> None:
    question = {"gender": "a-girl"}

    @post("/v1/matches", hides_error_message=True)
    async def private() -> None:
        raise KeyError(question["gender"])

    @post("/v1/else")
    async def other() -> None:
        raise KeyError(question["gender"], "elsewhere")

    application = Litestar([private, other], exception_handlers={Exception: problems.handle}, logging_config=None)
    with everything_logged() as written:
        async with AsyncTestClient(application) as client:
            answers = [await client.post(path) for path in ("/v1/matches", "/v1/else")]
    assert [answer.status_code for answer in answers] == [500, 500]
    # Each line is printed as a dictionary here, and the traceback is one field of it.
    log = written.getvalue().replace("\\'", "'")
    assert "RuntimeError: KeyError'" in log
    assert "test_matches.py" in log
    assert log.count("a-girl") == 1, "in what the other route raised"
    assert "('a-girl', 'elsewhere')" in log
