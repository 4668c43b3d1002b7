"""The URL of a database, as SQLAlchemy and asyncpg take it. It may hold a password: no message repeats it."""

import re

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

# One of several database hosts; a folder is that of a Unix socket.
_DATABASE_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+|/[^,:]+)(:(?P<port>[0-9]{1,5}))?")
_SEVERAL_HOSTS = re.compile(r"(?P<before>[\w+]+://([^:/@]*(:[^@]*)?@)?)(?P<hosts>[^/?@]*,[^/?@]*)(?P<after>([/?].*)?)")
PARAMETERS = frozenset(
    {"host", "port", "target_session_attrs", "sslmode", "ssl", "passfile", "pooler", "prepared_statement_cache_size"}
)
# libpq's. asyncpg takes them too, and calls the parameter `ssl`.
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# How long a pooler leaves a connection to the server with one client.
_POOLERS = ("session", "transaction")
_SESSION_ATTRIBUTES = ("read-write", "primary", "any", "standby", "read-only")


def parse_database_url(text: str) -> str:
    """The URL as `Settings.database_url` has it. Raises `ValueError`, whose message does not hold the text."""
    try:
        url = _url_of_hosts(text) or make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database URL such as sqlite:///capacity.db or postgresql://user@host/name") from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+asyncpg")
    if url.drivername == "sqlite":
        url = url.set(drivername="sqlite+aiosqlite")
    if url.drivername not in {"postgresql+asyncpg", "sqlite+aiosqlite"}:
        # The long names, with the driver, are for those who know SQLAlchemy.
        raise ValueError(
            "must start with sqlite:/// or postgresql://, such as sqlite:////var/lib/capacity/capacity.db or "
            "postgresql://user@host/name (sqlite+aiosqlite:// and postgresql+asyncpg:// are the same): no other "
            "database and no other driver works here"
        )
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: an SQLite database in memory cannot be shared between connections")
    if url.get_backend_name() == "postgresql":
        url = _postgresql_url(url)
    elif url.query:
        raise ValueError("must name a file, without a query: a path with ? in it cannot be used")
    return url.render_as_string(hide_password=False)


def _url_of_hosts(text: str) -> URL | None:
    """The URL if it names several hosts as libpq takes them, `//user@h1:5432,h2/db`; SQLAlchemy cannot parse that."""
    parts = _SEVERAL_HOSTS.fullmatch(text)
    if parts is None:
        return None
    return make_url(parts["before"] + parts["after"]).update_query_pairs(
        ("host", host) for host in parts["hosts"].split(",")
    )


def _postgresql_url(url: URL) -> URL:
    """The URL with several hosts as `?host=h1,h2&port=p1,p2`: of SQLAlchemy's forms, the one that takes IPv6."""
    if not url.query.keys() <= PARAMETERS:
        # Never repeat what is wrong: it may be a part of the password.
        raise ValueError(
            f"may have no parameters but {', '.join(sorted(PARAMETERS))}; leave out others, such as "
            "channel_binding, and name a root certificate in PGSSLROOTCERT"
        )
    url = _with_ssl_mode(url)
    attributes = url.query.get("target_session_attrs")
    if attributes is not None and attributes not in _SESSION_ATTRIBUTES:
        raise ValueError(f"must have one of {', '.join(_SESSION_ATTRIBUTES)} as target_session_attrs")
    if url.query.get("pooler", "session") not in _POOLERS:
        raise ValueError(f"must have one of {', '.join(_POOLERS)} as pooler")
    named = url.query.get("host", ())
    hosts = named.split(",") if isinstance(named, str) else list(named)
    if len(hosts) < 2:
        return url
    found = [_DATABASE_HOST.fullmatch(host) for host in hosts]
    ports = _ports(url, len(hosts))
    if url.host or not all(found) or ports is None:
        raise ValueError("must name several hosts as //user@h1:5432,h2:5432/name or as ?host=h1:5432&host=h2:5432")
    return url.update_query_dict(
        {
            "host": ",".join((each["name"]).strip("[]") for each in found if each is not None),
            "port": ",".join(each["port"] or port for each, port in zip(found, ports, strict=True) if each is not None),
        }
    )


def _with_ssl_mode(url: URL) -> URL:
    """The URL with libpq's `sslmode` under the name that asyncpg has for it."""
    modes = {name: url.query[name] for name in ("sslmode", "ssl") if name in url.query}
    if not modes:
        return url
    if len(modes) > 1 or not set(modes.values()) <= set(SSL_MODES):
        raise ValueError(f"must have one of {', '.join(SSL_MODES)} as sslmode")
    (mode,) = modes.values()
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def _ports(url: URL, count: int) -> list[str] | None:
    """The port of each host that names none itself: `port` in the query is one for all, or one for each."""
    named = url.query.get("port", "5432")
    ports = named.split(",") if isinstance(named, str) else list(named)
    if len(ports) == 1:
        ports *= count
    return ports if len(ports) == count and all(re.fullmatch("[0-9]{1,5}", port) for port in ports) else None
