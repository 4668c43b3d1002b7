"""The tokens that hold, as this process last read them: who has one of these is not taken for anybody.

It is no authentication: each call still asks the database. But an invented token, which costs its sender nothing, finds
no place among those of the responders.
"""

from capacity_api.clock import Clock
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import Database
from capacity_api.domain.keys import Keys
from capacity_api.domain.tokens import is_well_formed
from capacity_api.operations import tokens

# A token that another process has issued since is taken for anybody's until it has been used here once.
READ_TOKENS_EVERY_SECONDS = 10.0


class KnownTokens:
    """One for each process. Only keyed hashes are kept."""

    def __init__(self, database: Database, keys: Keys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._hashes: set[bytes] = set()

    async def refresh(self) -> bool:
        """One round. It never finds more to do at once."""
        async with self._database.read(Bulkhead.AUTHENTICATION) as session:
            self._hashes = await tokens.read_valid_hashes(session, self._clock())
        return False

    def find_hash(self, token: str | None) -> bytes | None:
        """The hash of a known token. Of any other it is `None`."""
        if token is None or not is_well_formed(token):
            return None
        return next((each for each in self._keys.token_hashes(token) if each in self._hashes), None)

    def add(self, token: str) -> None:
        self._hashes.add(self._keys.token_hashes(token)[0])

    def discard(self, token: str) -> None:
        """It holds no longer."""
        self._hashes.difference_update(self._keys.token_hashes(token))
