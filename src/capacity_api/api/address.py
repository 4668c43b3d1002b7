"""The public address of this service, for the few formats that need absolute addresses."""

from capacity_api.api.requests import Connection
from capacity_api.config import HOST, Settings
from capacity_api.errors import Malformed


def base_url(settings: Settings, connection: Connection) -> str:
    """The address to put before a path: the setting, or else the one that the request was sent to. Raises `Malformed`.

    `X-Forwarded-…` is ignored: anybody can send it. An answer with an address from the request's own `Host` is for
    this reader alone, and no cache may keep it.
    """
    if settings.public_url is not None:
        return settings.public_url
    host = connection.headers.get("host", "")
    if not HOST.fullmatch(host):
        raise Malformed("The Host header is not a name and a port")
    return f"{connection.scope['scheme']}://{host}"
