"""A responder as it is recorded: its details, its remit and its intake."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from capacity_api.domain.contact import Contact
from capacity_api.domain.intake import Intake
from capacity_api.domain.remit import Remit

MAX_SLUG_LENGTH = 80
SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
SLUG_SCHEMA = {"pattern": SLUG_PATTERN, "maxLength": MAX_SLUG_LENGTH}
Slug = Annotated[str, msgspec.Meta(extra_json_schema=SLUG_SCHEMA)]


class ResponderRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`intake` as it was last recorded: bring it up to a time with `intake_at` before you show it.

    `sequence` and `updated_at` are the number and the time of its newest event.
    """

    id: UUID
    slug: str
    name: str
    website: str | None
    contact: Contact
    remit: Remit
    intake: Intake
    sequence: int
    updated_at: datetime
    created_at: datetime
    delisted_at: datetime | None = None
