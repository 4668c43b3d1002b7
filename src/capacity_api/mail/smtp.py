"""Mail by SMTP (RFC 5321): one connection for many messages, with TLS unless the settings say otherwise.

Who is at fault decides what becomes of a mail. Up to `MAIL FROM` no mail is concerned, so any failure is the server's.
From `RCPT TO` on it is the mail's: a 4xx, a hang or a lost connection is tried again, and a 5xx is for good.
"""

import asyncio
import contextlib
import re
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import parseaddr
from time import monotonic

import aiosmtplib

from capacity_api.config import SmtpServer
from capacity_api.domain.lease import RequireLease
from capacity_api.domain.retry import Delivered, GiveUp, Outcome, Retry
from capacity_api.mail.transport import ServerUnavailable
from capacity_api.resolver import Resolver
from capacity_api.tls import client_context

CONNECT_SECONDS = 10.0
DEADLINE_SECONDS = 30.0
_QUIT_SECONDS = 2.0
# "Authentication required": our login, and not this address.
_OUR_LOGIN = frozenset({530, 534, 535, 538})
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"^\.", re.MULTILINE)
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# No such mailbox, or one that takes nothing any more (RFC 3463 §3.2, §3.3).
_NO_MAILBOX = re.compile(r"5\.1\.\d+|5\.2\.1")
# A full mailbox, and the server's policy, such as a sender that it does not trust: the address itself is right.
_OTHER_CAUSE = re.compile(r"5\.2\.2|5\.7\.\d+")
# `TimeoutError` is an `OSError`, and so is every error of TLS.
_FAILURES = (OSError, aiosmtplib.SMTPException, ServerUnavailable)


class SmtpTransport:
    """`context` is for tests, whose servers have certificates of their own."""

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        context: ssl.SSLContext | None = None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._server = server
        self._sender = parseaddr(sender)[1]
        self._context = context or client_context()
        self._connect_seconds = connect_seconds
        self._deadline_seconds = deadline_seconds
        self._resolve = Resolver()
        self._connection: aiosmtplib.SMTP | None = None

    async def open(self) -> None:
        """Connect, with TLS and login, unless a connection is open. Raises `ServerUnavailable`."""
        if self._connection is not None and self._connection.is_connected:
            return
        try:
            async with asyncio.timeout(self._connect_seconds):
                self._connection = await self._connect()
        except _FAILURES as error:
            raise _unavailable(error) from None

    async def send(self, message: EmailMessage, recipient: str, require_lease: RequireLease | None = None) -> Outcome:
        """Send over the open connection, or over a new one where the server has ended that. Raises `LeaseEnded`."""
        begin = monotonic()
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._begin()
        except _FAILURES as error:
            self._drop()
            raise _unavailable(error) from None
        except BaseException:
            self._drop()
            raise
        try:
            async with asyncio.timeout_at(deadline):
                await connection.rcpt(recipient)
                await _send_data(connection, message.as_bytes(policy=WIRE), require_lease)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset(connection, error.code)
            if error.code in _OUR_LOGIN:
                raise _unavailable(error) from None
            return _refusal(error, _milliseconds(begin))
        except _FAILURES as error:
            # The server may have taken it all the same. It is sent again: twice is better than not at all.
            self._drop()
            return Retry(reason=_word(error), duration_ms=_milliseconds(begin))
        except BaseException:
            self._drop()
            raise
        return Delivered(status=aiosmtplib.SMTPStatus.completed, duration_ms=_milliseconds(begin))

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(*_FAILURES):
            async with asyncio.timeout(_QUIT_SECONDS):
                await connection.quit()
        connection.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        connection = aiosmtplib.SMTP(
            # With a socket this is the name that the certificate must have.
            hostname=server.host,
            # Not the name of this machine.
            local_hostname=self._sender.rpartition("@")[2],
            timeout=self._deadline_seconds,
            use_tls=server.is_tls,
            start_tls=False,
            tls_context=self._context,
            sock=await self._connect_socket(),
        )
        await connection.connect()
        try:
            await self._secure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _secure(self, connection: aiosmtplib.SMTP) -> None:
        """STARTTLS, then login. Without the TLS that the settings want, nothing is said."""
        await connection.ehlo()
        if self._server.starttls:
            if not connection.supports_extension("starttls"):
                raise ServerUnavailable("no_starttls")
            await connection.starttls()
        if self._server.user is not None:
            await connection.login(self._server.user, self._server.password or "")

    async def _connect_socket(self) -> socket.socket:
        """A socket that is connected to the first address of the host that takes connections."""
        loop = asyncio.get_running_loop()
        failure: OSError = OSError("the name has no address")
        for address in await self._resolve(self._server.host):
            family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
            each = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            each.setblocking(False)
            try:
                await loop.sock_connect(each, (str(address), self._server.port))
            except OSError as error:
                each.close()
                failure = error
            except BaseException:
                each.close()
                raise
            else:
                return each
        raise failure

    async def _begin(self) -> aiosmtplib.SMTP:
        """Begin a message. A server may end a connection that was idle, or that has carried as many as it likes."""
        connection = self._connection
        if connection is not None and connection.is_connected:
            try:
                await connection.mail(self._sender)
            except (OSError, aiosmtplib.SMTPException):
                self._drop()
            else:
                return connection
        await self.open()
        assert self._connection is not None
        await self._connection.mail(self._sender)
        return self._connection

    async def _reset(self, connection: aiosmtplib.SMTP, code: int) -> None:
        """Make the connection ready for the next message, or end it."""
        try:
            if code == aiosmtplib.SMTPStatus.domain_unavailable:
                raise aiosmtplib.SMTPServerDisconnected("the server ends the connection")
            async with asyncio.timeout(_QUIT_SECONDS):
                await connection.rset()
        except _FAILURES:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


async def _send_data(connection: aiosmtplib.SMTP, message: bytes, require_lease: RequireLease | None) -> None:
    """As `SMTP.data`, but with the look at the lease where the server has agreed to take the message.

    Without the dot at its end, a server drops what it was sent (RFC 5321 §4.1.1.10).
    """
    answer = await connection.execute_command(b"DATA")
    if answer.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)
    assert connection.protocol is not None
    content = _LINE_END.sub(b"\r\n", message).removesuffix(b"\r\n") + b"\r\n"
    # A line that begins with a dot gets another (§4.5.2).
    content = _DOT.sub(b"..", content) + b".\r\n"
    if require_lease is not None:
        # No await may stand between this and the write.
        require_lease()
    connection.protocol.write(content)
    answer = await connection.protocol.read_response(timeout=connection.timeout)
    if answer.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)


def _refusal(error: aiosmtplib.SMTPResponseException, duration_ms: int) -> Outcome:
    """The outcome of an answer of 400 or more. Its words are not kept: they often repeat the address."""
    enhanced = _ENHANCED_CODE.match(error.message)
    detail = enhanced[0] if enhanced else ""
    if error.code < 500:
        return Retry(reason="deferred", duration_ms=duration_ms, status=error.code)
    is_at_recipient = isinstance(error, aiosmtplib.SMTPRecipientRefused)
    if _NO_MAILBOX.fullmatch(detail) or (is_at_recipient and not _OTHER_CAUSE.fullmatch(detail)):
        return GiveUp(reason="address_refused", duration_ms=duration_ms, status=error.code, disable=True)
    return GiveUp(reason="rejected", duration_ms=duration_ms, status=error.code)


def _unavailable(error: Exception) -> ServerUnavailable:
    if isinstance(error, ServerUnavailable):
        return error
    return ServerUnavailable(_word(error), getattr(error, "code", None))


def _word(error: Exception) -> str:
    """A short word for the log, in which no answer of the server is repeated."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, TimeoutError):
        return "timed_out"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return "login"
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return "sender_refused"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return "refused"
    return "disconnected" if isinstance(error, aiosmtplib.SMTPServerDisconnected) else "unreachable"


def _milliseconds(begin: float) -> int:
    return round((monotonic() - begin) * 1000)
