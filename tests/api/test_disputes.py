"""/v1/responders/{slug}/disputes and /v1/disputes: "we rang and were told otherwise"."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.mailed import add_person, mailed, mails, owner_of
from tests.serving import OPEN, PAUSED, Headers, Service, answers_at_once

from capacity_api.db.people_tables import DisputeRow
from capacity_api.domain.disputes import DisputeFinding
from capacity_api.domain.mail import MailKind
from capacity_api.domain.people import Role

PATH = "/v1/responders/tara/disputes"
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=1)


async def dispute(service: Service, token: Headers, found: str = "paused", slug: str = "tara") -> httpx.Response:
    return await service.client.post(f"/v1/responders/{slug}/disputes", json={"found": found}, headers=token)


async def listed(service: Service, **parameters: Any) -> dict[str, Any]:
    answer = await service.client.get("/v1/disputes", params=parameters, headers=await service.token())
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


@pytest.mark.parametrize("found", list(DisputeFinding))
async def test_a_dispute_says_what_was_found_and_what_was_shown(service: Service, found: DisputeFinding) -> None:
    token = await service.token(partner="Case tool")
    await service.report("tara", OPEN)
    answer = await dispute(service, token, found)
    assert answer.status_code == 201, answer.text
    owner = (await service.client.get("/v1/me", headers=token)).json()["owner"]
    made = answer.json()
    assert made == {
        "id": made["id"],
        "slug": "tara",
        "partner": owner,
        "found": str(found),
        "shown": "open",
        "at": "2026-11-21T12:00:00Z",
    }
    for reader in (token, await service.token()):
        read = await service.client.get(answer.headers["location"], headers=reader)
        assert (read.status_code, read.json()) == (200, made)
    assert await listed(service) == {"items": [made], "next": None}


async def test_nobody_else_reads_it(service: Service) -> None:
    answer = await dispute(service, await service.token(partner="Case tool"))
    for reader in (await service.token(partner="Other"), await service.token(responder="tara")):
        assert_refused(await service.client.get(answer.headers["location"], headers=reader), 404, "not_found")
        assert_refused(await service.client.get("/v1/disputes", headers=reader), 403, "insufficient_scope")


async def test_it_changes_nothing_that_the_public_sees(service: Service) -> None:
    await service.report("tara", OPEN)
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    before = await service.client.get("/v1/directory")
    events = await service.read("/v1/events", after=0)
    history = await service.read("/v1/responders/tara/history")
    assert (await dispute(service, await service.token(partner="Case tool"))).status_code == 201
    after = await service.client.get("/v1/directory")
    assert (after.headers["etag"], after.content) == (before.headers["etag"], before.content)
    assert await service.read("/v1/events", after=0) == events
    assert await service.read("/v1/responders/tara/history") == history


async def test_everybody_reminded_is_asked_at_once(service: Service) -> None:
    tara = await owner_of(service.database, responder="tara")
    person = await add_person(service.database, tara, (Role.REMINDED,))
    await add_person(service.database, tara, (Role.EDITOR,))
    await add_person(service.database, await owner_of(service.database))
    shown = await service.report("tara", OPEN)
    answer = await dispute(service, await service.token(partner="Case tool"))
    (mail,) = await mails(service.database)
    assert (mail.kind, mail.person_id, mail.responder_id) == (MailKind.DISPUTED, person, tara.id)
    assert (mail.report_sequence, str(mail.subject_id)) == (shown["sequence"], answer.json()["id"])


async def test_a_partner_disputes_a_responder_once_a_day(service: Service, clock: Clock) -> None:
    await add_person(service.database, await owner_of(service.database, responder="tara"))
    first, second = await service.token(partner="Case tool"), await service.token(partner="Other")
    assert (await dispute(service, first)).status_code == 201
    clock.advance(HOUR)
    again = await dispute(service, first, "open")
    assert_refused(again, 429, "too_many_disputes")
    assert again.headers["retry-after"] == str(23 * 3600)
    # Others, and about others, may.
    assert (await dispute(service, second)).status_code == 201
    assert (await dispute(service, first, slug="bawso")).status_code == 201
    clock.advance(23 * HOUR - MOMENT)
    last = await dispute(service, first)
    assert_refused(last, 429, "too_many_disputes")
    assert last.headers["retry-after"] == "1"
    clock.advance(MOMENT)
    assert (await dispute(service, first)).status_code == 201
    assert len(await mailed(service.database)) == 3


async def test_of_two_at_once_one_is_recorded(service: Service) -> None:
    token = await service.token(partner="Case tool")
    answers = await answers_at_once([lambda: dispute(service, token)] * 4)
    assert sorted(each.status_code for each in answers) == [201, 429, 429, 429]
    async with service.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DisputeRow)) == 1


async def test_what_is_shown_is_the_state_by_the_clock(service: Service, clock: Clock) -> None:
    token = await service.token(partner="Case tool")
    assert (await dispute(service, token, slug="bawso")).json()["shown"] == "unconfirmed"
    await service.report("tara", PAUSED)
    assert (await dispute(service, token, "open")).json()["shown"] == "paused"
    clock.advance(timedelta(days=8))
    assert (await dispute(service, token, "open")).json()["shown"] == "unconfirmed"


async def test_the_list_is_paged_newest_first_and_keeps_delisted_responders(service: Service, clock: Clock) -> None:
    token = await service.token(partner="Case tool")
    for slug in ("tara", "bawso", "unseen"):
        assert (await dispute(service, token, slug=slug)).status_code == 201
        clock.advance(HOUR)
    answer = await service.client.delete("/v1/responders/bawso", headers=await service.token())
    assert answer.status_code == 204
    first = await listed(service, limit=2)
    second = await listed(service, limit=2, cursor=first["next"])
    assert [each["slug"] for each in first["items"] + second["items"]] == ["unseen", "bawso", "tara"]
    assert second["next"] is None


async def test_only_a_listed_responder_is_disputed(service: Service) -> None:
    token = await service.token(partner="Case tool")
    await service.client.delete("/v1/responders/tara", headers=await service.token())
    for slug in ("tara", "nobody"):
        assert_refused(await dispute(service, token, slug=slug), 404, "not_found")


async def test_nobody_but_a_partner_disputes(service: Service) -> None:
    for token in (await service.token(), await service.token(responder="tara")):
        assert_refused(await dispute(service, token), 403, "insufficient_scope")
    assert (await listed(service))["items"] == []


async def test_there_is_no_free_text(service: Service) -> None:
    token = await service.token(partner="Case tool")
    for body in ({"found": "closed"}, {"found": None}, {"found": "open", "note": "She said no."}, {}):
        answer = await service.client.post(PATH, json=body, headers=token)
        assert answer.status_code == 422, body
        assert "She said" not in answer.text


async def test_a_partner_that_is_removed_takes_its_disputes_along(service: Service) -> None:
    person = await add_person(service.database, await owner_of(service.database, responder="tara"))
    token, other = await service.token(partner="Case tool"), await service.token(partner="Other")
    owner = (await service.client.get("/v1/me", headers=token)).json()["owner"]
    for each in (token, other):
        assert (await dispute(service, each)).status_code == 201
    assert (await service.client.delete(f"/v1/partners/{owner['id']}", headers=await service.token())).is_success
    assert [each["partner"]["name"] for each in (await listed(service))["items"]] == ["Other"]
    assert [(each.person_id, str(each.status)) for each in await mails(service.database)] == [
        (person, "dropped"),
        (person, "waiting"),
    ]
