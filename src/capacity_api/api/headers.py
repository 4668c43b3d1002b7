"""What every answer of a handler says about itself."""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope


async def unkept(message: Message, _scope: Scope) -> None:
    """A `before_send` hook: what a handler answers is for whoever asked, now; nobody on the way keeps it."""
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        headers.setdefault("cache-control", "no-store")
        headers.setdefault("x-content-type-options", "nosniff")
