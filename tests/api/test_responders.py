"""/v1/responders: listing a responder, changing its details, delisting it, and its history."""

from datetime import timedelta
from typing import Any

import pytest
from tests.api.refusals import assert_refused
from tests.conftest import Clock
from tests.serving import OPEN, PAUSED, WAITING, Service

TARA = "/v1/responders/tara"
HISTORY = "/v1/responders/tara/history"
REMIT: dict[str, Any] = {"areas": ["S92000003"], "exploitation_types": ["sexual"], "age_groups": ["adult"]}
NO_CONTACT: dict[str, Any] = {
    "phone": None,
    "email": None,
    "url": None,
    "hours": None,
    "all_hours": None,
    "languages": [],
    "interpreters": None,
    "source": None,
}
NEW: dict[str, Any] = {"slug": "new-one", "name": "New One", "remit": REMIT}


async def test_a_change_can_be_read_once_it_is_answered_and_is_one_event(service: Service) -> None:
    before = await service.responder("tara")
    change: dict[str, Any] = {
        "website": "https://tara.example.org/",
        "contact": {
            "phone": " 0141 276 7724 ",
            "email": "tara@example.org",
            "hours": "Monday to Friday",
            "languages": ["vi", "sq"],
            "interpreters": True,
        },
        "remit": {**REMIT, "age_groups": ["young_person", "adult", "adult"], "genders": ["woman"], "note": "Ask us."},
    }
    answer = await service.client.patch(TARA, json=change, headers=await service.token(responder="tara"))
    assert answer.status_code == 200
    after = answer.json()
    assert after == await service.responder("tara") == await service.read(TARA)
    assert after["sequence"] == (await service.read("/v1/directory"))["sequence"]
    assert after["website"] == "https://tara.example.org/"
    assert after["contact"] == {
        **NO_CONTACT,
        "phone": {"text": "0141 276 7724", "dial": "+441412767724", "extension": None},
        "email": "tara@example.org",
        "hours": "Monday to Friday",
        "languages": ["vi", "sq"],
        "interpreters": True,
    }
    assert after["remit"] == {
        **REMIT,
        "areas": [{"code": "S92000003", "name": "Scotland"}],
        "age_groups": ["adult", "young_person"],
        "genders": ["woman"],
        "existing_clients_only": False,
        "note": "Ask us.",
        "as_published": None,
        "source": None,
    }
    assert after["intake"] == before["intake"]
    page = await service.read("/v1/events", after=after["sequence"] - 1)
    assert [(each["type"], each["data"]) for each in page["events"]] == [
        ("responder.updated", {"responder": after, "previous_areas": ["S92000003"]})
    ]


async def test_a_field_that_is_left_out_stays_and_null_empties_it(service: Service) -> None:
    token = await service.token(responder="tara")
    await service.client.patch(TARA, json={"website": "https://a.example/", "contact": {"phone": "999"}}, headers=token)
    answer = await service.client.patch(TARA, json={"website": None}, headers=token)
    assert (answer.json()["website"], answer.json()["contact"]["phone"]["text"]) == (None, "999")
    answer = await service.client.patch(TARA, json={"contact": {"email": "a@b.example"}}, headers=token)
    assert answer.json()["contact"] == {**NO_CONTACT, "email": "a@b.example"}


async def test_a_change_that_changes_nothing_makes_no_event(service: Service) -> None:
    token = await service.token(responder="tara")
    directory = await service.read("/v1/directory")
    before = await service.responder("tara")
    nothing_new: list[dict[str, Any]] = [
        {},
        {"contact": {}},
        {"website": ""},
        {"website": None, "contact": before["contact"]},
    ]
    for change in nothing_new:
        answer = await service.client.patch(TARA, json=change, headers=token)
        assert (answer.status_code, answer.json()) == (200, before)
        assert answer.headers["etag"].startswith('"')
    assert await service.read("/v1/directory") == directory


async def test_a_validity_is_nothing_public_and_holds_from_the_next_report_on(service: Service) -> None:
    token = await service.token(responder="tara")
    before = await service.report("tara", OPEN)
    answer = await service.client.patch(TARA, json={"valid_for_hours": 2}, headers=token)
    assert answer.json() == before
    after = await service.report("tara", OPEN)
    assert after["intake"]["confirm_by"] == "2026-11-21T14:00:00Z"
    assert [each["type"] for each in await service.events_after(before["sequence"])] == ["intake.confirmed"]


async def test_a_responder_that_was_read_can_be_sent_back_with_the_areas_as_codes(service: Service) -> None:
    for responder in (await service.read("/v1/directory"))["responders"]:
        phone = responder["contact"]["phone"]
        contact = {**responder["contact"], "phone": phone and phone["text"]}
        change = {"website": responder["website"], "contact": contact}
        change["remit"] = {**responder["remit"], "areas": [area["code"] for area in responder["remit"]["areas"]]}
        token = await service.token(responder=responder["slug"])
        answer = await service.client.patch(f"/v1/responders/{responder['slug']}", json=change, headers=token)
        assert (answer.status_code, answer.json()) == (200, responder)


async def test_a_telephone_number_is_written_in_words_and_read_with_what_to_dial(service: Service) -> None:
    token = await service.token(responder="tara")
    for words, dial, extension in (
        # The zero in brackets is not dialled from abroad.
        ("+44 (0)141 496 0123", "+441414960123", None),
        ("0141 496 0123 ext 4", "+441414960123", "4"),
        ("116 123", "116123", None),
        ("Text relay: 18001 0808 800 0000", None, None),
    ):
        answer = await service.client.patch(TARA, json={"contact": {"phone": words}}, headers=token)
        assert answer.json()["contact"]["phone"] == {"text": words, "dial": dial, "extension": extension}
        page = (await service.client.get("/")).text
        assert words in page
        assert (f'href="tel:{dial}' in page) is (dial is not None)


async def test_a_coordinator_may_say_where_it_found_a_contact(service: Service) -> None:
    source = {"name": "TARA's own site", "url": "https://tara.example.org/contact", "checked_on": "2026-11-20"}
    change = {"contact": {"phone": "0141 496 0123", "all_hours": True, "source": source}}
    found = (await service.client.patch(TARA, json=change, headers=await service.token())).json()["contact"]
    assert (found["source"], found["all_hours"]) == (source, True)
    own = {"contact": {"phone": "0141 496 0123"}}
    answer = await service.client.patch(TARA, json=own, headers=await service.token(responder="tara"))
    assert answer.json()["contact"]["source"] is None


async def test_a_name_is_changed_by_an_administrator_only(service: Service) -> None:
    answer = await service.client.patch(TARA, json={"name": "X"}, headers=await service.token(responder="tara"))
    assert_refused(answer, 403, "insufficient_scope")
    answer = await service.client.patch(TARA, json={"name": " Tara "}, headers=await service.token())
    assert (answer.status_code, answer.json()["name"]) == (200, "Tara")


BAD: list[tuple[Any, str, str]] = [
    ({"website": "tara.example.org"}, "invalid", "/website"),
    ({"website": "javascript:alert(1)"}, "invalid", "/website"),
    ({"website": "https://user@tara.example.org/"}, "invalid", "/website"),
    ({"contact": {"phone": "0300 123"}}, "invalid", "/contact/phone"),
    ({"contact": {"phone": {"text": "999", "dial": "999", "extension": None}}}, "invalid", "/contact/phone"),
    ({"contact": {"all_hours": False}}, "invalid", "/contact/all_hours"),
    ({"contact": {"interpreters": False}}, "invalid", "/contact/interpreters"),
    ({"contact": {"languages": ["vi", "Klingon"]}}, "invalid", "/contact/languages/1"),
    ({"contact": {"languages": None}}, "invalid", "/contact/languages"),
    (
        {"contact": {"source": {"name": "Its site", "url": "https://a.example/"}}},
        "invalid",
        "/contact/source/checked_on",
    ),
    (
        {"contact": {"source": {"name": "Its site", "url": "a.example", "checked_on": "2026-11-20"}}},
        "invalid",
        "/contact/source/url",
    ),
    ({"contact": {"email": "a@b"}}, "invalid", "/contact/email"),
    ({"contact": {"url": "ftp://a.example/"}}, "invalid", "/contact/url"),
    ({"contact": {"hours": "x" * 201}}, "invalid", "/contact/hours"),
    ({"contact": {"hours": "\x00"}}, "invalid", "/contact/hours"),
    ({"contact": {"fax": "1"}}, "unknown_field", "/contact/fax"),
    ({"contact": None}, "invalid", "/contact"),
    ({"remit": None}, "invalid", "/remit"),
    ({"remit": {**REMIT, "areas": ["S92000003", "XX"]}}, "invalid", "/remit/areas/1"),
    ({"remit": {**REMIT, "areas": []}}, "invalid", "/remit/areas"),
    ({"remit": {**REMIT, "exploitation_types": []}}, "invalid", "/remit/exploitation_types"),
    ({"remit": {**REMIT, "exploitation_types": ["sexual", "x"]}}, "invalid", "/remit/exploitation_types/1"),
    ({"remit": {**REMIT, "exploitation_types": "all"}}, "invalid", "/remit/exploitation_types"),
    ({"remit": {**REMIT, "exploitation_types": None}}, "invalid", "/remit/exploitation_types"),
    ({"remit": {**REMIT, "exploitation_types": ["all", "sexual"]}}, "invalid", "/remit/exploitation_types"),
    ({"remit": {**REMIT, "areas": ["all"]}}, "invalid", "/remit/areas/0"),
    ({"remit": {**REMIT, "age_groups": ["unknown"]}}, "invalid", "/remit/age_groups/0"),
    ({"remit": {**REMIT, "age_groups": ["old"]}}, "invalid", "/remit/age_groups/0"),
    ({"remit": {**REMIT, "genders": None}}, "invalid", "/remit/genders"),
    ({"remit": {**REMIT, "note": "x" * 501}}, "invalid", "/remit/note"),
    ({"remit": {**REMIT, "source": {"title": "T", "published": "last year"}}}, "invalid", "/remit/source/published"),
    ({"remit": {**REMIT, "regions": []}}, "unknown_field", "/remit/regions"),
    ({"remit": {"areas": ["S92000003"]}}, "invalid", "/remit/exploitation_types"),
    ({"valid_for_hours": 0}, "invalid", "/valid_for_hours"),
    ({"valid_for_hours": 2161}, "invalid", "/valid_for_hours"),
    ({"valid_for_hours": 1.5}, "invalid", "/valid_for_hours"),
    ({"valid_for_hours": None}, "invalid", "/valid_for_hours"),
    ({"slug": "x"}, "unknown_field", "/slug"),
    ({"intake": OPEN}, "unknown_field", "/intake"),
    ([], "invalid", ""),
]


async def test_a_bad_change_is_refused_by_name_and_changes_nothing(service: Service) -> None:
    before = await service.read("/v1/directory")
    token = await service.token(responder="tara")
    for change, code, pointer in BAD:
        assert_refused(await service.client.patch(TARA, json=change, headers=token), 422, code, pointer, what=change)
    both = {"contact": {"phone": "999"}, "remit": {**REMIT, "areas": ["A", "B"]}}
    answer = await service.client.patch(TARA, json=both, headers=token)
    assert_refused(answer, 422, "invalid", "/remit/areas/0", "/remit/areas/1")
    assert await service.read("/v1/directory") == before


async def test_who_may_not_change_a_responder(service: Service) -> None:
    cases = [
        (await service.token(responder="unseen"), 403, "not_owner"),
        (await service.token(responder="tara", scopes=("intake:write",)), 403, "insufficient_scope"),
        (await service.token(partner="Case tool"), 403, "insufficient_scope"),
        ({}, 401, "token_missing"),
    ]
    for headers, status, code in cases:
        assert_refused(await service.client.patch(TARA, json={"website": None}, headers=headers), status, code)
    admin = await service.token()
    assert_refused(await service.client.patch("/v1/responders/nobody", json={}, headers=admin), 404, "not_found")


async def test_a_change_honours_if_match(service: Service) -> None:
    token = await service.token(responder="tara")
    etag = (await service.client.get(TARA)).headers["etag"]
    headers = {**token, "if-match": etag}
    first = await service.client.patch(TARA, json={"website": "https://a.example/"}, headers=headers)
    assert first.status_code == 200
    again = await service.client.patch(TARA, json={"website": "https://b.example/"}, headers=headers)
    assert_refused(again, 412, "precondition_failed")
    assert (await service.responder("tara"))["website"] == "https://a.example/"


async def test_an_administrator_lists_a_responder_unconfirmed(service: Service) -> None:
    before = await service.read("/v1/directory")
    answer = await service.client.post("/v1/responders", json=NEW, headers=await service.token())
    assert answer.status_code == 201
    listed = answer.json()
    assert listed == await service.responder("new-one") == await service.read("/v1/responders/new-one")
    assert (listed["name"], listed["intake"]["state"]) == ("New One", "unconfirmed")
    after = await service.read("/v1/directory")
    assert (after["total"], after["sequence"]) == (before["total"] + 1, before["sequence"] + 1)
    page = await service.read("/v1/events", after=before["sequence"])
    assert [(each["type"], each["data"]) for each in page["events"]] == [("responder.listed", {"responder": listed})]


async def test_a_bad_listing_is_refused_by_name_and_lists_nobody(service: Service) -> None:
    before = await service.read("/v1/directory")
    admin = await service.token()
    slugs = [
        "admin",
        "example",
        "",
        "Upper",
        "two--hyphens",
        "-front",
        "back-",
        "under_score",
        "a b",
        "é",
        "a/b",
        "x" * 81,
        "a\x00",
        "a\n",
    ]
    cases = [({**NEW, "slug": slug}, 422, "invalid", "/slug") for slug in slugs]
    cases += [
        ({**NEW, "slug": None}, 422, "invalid", "/slug"),
        ({**NEW, "name": "  "}, 422, "invalid", "/name"),
        ({**NEW, "name": "x" * 201}, 422, "invalid", "/name"),
        ({**NEW, "remit": {**REMIT, "areas": ["XX"]}}, 422, "invalid", "/remit/areas/0"),
        ({**NEW, "valid_for_hours": 0}, 422, "invalid", "/valid_for_hours"),
        ({"slug": "a", "name": "A"}, 422, "invalid", "/remit"),
        ({**NEW, "id": "1"}, 422, "unknown_field", "/id"),
    ]
    for body, status, code, pointer in cases:
        answer = await service.client.post("/v1/responders", json=body, headers=admin)
        assert_refused(answer, status, code, pointer, what=body)
    answer = await service.client.post("/v1/responders", json={**NEW, "slug": "tara"}, headers=admin)
    assert_refused(answer, 409, "already_exists")
    assert await service.read("/v1/directory") == before


async def test_only_an_administrator_lists_and_delists(service: Service) -> None:
    for headers, status, code in (
        (await service.token(responder="tara"), 403, "insufficient_scope"),
        (await service.token(partner="Case tool"), 403, "insufficient_scope"),
        ({}, 401, "token_missing"),
    ):
        assert_refused(await service.client.post("/v1/responders", json=NEW, headers=headers), status, code)
        assert_refused(await service.client.delete(TARA, headers=headers), status, code)
    assert (await service.read("/v1/directory"))["total"] == 13


async def test_a_delisted_responder_is_gone_and_its_history_stays(service: Service, clock: Clock) -> None:
    own, admin = await service.token(responder="tara"), await service.token()
    reported = await service.report("tara", PAUSED)
    answer = await service.client.delete(TARA, headers=admin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "tara" not in [each["slug"] for each in (await service.read("/v1/directory"))["responders"]]
    for path in (TARA, HISTORY):
        assert_refused(await service.client.get(path), 404, "not_found")
    assert_refused(await service.client.patch(TARA, json={"website": None}, headers=own), 401, "owner_suspended")
    assert_refused(await service.client.patch(TARA, json={"website": None}, headers=admin), 404, "not_found")
    assert_refused(await service.client.delete(TARA, headers=admin), 404, "not_found")
    page = await service.read("/v1/events", after=reported["sequence"])
    assert [each["type"] for each in page["events"]] == ["responder.delisted"]
    # A report that lapses after the delisting makes no event.
    clock.advance(timedelta(days=8))
    again = await service.client.post("/v1/responders", json={**NEW, "slug": "tara", "name": "TARA"}, headers=admin)
    assert again.status_code == 201
    assert (again.json()["id"], again.json()["intake"]["state"]) == (reported["id"], "unconfirmed")
    assert again.json()["intake"] == {**dict.fromkeys(again.json()["intake"]), "state": "unconfirmed"}
    assert again.json()["sequence"] == reported["sequence"] + 2
    assert [each["report"]["state"] for each in (await service.read(HISTORY))["items"]] == ["paused"]
    await service.resume(reported["id"])
    confirmation = await service.client.post(f"{TARA}/intake/confirmation", headers=own)
    assert_refused(confirmation, 409, "nothing_to_confirm")


async def test_the_history_is_every_report_and_lapse_newest_first(service: Service, clock: Clock) -> None:
    await service.report("tara", OPEN)
    clock.advance(timedelta(days=8))
    await service.report("tara", {**PAUSED, "note": "Full again."})
    clock.advance(timedelta(hours=1))
    await service.report("tara", {**PAUSED, "note": "Full again."})
    await service.report("unseen", OPEN)
    found = await service.read(HISTORY)
    assert found["next"] is None
    assert [(each["kind"], each["at"], each["state"], each["report"]["state"]) for each in found["items"]] == [
        ("confirmed", "2026-11-29T13:00:00Z", "paused", "paused"),
        ("reported", "2026-11-29T12:00:00Z", "paused", "paused"),
        ("lapsed", "2026-11-28T12:00:00Z", "unconfirmed", "open"),
        ("reported", "2026-11-21T12:00:00Z", "open", "open"),
    ]
    assert found["items"][1]["report"]["note"] == "Full again."
    assert found["items"][1]["report"]["exceptions"] == PAUSED["exceptions"]
    assert "token" not in str(found)


async def test_the_history_holds_its_from_and_not_its_to(service: Service, clock: Clock) -> None:
    for report in (OPEN, WAITING, PAUSED):
        await service.report("tara", report)
        clock.advance(timedelta(days=1))

    async def states(**parameters: str) -> list[str]:
        items = (await service.read(HISTORY, **parameters))["items"]
        return [each["state"] for each in items if each["kind"] == "reported"]

    assert await states(**{"from": "2026-11-22T12:00:00Z"}) == ["paused", "waiting_list"]
    assert await states(to="2026-11-22T12:00:00Z") == ["open"]
    assert await states(to="2026-11-22T13:00:00+01:00") == ["open"]
    assert await states(**{"from": "2026-11-22T12:00:00Z", "to": "2026-11-22T12:00:01Z"}) == ["waiting_list"]
    assert await states() == ["paused", "waiting_list", "open"]
    # On the 20th of February; by default it goes back 90 days.
    clock.advance(timedelta(days=88))
    assert await states() == ["paused"]
    assert await states(**{"from": "2026-11-21T00:00:00Z"}) == ["paused", "waiting_list", "open"]


async def test_the_history_comes_in_pages(service: Service) -> None:
    for report in (OPEN, WAITING, PAUSED, OPEN, WAITING):
        await service.report("tara", report)
    whole = (await service.read(HISTORY))["items"]
    found, cursor, sizes = [], None, []
    while True:
        page = await service.read(HISTORY, limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        sizes.append(len(page["items"]))
        cursor = page["next"]
        if cursor is None:
            break
        # A report between two pages does not shift the pages that follow.
        await service.report("tara", {**PAUSED, "note": cursor})
    assert (found, sizes) == (whole, [2, 2, 1])


@pytest.mark.parametrize("parameter", ["from", "to"])
async def test_a_bad_period_is_refused(shared_service: Service, parameter: str) -> None:
    for value in ("soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", ""):
        answer = await shared_service.client.get(HISTORY, params={parameter: value})
        assert_refused(answer, 422, "invalid", f"?{parameter}", what=value)
    if parameter == "to":
        answer = await shared_service.client.get(HISTORY, params={"to": "0001-01-01T00:00:00Z"})
        assert_refused(answer, 422, "invalid", "?to")
    answer = await shared_service.client.get(
        HISTORY, params={"from": "2026-11-21T12:00:00Z", "to": "2026-11-20T12:00:00Z"}
    )
    assert_refused(answer, 422, "invalid", "?from")


async def test_a_made_up_cursor_or_limit_is_refused(service: Service) -> None:
    # 999…9 and -1 in the way in which the list writes its own; then what no list writes.
    for cursor in ("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "LTE", "xx", "!", "é", "A" * 5000, ""):
        answer = await service.client.get(HISTORY, params={"cursor": cursor})
        assert_refused(answer, 422, "invalid", "?cursor", what=cursor)
    for limit in ("0", "-1", "501", "many", "1.5", ""):
        answer = await service.client.get(HISTORY, params={"limit": limit})
        assert_refused(answer, 422, "invalid", "?limit", what=limit)
    assert_refused(await service.client.get(HISTORY, params={"after": 1}), 422, "unknown_parameter", "?after")
    assert_refused(await service.client.get("/v1/responders/nobody/history"), 404, "not_found")
