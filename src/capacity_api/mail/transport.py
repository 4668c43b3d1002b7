"""How mail goes out: what a transport has to do, and how it says that its server is away."""

from email.message import EmailMessage
from typing import Protocol

from capacity_api.domain.lease import RequireLease
from capacity_api.domain.retry import Outcome


class ServerUnavailable(Exception):
    """The mail server cannot be used now, whatever the mail: nothing counts against the mail. `reason` is a word."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Transport(Protocol):
    """Sends one message after the other, over one connection if it has any."""

    async def open(self) -> None:
        """Be ready to send. Raises `ServerUnavailable`."""

    async def send(self, message: EmailMessage, recipient: str, require_lease: RequireLease | None = None) -> Outcome:
        """Send to this one address. A `GiveUp` with `disable` says that this address is refused for good.

        Calls `require_lease` directly before the message is sent, which may raise `LeaseEnded`. Raises that and
        `ServerUnavailable`; the message was then not sent.
        """

    async def close(self) -> None:
        """End the connection. The next `open` makes another."""
