"""Who did something: one type for tokens, people, links, the command line and the service itself."""

from enum import StrEnum
from uuid import UUID

import msgspec

from capacity_api.domain.owner import Owner


class ActorType(StrEnum):
    """Who acts: a token, a person who signed in, a link, the command line, or the service by itself."""

    TOKEN = "token"  # noqa: S105 - a kind of actor
    PERSON = "person"
    LINK = "link"
    COMMAND_LINE = "command_line"
    SERVICE = "service"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A token, with its `label` and `owner`; a person or a link, by `id`; a `user` of the command line; the service.

    The service acts for nobody: it does what the clock, a lease or an answer brings.
    """

    type: ActorType
    id: UUID | None = None
    label: str | None = None
    owner: Owner | None = None
    user: str | None = None

    @property
    def key(self) -> str:
        """What names it in a line of the log or of the audit: an id, `command line` or `service`."""
        return str(self.id) if self.id else self.type.replace("_", " ")


SERVICE = Actor(type=ActorType.SERVICE)
