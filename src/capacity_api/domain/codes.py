"""Sets of codes, as every document has them: an array of codes.

`["all"]` is everything, and `["unknown"]` says that the source does not tell. Neither stands beside another code.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TypeVar

import msgspec

from capacity_api.errors import FieldError

ALL, UNKNOWN = "all", "unknown"
EVERYTHING = (ALL,)
NOT_KNOWN = (UNKNOWN,)

Code = TypeVar("Code", bound=StrEnum)


def code_limits(vocabulary: Iterable[str], words: Collection[str] = EVERYTHING) -> msgspec.Meta:
    """What a schema says of a set that `standard_codes` takes."""
    items = {"type": "string", "enum": [str(code) for code in (*vocabulary, *words)]}
    return msgspec.Meta(extra_json_schema={"items": items, "minItems": 1})


def includes(codes: Collection[str], code: str | None) -> bool:
    """Whether a set includes a code. An unknown set includes none."""
    return ALL in codes or code in codes


def members(codes: Collection[str], vocabulary: type[Code]) -> tuple[Code, ...]:
    """The codes of a set, in the order of its vocabulary; those of an unknown set are none."""
    return tuple(code for code in vocabulary if includes(codes, code))


def standard_codes(
    codes: Collection[str],
    vocabulary: Iterable[str],
    pointer: str,
    errors: list[FieldError],
    words: Collection[str] = EVERYTHING,
) -> tuple[str, ...]:
    """The set in the order of its vocabulary, without repetition. Adds each fault to `errors`.

    `words` are those of "all" and "unknown" that the set may be.
    """
    allowed = (*vocabulary, *words)
    errors.extend(
        FieldError(f"{pointer}/{n}", f"unknown code {code!r}; use {', '.join(allowed)}")
        for n, code in enumerate(codes)
        if code not in allowed
    )
    if not codes:
        errors.append(FieldError(pointer, f"must name at least one of {', '.join(allowed)}"))
    alone = [word for word in words if word in codes]
    if alone and len(set(codes)) > 1:
        errors.append(FieldError(pointer, f"{alone[0]!r} must stand alone"))
    return tuple(code for code in allowed if code in codes)
