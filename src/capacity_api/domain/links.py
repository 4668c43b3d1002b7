"""Links that work once: what each may do, and for how long.

A link is `<public address>/update#link=<secret>`, or `/manage` for a coordinator or a partner. A browser sends what
stands behind `#` to no server; the page posts it. The secret has 160 random bits, and only its keyed hash is stored.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

_RANDOM_BYTES = 20
_SECRET = re.compile(r"[A-Za-z0-9_-]{27}")
_MARKER = "#link="


class LinkKind(StrEnum):
    """What a link does: sign in, confirm a report, admit a person, or issue a token."""

    SIGN_IN = "sign_in"
    STILL_TRUE = "still_true"
    INVITATION = "invitation"
    HANDOVER = "handover"


class LinkStatus(StrEnum):
    """Of several that apply, the first."""

    USED = "used"
    EXPIRED = "expired"
    # A newer report stands than the one that the link may confirm.
    SUPERSEDED = "superseded"
    USABLE = "usable"


LIFETIMES: Mapping[LinkKind, timedelta] = MappingProxyType(
    {
        LinkKind.SIGN_IN: timedelta(minutes=15),
        LinkKind.STILL_TRUE: timedelta(days=30),
        LinkKind.INVITATION: timedelta(days=7),
        LinkKind.HANDOVER: timedelta(hours=24),
    }
)


def make_secret() -> str:
    """The secret of a new link: letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def parse_link(text: str) -> str | None:
    """The secret in a link, given alone or as the whole address. `None` if it does not look like one."""
    secret = text.strip().rpartition(_MARKER)[2]
    return secret if _SECRET.fullmatch(secret) else None


def link_status(used_at: datetime | None, expires_at: datetime, now: datetime, *, is_superseded: bool) -> LinkStatus:
    if used_at is not None:
        return LinkStatus.USED
    if expires_at <= now:
        return LinkStatus.EXPIRED
    return LinkStatus.SUPERSEDED if is_superseded else LinkStatus.USABLE


def link_address(public_url: str, owner_type: str, secret: str) -> str:
    """The whole link. A responder's opens its own page, any other the coordinator's."""
    page = "update" if owner_type == "responder" else "manage"
    return f"{public_url}/{page}{_MARKER}{secret}"
