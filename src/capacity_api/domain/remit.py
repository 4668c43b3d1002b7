"""The remit: whom a responder takes on. What nobody knows stays unknown; it is neither "all" nor "none"."""

import re
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from capacity_api.domain.areas import AREAS, Cover, cover
from capacity_api.domain.text import plain_text, required_text
from capacity_api.errors import FieldError, Invalid

_PUBLISHED = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


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
    """The words of the source, cell by cell, so that a reader can judge our coding of them."""

    geography: str | None = None
    exploitation: str | None = None
    demographic: str | None = None
    limitation: str | None = None


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a remit was read, and when that was published (ISO 8601, as exact as the source is: `2024-07` or a day)."""

    title: str
    published: str


class Remit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`exploitation_types` is null where the source does not know; `genders` and it may be "all"."""

    areas: tuple[str, ...]
    exploitation_types: tuple[ExploitationType, ...] | Literal["all"] | None
    age_groups: tuple[AgeGroup, ...]
    genders: tuple[Gender, ...] | Literal["all"] = "all"
    existing_clients_only: bool = False
    note: str | None = None
    as_published: AsPublished | None = None
    source: Source | None = None


def validate_remit(remit: Remit) -> Remit:
    """The remit in a standard order without repetition; raises `Invalid` with a pointer for each fault."""
    errors: list[FieldError] = [
        FieldError(f"/remit/areas/{n}", f"unknown area code {code!r}; see /v1/vocabulary")
        for n, code in enumerate(remit.areas)
        if code not in AREAS
    ]
    errors.extend(
        FieldError(f"/remit/{field}", "must name at least one")
        for field in ("areas", "age_groups", "exploitation_types", "genders")
        if getattr(remit, field) == ()
    )
    if errors:
        raise Invalid("The remit is not valid", tuple(errors))
    published = remit.as_published
    source = remit.source
    if source is not None:
        _check_published(source.published)
        source = Source(required_text(source.title, "/remit/source/title", 300), source.published)
    return msgspec.structs.replace(
        remit,
        areas=tuple(code for code in AREAS if code in remit.areas),
        age_groups=tuple(group for group in AgeGroup if group in remit.age_groups),
        exploitation_types=remit.exploitation_types
        if remit.exploitation_types is None or remit.exploitation_types == "all"
        else tuple(kind for kind in ExploitationType if kind in remit.exploitation_types),
        genders="all" if remit.genders == "all" else tuple(gender for gender in Gender if gender in remit.genders),
        note=plain_text(remit.note, "/remit/note", 500, lines=True),
        as_published=published
        and AsPublished(
            **{
                field: plain_text(getattr(published, field), f"/remit/as_published/{field}", 300)
                for field in AsPublished.__struct_fields__
            }
        ),
        source=source,
    )


def _check_published(published: str) -> None:
    try:
        if not _PUBLISHED.fullmatch(published):
            raise ValueError
        date.fromisoformat({4: f"{published}-01-01", 7: f"{published}-01"}.get(len(published), published))
    except ValueError:
        raise Invalid.at(
            "/remit/source/published", "must be a year, a month or a day: 2024, 2024-07 or 2024-07-15"
        ) from None


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of the directory asks for; an empty field asks for nothing."""

    areas: tuple[str, ...] = ()
    exploitation_types: tuple[ExploitationType, ...] = ()
    age_groups: tuple[AgeGroup, ...] = ()
    genders: tuple[Gender, ...] = ()

    def keeps(self, remit: Remit) -> bool:
        """Whether the remit may reach what is asked: an unknown or partly covered one is kept, never hidden."""
        kinds, genders = remit.exploitation_types, remit.genders
        return (
            (not self.areas or any(cover(remit.areas, area) is not Cover.NONE for area in self.areas))
            and (
                not self.exploitation_types or kinds is None or kinds == "all" or _meet(kinds, self.exploitation_types)
            )
            and (not self.genders or genders == "all" or _meet(genders, self.genders))
            and (not self.age_groups or any(may_take_age(remit.age_groups, age) for age in self.age_groups))
        )


def may_take_age(remit_ages: tuple[AgeGroup, ...], asked: AgeGroup) -> bool:
    """Whether somebody of the asked age can be within the remit at all.

    A young person is an adult (18 to 25), so an adult remit takes one; an adult may be young enough for a remit for
    young people, which has to be asked.
    """
    if asked is AgeGroup.CHILD:
        return AgeGroup.CHILD in remit_ages
    return AgeGroup.ADULT in remit_ages or AgeGroup.YOUNG_PERSON in remit_ages


def _meet(held: tuple[StrEnum, ...], asked: tuple[StrEnum, ...]) -> bool:
    return any(item in held for item in asked)
