"""The parameters that every list has."""

from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.operations.paging import MOST

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description=f"At most so many items, up to {MOST}.")]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]
