"""Problem documents (RFC 9457): the one shape of every error."""

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.errors import FieldError

PROBLEM_JSON = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is for programs and never changes; `errors` says where bad input is wrong."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldError, ...] | UnsetType = UNSET


def represent_problem(
    status: int, code: str, title: str, detail: str, errors: tuple[FieldError, ...] | UnsetType = UNSET
) -> Problem:
    return Problem(
        type=f"/docs#problem-{code}", title=title, status=status, detail=detail, code=code, errors=errors or UNSET
    )


# An error of ours. What went wrong is in the log alone.
INTERNAL_ERROR = represent_problem(
    500, "internal_error", "Something went wrong here", "The error was logged; try again later"
)
