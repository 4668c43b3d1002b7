"""Open Referral UK 3.0 (HSDS-UK): each responder as a service that one organisation gives.

What the standard has no word for stands in `first_responder_capacity`, exactly as in the directory. What is empty is
left out: the standard's schemas refuse null.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.intake import (
    LONDON_TIME,
    Circumstance,
    ExpectedResponse,
    Reason,
    ReportedState,
    State,
)
from capacity_api.domain.remit import AgeGroup
from capacity_api.publication.taxonomies import TaxonomyTerm, terms
from capacity_api.publication.wording import balanced, intake_in_sentences, isolated, remit_in_words
from capacity_api.representations import PlannedShown, Responder

Item = TypeVar("Item")
Held = TypeVar("Held")
Status = Literal["active", "inactive", "defunct", "temporarily closed"]
# An unconfirmed responder may take people: `inactive` would say that it does not. The alert says which it is.
_STATUS: dict[State, Status] = {
    State.OPEN: "active",
    State.WAITING_LIST: "active",
    State.UNCONFIRMED: "active",
    State.PAUSED: "temporarily closed",
}
# First and last year of life in each group; null has no end.
_YEARS: dict[AgeGroup, tuple[int, int | None]] = {
    AgeGroup.CHILD: (0, 17),
    AgeGroup.YOUNG_PERSON: (18, 25),
    AgeGroup.ADULT: (18, None),
}
_AREA = "http://statistics.data.gov.uk/id/statistical-geography/"
_ABOUT = (
    "A First Responder Organisation: it can refer a person who may be a survivor of modern slavery to the National "
    "Referral Mechanism (NRM). You cannot put yourself into the NRM. You can contact this organisation yourself. An "
    "adult's referral needs their agreement. In immediate danger, call 999; the Modern Slavery & Exploitation Helpline "
    "is 08000 121 700."
)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of the standard this is, and where that is described."""

    version: str = "HSDS-UK-3.0"
    profile: str = "https://docs.openreferraluk.org/"
    openapi_url: str = "https://raw.githubusercontent.com/openreferral/uk-profile/main/schema/openapi.json"
    demonstration: bool | UnsetType = UNSET


class OpenReferralPage(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A page of a list: pages count from 1, `size` is the number of `contents`. Beyond the last page all are empty."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    demonstration: bool | UnsetType = UNSET
    contents: list[Item]


class Organization(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: UUID
    name: str
    description: str
    website: str | UnsetType = UNSET


class ServiceArea(msgspec.Struct, frozen=True, kw_only=True):
    """`extent` is the code of the Office for National Statistics (GSS), `uri` its address there."""

    id: UUID
    service_id: UUID
    name: str
    extent: str
    extent_type: Literal["text"] = "text"
    uri: str


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the service is for, as a term of a taxonomy."""

    id: UUID
    link_id: UUID
    taxonomy_term_id: UUID
    link_type: Literal["service_eligibility"] = "service_eligibility"
    taxonomy_term: TaxonomyTerm


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When the organisation can be reached, in its own words."""

    id: UUID
    service_id: UUID
    description: str


class PlannedCapacity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    state: ReportedState
    effective_from: datetime
    expected_response: ExpectedResponse | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    exceptions: list[Circumstance] = []
    reopens_on: date | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Capacity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The intake as in the directory, without what is null there. From `confirm_by` on the state is `unconfirmed`."""

    slug: str
    sequence: int
    state: State
    reported_state: ReportedState | UnsetType = UNSET
    expected_response: ExpectedResponse | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    exceptions: list[Circumstance] = []
    reopens_on: date | UnsetType = UNSET
    note: str | UnsetType = UNSET
    changed_at: datetime | UnsetType = UNSET
    confirmed_at: datetime | UnsetType = UNSET
    confirm_by: datetime | UnsetType = UNSET
    planned: PlannedCapacity | UnsetType = UNSET
    capacity_status: Literal["capacity", "no-capacity", "waitlist"] | UnsetType = UNSET


class ListedService(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A service as in a list; `alert` says its state in words and until when that holds."""

    id: UUID
    organization_id: UUID
    name: str
    description: str
    url: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    status: Status
    minimum_age: int | UnsetType = UNSET
    maximum_age: int | UnsetType = UNSET
    assured_date: str | UnsetType = UNSET
    alert: str
    last_modified: str
    organization: Organization
    first_responder_capacity: Capacity


class Service(ListedService, frozen=True, kw_only=True, omit_defaults=True):
    """A service with all that belongs to it."""

    schedules: list[Schedule] = []
    service_areas: list[ServiceArea] = []
    attributes: list[Attribute] = []


def page(
    held: Sequence[Held],
    show: Callable[[Held], Item],
    number: int,
    per_page: int,
    *,
    demonstration: bool = False,
) -> OpenReferralPage[Item]:
    """The page with this number of all that there is; beyond the last one, an empty page."""
    contents = [show(each) for each in held[(number - 1) * per_page : number * per_page]]
    pages = -(-len(held) // per_page)
    return OpenReferralPage(
        total_items=len(held),
        total_pages=pages,
        page_number=number,
        size=len(contents),
        first_page=number == 1,
        last_page=number >= pages,
        empty=not contents,
        demonstration=True if demonstration else UNSET,
        contents=contents,
    )


def listed_service(responder: Responder) -> ListedService:
    """The responder as lists show it; what it says of its state is as of when `responder` was made."""
    intake, remit, contact = responder.intake, responder.remit, responder.contact
    youngest, oldest = ages(responder)
    organization = uuid5(responder.id, "organization")
    return ListedService(
        id=responder.id,
        organization_id=organization,
        name=f"{responder.name}: referral to the National Referral Mechanism",
        description=f"{remit_in_words(remit)}.\n\n{_ABOUT}",
        url=_uri(contact.url or responder.website),
        email=contact.email or UNSET,
        status=_STATUS[intake.state],
        minimum_age=youngest or UNSET,
        maximum_age=UNSET if oldest is None else oldest,
        assured_date=intake.confirmed_at.astimezone(LONDON_TIME).date().isoformat() if intake.confirmed_at else UNSET,
        alert=" ".join(intake_in_sentences(intake)),
        last_modified=_milliseconds(_last_modified(responder)),
        organization=Organization(
            id=organization,
            name=responder.name,
            description=f"{isolated(responder.name)} is a non-statutory First Responder Organisation.",
            website=_uri(responder.website),
        ),
        first_responder_capacity=_capacity(responder),
    )


def service(responder: Responder) -> Service:
    """The responder as a service, with all that belongs to it."""
    listed, contact, remit = listed_service(responder), responder.contact, responder.remit
    return Service(
        id=listed.id,
        organization_id=listed.organization_id,
        name=listed.name,
        description=listed.description,
        url=listed.url,
        email=listed.email,
        status=listed.status,
        minimum_age=listed.minimum_age,
        maximum_age=listed.maximum_age,
        assured_date=listed.assured_date,
        alert=listed.alert,
        last_modified=listed.last_modified,
        organization=listed.organization,
        first_responder_capacity=listed.first_responder_capacity,
        schedules=[
            Schedule(id=uuid5(responder.id, "hours"), service_id=responder.id, description=balanced(contact.hours))
        ]
        if contact.hours
        else [],
        service_areas=[
            ServiceArea(
                id=uuid5(responder.id, area.code),
                service_id=responder.id,
                name=area.name,
                extent=area.code,
                uri=_AREA + area.code,
            )
            for area in remit.areas
        ],
        attributes=[
            Attribute(
                id=uuid5(responder.id, str(term.id)),
                link_id=responder.id,
                taxonomy_term_id=term.id,
                taxonomy_term=term,
            )
            for term in terms(remit)
        ],
    )


def ages(responder: Responder) -> tuple[int, int | None]:
    """The first and the last year of life of the people whom the remit names; null when there is no last one."""
    years = [_YEARS[group] for group in responder.remit.age_groups]
    last = [year for _, year in years]
    return min(first for first, _ in years), None if None in last else max(year for year in last if year is not None)


def _last_modified(responder: Responder) -> datetime:
    """The newest change, counting what the clock alone has brought and nobody has recorded yet."""
    intake = responder.intake
    lapsed = intake.confirm_by if intake.state is State.UNCONFIRMED else None
    return max(at for at in (responder.updated_at, intake.changed_at, lapsed) if at is not None)


def _capacity(responder: Responder) -> Capacity:
    intake = responder.intake
    return Capacity(
        slug=responder.slug,
        sequence=responder.sequence,
        state=intake.state,
        reported_state=_or_unset(intake.reported_state),
        expected_response=_or_unset(intake.expected_response),
        reason=_or_unset(intake.reason),
        exceptions=intake.exceptions,
        reopens_on=_or_unset(intake.reopens_on),
        note=_or_unset(intake.note),
        changed_at=_or_unset(intake.changed_at),
        confirmed_at=_or_unset(intake.confirmed_at),
        confirm_by=_or_unset(intake.confirm_by),
        planned=UNSET if intake.planned is None else _planned_capacity(intake.planned),
        capacity_status=intake.capacity_status,
    )


def _planned_capacity(planned: PlannedShown) -> PlannedCapacity:
    return PlannedCapacity(
        state=planned.state,
        effective_from=planned.effective_from,
        expected_response=_or_unset(planned.expected_response),
        reason=_or_unset(planned.reason),
        exceptions=planned.exceptions,
        reopens_on=_or_unset(planned.reopens_on),
        note=_or_unset(planned.note),
    )


def _or_unset(value: Item | None) -> Item | UnsetType:
    """The schemas of the standard refuse null: a field without a value is left out."""
    return UNSET if value is None else value


def _uri(address: str | None) -> str | UnsetType:
    """The address as the standard has it (RFC 3986): what a browser would encode is encoded."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~") if address else UNSET


def _milliseconds(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
