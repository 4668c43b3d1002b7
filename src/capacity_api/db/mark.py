"""The mark: a file beside an SQLite database that says how far the database had come.

A database that is older than its mark went back in time: somebody copied an older file over it. No backup holds the
mark, so a copy of the database that is opened elsewhere is known as a copy (`InstallationRow.marked`).
"""

import contextlib
import os
from pathlib import Path

import msgspec

from capacity_api.config import Settings
from capacity_api.db.position import Position
from capacity_api.db.sqlite_file import companion, copy_owner, database_path, unreadable
from capacity_api.errors import DatabaseUnusable


def mark_path(settings: Settings) -> Path:
    return companion(database_path(settings), ".mark")


def read_mark(path: Path) -> Position | None:
    """`None` if there is none, or none that can be understood. Raises `DatabaseUnusable` if it must not be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Position)
    except PermissionError as error:
        raise unreadable(path, error) from None
    except (OSError, msgspec.DecodeError):
        return None


def write_mark(path: Path, position: Position) -> None:
    """Replace the mark, unless another process has written a later one meanwhile. Raises `OSError`."""
    present = None
    # One that must not be read is replaced too, and so the service can read it again.
    with contextlib.suppress(DatabaseUnusable):
        present = read_mark(path)
    if present is not None and present.sequence > position.sequence:
        return
    replacement = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(position))
            file.flush()
            os.fsync(file.fileno())
        copy_owner(path if path.exists() else path.with_suffix(""), replacement)
        replacement.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            replacement.unlink(missing_ok=True)
        raise
