"""The address under which this service is reached, for the few formats that need absolute ones."""

from capacity_api.api.requests import Connection
from capacity_api.config import HOST, Settings
from capacity_api.errors import Malformed


def base(settings: Settings, connection: Connection) -> str:
    """What to put before a path: the setting, else what the request was sent to. Raises `Malformed`.

    `X-Forwarded-…` is not believed: anybody can send it. What is made from a request's own `Host` is for whoever sent
    it and must not be kept by anybody on the way.
    """
    if settings.public_url is not None:
        return settings.public_url
    host = connection.headers.get("host", "")
    if not HOST.fullmatch(host):
        raise Malformed("The Host header is not a name and a port")
    return f"{connection.scope['scheme']}://{host}"
