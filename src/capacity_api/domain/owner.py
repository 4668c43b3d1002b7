"""The owner of tokens and webhooks: limits, suspension and the audit hang on it."""

from typing import Literal
from uuid import UUID

import msgspec


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A responder, with its slug, a partner, or `admin`, which has nothing else."""

    type: Literal["responder", "partner", "admin"]
    name: str | None = None
    slug: str | None = None
    id: UUID | None = None

    @property
    def key(self) -> str:
        """What names it in a line of the log or of the audit: a responder's slug, a partner's id, or `admin`."""
        return self.slug or (str(self.id) if self.id else self.type)


ADMIN = Owner(type="admin")
