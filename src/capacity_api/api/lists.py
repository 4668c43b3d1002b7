"""The query parameters of every list."""

from typing import Annotated

from litestar.params import QueryParameter

from capacity_api.operations.paging import MOST

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description=f"How many items at most, up to {MOST}.")]
Cursor = Annotated[str | None, QueryParameter(description="The `next` of the previous page.")]
