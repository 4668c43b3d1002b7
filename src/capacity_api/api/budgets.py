"""Budgets: how often one address may do in a minute what costs more than memory.

They spare honest readers a flood from one address. A flood from many is what the bulkheads are for, which hold without
them. Addresses are kept in memory for a minute at most, and never logged.
"""

from collections.abc import Sequence
from datetime import datetime

from capacity_api.edge.addresses import Client, Network, group_of_client
from capacity_api.edge.refusals import Refusals
from capacity_api.errors import TooManyRequests

# 2 MB at most. Later addresses of the same minute are not counted. If they were refused, a client with many addresses
# could lock everybody else out.
_MAX_ADDRESSES = 10_000


class Budget:
    """At most `limit` for each address and minute, in this process. 0 means no limit."""

    def __init__(self, reason: str, limit: int, trusted: Sequence[Network], refusals: Refusals) -> None:
        self._reason = reason
        self._limit = limit
        self._trusted = trusted
        self._refusals = refusals
        self._minute = 0
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        """Of how many addresses something is remembered."""
        return len(self._counts)

    def require(self, client: Client, now: datetime) -> None:
        """Raise `TooManyRequests` if nothing is left for this client, with the seconds until the next minute."""
        minute, second = divmod(int(now.timestamp()), 60)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        if not self._limit or not self._counts:
            return
        if self._counts.get(group_of_client(client, self._trusted) or "", 0) >= self._limit:
            self._refusals.note(self._reason)
            raise TooManyRequests(retry_after=60 - second)

    def spend(self, client: Client) -> None:
        """Count one."""
        if not self._limit:
            return
        counted = group_of_client(client, self._trusted)
        if counted is not None and (counted in self._counts or len(self._counts) < _MAX_ADDRESSES):
            self._counts[counted] = self._counts.get(counted, 0) + 1
