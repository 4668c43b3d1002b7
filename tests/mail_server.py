"""A real SMTP server on loopback, which can also refuse, hang, hang up, greylist, ask for login and speak STARTTLS."""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from capacity_api.config import SmtpServer

# It logs every command, with its address.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
USER, PASSWORD = "capacity", "hunter2 hunter2"
PATIENCE_SECONDS = 60


class MailServer:
    """What it received, and how it answers. The answers may be changed at any time.

    `at_recipient` and `at_data` answer instead of taking the mail, by the address or for `"*"`; `hang_at` and
    `hang_up_at` name the command, `after DATA` among them, at which it goes silent or ends the connection.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, **options: object) -> None:
        """`tls` is for TLS from the first byte, `options` are aiosmtpd's."""
        self._tls = tls
        self._options = options
        self.received: list[tuple[str, EmailMessage]] = []
        self.connections = 0
        self.at_sender: str | None = None
        self.at_recipient: dict[str, str] = {}
        self.at_data: dict[str, str] = {}
        self.hang_at: str | None = None
        self.hang_up_at: str | None = None
        # Awaited with the recipient before a mail is taken.
        self.before_taking: Callable[[str], Awaitable[object]] | None = None
        self.mails_per_connection: int | None = None
        # Refuses each address the first time.
        self.greylists = False
        self.asked: Counter[str] = Counter()
        self.port = 0
        self._arrival = asyncio.Event()
        self._reached: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._connected: set[SMTP] = set()
        self._taken: Counter[SMTP] = Counter()

    @property
    def server(self) -> SmtpServer:
        """As the settings name it, without TLS."""
        return SmtpServer(host="127.0.0.1", port=self.port, is_tls=False, starttls=False)

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.received]

    async def arrived(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[EmailMessage]:
        """Wait until so many have arrived."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                self._arrival.clear()
                await self._arrival.wait()
        return [message for _, message in self.received]

    async def reached(self, command: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a client has come as far as this command."""
        async with asyncio.timeout(seconds):
            while not self._reached[command]:
                self._arrival.clear()
                await self._arrival.wait()

    async def start(self) -> None:
        """Begin to listen, on the same port as before if it did."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go away: refuse connections and end those there are."""
        assert self._server is not None
        self._server.close()
        for each in list(self._connected):
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()
        await self._server.wait_closed()

    def _connection(self) -> SMTP:
        self.connections += 1
        # The options are of several types.
        smtp = SMTP(self, hostname="mail.example.org", **self._options)  # type: ignore[arg-type]
        self._connected.add(smtp)
        return smtp

    async def _answer(self, smtp: SMTP, command: str, answer: str | None) -> str | None:
        self._reached[command] += 1
        self._arrival.set()
        if self.hang_at == command:
            await asyncio.Event().wait()
        if self.hang_up_at == command and smtp.transport is not None:
            smtp.transport.close()
        return answer

    # aiosmtpd's name.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._taken[server] == self.mails_per_connection:
            return "421 4.7.0 Too many for one connection"
        envelope.mail_from = address
        return await self._answer(server, "MAIL", self.at_sender) or "250 OK"

    # aiosmtpd's name.
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked[address] += 1
        answer = self.at_recipient.get(address) or self.at_recipient.get("*")
        if self.greylists and self.asked[address] == 1:
            answer = "451 4.7.1 Greylisted, try again later"
        answer = await self._answer(server, "RCPT", answer)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    # aiosmtpd's name.
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        answer = await self._answer(server, "DATA", self.at_data.get(recipient) or self.at_data.get("*"))
        if answer is not None:
            return answer
        if self.before_taking is not None:
            await self.before_taking(recipient)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((recipient, message))
        self._taken[server] += 1
        self._arrival.set()
        return await self._answer(server, "after DATA", None) or "250 OK"


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    """The plain text of a message, or its HTML."""
    part = message.get_body((subtype,))
    assert part is not None
    text: str = part.get_content()
    return text


def link_of(message: EmailMessage) -> str:
    """The secret of the link in it."""
    return text_of(message).partition("#link=")[2].split()[0]


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    """Takes `USER` with `PASSWORD`."""
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def serving(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[MailServer]:
    """A server that listens: with TLS from the first byte; or with STARTTLS or login, and takes nothing without."""
    options: dict[str, object] = {}
    if starttls is not None:
        options |= {"tls_context": starttls, "require_starttls": True}
    if login:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": starttls is not None}
    server = MailServer(tls, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
