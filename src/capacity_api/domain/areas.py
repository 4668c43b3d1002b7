"""The places a remit can name: a tree of Office for National Statistics codes (GSS).

The United Kingdom has four nations; England has nine regions; the West of England lies inside the South West. The
briefing says "West of England" without saying that it means the combined authority; E47000009 is our reading of it.
"""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType

import msgspec


class Cover(StrEnum):
    """How much of a place a remit reaches."""

    WHOLE = "whole"
    PART = "part"
    NONE = "none"


class Area(msgspec.Struct, frozen=True):
    code: str
    name: str
    parent: str | None
    kind: str  # "country", "nation", "region" or "part"


UNITED_KINGDOM = "K02000001"
ENGLAND = "E92000001"
WALES = "W92000004"
SCOTLAND = "S92000003"
NORTHERN_IRELAND = "N92000002"
YORKSHIRE = "E12000003"
LONDON = "E12000007"
SOUTH_WEST = "E12000009"
WEST_OF_ENGLAND = "E47000009"

_REGIONS = (
    "North East",
    "North West",
    "Yorkshire and The Humber",
    "East Midlands",
    "West Midlands",
    "East of England",
    "London",
    "South East",
    "South West",
)
_ALL = (
    Area(UNITED_KINGDOM, "United Kingdom", None, "country"),
    Area(ENGLAND, "England", UNITED_KINGDOM, "nation"),
    Area(WALES, "Wales", UNITED_KINGDOM, "nation"),
    Area(SCOTLAND, "Scotland", UNITED_KINGDOM, "nation"),
    Area(NORTHERN_IRELAND, "Northern Ireland", UNITED_KINGDOM, "nation"),
    *(Area(f"E1200000{n}", name, ENGLAND, "region") for n, name in enumerate(_REGIONS, start=1)),
    Area(WEST_OF_ENGLAND, "West of England", SOUTH_WEST, "part"),
)
AREAS: MappingProxyType[str, Area] = MappingProxyType({area.code: area for area in _ALL})

# Only these are made up wholly of the places below them: all nine regions are England, but the West of England is
# not the South West.
_PARTITIONED = MappingProxyType(
    {code: tuple(area.code for area in _ALL if area.parent == code) for code in (UNITED_KINGDOM, ENGLAND)}
)


def is_within(code: str, other: str) -> bool:
    """Whether `code` is `other` or lies inside it."""
    place: str | None = code
    while place is not None:
        if place == other:
            return True
        place = AREAS[place].parent
    return False


def cover(remit_areas: Iterable[str], asked: str) -> Cover:
    """How much of `asked` the places of a remit reach together; both are codes of `AREAS`."""
    named = tuple(remit_areas)
    if any(is_within(asked, code) for code in named):
        return Cover.WHOLE
    parts = _PARTITIONED.get(asked)
    if parts and all(cover(named, part) is Cover.WHOLE for part in parts):
        return Cover.WHOLE
    if any(is_within(code, asked) for code in named):
        return Cover.PART
    return Cover.NONE
