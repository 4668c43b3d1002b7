"""A disk that is full when an SQLite database is opened."""

import sqlite3
import subprocess
import sys
from pathlib import Path

_VERIFY = """
import asyncio, resource, sys
from pathlib import Path
from capacity_api.db.sqlite_file import DatabaseFile
from capacity_api.db.verification import verify
from capacity_api.errors import DatabaseUnavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    print(asyncio.run(verify(DatabaseFile(Path(sys.argv[1])), None, thorough=False)))
except DatabaseUnavailable as error:
    print(error.cause.value)
"""


def test_a_full_disk_is_not_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE t (n)")
    connection.close()
    done = subprocess.run([sys.executable, "-c", _VERIFY, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "disk_full", done.stderr
