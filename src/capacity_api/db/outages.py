"""Why the database cannot be used: which errors of the drivers mean that, the cause, and what to do about it.

`explain` has the sentence and the remedy. Neither names a host, a user or a file, because `/readyz` shows them to
everybody. What the driver said (`driver_message`) is for the command line alone.
"""

import errno
import socket
import sqlite3
import ssl
from collections.abc import Mapping

import asyncpg
from sqlalchemy.exc import DBAPIError, InvalidRequestError, NoResultFound
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from capacity_api.errors import DatabaseUnavailable, OutageCause

_SQLITE: Mapping[int, OutageCause] = {
    sqlite3.SQLITE_PERM: OutageCause.FILE_UNREADABLE,
    sqlite3.SQLITE_BUSY: OutageCause.LOCKED,
    sqlite3.SQLITE_LOCKED: OutageCause.LOCKED,
    sqlite3.SQLITE_READONLY: OutageCause.READ_ONLY,
    sqlite3.SQLITE_IOERR: OutageCause.DISK_ERROR,
    # SQLite says this only where there is no room. A quota or a limit on the size of files is the same for us.
    sqlite3.SQLITE_IOERR_WRITE: OutageCause.DISK_FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: OutageCause.DISK_FULL,
    # The file or the one of its shared memory cannot be opened, mapped or locked: a right, or a disk without locks.
    **dict.fromkeys(
        (
            sqlite3.SQLITE_IOERR_ACCESS,
            sqlite3.SQLITE_IOERR_SHMOPEN,
            sqlite3.SQLITE_IOERR_SHMMAP,
            sqlite3.SQLITE_IOERR_SHMLOCK,
            sqlite3.SQLITE_IOERR_LOCK,
            sqlite3.SQLITE_IOERR_RDLOCK,
            sqlite3.SQLITE_IOERR_UNLOCK,
            sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
        ),
        OutageCause.FILE_UNREADABLE,
    ),
    sqlite3.SQLITE_IOERR_NOMEM: OutageCause.NOT_ACCEPTING,
    sqlite3.SQLITE_CORRUPT: OutageCause.DAMAGED,
    sqlite3.SQLITE_FULL: OutageCause.DISK_FULL,
    sqlite3.SQLITE_CANTOPEN: OutageCause.FILE_UNREADABLE,
    sqlite3.SQLITE_PROTOCOL: OutageCause.LOCKED,
    sqlite3.SQLITE_NOTADB: OutageCause.NOT_A_DATABASE,
}
# By SQLSTATE or a prefix of it (PostgreSQL, appendix A); the longest that fits decides.
_POSTGRESQL: Mapping[str, OutageCause] = {
    "08": OutageCause.NO_ANSWER,
    "25006": OutageCause.READ_ONLY,
    # A prepared statement that another client made, or that stayed with another connection to the server.
    "26000": OutageCause.POOLER,
    "28": OutageCause.LOGIN_REFUSED,
    # It lost a deadlock. `pg_restore --clean` under a running service locks the tables in an order of its own.
    "40P01": OutageCause.STATEMENT_ENDED,
    "28P01": OutageCause.WRONG_PASSWORD,
    "3D": OutageCause.NO_DATABASE,
    # On a table or on the database itself (CONNECT).
    "42501": OutageCause.PERMISSION_MISSING,
    "42P05": OutageCause.POOLER,
    "53": OutageCause.NOT_ACCEPTING,
    "53100": OutageCause.DISK_FULL,
    "53300": OutageCause.TOO_MANY_CONNECTIONS,
    "55000": OutageCause.NOT_ACCEPTING,
    "57": OutageCause.NOT_ACCEPTING,
    # By its `statement_timeout`, or because somebody cancelled it.
    "57014": OutageCause.STATEMENT_ENDED,
    "58": OutageCause.DISK_ERROR,
    "XX001": OutageCause.DAMAGED,
    "XX002": OutageCause.DAMAGED,
}
# A statement about a table or column that is not there: the schema is not ours any more, or we made a mistake.
_SCHEMA_STATES = frozenset({"42P01", "42703"})
_SCHEMA_WORDS = ("no such table", "no such column", "has no column named")

# What is wrong, and what to do.
_EXPLANATIONS: Mapping[OutageCause, tuple[str, str]] = {
    OutageCause.HOST_UNKNOWN: (
        "the name of the database's host has no address",
        "correct the host in CAPACITY_DATABASE_URL, or look at the name service",
    ),
    OutageCause.CONNECTION_REFUSED: (
        "nothing answers at the database's host and port",
        "start PostgreSQL, set listen_addresses there, or correct the host and port in CAPACITY_DATABASE_URL",
    ),
    OutageCause.NO_ANSWER: (
        "the database does not answer",
        "look at the database server, the network and the firewall between",
    ),
    OutageCause.TLS: (
        "the connection to the database cannot be encrypted as sslmode asks",
        "set up TLS at the server, name its root certificate in PGSSLROOTCERT, or choose another sslmode",
    ),
    OutageCause.POOLER: (
        "a pooler stands before the database, and CAPACITY_DATABASE_URL does not say so",
        "name the database's own address, or add pooler=transaction or pooler=session as the pooler is set",
    ),
    OutageCause.WRONG_PASSWORD: (
        "the database refuses the password",
        "correct the user and password in CAPACITY_DATABASE_URL, with %40 for @ and so on, or set it by ALTER ROLE",
    ),
    OutageCause.LOGIN_REFUSED: (
        "the database does not let this role in",
        "give it LOGIN, CONNECT on the database, and a line in pg_hba.conf, and reload PostgreSQL",
    ),
    OutageCause.NO_DATABASE: (
        "the server has no database of that name",
        "correct the name in CAPACITY_DATABASE_URL, or make it with createdb",
    ),
    OutageCause.TOO_MANY_CONNECTIONS: (
        "the database has no connection left",
        "raise max_connections or the role's limit (docs/operate/database.md has the numbers), or stop what uses them",
    ),
    OutageCause.NOT_ACCEPTING: (
        "the database takes no connections now",
        "it starts, stops or lacks memory, or its administrator closed it: its own log says which",
    ),
    OutageCause.PERMISSION_MISSING: (
        "the database's role lacks a permission",
        "run the GRANT that `capacity-api doctor` prints, as the owner of the database",
    ),
    OutageCause.READ_ONLY: (
        "the database can only be read",
        "give the service's user the right to write the file and its folder; on PostgreSQL name the primary",
    ),
    OutageCause.DISK_FULL: (
        "nothing more can be written to the disk",
        "make room on the database's disk, or raise the quota or the limit on the size of files",
    ),
    OutageCause.DISK_ERROR: (
        "the database's disk fails",
        "look at the system's log; copy what can be read, and restore on another disk with `capacity-api restore`",
    ),
    OutageCause.FILE_UNREADABLE: (
        "the database's file cannot be opened",
        "give the service's user the right to read and write the file and its folder, on a disk of this machine",
    ),
    OutageCause.FILE_REPLACED: (
        "the database's file was removed or replaced",
        "put it back, or stop every process and run `capacity-api restore`",
    ),
    OutageCause.NOT_A_DATABASE: (
        "the file is not an SQLite database, or its first page is damaged",
        "correct CAPACITY_DATABASE_URL, or stop every process and run `capacity-api restore` with a backup",
    ),
    OutageCause.DAMAGED: (
        "the database is damaged",
        "stop every process and run `capacity-api restore` with a backup",
    ),
    OutageCause.LOCKED: (
        "another program keeps the database locked",
        "end it: a shell of sqlite3 in a transaction, a copy or a scanner of files",
    ),
    OutageCause.STATEMENT_ENDED: (
        "the database ended a statement before it was done",
        "raise the statement_timeout of the service's role, or find who cancels statements in its log",
    ),
    OutageCause.BUSY: (
        "every connection of this process to the database is in use",
        "try again; if it stays so, the database is slow or somebody holds a lock in it",
    ),
}


class translate_outage:  # noqa: N801 - reads as a statement, like contextlib.suppress
    """Raise `DatabaseUnavailable` in place of what the drivers raise when the database cannot be used."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and is_outage(error):
            raise DatabaseUnavailable(cause=cause_of(error)) from error


def explain(cause: OutageCause) -> str:
    """What is wrong and what to do, in one sentence without names."""
    return "; ".join(_EXPLANATIONS[cause])


def explain_in_full(error: DatabaseUnavailable) -> str:
    """The same with what the driver said, which may name hosts, users and files."""
    wrong, remedy = _EXPLANATIONS[error.cause]
    said = driver_message(error)
    return f"{wrong} ({said}); {remedy}" if said else f"{wrong}; {remedy}"


def driver_message(error: DatabaseUnavailable) -> str:
    """What the driver said, in one line; empty if no driver has said anything."""
    # SQLAlchemy's errors hold the driver's.
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    # After the first line PostgreSQL tells the values of rows.
    return str((cause and cause.__cause__) or cause or "").partition("\n")[0]


def is_outage(error: BaseException) -> bool:
    """Whether the error means that the database cannot be used now, and not that it refused a statement."""
    # No route, refused, reset or timed out; or the pool had no free connection in time.
    if isinstance(error, OSError | PoolTimeoutError):
        return True
    # The pool found one connection after the other ended, and gives up.
    if isinstance(error, InvalidRequestError) and str(error) == "This connection is closed":
        return True
    # From a connection that is used without SQLAlchemy.
    if isinstance(error, asyncpg.InterfaceError):
        return True
    # The connection was ended while something was under way on it.
    if isinstance(_said_by_driver(error), asyncpg.InternalClientError):
        return True
    # We ask like that only for what every database of ours has: somebody puts a backup back, and is not done.
    if isinstance(error, NoResultFound):
        return True
    return _known_cause(error) is not None or (isinstance(error, DBAPIError) and error.connection_invalidated)


def cause_of(error: BaseException) -> OutageCause:
    """The cause of an outage."""
    if isinstance(error, PoolTimeoutError):
        return OutageCause.BUSY
    if isinstance(error, NoResultFound):
        return OutageCause.NOT_ACCEPTING
    known = _known_cause(error)
    if known is not None:
        return known
    return _network_cause(_said_by_driver(error))


def is_schema_fault(error: BaseException) -> bool:
    """Whether a statement named a table or column that the database does not have."""
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return any(words in str(error.orig) for words in _SCHEMA_WORDS)
    return _sqlstate(error.orig) in _SCHEMA_STATES


def _known_cause(error: BaseException) -> OutageCause | None:
    """The cause by the code of the database's own error; `None` for one that is no outage, or has no code."""
    found = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(found, sqlite3.Error):
        # The low byte is the primary code, and the higher bytes are details. Errors of the driver itself have none.
        code = getattr(found, "sqlite_errorcode", 0)
        return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
    sqlstate = _sqlstate(found)
    prefixes = (sqlstate[:length] for length in range(len(sqlstate), 1, -1))
    return next((_POSTGRESQL[prefix] for prefix in prefixes if prefix in _POSTGRESQL), None)


def _said_by_driver(error: BaseException) -> BaseException:
    """The driver's own error: SQLAlchemy's holds its adapter's, and that the driver's."""
    orig = getattr(error, "orig", None)
    return (orig and orig.__cause__) or orig or error


def _network_cause(error: BaseException) -> OutageCause:
    if isinstance(error, socket.gaierror):
        return OutageCause.HOST_UNKNOWN
    if isinstance(error, ssl.SSLError | asyncpg.ClientConfigurationError) or "SSL upgrade" in str(error):
        return OutageCause.TLS
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return OutageCause.READ_ONLY
    # No socket file. Of a host with several addresses asyncio tells only the text of the errors.
    if isinstance(error, ConnectionRefusedError | FileNotFoundError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return OutageCause.CONNECTION_REFUSED
    return OutageCause.NO_ANSWER


def _sqlstate(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""
