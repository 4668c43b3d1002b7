"""The public address of this service, for the few formats that need absolute URLs."""

from capacity_api.api.requests import Connection
from capacity_api.config import HOST, Settings
from capacity_api.errors import Malformed


def base_url(settings: Settings, connection: Connection) -> str:
    """The address to put before a path: `CAPACITY_PUBLIC_URL`, or else the `Host` of the request. Raises `Malformed`.

    `X-Forwarded-…` is ignored, because anybody can send it. No cache may keep a response with an address from `Host`:
    it is for this reader only.
    """
    if settings.public_url is not None:
        return settings.public_url
    host = connection.headers.get("host", "")
    if not HOST.fullmatch(host):
        raise Malformed("The Host header is not a host name with an optional port")
    return f"{connection.scope['scheme']}://{host}"
