"""The folder of what the tests write. The Makefile asks for it too, and makes one in it that it removes."""

import os
import tempfile
from pathlib import Path

# pytest's own.
TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"
_MEMORY = Path("/dev/shm")  # noqa: S108 - what is put there has a random name
_MEMORY_BYTES = 4 << 30


def scratch_folder() -> Path:
    """Where the tests keep their databases and files: in a folder that `make` has made, or in memory if there is room.

    A PostgreSQL database is 300 files. To copy one takes 10 ms in memory and up to 200 ms on a disk.
    """
    named = os.environ.get(TEMPORARY_ROOT)
    if named is not None:
        return Path(named)
    try:
        found = os.statvfs(_MEMORY)
    except OSError:
        return Path(tempfile.gettempdir())
    has_room = found.f_bavail * found.f_frsize >= _MEMORY_BYTES
    # Tests run programs that they install below it.
    if has_room and not found.f_flag & os.ST_NOEXEC and os.access(_MEMORY, os.W_OK):
        return _MEMORY
    return Path(tempfile.gettempdir())
