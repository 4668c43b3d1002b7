"""A folder of files that are replaced one by one, each with its compressed neighbours beside it."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

import msgspec
import structlog

from capacity_api.errors import ConfigurationError
from capacity_api.snapshot.resource import Resource

# File servers look for these beside a file: nginx's gzip_static, and the same for brotli and zstd.
NEIGHBOURS = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}
_SUFFIXES = ("", *NEIGHBOURS.values())
_INVENTORY = ".capacity-site"
log = structlog.get_logger()


class _Inventory(msgspec.Struct, frozen=True):
    """The files that this wrote, or was about to write when it was killed. No file's time is later than `latest`."""

    files: list[str]
    latest: int


class WriteSummary(msgspec.Struct, frozen=True):
    """How many files, not counting neighbours, were written and removed, and how many there are.

    `failed` could not be built: where there is an earlier version of one, it stays.
    """

    written: int
    removed: int
    files: int
    failed: int = 0


class Folder:
    """Opened by `open_folder`. It changes and removes only files that it wrote."""

    def __init__(self, root: Path) -> None:
        self._root = root
        inventory = _read_inventory(root)
        self._names = frozenset(inventory.files)
        self._latest = inventory.latest
        # The ETag of each file that is known to be complete, with its neighbours.
        self._etags: dict[str, bytes] = {}
        for name in self._names:
            for suffix in _SUFFIXES:
                path = self._path(name, suffix)
                _unfinished(path).unlink(missing_ok=True)
                if path.is_file():
                    self._latest = max(self._latest, int(path.stat().st_mtime))

    def write(self, files: Mapping[str, Callable[[], Resource]], now: datetime) -> WriteSummary:
        """Make the folder hold these files and no others of its own. Unchanged files are left alone.

        A file that cannot be built is logged and keeps its earlier version; the others are written. Raises `OSError`,
        and `ConfigurationError` where a file of somebody else is in the way.

        The modification time of a changed file is a whole second later than that of every file before it, in the
        future if need be: nginx makes its ETags of whole seconds and the size.
        """
        gone = self._names - files.keys()
        if files.keys() != self._names:
            self._refuse_strangers(files.keys() - self._names)
            # First: a file that is written when this is killed must be known to the next run.
            self._write_inventory(self._names | files.keys())
        for name in gone:
            self._remove(name)
        stamp = max(int(now.timestamp()), self._latest + 1)
        written = failed = 0
        folders: set[Path] = set()
        for name, build in files.items():
            resource = _try_to_build(name, build)
            if resource is None:
                failed += 1
                continue
            if self._etags.get(name) == resource.plain.etag:
                continue
            bodies = _bodies(resource)
            if name in self._etags or not self._is_written(name, bodies):
                self._etags.pop(name, None)
                self._latest = stamp
                self._replace(name, bodies, stamp)
                folders.add(self._path(name).parent)
                written += 1
            self._etags[name] = resource.plain.etag
        for folder in folders:
            _sync(folder)
        if gone:
            self._write_inventory(frozenset(files))
        return WriteSummary(written, len(gone), len(files), failed)

    def _refuse_strangers(self, names: Iterable[str]) -> None:
        for path in (self._path(name, suffix) for name in names for suffix in _SUFFIXES):
            # A folder cannot be written over, and is refused when that is tried.
            if path.exists() and not path.is_dir():
                raise ConfigurationError(f"{path} was not written by this; take it out of the folder")

    def _path(self, name: str, suffix: str = "") -> Path:
        return self._root / (name + suffix)

    def _is_written(self, name: str, bodies: Mapping[str, bytes]) -> bool:
        for suffix in _SUFFIXES:
            path = self._path(name, suffix)
            if (path.read_bytes() if path.is_file() else None) != bodies.get(suffix):
                return False
        return True

    def _replace(self, name: str, bodies: Mapping[str, bytes], stamp: int) -> None:
        self._path(name).parent.mkdir(parents=True, exist_ok=True)
        for suffix, body in bodies.items():
            _write(_unfinished(self._path(name, suffix)), body, stamp)
        # A reader must never get an old version after a new one, in any coding.
        for suffix in NEIGHBOURS.values():
            self._path(name, suffix).unlink(missing_ok=True)
        for suffix in bodies:
            _unfinished(self._path(name, suffix)).replace(self._path(name, suffix))

    def _remove(self, name: str) -> None:
        for suffix in reversed(_SUFFIXES):
            self._path(name, suffix).unlink(missing_ok=True)
        self._etags.pop(name, None)
        for folder in self._path(name).parents:
            if folder == self._root or not folder.is_dir() or any(folder.iterdir()):
                return
            folder.rmdir()

    def _write_inventory(self, names: frozenset[str]) -> None:
        path = self._root / _INVENTORY
        _write(_unfinished(path), msgspec.json.encode(_Inventory(sorted(names), self._latest)), self._latest)
        _unfinished(path).replace(path)
        _sync(self._root)
        self._names = names


@contextmanager
def open_folder(root: Path) -> Iterator[Folder]:
    """The folder, made if there is none, for one process at a time.

    Raises `ConfigurationError` if it holds files of somebody else, or another process writes to it.
    """
    # Not on Windows, where the other commands must still start.
    import fcntl

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise write_error(root, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder = Folder(root)
        except BlockingIOError:
            raise ConfigurationError(f"another process writes to {root}") from None
        except OSError as error:
            raise write_error(root, error) from None
        yield folder
    finally:
        os.close(lock)


def write_error(root: Path, error: OSError) -> ConfigurationError:
    """The error, in one line, for a file below `root` that cannot be written."""
    return ConfigurationError(f"{error.filename2 or error.filename or root} cannot be written to: {error.strerror}")


def _read_inventory(root: Path) -> _Inventory:
    path = root / _INVENTORY
    if not path.exists():
        if {each.name for each in root.iterdir()} - {_unfinished(path).name}:
            raise ConfigurationError(f"{root} holds something else; name a folder that is empty or does not exist")
        return _Inventory([], 0)
    try:
        inventory = msgspec.json.decode(path.read_bytes(), type=_Inventory)
    except msgspec.DecodeError:
        raise ConfigurationError(f"{path} cannot be read; empty the folder") from None
    # Files of the inventory may be removed, so they must be inside the folder.
    if any(name.startswith("/") or ".." in PurePosixPath(name).parts for name in inventory.files):
        raise ConfigurationError(f"{path} names files outside the folder; empty the folder")
    return inventory


def _try_to_build(name: str, build: Callable[[], Resource]) -> Resource | None:
    try:
        return build()
    except Exception:
        log.exception("file.failed", name=name)
        return None


def _bodies(resource: Resource) -> dict[str, bytes]:
    """The body by suffix, in each coding that makes it smaller."""
    bodies = {"": resource.body}
    for coding, suffix in NEIGHBOURS.items():
        packed = resource.compress(coding)
        if packed is not None:
            bodies[suffix] = packed.body
    return bodies


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _write(path: Path, body: bytes, stamp: int) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.utime(path, (stamp, stamp))
        # Otherwise a power cut could leave an empty file under the new name.
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
