"""The file of an SQLite database: how it is opened, made and locked, and whether it is still the one that was opened.

SQLite would make an empty database wherever there is none, and would go on writing to a file that somebody removed.

Never open and close the database's file by other means than SQLite in a process that uses it: closing any handle of a
file drops the process's locks on it (POSIX), and another process may then write at the same time.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
from sqlalchemy.engine import URL

from capacity_api.config import Settings
from capacity_api.db.outages import translate_outage
from capacity_api.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable, NoDatabase, OutageCause

_RESTORE = "put it back, or run `capacity-api restore` with a backup"
_CREATE = "`capacity-api serve --create` or `capacity-api db create` makes one"
# What is left when only the database itself was removed. The database of another time would not fit it.
_REMAINS = ("-wal", ".mark", ".key")
_REPLACED = "The file of the database was removed or replaced. A change may not have been stored."
# How long to wait for a connection that was just closed and writes its log into the file.
_FOLD_SECONDS = 60.0
# A connection keeps these open, and SQLite removes the last two when the last connection is closed.
_OPEN_FILES = ("", "-wal", "-shm")


def database_path(settings: Settings) -> Path:
    """The file itself, whichever link leads to it: SQLite keeps its other files beside that one."""
    return Path(os.path.realpath(settings.url.database or ""))


def url_of(path: Path, mode: str) -> URL:
    """For `mode` "rw" or "ro": neither makes a file."""
    return URL.create("sqlite+aiosqlite", database=_file_uri(path), query={"mode": mode, "uri": "true"})


def uri_of(path: Path, mode: str) -> str:
    """The same for SQLite itself."""
    return f"{_file_uri(path)}?mode={mode}"


def _file_uri(path: Path) -> str:
    return f"file:{quote(os.fsencode(path))}"


def companion(path: Path, suffix: str) -> Path:
    return Path(f"{path}{suffix}")


def is_absent(path: Path, *, is_asked_for: bool = False) -> bool:
    """Whether there is no database, nor any sign that there was one. Raises `ConfigurationError` if it is lost.

    A database of 0 bytes is there, and damaged.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unreadable(path, error) from None
    else:
        return False
    for suffix in _REMAINS:
        beside = companion(path, suffix)
        if is_asked_for and suffix == ".key":
            continue
        if os.path.lexists(beside):
            raise NoDatabase(f"the database {path} is lost, because {beside} is there without it; {_RESTORE}")
    return True


def require_file(path: Path) -> None:
    """Raise `ConfigurationError` unless there is a file that may be a database."""
    if is_absent(path):
        raise NoDatabase(f"there is no database {path}; {_CREATE}")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from None
    if not path.is_file():
        raise DatabaseUnusable(
            f"the database {path} is not a file; correct CAPACITY_DATABASE_URL", OutageCause.NOT_A_DATABASE
        )
    if size == 0:
        raise damaged(path, "it has 0 bytes")


def damaged(path: Path, what: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"the database {path} is damaged: {what}; {_RESTORE}", OutageCause.DAMAGED)


def no_database(path: Path) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{path} is not an SQLite database, or its first page is damaged: correct CAPACITY_DATABASE_URL, or run "
        "`capacity-api restore` with a backup",
        OutageCause.NOT_A_DATABASE,
    )


def copy_owner(path: Path, replacement: Path) -> None:
    """Give a file that is to replace another its owner and mode: root may be at work, and the service is not root."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        found = path.stat()
        os.chown(replacement, found.st_uid, found.st_gid)
        replacement.chmod(found.st_mode & 0o777)


def unreadable(path: Path, error: OSError) -> DatabaseUnusable:
    remedy = "give the service's user the right to read and write it and its folder"
    return DatabaseUnusable(
        f"the database {path} cannot be read: {error.strerror}; {remedy}", OutageCause.FILE_UNREADABLE
    )


def find_open_to_others(path: Path) -> list[Path]:
    """Which of the database's files other users can read or write, as they could those of early versions."""
    files = [companion(path, suffix) for suffix in ("", "-wal", "-shm", ".key", ".mark")]
    return [each for each in files if each.exists() and each.stat().st_mode & 0o077]


def make_empty(path: Path) -> None:
    """Make an SQLite file without tables that only its owner can read; SQLite gives its other files the same mode.

    Raises `FileExistsError`, or another `OSError`, and `DatabaseUnavailable` if nothing can be written.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with translate_outage(), contextlib.closing(sqlite3.connect(path)) as connection:
        # It is done, or fails, when its row is read.
        connection.execute("PRAGMA journal_mode = WAL").fetchone()


def fold_log(path: Path) -> None:
    """Write what is in the log of an SQLite database into its file. Nobody else may have it open.

    Raises `OSError`. SQLite does this when the last connection is closed, which for a large log takes long.
    """
    with contextlib.closing(sqlite3.connect(path, timeout=_FOLD_SECONDS)) as connection:
        (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise BlockingIOError(errno.EBUSY, os.strerror(errno.EBUSY))


@contextlib.contextmanager
def building(path: Path) -> Iterator[Path]:
    """An empty SQLite file, which becomes the database at `path` when the block ends without an error.

    Whatever interrupts it, there is no database or a whole one. Hold the lock: two would build in one file.
    """
    temporary = companion(path, ".new")
    try:
        _remove(temporary)
        make_empty(temporary)
        yield temporary
        # Only the file itself is put in place, and what was written last may be in its log.
        fold_log(temporary)
        _put_in_place(temporary, path)
    except OSError as error:
        raise ConfigurationError(f"the database {path} cannot be made: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            _remove(temporary)


def _remove(temporary: Path) -> None:
    for suffix in (*_OPEN_FILES, "-journal"):
        companion(temporary, suffix).unlink(missing_ok=True)


def _put_in_place(temporary: Path, path: Path) -> None:
    _sync(temporary)
    try:
        # Unlike a renaming, this never replaces a file.
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS}:
            raise
        # The file system has no hard links.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        temporary.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def hold_lock(path: Path) -> contextlib.AbstractContextManager[None]:
    """Be the only one to serve, make or restore this database. Raises `ConfigurationError` if somebody else does."""
    return _hold(
        companion(path, ".lock"), f"another process serves, makes or restores the database {path}; one at a time may"
    )


def hold_copy_lock(path: Path) -> contextlib.AbstractContextManager[None]:
    """Be the only one to copy this database, which may be served meanwhile. Raises `ConfigurationError`."""
    return _hold(companion(path, ".copy.lock"), f"another process copies the database {path}; one at a time may")


@contextlib.contextmanager
def _hold(lock: Path, refusal: str) -> Iterator[None]:
    """The lock ends with the process, however it ends.

    The file stays: if it were removed, two could each lock another.
    """
    try:
        opened = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        remedy = "give the service's user the right to write in this folder"
        raise DatabaseUnusable(f"{lock} cannot be opened: {error.strerror}; {remedy}", OutageCause.READ_ONLY) from None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        raise DatabaseUnusable(refusal, OutageCause.LOCKED) from None
    try:
        yield
    finally:
        os.close(opened)


class Stamp(msgspec.Struct, frozen=True):
    """By this a change of the file's content shows. In WAL mode only a checkpoint changes it."""

    size: int
    modified: int
    changed: int


class DatabaseFile:
    """The files that this process has open: the database, its write-ahead log, and the log's index."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths = {suffix: companion(path, suffix) for suffix in _OPEN_FILES}
        # Device and inode. That of the database is kept until the process ends.
        self._opened: dict[str, tuple[int, int]] = {}
        self._connections = 0

    def find_replacement(self) -> str | None:
        """What is not the file any more that this process opened, or `None`."""
        for suffix, opened in self._opened.items():
            path = self._paths[suffix]
            try:
                found = path.stat()
            except FileNotFoundError:
                return f"{path} was removed"
            except OSError as error:
                return f"{path} cannot be read: {error.strerror}"
            if (found.st_dev, found.st_ino) != opened:
                return f"{path} was replaced by another file"
        return None

    def require_same(self) -> None:
        """Raise `DatabaseUnavailable` if what this process writes would go to a file that nobody finds again."""
        if self.find_replacement() is not None or (self._opened and self.stamp().size == 0):
            raise DatabaseUnavailable(_REPLACED, OutageCause.FILE_REPLACED)

    def stamp(self) -> Stamp:
        """Raises `DatabaseUnavailable` if there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            raise DatabaseUnavailable(_REPLACED, OutageCause.FILE_REPLACED) from None
        return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def log_size(self) -> int:
        try:
            return self._paths["-wal"].stat().st_size
        except OSError:
            return 0

    def before_connecting(self) -> None:
        """Raise `DatabaseUnavailable` rather than open another file, or one of which SQLite would make a database."""
        self.require_same()
        if self.stamp().size == 0:
            raise DatabaseUnavailable(_REPLACED, OutageCause.FILE_REPLACED)

    def after_connecting(self) -> None:
        self._connections += 1
        for suffix, path in self._paths.items():
            with contextlib.suppress(OSError):
                found = path.stat()
                self._opened.setdefault(suffix, (found.st_dev, found.st_ino))

    def after_closing(self) -> None:
        self._connections -= 1
        if self._connections == 0:
            # SQLite may now have removed the log and its index.
            self._opened = {suffix: opened for suffix, opened in self._opened.items() if suffix == ""}
