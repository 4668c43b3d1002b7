"""The remit: whom a responder takes on. What its source does not say is unknown: neither "all" nor "none"."""

import re
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.text import plain_text, required_text
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
    WOMAN = "woman"
    MAN = "man"
    NON_BINARY = "non_binary"


class AsPublished(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of each cell of the source's table, so that a reader can check how we coded them."""

    geography: str | None = None
    exploitation: str | None = None
    demographic: str | None = None
    limitation: str | None = None


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The publication that a remit comes from. `published` is a year, month or day in ISO 8601, such as `2024-07`."""

    title: str
    published: str


class Remit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a responder takes on. `exploitation_types` null: the source does not say. It and `genders` may be "all"."""

    areas: tuple[str, ...]
    exploitation_types: tuple[ExploitationType, ...] | Literal["all"] | None
    age_groups: tuple[AgeGroup, ...]
    genders: tuple[Gender, ...] | Literal["all"] = "all"
    existing_clients_only: bool = False
    note: str | None = None
    as_published: AsPublished | None = None
    source: Source | None = None


def validate_remit(remit: Remit) -> Remit:
    """The remit in a standard order, without repetition. Raises `Invalid` with a pointer to each fault."""
    errors: list[FieldError] = [
        FieldError(f"/remit/areas/{n}", f"unknown area code {code!r}; see /v1/vocabulary")
        for n, code in enumerate(remit.areas)
        if code not in AREAS
    ]
    sides = {
        "areas": remit.areas,
        "age_groups": remit.age_groups,
        "exploitation_types": remit.exploitation_types,
        "genders": remit.genders,
    }
    errors.extend(
        FieldError(f"/remit/{field}", "must name at least one") for field, side in sides.items() if side == ()
    )
    if errors:
        raise Invalid("The remit is not valid", tuple(errors))
    types, genders = remit.exploitation_types, remit.genders
    return Remit(
        areas=tuple(code for code in AREAS if code in remit.areas),
        exploitation_types=tuple(each for each in ExploitationType if each in types)
        if isinstance(types, tuple)
        else types,
        age_groups=tuple(group for group in AgeGroup if group in remit.age_groups),
        genders=tuple(gender for gender in Gender if gender in genders) if isinstance(genders, tuple) else genders,
        existing_clients_only=remit.existing_clients_only,
        note=plain_text(remit.note, "/remit/note", 500, multiline=True),
        as_published=None if remit.as_published is None else _validate_as_published(remit.as_published),
        source=None if remit.source is None else _validate_source(remit.source),
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
    return Source(required_text(source.title, "/remit/source/title", 300), published)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """The filter of a query of the directory. An empty field filters nothing."""

    areas: tuple[str, ...] = ()
    exploitation_types: tuple[ExploitationType, ...] = ()
    age_groups: tuple[AgeGroup, ...] = ()
    genders: tuple[Gender, ...] = ()

    def keeps(self, remit: Remit) -> bool:
        """Whether the remit may include what the filter asks for. Unknown and partly covered remits are kept."""
        return (
            self._keeps_areas(remit)
            and self._keeps_exploitation_types(remit)
            and self._keeps_age_groups(remit)
            and self._keeps_genders(remit)
        )

    def _keeps_areas(self, remit: Remit) -> bool:
        return not self.areas or any(cover(remit.areas, area) is not Cover.NONE for area in self.areas)

    def _keeps_exploitation_types(self, remit: Remit) -> bool:
        types = remit.exploitation_types
        if not self.exploitation_types or types is None or types == "all":
            return True
        return any(each in types for each in self.exploitation_types)

    def _keeps_age_groups(self, remit: Remit) -> bool:
        return not self.age_groups or any(may_take_age(remit.age_groups, age) for age in self.age_groups)

    def _keeps_genders(self, remit: Remit) -> bool:
        genders = remit.genders
        return not self.genders or genders == "all" or any(gender in genders for gender in self.genders)


def may_take_age(remit_ages: tuple[AgeGroup, ...], age: AgeGroup) -> bool:
    """Whether somebody of this age group may be within the remit.

    A young person (18 to 25) is an adult, so a remit for adults includes them. An adult may be young enough for a
    remit for young people; the reader has to ask.
    """
    if age is AgeGroup.CHILD:
        return AgeGroup.CHILD in remit_ages
    return AgeGroup.ADULT in remit_ages or AgeGroup.YOUNG_PERSON in remit_ages
