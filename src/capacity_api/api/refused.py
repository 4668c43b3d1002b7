"""Tokens and links that were refused, as lines of the log: who asks why somebody cannot sign in finds them there.

A line has the id of the token or link, never its secret. A token that nobody issued has no id.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

import structlog

# A program goes on asking with a token that has ended: one line of each process tells that.
SAME_AGAIN_AFTER = timedelta(hours=1)
# How many are remembered: 5 MB at most. With more in an hour, some have a second line.
MOST = 10_000
log = structlog.get_logger()


class Refused:
    """Those of one process."""

    def __init__(self) -> None:
        # The oldest first.
        self._logged_at: OrderedDict[tuple[UUID | None, str], datetime] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._logged_at)

    def note_token(
        self, now: datetime, reason: str, token_id: UUID | None, owner: str | None, request_id: UUID
    ) -> None:
        """Log `token.refused`. `reason` is the code of the error, `owner` the key of the token's owner."""
        if self._is_news(now, token_id, reason):
            about = {} if token_id is None else {"token_id": token_id, "owner": owner}
            log.info("token.refused", reason=reason, **about, request_id=request_id)

    def note_link(self, now: datetime, reason: str, link_id: UUID, kind: str, owner: str, person: UUID | None) -> None:
        """Log `link.refused`. `person` is whose link it is, if it is somebody's."""
        if self._is_news(now, link_id, reason):
            whose = {} if person is None else {"person": person}
            log.info("link.refused", reason=reason, link_id=link_id, kind=kind, owner=owner, **whose)

    def _is_news(self, now: datetime, id_: UUID | None, reason: str) -> bool:
        key = (id_, reason)
        before = self._logged_at.get(key)
        # A clock that was set back hides nothing.
        if before is not None and before <= now < before + SAME_AGAIN_AFTER:
            return False
        self._logged_at[key] = now
        self._logged_at.move_to_end(key)
        if len(self._logged_at) > MOST:
            self._logged_at.popitem(last=False)
        return True
