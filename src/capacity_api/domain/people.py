"""People: the work addresses that mail goes to, and what each may do."""

import re
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from capacity_api.errors import Invalid


class Role(StrEnum):
    """`editor`: may sign in and change what its owner may change. `reminded`: is mailed before a report lapses."""

    EDITOR = "editor"
    REMINDED = "reminded"


# Whether mail gets there: `refused` once its mail server refused it for good.
MailHealth = Literal["ok", "refused"]

MAX_EMAIL_LENGTH = 254
# What a browser takes in a field for an e-mail address (HTML, "valid e-mail address"), with a dot in its domain.
# No character of it can end a header or begin another.
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL_PATTERN = rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+"
Email = Annotated[
    str, msgspec.Meta(extra_json_schema={"maxLength": MAX_EMAIL_LENGTH, "pattern": f"^\\s*{EMAIL_PATTERN}\\s*$"})
]


def parse_email(text: str, pointer: str = "/email") -> str:
    """The address in lower case, so that it is found however it was typed. Raises `Invalid`, which repeats nothing."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or not re.fullmatch(EMAIL_PATTERN, email):
        raise Invalid.at(pointer, "is not an email address")
    return email


def parse_roles(roles: tuple[Role, ...], pointer: str = "/roles") -> list[str]:
    """The roles without repetition, in a standard order. Raises `Invalid` without any."""
    if not roles:
        raise Invalid.at(pointer, f"must name at least one of {', '.join(Role)}")
    return [str(role) for role in Role if role in roles]
