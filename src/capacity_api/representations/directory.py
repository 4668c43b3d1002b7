"""The directory: every listed responder, at one version."""

from datetime import datetime
from typing import Literal

import msgspec

from capacity_api.representations.encoding import LICENCE, TTL_SECONDS
from capacity_api.representations.responder import Responder


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is its version; `total` counts `responders`; `ttl` in seconds.

    `valid_until` is when the clock alone next changes a state in the whole directory. It says nothing of reports.
    """

    version: Literal["1"] = "1"
    sequence: int
    updated_at: datetime
    ttl: int = TTL_SECONDS
    valid_until: datetime | None
    licence: str = LICENCE
    demonstration: bool = False
    total: int
    responders: list[Responder]
