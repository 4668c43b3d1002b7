"""Who is mailed about a report that was not confirmed, and when: the rows of the outbox."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event
from tests.conftest import Clock
from tests.mailed import add_person, mailed, mails, owner_of, record_due
from tests.serving import OPEN, Service

from capacity_api.domain.mail import MailKind, MailStatus
from capacity_api.domain.people import Role

WEEK = timedelta(days=7)


async def report(service: Service, slug: str, body: dict[str, Any] = OPEN) -> None:
    await service.report(slug, body)


async def test_everybody_reminded_is_mailed_at_each_step_and_the_coordinators_at_the_end(
    service: Service, clock: Clock
) -> None:
    tara = await owner_of(service.database, responder="tara")
    both, reminded = (
        await add_person(service.database, tara),
        await add_person(service.database, tara, (Role.REMINDED,)),
    )
    await add_person(service.database, tara, (Role.EDITOR,))
    await add_person(service.database, await owner_of(service.database, responder="bawso"))
    coordinator = await add_person(service.database, await owner_of(service.database))
    await report(service, "tara")
    start = clock.now
    expected: list[tuple[str, Any]] = []
    for after, kind in (
        (WEEK * 3 / 4, "confirmation_due"),
        (WEEK, "lapsed"),
        (2 * WEEK, "still_lapsed"),
        (3 * WEEK, "still_lapsed"),
        (4 * WEEK, "still_lapsed"),
    ):
        clock.set(start + after)
        await record_due(service)
        expected += [(kind, both), (kind, reminded)]
        if after == 4 * WEEK:
            expected.append(("unanswered", coordinator))
        assert await mailed(service.database) == expected
    clock.set(start + 52 * WEEK)
    await record_due(service)
    assert [each for each in await mailed(service.database) if each[1] == both] == [
        each for each in expected if each[1] == both
    ]


async def test_a_mail_names_the_responder_and_the_report_that_stood(service: Service, clock: Clock) -> None:
    tara = await owner_of(service.database, responder="tara")
    person = await add_person(service.database, tara)
    await report(service, "tara")
    clock.advance(WEEK)
    await record_due(service)
    (mail,) = await mails(service.database)
    assert (mail.kind, mail.person_id, mail.responder_id) == (MailKind.LAPSED, person, tara.id)
    assert (mail.status, mail.next_attempt_at, mail.created_at) == (MailStatus.WAITING, clock.now, clock.now)
    assert (mail.link_id, mail.sealed_link, mail.subject_id, mail.finished_at) == (None, None, None, None)


async def test_what_was_due_while_nothing_ran_is_one_mail(service: Service, clock: Clock) -> None:
    person = await add_person(service.database, await owner_of(service.database, responder="tara"))
    coordinator = await add_person(service.database, await owner_of(service.database))
    await report(service, "tara")
    clock.advance(10 * WEEK)
    await record_due(service)
    assert await mailed(service.database) == [("still_lapsed", person), ("unanswered", coordinator)]


async def test_the_coordinators_hear_of_a_responder_that_has_nobody_to_remind(service: Service, clock: Clock) -> None:
    coordinator = await add_person(service.database, await owner_of(service.database))
    await report(service, "tara")
    clock.advance(5 * WEEK)
    await record_due(service)
    assert await mailed(service.database) == [("unanswered", coordinator)]


async def test_a_confirmation_begins_anew(service: Service, clock: Clock) -> None:
    person = await add_person(service.database, await owner_of(service.database, responder="tara"))
    await report(service, "tara")
    clock.advance(3 * WEEK)
    await record_due(service)
    token = await service.token(responder="tara")
    answer = await service.client.post("/v1/responders/tara/intake/confirmation", headers=token)
    assert answer.status_code == 200
    clock.advance(WEEK * 3 / 4)
    await record_due(service)
    clock.advance(WEEK / 4)
    await record_due(service)
    assert await mailed(service.database) == [
        ("still_lapsed", person),
        ("confirmation_due", person),
        ("lapsed", person),
    ]


async def test_a_plan_that_starts_after_a_lapse_leaves_no_mail_about_the_lapse(service: Service, clock: Clock) -> None:
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    await report(service, "tara")
    starts = clock.now + WEEK + timedelta(days=1)
    await report(service, "tara", {"state": "paused", "effective_from": starts.isoformat()})
    clock.set(starts)
    await record_due(service)
    assert await mailed(service.database) == []


async def test_a_report_that_a_count_brings_back_too_late_is_mailed_as_lapsed(service: Service, clock: Clock) -> None:
    person = await add_person(service.database, await owner_of(service.database, responder="tara"))
    await report(service, "tara")
    token = await service.token(responder="tara")

    async def put(path: str, body: dict[str, Any]) -> None:
        answer = await service.client.put(f"/v1/responders/tara/{path}", json=body, headers=token)
        assert answer.status_code == 200, answer.text

    await put("threshold", {"pause_at": 10, "reopen_below": 5, "report": {"state": "paused"}})
    await put("caseload", {"open_referrals": 10})
    clock.advance(timedelta(days=5))
    answer = await service.client.post("/v1/responders/tara/intake/confirmation", headers=token)
    assert answer.status_code == 200
    clock.advance(timedelta(days=3))
    await put("caseload", {"open_referrals": 4})
    assert (await service.responder("tara"))["intake"]["state"] == "unconfirmed"
    assert await mailed(service.database) == [("lapsed", person)]


async def test_nobody_of_a_suspended_or_delisted_responder_is_mailed(service: Service, clock: Clock) -> None:
    admin = await service.token()
    for slug in ("tara", "bawso"):
        await add_person(service.database, await owner_of(service.database, responder=slug))
        await report(service, slug)
    await add_person(service.database, await owner_of(service.database))
    tara = await owner_of(service.database, responder="tara")
    answer = await service.client.patch(f"/v1/owners/{tara.id}", json={"suspended": True}, headers=admin)
    assert answer.status_code == 200
    assert (await service.client.delete("/v1/responders/bawso", headers=admin)).status_code == 204
    clock.advance(10 * WEEK)
    await record_due(service)
    assert await mailed(service.database) == []


async def test_the_people_of_all_that_lapse_are_one_query_and_without_a_lapse_none(
    service: Service, clock: Clock
) -> None:
    slugs = [each["slug"] for each in (await service.read("/v1/directory"))["responders"] if each["slug"] != "unseen"]
    people = {
        slug: await add_person(service.database, await owner_of(service.database, responder=slug)) for slug in slugs
    }
    for slug in slugs:
        await report(service, slug)
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        if "FROM person" in arguments[2]:
            asked.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await report(service, "unseen")
        assert asked == []
        clock.advance(WEEK)
        await record_due(service)
        # Read once, and once held so that nobody of them is removed meanwhile.
        assert len(asked) == 2
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sorted(person for _, person in await mailed(service.database) if person) == sorted(people.values())
