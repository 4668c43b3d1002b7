"""Problem documents (RFC 9457): the one shape of every error."""

from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from capacity_api.errors import FieldError

PROBLEM_JSON = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is for programs and never changes; `errors` says where bad input is wrong.

    `request_id` is also in the header `X-Request-Id`, and beside the error in the log.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: UUID
    errors: tuple[FieldError, ...] | UnsetType = UNSET


def represent_problem(
    request_id: UUID,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: tuple[FieldError, ...] | UnsetType = UNSET,
) -> Problem:
    return Problem(
        type=f"/docs#problem-{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        errors=errors or UNSET,
    )


def internal_error(request_id: UUID) -> Problem:
    """An error of ours. What went wrong is in the log alone."""
    return represent_problem(
        request_id, 500, "internal_error", "Something went wrong here", "The error was logged; try again later"
    )
