"""The addresses with which somebody asked to sign in, in memory, until a background task has looked them up.

The answer goes out before anybody looks, and the task looks at all of them together, once a second: so neither the
answer nor its time says whether an address is known. Nothing is stored of one that is not.
"""

from collections.abc import Callable

from capacity_api.clock import Clock
from capacity_api.db.bulkheads import Bulkhead
from capacity_api.db.engine import CHANGED, Database
from capacity_api.domain.keys import Keys
from capacity_api.errors import TooBusy
from capacity_api.operations import sign_in

MAIL_SIGN_INS_EVERY_SECONDS = 1.0
# Many more than there are people who sign in within a second.
_MAX_WAITING = 500


class SignInQueue:
    """One for each process. What waits is lost when the process ends; a person who waits for the mail asks again."""

    def __init__(self, database: Database, keys: Keys, clock: Clock, notify: Callable[[], None]) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._notify = notify
        self._waiting: list[str] = []

    def put(self, email: str) -> None:
        """Add an address (`parse_email`). Raises `TooBusy` when the queue is full."""
        if len(self._waiting) >= _MAX_WAITING:
            raise TooBusy
        self._waiting.append(email)

    async def mail_waiting(self) -> bool:
        """One round of a background task. If the database is away, the addresses wait."""
        count = len(self._waiting)
        # Who asks twice within a second gets one mail.
        emails = list(dict.fromkeys(self._waiting[:count]))
        if not emails:
            return False
        async with self._database.read(Bulkhead.MAIL) as session:
            is_any_known = await sign_in.knows_any(session, self._keys, emails)
        if is_any_known:
            async with self._database.write() as session:
                await sign_in.add_sign_in_mail(session, self._clock(), self._keys, emails)
            if CHANGED in session.info:
                self._notify()
        del self._waiting[:count]
        return False
