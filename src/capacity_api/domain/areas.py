"""The areas that a remit can name, by their Office for National Statistics codes (GSS). Each may lie inside another.

The United Kingdom has four nations, and England has nine regions. The West of England lies inside the South West.
The briefing says "West of England" and does not say whether it means the combined authority. We take it to mean
that: E47000009.
"""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

import msgspec


class Cover(StrEnum):
    """How much of an area a remit covers."""

    WHOLE = "whole"
    PART = "part"
    NONE = "none"


class Area(msgspec.Struct, frozen=True):
    code: str
    name: str
    parent: str | None
    kind: Literal["country", "nation", "region", "part"]


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

_CODES = MappingProxyType({area.name.casefold(): area.code for area in _ALL})
# Only these consist wholly of the areas inside them: the nine regions make up England, but the West of England is
# only a part of the South West.
_PARTS = MappingProxyType(
    {code: tuple(area.code for area in _ALL if area.parent == code) for code in (UNITED_KINGDOM, ENGLAND)}
)


def area_code(text: str) -> str:
    """The code of an area by its name or its code, in capitals or not. What is neither is returned as it is."""
    words = " ".join(text.split())
    return words.upper() if words.upper() in AREAS else _CODES.get(words.casefold(), text)


def is_within(code: str, other: str) -> bool:
    """Whether the area `code` is `other` or lies inside it."""
    current: str | None = code
    while current is not None:
        if current == other:
            return True
        current = AREAS[current].parent
    return False


def cover(remit_areas: Iterable[str], area: str) -> Cover:
    """How much of `area` the areas of a remit cover together. All of them are codes in `AREAS`."""
    codes = tuple(remit_areas)
    if any(is_within(area, code) for code in codes):
        return Cover.WHOLE
    parts = _PARTS.get(area)
    if parts and all(cover(codes, part) is Cover.WHOLE for part in parts):
        return Cover.WHOLE
    if any(is_within(code, area) for code in codes):
        return Cover.PART
    return Cover.NONE
