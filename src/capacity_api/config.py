"""Settings: one frozen object, read once from `CAPACITY_*` in the environment and passed down.

An unknown name or an invalid value stops the start with one line. `docs/settings.md` describes each setting.
"""

import base64
import binascii
import difflib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import formataddr, parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy.engine import URL, make_url

from capacity_api.database_url import parse_database_url
from capacity_api.errors import ConfigurationError, KeyMissing
from capacity_api.secrecy import repr_without

# Only this machine can reach it.
LOOPBACK = ip_network("127.0.0.0/8")

_PREFIX = "CAPACITY_"
# A host name or an IP address, with or without a port. No character that could end a URL early or hide another host.
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(:[0-9]{1,5})?")
# Its domain is in the `Message-ID` of every mail.
_SENDER = re.compile(r"[^\s@<>]+@[0-9A-Za-z.-]*[0-9A-Za-z]")
_PATH = re.compile(r"(/[0-9A-Za-z._~-]+)*/?")
_LOG_LEVELS = ("debug", "info", "warning", "error")
_LOG_FORMATS = ("auto", "json", "text")
# These hold secrets, so a secret manager can provide them as files (`…_FILE`).
_MAY_BE_FILES = frozenset({"DATABASE_URL", "SECRET_KEY", "LISTEN_SECRET", "SMTP_URL"})


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail goes out. With neither `is_tls` nor `starttls`, what is sent can be read on the way."""

    host: str
    port: int
    # TLS from the first byte (`smtps://`).
    is_tls: bool
    # TLS by STARTTLS, or no mail at all.
    starttls: bool
    user: str | None = None
    password: str | None = None

    __repr__ = repr_without("user", "password")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    database_url: str = "sqlite+aiosqlite:///capacity.db"
    secret_keys: tuple[bytes, ...] = ()
    egress_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    query_limit: int = 120
    write_limit: int = 120
    keep_alive_seconds: int = 65
    # `None` for what the file limit allows, less 64.
    max_connections: int | None = None
    max_connections_per_address: int = 256
    lease: timedelta = timedelta(seconds=30)
    # For how long what is finished is kept (`operations.retention`). `None`: for ever.
    keep_deliveries: timedelta = timedelta(days=30)
    keep_mail: timedelta = timedelta(days=90)
    keep_audit: timedelta | None = None
    operator: str | None = None
    contact: str | None = None
    public_url: str | None = None
    listen_secret: str | None = None
    smtp: SmtpServer | None = None
    mail_from: str | None = None
    log_level: str = "info"
    log_format: str = "auto"
    demonstration: bool = False
    # Neither a database nor a key is set, so `serve` may make both in an empty folder.
    names_no_database: bool = True

    __repr__ = repr_without("database_url", "secret_keys", "listen_secret")

    @property
    def sends_mail(self) -> bool:
        """Whether anybody can be mailed. The demonstration shows its mail in place of sending it."""
        return self.smtp is not None or self.demonstration

    @property
    def url(self) -> URL:
        return make_url(self.database_url)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def pooler(self) -> str | None:
        """ "transaction" or "session", if the URL says that a pooler of that mode stands before PostgreSQL."""
        return self.url.query.get("pooler")  # type: ignore[return-value]  # `parse_database_url` refuses several

    @property
    def asks_for_primary(self) -> bool:
        """Whether the URL leads only to a server that takes writes, as it does unless it says otherwise."""
        return self.url.query.get("target_session_attrs", "read-write") in {"read-write", "primary"}


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings from the variables that start with `CAPACITY_`. Raises `ConfigurationError` with all faults."""
    settings, faults = examine(environment)
    if faults:
        raise ConfigurationError("; ".join(faults))
    return settings


def examine(environment: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings that can be read, and a sentence for each variable that is wrong."""
    texts = {name.removeprefix(_PREFIX): value for name, value in environment.items() if name.startswith(_PREFIX)}
    sources = {name: f"{_PREFIX}{name}" for name in texts}
    faults = _read_files(texts, sources)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in _PARSERS:
            faults.append(_unknown(name))
            continue
        field, parse = _PARSERS[name]
        try:
            values[field] = parse(text.strip())
        except ValueError as error:
            # Never repeat the value: it may be a secret. So a parser's message must not hold it either.
            faults.append(f"{sources[name]} {error}")
    settings = Settings(**values, names_no_database=not {"DATABASE_URL", "SECRET_KEY"} & texts.keys())
    if settings.smtp is not None:
        for name, value in (("MAIL_FROM", settings.mail_from), ("PUBLIC_URL", settings.public_url)):
            if value is None and name not in texts:
                faults.append(f"{_PREFIX}SMTP_URL needs {_PREFIX}{name} too: every mail has both in it")
    return settings, faults


def _read_files(texts: dict[str, str], sources: dict[str, str]) -> list[str]:
    """Put what each `…_FILE` names into `texts`, and where it is from into `sources`. Returns what is wrong."""
    faults = []
    for name in _MAY_BE_FILES:
        path = texts.pop(f"{name}_FILE", None)
        if path is None:
            continue
        if name in texts:
            faults.append(f"{_PREFIX}{name} and {_PREFIX}{name}_FILE are both set; set one")
            continue
        sources[name] = f"the file that {_PREFIX}{name}_FILE names"
        try:
            texts[name] = _read_text(sources[name], Path(path))
        except ConfigurationError as error:
            faults.append(error.detail)
    return faults


def _unknown(name: str) -> str:
    known = [*_PARSERS, *(f"{each}_FILE" for each in _MAY_BE_FILES)]
    near = difflib.get_close_matches(name, known, 1)
    guess = f"; did you mean {_PREFIX}{near[0]}?" if near else ""
    return f"{_PREFIX}{name} is not a setting; docs/settings.md lists them{guess}"


def missing_key_file(settings: Settings) -> Path | None:
    """The path at which to make a secret key, or `None` if there is a key already."""
    path = _key_file(settings)
    if path is None:
        return None
    try:
        path.stat()
    except FileNotFoundError:
        return path
    except OSError:
        # `with_keys` reads the file and says what is wrong.
        pass
    return None


def make_key(path: Path) -> bool:
    """Make a key file that only its owner can read. False if the file exists already."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_key() + "\n")
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigurationError(f"the key file {path} cannot be made: {error.strerror}") from None
    return True


def with_keys(settings: Settings) -> Settings:
    """The settings with the secret keys that are set, or else those in the key file."""
    path = _key_file(settings)
    if path is None:
        return settings
    try:
        keys = _secret_keys(_read_text(f"the key file {path}", path))
    except ValueError as error:
        raise ConfigurationError(f"the key file {path} {error}") from None
    return msgspec.structs.replace(settings, secret_keys=keys)


def new_key() -> str:
    """A random secret key, as `CAPACITY_SECRET_KEY` takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _key_file(settings: Settings) -> Path | None:
    """The key file beside the SQLite database, or `None` if a key is set.

    PostgreSQL can serve several machines, so there a key must be set.
    """
    if settings.secret_keys:
        return None
    if not settings.is_sqlite:
        raise KeyMissing(f"{_PREFIX}SECRET_KEY must be set with PostgreSQL; `capacity-api key` prints a new one")
    return Path(f"{settings.url.database}.key")


def _read_text(source: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{source} cannot be read: it is not text") from None
    except OSError as error:
        raise ConfigurationError(f"{source} cannot be read: {error.strerror}") from None


def _secret_keys(text: str) -> tuple[bytes, ...]:
    keys = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise ValueError("must hold keys of 32 bytes in urlsafe base64, comma-separated, newest first")
        keys.append(key)
    return tuple(keys)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = []
    for number, part in enumerate(text.split(","), start=1):
        if not part.strip():
            continue
        try:
            networks.append(ip_network(part.strip()))
        except ValueError:
            raise ValueError(
                f"must hold networks such as 127.0.0.0/8, comma-separated; number {number} is not one"
            ) from None
    return tuple(networks)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("must be a whole number, 0 or more")
    return int(text)


def _positive_number(text: str) -> int:
    number = _whole_number(text)
    if not number:
        raise ValueError("must be a whole number, 1 or more")
    return number


def _keep_alive(text: str) -> int:
    seconds = _whole_number(text)
    if not 1 <= seconds <= 3600:
        raise ValueError("must be from 1 to 3600 seconds")
    return seconds


def _lease(text: str) -> timedelta:
    seconds = _whole_number(text)
    # One attempt can take 15 s. With a shorter lease a second worker would send what the first is still sending.
    if not 20 <= seconds <= 3600:
        raise ValueError("must be from 20 to 3600 seconds")
    return timedelta(seconds=seconds)


def _days(least: int) -> Callable[[str], timedelta]:
    def parse(text: str) -> timedelta:
        days = _whole_number(text)
        if not least <= days <= 36500:
            raise ValueError(f"must be from {least} to 36500 days")
        return timedelta(days=days)

    return parse


def _audit_days(text: str) -> timedelta | None:
    return _days(365)(text) if text else None


def _line(text: str) -> str | None:
    if any(ord(character) < 32 for character in text) or len(text) > 300:
        raise ValueError("must be one line of at most 300 characters")
    return text or None


def _public_url(text: str) -> str | None:
    """The address without a slash at its end, so that a path can follow."""
    if text and not _is_public_url(text):
        raise ValueError("must be a web address such as https://capacity.example.org, without a query")
    return text.rstrip("/") or None


def _is_public_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"https", "http"}
        and HOST.fullmatch(parts.netloc) is not None
        and port != 0
        and _PATH.fullmatch(parts.path) is not None
        # urlsplit drops an empty query or fragment, but not from the text.
        and not any(character in text for character in "?#")
    )


def _listen_secret(text: str) -> str | None:
    if text and not text.startswith(("whsec_", "whpk_")):
        raise ValueError("must be a whsec_… secret or a whpk_… public key")
    return text or None


def _smtp_url(text: str) -> SmtpServer | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError("must be a URL such as smtp://user:password@mail.example.org:587") from None
    is_host = host is not None and HOST.fullmatch(parts.netloc.rpartition("@")[2]) is not None
    if (
        parts.scheme not in {"smtp", "smtps"}
        or not is_host
        or parts.path not in {"", "/"}
        or parts.fragment
        or port == 0
    ):
        raise ValueError("must be a URL such as smtp://user:password@mail.example.org:587 or smtps://…")
    if parts.query not in {"", "starttls=no"} or (parts.query and parts.scheme == "smtps"):
        raise ValueError("may have no parameter but ?starttls=no, for smtp:// alone")
    is_tls = parts.scheme == "smtps"
    return SmtpServer(
        host=host or "",
        port=port or (465 if is_tls else 587),
        is_tls=is_tls,
        starttls=not is_tls and not parts.query,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _mail_from(text: str) -> str | None:
    """`name@example.org`, or `Name <name@example.org>`."""
    name, address = parseaddr(text)
    if text and (not _SENDER.fullmatch(address) or not text.isprintable() or len(text) > 300):
        raise ValueError("must be an address such as Capacity <capacity@example.org>")
    return formataddr((name, address)) if text else None


def _log_level(text: str) -> str:
    if text.lower() not in _LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(_LOG_LEVELS)}")
    return text.lower()


def _log_format(text: str) -> str:
    if text.lower() not in _LOG_FORMATS:
        raise ValueError(f"must be one of {', '.join(_LOG_FORMATS)}")
    return text.lower()


_PARSERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "DATABASE_URL": ("database_url", parse_database_url),
    "SECRET_KEY": ("secret_keys", _secret_keys),
    "EGRESS_ALLOW": ("egress_allow", _networks),
    "METRICS_ALLOW": ("metrics_allow", _networks),
    "TRUSTED_PROXIES": ("trusted_proxies", _networks),
    "QUERY_LIMIT": ("query_limit", _whole_number),
    "WRITE_LIMIT": ("write_limit", _whole_number),
    "KEEP_ALIVE_SECONDS": ("keep_alive_seconds", _keep_alive),
    "MAX_CONNECTIONS": ("max_connections", _positive_number),
    "MAX_CONNECTIONS_PER_ADDRESS": ("max_connections_per_address", _positive_number),
    "LEASE_SECONDS": ("lease", _lease),
    # A webhook is disabled after five days of failures: its log has to outlast that.
    "KEEP_DELIVERIES_DAYS": ("keep_deliveries", _days(7)),
    # The link in a mail works for 30 days at most.
    "KEEP_MAIL_DAYS": ("keep_mail", _days(30)),
    "KEEP_AUDIT_DAYS": ("keep_audit", _audit_days),
    "OPERATOR": ("operator", _line),
    "CONTACT": ("contact", _line),
    "PUBLIC_URL": ("public_url", _public_url),
    "LISTEN_SECRET": ("listen_secret", _listen_secret),
    "SMTP_URL": ("smtp", _smtp_url),
    "MAIL_FROM": ("mail_from", _mail_from),
    "LOG_LEVEL": ("log_level", _log_level),
    "LOG_FORMAT": ("log_format", _log_format),
}
