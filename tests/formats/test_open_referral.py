"""A responder as a service of Open Referral UK 3.0: what it is, what it claims, and nothing that is empty."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from tests.domain.strategies import unhurried
from tests.snapshot.responders import ID, NOON, OPEN, PAUSE, TARA, responder, responders, shown

from capacity_api.domain.codes import EVERYTHING, NOT_KNOWN
from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import (
    NEVER_REPORTED,
    Circumstance,
    Plan,
    Report,
    ReportedState,
    SaidBy,
    apply_report,
    intake_at,
)
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit
from capacity_api.formats.open_referral.services import page, represent_service, summarise_service
from capacity_api.formats.open_referral.taxonomies import TAXONOMIES, TERMS, TaxonomyTerm, may_apply
from capacity_api.representations.encoding import encode
from capacity_api.representations.responder import Responder

# The standard's own names; its schemas let others pass, so a misspelt one would not be noticed.
SERVICE = {
    *("id", "organization_id", "name", "description", "url", "email", "status", "minimum_age", "maximum_age"),
    *("assured_date", "alert", "last_modified", "organization", "schedules", "service_areas", "attributes"),
}
EXTENSION = "first_responder_capacity"


def plain(value: Any) -> Any:
    return msgspec.json.decode(encode(value))


def all_in(value: Any) -> Iterator[Any]:
    yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from all_in(below)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return value


def term(code: str) -> TaxonomyTerm:
    (found,) = [each for each in TERMS.values() if each.term == code]
    return found


def kept(code: str, **remit: Any) -> bool:
    return may_apply(term(code), msgspec.structs.replace(TARA, **remit))


def test_a_responder_is_a_service_of_its_organisation() -> None:
    report = Report(
        state=ReportedState.PAUSED,
        exceptions=(Circumstance.DETENTION,),
        reopens_on=date(2026, 12, 1),
        note="Ring first",
    )
    contact = Contact(email="a@example.org", url="https://example.org/ŵ d", hours="9 to 5")
    shown = responder(report, contact=contact, website="https://example.org/")
    found = plain(represent_service(shown))
    assert found["id"] == str(ID)
    assert found["name"] == "TARA: referral to the National Referral Mechanism"
    assert found["status"] == "temporarily closed"
    assert found["url"] == "https://example.org/%C5%B5%20d"
    assert found["email"] == "a@example.org"
    assert (found["minimum_age"], "maximum_age" in found) == (18, False)
    assert found["assured_date"] == "2026-11-21"
    assert found["last_modified"] == "2026-11-21T12:00:00.000Z"
    assert found["alert"] == (
        "Paused: not taking new people. It still takes people in detention. It expects to stay paused "
        "through 1 December 2026. It adds: “\u2068Ring first\u2069” Confirmed on 21 November 2026, 12:00, until "
        "28 November 2026, 12:00 (UK time). After that we do not know."
    )
    organization = found["organization"]
    assert organization["id"] == found["organization_id"] != found["id"]
    assert organization["website"] == "https://example.org/"
    assert set(organization) == {"id", "name", "description", "website"}
    assert found["service_areas"] == [
        {
            "id": found["service_areas"][0]["id"],
            "service_id": str(ID),
            "name": "Scotland",
            "extent": "S92000003",
            "extent_type": "text",
            "uri": "http://statistics.data.gov.uk/id/statistical-geography/S92000003",
        }
    ]
    assert [each["taxonomy_term"]["term"] for each in found["attributes"]] == ["sexual", "adult", "woman"]
    assert all(each["link_id"] == str(ID) for each in found["attributes"])
    assert all(each["taxonomy_term_id"] == each["taxonomy_term"]["id"] for each in found["attributes"])
    assert [each["description"] for each in found["schedules"]] == ["9 to 5"]
    assert found[EXTENSION] == {
        "slug": "tara",
        "sequence": 42,
        "intake": {
            "state": "paused",
            "since": "2026-11-21T12:00:00Z",
            "said_by": "responder",
            "confirmed_at": "2026-11-21T12:00:00Z",
            "confirm_by": "2026-11-28T12:00:00Z",
            "report": {
                "state": "paused",
                "no_timeframe": False,
                "exceptions": ["detention"],
                "reopens_on": "2026-12-01",
                "note": "Ring first",
            },
            "capacity_status": "no-capacity",
        },
    }


def test_whoever_has_not_confirmed_is_active_and_says_that_nobody_knows() -> None:
    found = plain(represent_service(responder()))
    assert found["status"] == "active"
    assert found["alert"] == (
        "Not confirmed: we do not know if it is open. Contact it to ask. It has not joined this directory."
    )
    assert "assured_date" not in found
    assert found[EXTENSION] == {"slug": "tara", "sequence": 42, "intake": {"state": "unconfirmed"}}


def test_an_alert_never_leaves_open_without_its_end() -> None:
    for state, words in ((ReportedState.OPEN, "Open: "), (ReportedState.WAITING_LIST, "Waiting list: ")):
        found = represent_service(responder(Report(state=state)))
        assert found.status == "active"
        assert found.alert.startswith(words)
        assert ", until 28 November 2026, 12:00 (UK time). After that we do not know." in found.alert


def test_a_planned_pause_is_in_the_alert() -> None:
    plan = Plan(
        effective_from=NOON + timedelta(days=2),
        said_by=SaidBy.RESPONDER,
        said_at=NOON,
        confirm_by=NOON + timedelta(days=9),
        report=PAUSE,
    )
    found = plain(represent_service(responder(OPEN, planned=plan)))
    assert "Planned: paused from 23 November 2026, 12:00 (UK time). It listed no exceptions." in found["alert"]
    assert found[EXTENSION]["intake"]["planned"] == {
        "effective_from": "2026-11-23T12:00:00Z",
        "said_by": "responder",
        "said_at": "2026-11-21T12:00:00Z",
        "confirm_by": "2026-11-30T12:00:00Z",
        "report": {"state": "paused", "no_timeframe": False, "exceptions": []},
    }


@pytest.mark.parametrize(("said_by", "assured"), [(SaidBy.COORDINATOR, None), (SaidBy.RESPONDER, "2026-11-21")])
def test_only_a_responder_assures(said_by: SaidBy, assured: str | None) -> None:
    intake = apply_report(NEVER_REPORTED, OPEN, said_by, NOON, timedelta(days=7)).after
    assert plain(represent_service(shown(intake=intake))).get("assured_date") == assured
    lapsed = intake_at(intake, NOON + timedelta(days=7))
    assert plain(represent_service(shown(intake=lapsed))).get("assured_date") == assured


def test_a_limit_is_in_the_alert_and_leaves_the_remit_as_it_is() -> None:
    report = msgspec.structs.replace(OPEN, limited_to=Limit(areas=("S92000003",)))
    remit = msgspec.structs.replace(TARA, areas=("K02000001",))
    found = plain(represent_service(responder(report, remit=remit)))
    assert "For now only: Scotland." in found["alert"]
    assert [area["extent"] for area in found["service_areas"]] == ["K02000001"]
    assert found[EXTENSION]["intake"]["report"]["limited_to"] == {
        "areas": ["S92000003"],
        "exploitation_types": ["all"],
        "age_groups": ["all"],
        "genders": ["all"],
    }


def test_a_lapse_is_a_modification_also_before_anybody_recorded_it() -> None:
    intake = apply_report(NEVER_REPORTED, OPEN, SaidBy.RESPONDER, NOON, timedelta(days=7)).after
    lapsed = shown(intake=intake_at(intake, NOON + timedelta(days=30)))
    assert represent_service(lapsed).last_modified == "2026-11-28T12:00:00.000Z"


@pytest.mark.parametrize(
    ("groups", "youngest", "oldest"),
    [
        (("adult",), 18, None),
        (("child",), None, 17),
        (("young_person",), 18, 25),
        (("child", "young_person"), None, 25),
        (("adult", "child"), None, None),
        (("adult", "young_person"), 18, None),
    ],
)
def test_ages_are_those_of_the_remit(groups: tuple[str, ...], youngest: int | None, oldest: int | None) -> None:
    remit = msgspec.structs.replace(TARA, age_groups=tuple(AgeGroup(group) for group in groups))
    found = plain(represent_service(responder(remit=remit)))
    assert (found.get("minimum_age"), found.get("maximum_age")) == (youngest, oldest)


def test_all_is_every_term_and_unknown_is_a_term_of_its_own() -> None:
    def codes(**remit: Any) -> list[str]:
        found = represent_service(responder(remit=msgspec.structs.replace(TARA, **remit)))
        return [each.taxonomy_term.term for each in found.attributes]

    assert codes(exploitation_types=EVERYTHING, genders=EVERYTHING) == [*ExploitationType, "adult", *Gender]
    assert codes(exploitation_types=NOT_KNOWN) == ["unknown", "adult", "woman"]
    assert codes(existing_clients_only=True)[-1] == "existing_clients_only"


def test_a_term_keeps_what_is_not_known_and_who_may_be_meant() -> None:
    assert kept("sexual")
    assert not kept("labour")
    assert kept("labour", exploitation_types=EVERYTHING)
    assert kept("labour", exploitation_types=NOT_KNOWN)
    assert kept("unknown", exploitation_types=NOT_KNOWN)
    assert not kept("unknown")
    assert kept("young_person")
    assert not kept("child")
    assert not kept("man")
    assert kept("man", genders=EVERYTHING)
    assert not kept("existing_clients_only")
    assert kept("existing_clients_only", existing_clients_only=True)


def test_ids_of_taxonomies_and_terms_never_change() -> None:
    # A tool that imported them holds them as keys.
    assert len(TERMS) == 14
    assert len(TAXONOMIES) == 4
    assert term("sexual").id == UUID("5e2f6994-9782-55cc-883a-3f447c0370c2")
    assert len({*TERMS, *TAXONOMIES}) == 18


@pytest.mark.parametrize(
    ("count", "number", "shape"),
    [
        (0, 1, (0, 0, 1, 0, True, True, True)),
        (5, 1, (5, 3, 1, 2, True, False, False)),
        (5, 3, (5, 3, 3, 1, False, True, False)),
        (5, 4, (5, 3, 4, 0, False, True, True)),
        (2, 1, (2, 1, 1, 2, True, True, False)),
    ],
)
def test_a_page_describes_its_position_in_the_list(count: int, number: int, shape: tuple[Any, ...]) -> None:
    found = plain(page(list(range(count)), str, number, 2))
    assert tuple(found.values())[:-1] == shape
    names = ["total_items", "total_pages", "page_number", "size", "first_page", "last_page", "empty", "contents"]
    assert list(found) == names


@unhurried
@given(responders())
def test_nothing_in_a_service_is_empty_or_misspelt(responder: Responder) -> None:
    found = plain(represent_service(responder))
    listed = plain(summarise_service(responder))
    assert set(found) <= SERVICE | {EXTENSION}
    assert listed == {field: value for field, value in found.items() if field not in LISTS}
    for value in all_in(found):
        assert value is not None
    for value in all_in({field: value for field, value in found.items() if field != EXTENSION}):
        assert value not in ("", [], {})
    assert found[EXTENSION]["intake"] == without_nulls(plain(responder.intake))
    for each in (
        found["id"],
        found["organization_id"],
        *(item["id"] for field in LISTS for item in found.get(field, [])),
    ):
        UUID(each)
    identities = [item["id"] for field in LISTS for item in found.get(field, [])]
    assert len(set(identities)) == len(identities)
    assert found["status"] in {"active", "temporarily closed"}
    assert (found["status"] == "temporarily closed") == (responder.intake.state == "paused")
    assert datetime.fromisoformat(found["last_modified"]).tzinfo == UTC
    assert all(urlsplit(found[field]).scheme for field in ("url",) if field in found)


LISTS = ("schedules", "service_areas", "attributes")
