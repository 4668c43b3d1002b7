"""Open Referral UK 3.0 (HSDS-UK): each responder as a service of one organisation.

`first_responder_capacity` holds what the standard has no word for, exactly as in the directory. Empty fields are left
out: the standard's schemas refuse null.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.codes import members
from capacity_api.domain.intake import LONDON_TIME, SaidBy, State
from capacity_api.domain.remit import AgeGroup
from capacity_api.formats.open_referral.taxonomies import TaxonomyTerm, terms_of
from capacity_api.representations.responder import PublicIntake, Responder, remit_of
from capacity_api.wording.sentences import balanced, intake_in_sentences, isolated, remit_in_words

Item = TypeVar("Item")
Source = TypeVar("Source")
ServiceStatus = Literal["active", "inactive", "defunct", "temporarily closed"]
# An unconfirmed responder may take people; `inactive` would say that it does not. The alert says it is unconfirmed.
_STATUS: dict[State, ServiceStatus] = {
    State.OPEN: "active",
    State.WAITING_LIST: "active",
    State.UNCONFIRMED: "active",
    State.PAUSED: "temporarily closed",
}
# Lowest and highest age of each group.
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


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """`intake` is as in the directory, without what is null there. From its `confirm_by` on it is `unconfirmed`."""

    slug: str
    sequence: int
    intake: dict[str, Any]


class ListedService(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A service as in a list; `alert` says its state in words and until when that holds."""

    id: UUID
    organization_id: UUID
    name: str
    description: str
    url: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    status: ServiceStatus
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
    items: Sequence[Source],
    represent: Callable[[Source], Item],
    number: int,
    per_page: int,
    *,
    demonstration: bool = False,
) -> OpenReferralPage[Item]:
    """The page with this number of all that there is; beyond the last one, an empty page."""
    contents = [represent(item) for item in items[(number - 1) * per_page : number * per_page]]
    pages = -(-len(items) // per_page)
    return OpenReferralPage(
        total_items=len(items),
        total_pages=pages,
        page_number=number,
        size=len(contents),
        first_page=number == 1,
        last_page=number >= pages,
        empty=not contents,
        demonstration=True if demonstration else UNSET,
        contents=contents,
    )


def summarise_service(responder: Responder) -> ListedService:
    """The responder as a list shows it, in the state of `responder`."""
    intake, remit, contact = responder.intake, responder.remit, responder.contact
    youngest, oldest = age_range(responder)
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
        assured_date=_assured_date(intake),
        alert=" ".join(intake_in_sentences(responder)),
        last_modified=_milliseconds(_last_modified(responder)),
        organization=Organization(
            id=organization,
            name=responder.name,
            description=f"{isolated(responder.name)} is a non-statutory First Responder Organisation.",
            website=_uri(responder.website),
        ),
        first_responder_capacity=_capacity(responder),
    )


def represent_service(responder: Responder) -> Service:
    """The responder as a service, in full."""
    summary, contact, remit = summarise_service(responder), responder.contact, responder.remit
    return Service(
        id=summary.id,
        organization_id=summary.organization_id,
        name=summary.name,
        description=summary.description,
        url=summary.url,
        email=summary.email,
        status=summary.status,
        minimum_age=summary.minimum_age,
        maximum_age=summary.maximum_age,
        assured_date=summary.assured_date,
        alert=summary.alert,
        last_modified=summary.last_modified,
        organization=summary.organization,
        first_responder_capacity=summary.first_responder_capacity,
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
            for term in terms_of(remit_of(remit))
        ],
    )


def _assured_date(intake: PublicIntake) -> str | UnsetType:
    """When the responder itself last confirmed: what a coordinator was told is nobody's assurance."""
    if intake.confirmed_at is None or intake.said_by is not SaidBy.RESPONDER:
        return UNSET
    return intake.confirmed_at.astimezone(LONDON_TIME).date().isoformat()


def age_range(responder: Responder) -> tuple[int, int | None]:
    """The lowest and the highest age of the remit; `None` for no highest."""
    years = [_YEARS[group] for group in members(responder.remit.age_groups, AgeGroup)]
    last = [year for _, year in years]
    return min(first for first, _ in years), None if None in last else max(year for year in last if year is not None)


def _last_modified(responder: Responder) -> datetime:
    """The newest change, counting what the clock alone has brought and nobody has recorded yet."""
    since = responder.intake.since
    return responder.updated_at if since is None else max(responder.updated_at, since)


def _capacity(responder: Responder) -> Capacity:
    return Capacity(
        slug=responder.slug,
        sequence=responder.sequence,
        intake=_without_nulls(msgspec.to_builtins(responder.intake)),
    )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _uri(address: str | None) -> str | UnsetType:
    """The address as the standard has it (RFC 3986): what a browser would encode is encoded."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~") if address else UNSET


def _milliseconds(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
