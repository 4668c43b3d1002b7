"""The taxonomies: the codes of a remit as terms of Open Referral UK, with ids that never change."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.domain.codes import NOT_KNOWN, UNKNOWN, members
from capacity_api.domain.remit import AgeGroup, ExploitationType, Filter, Gender, Remit
from capacity_api.domain.vocabulary import AGE_GROUPS, EXPLOITATION_TYPES, GENDERS, Label

# Random, once and for all. The ids are the same in every installation, because the terms mean the same.
_NAMESPACE = UUID("6f7b2f0e-6a0c-4b8e-9d1e-5a3c0f6d2b47")
_EXISTING_CLIENTS = "existing_clients_only"


class TaxonomyTerm(msgspec.Struct, frozen=True, kw_only=True):
    """`term` is the code that `/v1/vocabulary` has."""

    id: UUID
    name: str
    description: str
    taxonomy: str
    taxonomy_id: UUID
    term: str


class Taxonomy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`taxonomy_terms` stands in the answer about one taxonomy, not in the list."""

    id: UUID
    name: str
    description: str
    taxonomy_terms: list[TaxonomyTerm] | UnsetType = UNSET


def _taxonomy(code: str, name: str, description: str, labels: Mapping[Any, Label]) -> Taxonomy:
    taxonomy_id = uuid5(_NAMESPACE, code)
    return Taxonomy(
        id=taxonomy_id,
        name=name,
        description=description,
        taxonomy_terms=[
            TaxonomyTerm(
                id=uuid5(taxonomy_id, term),
                name=label.alone,
                description=f"{name}: {label.inside}",
                taxonomy=name,
                taxonomy_id=taxonomy_id,
                term=str(term),
            )
            for term, label in labels.items()
        ],
    )


_EXPLOITATION = _taxonomy(
    "exploitation_type",
    "Kind of exploitation",
    "The kinds of exploitation that an organisation takes on, as on the form of the National Referral Mechanism.",
    {**EXPLOITATION_TYPES, UNKNOWN: Label("Not known", "not known")},
)
_AGE = _taxonomy("age_group", "Age group", "The ages of the people whom an organisation takes on.", AGE_GROUPS)
_GENDER = _taxonomy("gender", "Gender", "The genders of the people whom an organisation takes on.", GENDERS)
_LIMITATION = _taxonomy(
    "limitation",
    "Limitation",
    "What else narrows whom an organisation takes on.",
    {_EXISTING_CLIENTS: Label("Existing clients only", "existing clients only")},
)
TAXONOMIES: MappingProxyType[UUID, Taxonomy] = MappingProxyType(
    {each.id: each for each in (_EXPLOITATION, _AGE, _GENDER, _LIMITATION)}
)
TERMS: MappingProxyType[UUID, TaxonomyTerm] = MappingProxyType(
    {term.id: term for each in TAXONOMIES.values() for term in each.taxonomy_terms or ()}
)
_BY_CODE = {(term.taxonomy_id, term.term): term for term in TERMS.values()}


def without_terms(taxonomy: Taxonomy) -> Taxonomy:
    """The taxonomy without its terms, as lists show it."""
    return msgspec.structs.replace(taxonomy, taxonomy_terms=UNSET)


def terms_of(remit: Remit) -> list[TaxonomyTerm]:
    """The terms of a remit: every one for "all", and "not known" where the source does not say."""
    types = remit.exploitation_types
    codes: list[tuple[Taxonomy, str]] = [
        *((_EXPLOITATION, each) for each in ([UNKNOWN] if types == NOT_KNOWN else members(types, ExploitationType))),
        *((_AGE, group) for group in members(remit.age_groups, AgeGroup)),
        *((_GENDER, gender) for gender in members(remit.genders, Gender)),
        *([(_LIMITATION, _EXISTING_CLIENTS)] if remit.existing_clients_only else []),
    ]
    return [_BY_CODE[taxonomy.id, code] for taxonomy, code in codes]


def may_apply(term: TaxonomyTerm, remit: Remit) -> bool:
    """Whether the term may apply to the remit, by the directory's filters: an unknown remit is kept, never hidden."""
    if term in terms_of(remit):
        return True
    match term.taxonomy_id:
        case _EXPLOITATION.id if term.term != UNKNOWN:
            kept = Filter(exploitation_types=(ExploitationType(term.term),))
        case _AGE.id:
            kept = Filter(age_groups=(AgeGroup(term.term),))
        case _:
            return False
    return kept.keeps(remit)
