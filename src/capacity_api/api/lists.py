"""The query parameters of every list."""

from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.operations.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description=f"How many items at most, up to {MAX_LIMIT}.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=100, pattern="^[A-Za-z0-9_-]+$", description="The `next` of the previous page."
    ),
]
OwnerKey = Annotated[
    str | None,
    QueryParameter(description="Only of this owner: the slug of a responder, the id of an owner, or `admin`."),
]
