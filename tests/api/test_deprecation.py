"""What is going says so in its headers: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594)."""

from datetime import date

from litestar import Litestar, get
from litestar.testing import AsyncTestClient

from capacity_api.api.deprecation import Deprecation, announce_end

OLD = Deprecation(since=date(2027, 1, 1), sunset=date(2028, 1, 1), page="/docs#old")


@get("/old", deprecated=True, deprecation=OLD)
async def old() -> str:
    return "old"


@get("/new")
async def new() -> str:
    return "new"


async def test_a_deprecated_route_says_since_when_until_when_and_what_to_use_instead() -> None:
    app = Litestar([old, new], before_send=[announce_end], openapi_config=None)
    async with AsyncTestClient(app) as client:
        headers = (await client.get("/old")).headers
        others = (await client.get("/new")).headers
    assert headers["deprecation"] == "@1798761600"
    assert headers["sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    assert headers["link"] == '</docs#old>; rel="deprecation"; type="text/html"'
    assert {"deprecation", "sunset", "link"}.isdisjoint(others)
