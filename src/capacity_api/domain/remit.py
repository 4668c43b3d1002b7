"""The remit: whom a responder takes on. What its source does not say is unknown: neither "all" nor "none"."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.codes import ALL, EVERYTHING, NOT_KNOWN, UNKNOWN, code_limits, includes, standard_codes
from capacity_api.domain.contact import WebAddress, validate_web_address
from capacity_api.domain.text import plain_text, required_text, text_limits
from capacity_api.errors import FieldError, Invalid

_PUBLICATION_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


class ExploitationType(StrEnum):
    """As on the NRM form (Home Office, April 2026); `labour` includes financial."""

    LABOUR = "labour"
    SEXUAL = "sexual"
    CRIMINAL = "criminal"
    DOMESTIC_SERVITUDE = "domestic_servitude"
    ORGAN_HARVESTING = "organ_harvesting"
    OTHER = "other"


class AgeGroup(StrEnum):
    """`child` is under 18, `young_person` 18 to 25, `adult` 18 and over."""

    ADULT = "adult"
    CHILD = "child"
    YOUNG_PERSON = "young_person"


class Gender(StrEnum):
    """The genders that a remit can name."""

    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"


# Sets of codes with what a schema says of them.
AreaCodes = Annotated[tuple[str, ...], code_limits(AREAS, words=())]
ExploitationTypes = Annotated[tuple[str, ...], code_limits(ExploitationType, words=(ALL, UNKNOWN))]
AgeGroups = Annotated[tuple[str, ...], code_limits(AgeGroup)]
Genders = Annotated[tuple[str, ...], code_limits(Gender)]
_Words = Annotated[str, text_limits(300)]


class AsPublished(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The words of each cell of the source's table, so that a reader can check how we coded them."""

    geography: _Words | None = None
    exploitation: _Words | None = None
    demographic: _Words | None = None
    limitation: _Words | None = None


class Source(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The publication that a remit comes from. `published` is a year, month or day in ISO 8601, such as `2024-07`.

    `url` is where it can be read; null if that is not known.
    """

    title: Annotated[str, text_limits(300, required=True)]
    published: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{_PUBLICATION_DATE.pattern}$"})]
    url: WebAddress | None = None


class Remit(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """Whom a responder takes on: sets of codes. `exploitation_types` may be unknown: the source does not say."""

    areas: AreaCodes
    exploitation_types: ExploitationTypes
    age_groups: AgeGroups
    genders: Genders = EVERYTHING
    existing_clients_only: bool = False
    note: Annotated[str, text_limits(500, multiline=True)] | None = None
    as_published: AsPublished | None = None
    source: Source | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it takes nobody: a limit and a later change of the remit have nothing in common."""
        return () in (self.areas, self.exploitation_types, self.age_groups, self.genders)


class Limit(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What narrows a remit for as long as a report holds: "now only adult women, in London". Sets of codes."""

    areas: Annotated[tuple[str, ...], code_limits(AREAS)] = EVERYTHING
    exploitation_types: Annotated[tuple[str, ...], code_limits(ExploitationType)] = EVERYTHING
    age_groups: AgeGroups = EVERYTHING
    genders: Genders = EVERYTHING


def validate_remit(remit: Remit) -> Remit:
    """The remit in a standard order, without repetition. Raises `Invalid` with a pointer to each fault."""
    errors: list[FieldError] = []
    after = Remit(
        areas=standard_codes(remit.areas, AREAS, "/remit/areas", errors, words=()),
        exploitation_types=standard_codes(
            remit.exploitation_types, ExploitationType, "/remit/exploitation_types", errors, words=(ALL, UNKNOWN)
        ),
        age_groups=standard_codes(remit.age_groups, AgeGroup, "/remit/age_groups", errors),
        genders=standard_codes(remit.genders, Gender, "/remit/genders", errors),
        existing_clients_only=remit.existing_clients_only,
    )
    if errors:
        raise Invalid("The remit is not valid", tuple(errors))
    return msgspec.structs.replace(
        after,
        note=plain_text(remit.note, "/remit/note", 500, multiline=True),
        as_published=None if remit.as_published is None else _validate_as_published(remit.as_published),
        source=None if remit.source is None else _validate_source(remit.source),
    )


def validate_limit(limit: Limit, remit: Remit, errors: list[FieldError]) -> Limit:
    """The limit in a standard order. Adds to `errors` each code that is unknown or outside the remit."""
    found: list[FieldError] = []
    standard = Limit(
        areas=standard_codes(limit.areas, AREAS, "/limited_to/areas", found),
        exploitation_types=standard_codes(
            limit.exploitation_types, ExploitationType, "/limited_to/exploitation_types", found
        ),
        age_groups=standard_codes(limit.age_groups, AgeGroup, "/limited_to/age_groups", found),
        genders=standard_codes(limit.genders, Gender, "/limited_to/genders", found),
    )
    if not found:
        allowed = _allowed(limit, remit)
        found += [
            *_outside("areas", limit.areas, allowed.areas),
            *_outside("exploitation_types", limit.exploitation_types, allowed.exploitation_types),
            *_outside("age_groups", limit.age_groups, allowed.age_groups),
            *_outside("genders", limit.genders, allowed.genders),
        ]
    if not found and _takes_the_same(remit, limited_remit(remit, standard)):
        found.append(FieldError("/limited_to", "must narrow the remit; leave it out if nothing is limited"))
    errors += found
    return standard


def limited_remit(remit: Remit, limit: Limit | None) -> Remit:
    """The remit now: each limited aspect is replaced by the limit's codes that the remit still allows."""
    if limit is None:
        return remit
    allowed = _allowed(limit, remit)
    return msgspec.structs.replace(
        remit,
        areas=remit.areas if limit.areas == EVERYTHING else allowed.areas,
        exploitation_types=(
            remit.exploitation_types if limit.exploitation_types == EVERYTHING else allowed.exploitation_types
        ),
        age_groups=remit.age_groups if limit.age_groups == EVERYTHING else allowed.age_groups,
        genders=remit.genders if limit.genders == EVERYTHING else allowed.genders,
    )


def _allowed(limit: Limit, remit: Remit) -> Limit:
    """The codes of a limit that the remit allows, as matching judges it."""
    types = remit.exploitation_types
    return Limit(
        areas=tuple(code for code in limit.areas if code == ALL or cover(remit.areas, code) is Cover.WHOLE),
        exploitation_types=tuple(
            code for code in limit.exploitation_types if code == ALL or types == NOT_KNOWN or includes(types, code)
        ),
        age_groups=tuple(code for code in limit.age_groups if code == ALL or takes_age(remit.age_groups, code)),
        genders=tuple(code for code in limit.genders if code == ALL or includes(remit.genders, code)),
    )


def _outside(aspect: str, codes: tuple[str, ...], allowed: tuple[str, ...]) -> list[FieldError]:
    return [
        FieldError(f"/limited_to/{aspect}/{n}", f"{code!r} is not within the remit")
        for n, code in enumerate(codes)
        if code not in allowed
    ]


def _takes_the_same(remit: Remit, other: Remit) -> bool:
    """Whether two remits take the same people, in whatever codes each says so."""
    return (
        (remit.exploitation_types == NOT_KNOWN) == (other.exploitation_types == NOT_KNOWN)
        and all(cover(remit.areas, area) is cover(other.areas, area) for area in AREAS)
        and all(
            includes(remit.exploitation_types, each) == includes(other.exploitation_types, each)
            for each in ExploitationType
        )
        and all(takes_age(remit.age_groups, age) == takes_age(other.age_groups, age) for age in AgeGroup)
        and all(includes(remit.genders, gender) == includes(other.genders, gender) for gender in Gender)
    )


def _validate_as_published(words: AsPublished) -> AsPublished:
    return AsPublished(
        geography=plain_text(words.geography, "/remit/as_published/geography", 300),
        exploitation=plain_text(words.exploitation, "/remit/as_published/exploitation", 300),
        demographic=plain_text(words.demographic, "/remit/as_published/demographic", 300),
        limitation=plain_text(words.limitation, "/remit/as_published/limitation", 300),
    )


def _validate_source(source: Source) -> Source:
    published = source.published
    try:
        if not _PUBLICATION_DATE.fullmatch(published):
            raise ValueError
        first_day = {4: f"{published}-01-01", 7: f"{published}-01"}.get(len(published), published)
        date.fromisoformat(first_day)
    except ValueError:
        raise Invalid.at(
            "/remit/source/published", "must be a year, a month or a day: 2024, 2024-07 or 2024-07-15"
        ) from None
    return Source(
        required_text(source.title, "/remit/source/title", 300),
        published,
        validate_web_address(source.url, "/remit/source/url"),
    )


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of a query of the directory. An empty field filters nothing, and an empty filter keeps everybody."""

    areas: tuple[str, ...] = ()
    exploitation_types: tuple[ExploitationType, ...] = ()
    age_groups: tuple[AgeGroup, ...] = ()
    genders: tuple[Gender, ...] = ()

    def keeps(self, remit: Remit) -> bool:
        """Whether the remit now may include what the filter asks for. Unknown and partly covered remits are kept."""
        if self == Filter():
            return True
        return (
            not remit.is_empty
            and self._keeps_areas(remit)
            and self._keeps_exploitation_types(remit)
            and self._keeps_age_groups(remit)
            and self._keeps_genders(remit)
        )

    def _keeps_areas(self, remit: Remit) -> bool:
        return not self.areas or any(cover(remit.areas, area) is not Cover.NONE for area in self.areas)

    def _keeps_exploitation_types(self, remit: Remit) -> bool:
        types = remit.exploitation_types
        return (
            not self.exploitation_types
            or types == NOT_KNOWN
            or any(includes(types, each) for each in self.exploitation_types)
        )

    def _keeps_age_groups(self, remit: Remit) -> bool:
        return not self.age_groups or any(may_take_age(remit.age_groups, age) for age in self.age_groups)

    def _keeps_genders(self, remit: Remit) -> bool:
        return not self.genders or any(includes(remit.genders, gender) for gender in self.genders)


def takes_age(remit_ages: tuple[str, ...], age: str) -> bool:
    """Whether a remit takes everybody of this age group. A young person (18 to 25) is an adult."""
    return includes(remit_ages, age) or (age == AgeGroup.YOUNG_PERSON and AgeGroup.ADULT in remit_ages)


def may_take_age(remit_ages: tuple[str, ...], age: str) -> bool:
    """Whether somebody of this age group may be within the remit.

    An adult may be young enough for a remit for young people; the reader has to ask.
    """
    return takes_age(remit_ages, age) or (age == AgeGroup.ADULT and AgeGroup.YOUNG_PERSON in remit_ages)
