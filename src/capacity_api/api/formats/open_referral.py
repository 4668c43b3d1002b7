"""`/open-referral-uk`: the directory for tools that speak Open Referral UK 3.0."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET

from capacity_api.api.context import Context
from capacity_api.errors import Invalid, NotFound
from capacity_api.formats.open_referral.services import (
    About,
    ListedService,
    OpenReferralPage,
    Service,
    age_range,
    page,
    represent_service,
    summarise_service,
)
from capacity_api.formats.open_referral.taxonomies import (
    TAXONOMIES,
    TERMS,
    Taxonomy,
    TaxonomyTerm,
    may_apply,
    terms_of,
    without_terms,
)
from capacity_api.operations.paging import DEFAULT_LIMIT, MAX_LIMIT
from capacity_api.representations.responder import Responder, public_remit_now
from capacity_api.wording.sentences import remit_in_words

_MAX_PAGES = 1_000_000
PageNumber = Annotated[
    int, QueryParameter(name="page", ge=1, le=_MAX_PAGES, description="From 1. Pages after the last are empty.")
]
PerPage = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description=f"How many items at most, up to {MAX_LIMIT}.")]
# The standard does not define the format, and we have no schedules to compare a time with.
Time = Annotated[
    str | None, QueryParameter(max_length=40, description="There are no schedules here, so this filters nothing.")
]
Anything = Annotated[
    str | None, QueryParameter(max_length=40, description="There are no locations here, so this filters nothing.")
]
Age = Annotated[
    float | None,
    QueryParameter(ge=0, le=200, description="As in the standard: an age limit of the service, not a person's age."),
]


class Search:
    """The filters of a list's query."""

    def __init__(
        self, words: str, term: TaxonomyTerm | None, taxonomy: Taxonomy | None, youngest: float, oldest: float | None
    ) -> None:
        self._words = words.casefold().split()
        self._term = term
        self._taxonomy = taxonomy
        self._youngest = youngest
        self._oldest = oldest

    def keeps(self, responder: Responder) -> bool:
        """Whether the responder matches every filter."""
        return (
            self._keeps_words(responder)
            and (self._term is None or may_apply(self._term, public_remit_now(responder)))
            and self._keeps_taxonomy(responder)
            and self._keeps_ages(responder)
        )

    def _keeps_words(self, responder: Responder) -> bool:
        if not self._words:
            return True
        text = f"{responder.name} {remit_in_words(responder.remit)}".casefold()
        return all(word in text for word in self._words)

    def _keeps_taxonomy(self, responder: Responder) -> bool:
        taxonomy = self._taxonomy
        return taxonomy is None or any(
            term.taxonomy_id == taxonomy.id for term in terms_of(public_remit_now(responder))
        )

    def _keeps_ages(self, responder: Responder) -> bool:
        youngest, oldest = age_range(responder)
        if youngest < self._youngest:
            return False
        return self._oldest is None or (oldest is not None and oldest <= self._oldest)


async def _parse_search(
    words: Annotated[
        str | None, QueryParameter(name="search", max_length=200, description="Words of the name or the remit.")
    ] = None,
    taxonomy_term_id: Annotated[
        UUID | None, QueryParameter(description="A term. Services for which it is unknown are kept.")
    ] = None,
    taxonomy_id: Annotated[
        UUID | None, QueryParameter(description="A taxonomy. Services with any term of it are kept.")
    ] = None,
    minimum_age: Age = None,
    maximum_age: Age = None,
    start_time: Time = None,
    end_time: Time = None,
    day: Time = None,
) -> Search:
    if taxonomy_term_id is not None and taxonomy_term_id not in TERMS:
        raise Invalid.at("?taxonomy_term_id", "no such term; see /open-referral-uk/taxonomy_terms")
    if taxonomy_id is not None and taxonomy_id not in TAXONOMIES:
        raise Invalid.at("?taxonomy_id", "no such taxonomy; see /open-referral-uk/taxonomies")
    return Search(
        words or "",
        None if taxonomy_term_id is None else TERMS[taxonomy_term_id],
        None if taxonomy_id is None else TAXONOMIES[taxonomy_id],
        minimum_age or 0,
        maximum_age,
    )


class OpenReferralController(Controller):
    path = "/open-referral-uk"
    tags = ("formats",)

    @get(
        operation_id="readOpenReferral",
        summary="Open Referral UK: the version of the standard",
        slash=True,
        of_snapshot=True,
    )
    async def about(self, context: NamedDependency[Context]) -> About:
        """The root of the Open Referral UK 3.0 (HSDS-UK) API, with or without a slash at its end."""
        return About(demonstration=True if context.settings.demonstration else UNSET)

    @get(
        "/services",
        operation_id="listServices",
        summary="Open Referral UK: the services",
        dependencies={"search": Provide(_parse_search)},
        of_snapshot=True,
    )
    async def services(
        self,
        context: NamedDependency[Context],
        search: NamedDependency[Search],
        number: PageNumber = 1,
        per_page: PerPage = DEFAULT_LIMIT,
    ) -> OpenReferralPage[ListedService]:
        """Each responder as a service, in the order of the directory.

        `status` is `temporarily closed` for a pause and otherwise `active`, even for a waiting list or an unconfirmed
        state. `alert` says the state in words, and `first_responder_capacity` has it exactly.
        """
        everybody = context.publisher.current().responders.values()
        responders = [responder for responder in everybody if search.keeps(responder)]
        return page(responders, summarise_service, number, per_page, demonstration=context.settings.demonstration)

    @get(
        "/services/{service_id:uuid}",
        operation_id="readService",
        summary="Open Referral UK: one service",
        of_snapshot=True,
    )
    async def service(self, context: NamedDependency[Context], service_id: FromPath[UUID]) -> Service:
        """One responder, by its `id` in the directory, with its areas and whom it is for."""
        for responder in context.publisher.current().responders.values():
            if responder.id == service_id:
                return represent_service(responder)
        raise NotFound("No service has this id")

    @get("/taxonomies", operation_id="listTaxonomies", summary="Open Referral UK: the taxonomies", of_snapshot=True)
    async def taxonomies(self, number: PageNumber = 1, per_page: PerPage = DEFAULT_LIMIT) -> OpenReferralPage[Taxonomy]:
        """The taxonomies of the services' attributes: exploitation types, age groups, genders, limitations."""
        return page(list(TAXONOMIES.values()), without_terms, number, per_page)

    @get(
        "/taxonomies/{taxonomy_id:uuid}",
        operation_id="readTaxonomy",
        summary="Open Referral UK: one taxonomy",
        of_snapshot=True,
    )
    async def taxonomy(self, taxonomy_id: FromPath[UUID]) -> Taxonomy:
        """One taxonomy with its terms."""
        if taxonomy_id not in TAXONOMIES:
            raise NotFound("No taxonomy has this id")
        return TAXONOMIES[taxonomy_id]

    @get("/taxonomy_terms", operation_id="listTaxonomyTerms", summary="Open Referral UK: the terms", of_snapshot=True)
    async def taxonomy_terms(
        self, number: PageNumber = 1, per_page: PerPage = DEFAULT_LIMIT
    ) -> OpenReferralPage[TaxonomyTerm]:
        """The terms of all taxonomies. `term` is the code that `/v1/vocabulary` has."""
        return page(list(TERMS.values()), lambda term: term, number, per_page)

    @get(
        "/taxonomy_terms/{term_id:uuid}",
        operation_id="readTaxonomyTerm",
        summary="Open Referral UK: one term",
        of_snapshot=True,
    )
    async def taxonomy_term(self, term_id: FromPath[UUID]) -> TaxonomyTerm:
        """One term. Its id is the same in every installation."""
        if term_id not in TERMS:
            raise NotFound("No taxonomy term has this id")
        return TERMS[term_id]

    @get(
        "/service_at_locations",
        operation_id="listServiceAtLocations",
        summary="Open Referral UK: the locations of services, of which there are none",
        dependencies={"search": Provide(_parse_search)},
        of_snapshot=True,
    )
    async def service_at_locations(
        self,
        search: NamedDependency[Search],
        number: PageNumber = 1,
        per_page: PerPage = DEFAULT_LIMIT,
        postcode: Anything = None,
        proximity: Anything = None,
    ) -> OpenReferralPage[Service]:
        """Always empty: for people's safety we publish no locations. `/services` has the areas."""
        return page([], represent_service, number, per_page)

    @get(
        "/service_at_locations/{location_id:uuid}",
        operation_id="readServiceAtLocation",
        summary="Open Referral UK: one location of a service, of which there are none",
    )
    async def service_at_location(self, location_id: FromPath[UUID]) -> Service:
        """Always 404: for people's safety we publish no locations."""
        raise NotFound("No service has a published location")
