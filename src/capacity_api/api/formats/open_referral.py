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
from capacity_api.operations.paging import MOST, USUAL
from capacity_api.representations.responder import Responder
from capacity_api.wording.sentences import remit_in_words

_MOST_PAGES = 1_000_000
PageNumber = Annotated[
    int, QueryParameter(name="page", ge=1, le=_MOST_PAGES, description="From 1; beyond the last it is empty.")
]
PerPage = Annotated[int, QueryParameter(ge=1, le=MOST, description=f"At most so many items, up to {MOST}.")]
# The standard does not say how it is written, and no schedule is known here that it could be compared with.
Time = Annotated[
    str | None, QueryParameter(max_length=40, description="No times are known here, so it leaves nobody out.")
]
Anything = Annotated[str | None, QueryParameter(max_length=40, description="There is nothing to be near to.")]
Age = Annotated[
    float | None, QueryParameter(ge=0, le=200, description="As the standard has it: of the service, not of a person.")
]


class Search:
    """What the query of a list asks for."""

    def __init__(
        self, words: str, term: TaxonomyTerm | None, taxonomy: Taxonomy | None, youngest: float, oldest: float | None
    ) -> None:
        self._words = words.casefold().split()
        self._term = term
        self._taxonomy = taxonomy
        self._youngest = youngest
        self._oldest = oldest

    def keeps(self, responder: Responder) -> bool:
        youngest, oldest = age_range(responder)
        return (
            (not self._words or self._names(responder))
            and (self._term is None or may_apply(self._term, responder.remit))
            and (
                self._taxonomy is None
                or any(term.taxonomy_id == self._taxonomy.id for term in terms_of(responder.remit))
            )
            and youngest >= self._youngest
            and (self._oldest is None or (oldest is not None and oldest <= self._oldest))
        )

    def _names(self, responder: Responder) -> bool:
        text = f"{responder.name} {remit_in_words(responder.remit)}".casefold()
        return all(word in text for word in self._words)


async def _wanted(
    words: Annotated[
        str | None, QueryParameter(name="search", max_length=200, description="Words of the name or the remit.")
    ] = None,
    taxonomy_term_id: Annotated[
        UUID | None, QueryParameter(description="A term; who does not know whether it applies is kept.")
    ] = None,
    taxonomy_id: Annotated[
        UUID | None, QueryParameter(description="A taxonomy that a service has any term of.")
    ] = None,
    minimum_age: Age = None,
    maximum_age: Age = None,
    start_time: Time = None,
    end_time: Time = None,
    day: Time = None,
) -> Search:
    term = taxonomy = None
    if taxonomy_term_id is not None and (term := TERMS.get(taxonomy_term_id)) is None:
        raise Invalid.at("?taxonomy_term_id", "no such term; see /open-referral-uk/taxonomy_terms")
    if taxonomy_id is not None and (taxonomy := TAXONOMIES.get(taxonomy_id)) is None:
        raise Invalid.at("?taxonomy_id", "no such taxonomy; see /open-referral-uk/taxonomies")
    return Search(words or "", term, taxonomy, minimum_age or 0, maximum_age)


class OpenReferralController(Controller):
    path = "/open-referral-uk"
    tags = ("formats",)

    @get(
        operation_id="readOpenReferral", summary="Open Referral UK: which version this is", slash=True, of_snapshot=True
    )
    async def about(self, context: NamedDependency[Context]) -> About:
        """The root of the Open Referral UK 3.0 (HSDS-UK) API, with or without a slash at its end."""
        return About(demonstration=True if context.settings.demonstration else UNSET)

    @get(
        "/services",
        operation_id="listServices",
        summary="Open Referral UK: the services",
        dependencies={"wanted": Provide(_wanted)},
        of_snapshot=True,
    )
    async def services(
        self,
        context: NamedDependency[Context],
        wanted: NamedDependency[Search],
        number: PageNumber = 1,
        per_page: PerPage = USUAL,
    ) -> OpenReferralPage[ListedService]:
        """Each responder as a service, in the order of the directory.

        `status` is `temporarily closed` for a pause and `active` otherwise, also for a waiting list and for whoever has
        not confirmed its state: `alert` says which in words, and `first_responder_capacity` exactly.
        """
        kept = [responder for responder in context.publisher.current().responders.values() if wanted.keeps(responder)]
        return page(kept, summarise_service, number, per_page, demonstration=context.settings.demonstration)

    @get(
        "/services/{service_id:uuid}",
        operation_id="readService",
        summary="Open Referral UK: one service",
        of_snapshot=True,
    )
    async def service(self, context: NamedDependency[Context], service_id: FromPath[UUID]) -> Service:
        """One responder, by the `id` that it has in the directory, with its areas and whom it is for."""
        for responder in context.publisher.current().responders.values():
            if responder.id == service_id:
                return represent_service(responder)
        raise NotFound("No service has this id")

    @get("/taxonomies", operation_id="listTaxonomies", summary="Open Referral UK: the taxonomies", of_snapshot=True)
    async def taxonomies(self, number: PageNumber = 1, per_page: PerPage = USUAL) -> OpenReferralPage[Taxonomy]:
        """What a service's attributes are taken from: kinds of exploitation, age groups, genders, limitations."""
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
    async def taxonomy_terms(self, number: PageNumber = 1, per_page: PerPage = USUAL) -> OpenReferralPage[TaxonomyTerm]:
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
        summary="Open Referral UK: the places of services, of which there are none",
        dependencies={"wanted": Provide(_wanted)},
        of_snapshot=True,
    )
    async def service_at_locations(
        self,
        wanted: NamedDependency[Search],
        number: PageNumber = 1,
        per_page: PerPage = USUAL,
        postcode: Anything = None,
        proximity: Anything = None,
    ) -> OpenReferralPage[Service]:
        """Always empty: where people are received is published nowhere, for their safety. Areas are in `/services`."""
        return page([], represent_service, number, per_page)

    @get(
        "/service_at_locations/{location_id:uuid}",
        operation_id="readServiceAtLocation",
        summary="Open Referral UK: one place of a service, of which there are none",
    )
    async def service_at_location(self, location_id: FromPath[UUID]) -> Service:
        """Always 404: where people are received is published nowhere, for their safety."""
        raise NotFound("No service has a published location")
