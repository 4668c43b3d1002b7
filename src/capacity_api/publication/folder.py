"""A folder of files that are replaced one by one and whole, each with its compressed neighbours beside it."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

import msgspec

from capacity_api.errors import ConfigurationError
from capacity_api.publication.resources import Resource

# What servers of files look for beside a file: nginx's gzip_static, and the same for brotli and zstd.
NEIGHBOURS = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}
_SUFFIXES = ("", *NEIGHBOURS.values())
_LIST = ".capacity-site"


class _Listed(msgspec.Struct, frozen=True):
    """What this wrote, or was about to when it was killed. `latest` is no older than the time of any file so far."""

    files: list[str]
    latest: int


class Written(msgspec.Struct, frozen=True):
    """How many files, not counting neighbours, were written and removed, and how many there are."""

    written: int
    removed: int
    files: int


class Folder:
    """Made by `opened`. What it did not write itself it neither changes nor removes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        listed = _listed(root)
        self._names = frozenset(listed.files)
        self._latest = listed.latest
        # The validator of each file that is known to be there, neighbours and all.
        self._held: dict[str, bytes] = {}
        for name in self._names:
            for suffix in _SUFFIXES:
                path = self._path(name, suffix)
                _unfinished(path).unlink(missing_ok=True)
                if path.is_file():
                    self._latest = max(self._latest, int(path.stat().st_mtime))

    def write(self, files: Mapping[str, Callable[[], Resource]], now: datetime) -> Written:
        """Make the folder hold these files and no others of its own.

        Raises `OSError`, and `ConfigurationError` where something that it did not write is in the way.

        What did not change is left alone. The modification time of what did is a whole second later than that of every
        file before, if need be in the future: nginx's validators are made of whole seconds and the size.
        """
        gone = self._names - files.keys()
        if files.keys() != self._names:
            self._refuse_strangers(files.keys() - self._names)
            # First, so that nothing that is written is ever forgotten, whenever this is killed.
            self._list(self._names | files.keys())
        for name in gone:
            self._remove(name)
        stamp = max(int(now.timestamp()), self._latest + 1)
        written = 0
        folders: set[Path] = set()
        for name, make in files.items():
            resource = make()
            if self._held.get(name) == resource.plain.etag:
                continue
            bodies = _bodies(resource)
            if name in self._held or not self._holds(name, bodies):
                self._held.pop(name, None)
                self._latest = stamp
                self._replace(name, bodies, stamp)
                folders.add(self._path(name).parent)
                written += 1
            self._held[name] = resource.plain.etag
        for folder in folders:
            _sync(folder)
        if gone:
            self._list(frozenset(files))
        return Written(written, len(gone), len(files))

    def _refuse_strangers(self, names: Iterable[str]) -> None:
        for path in (self._path(name, suffix) for name in names for suffix in _SUFFIXES):
            # A folder cannot be written over, and is refused when that is tried.
            if path.exists() and not path.is_dir():
                raise ConfigurationError(f"{path} was not written by this; take it out of the folder")

    def _path(self, name: str, suffix: str = "") -> Path:
        return self._root / (name + suffix)

    def _holds(self, name: str, bodies: Mapping[str, bytes]) -> bool:
        for suffix in _SUFFIXES:
            path = self._path(name, suffix)
            if (path.read_bytes() if path.is_file() else None) != bodies.get(suffix):
                return False
        return True

    def _replace(self, name: str, bodies: Mapping[str, bytes], stamp: int) -> None:
        self._path(name).parent.mkdir(parents=True, exist_ok=True)
        for suffix, body in bodies.items():
            _write(_unfinished(self._path(name, suffix)), body, stamp)
        # Readers get the old file, then the new one, and never an old one again, in whichever coding: for a moment,
        # uncompressed.
        for suffix in NEIGHBOURS.values():
            self._path(name, suffix).unlink(missing_ok=True)
        for suffix in bodies:
            _unfinished(self._path(name, suffix)).replace(self._path(name, suffix))

    def _remove(self, name: str) -> None:
        for suffix in reversed(_SUFFIXES):
            self._path(name, suffix).unlink(missing_ok=True)
        self._held.pop(name, None)
        for folder in self._path(name).parents:
            if folder == self._root or not folder.is_dir() or any(folder.iterdir()):
                return
            folder.rmdir()

    def _list(self, names: frozenset[str]) -> None:
        path = self._root / _LIST
        _write(_unfinished(path), msgspec.json.encode(_Listed(sorted(names), self._latest)), self._latest)
        _unfinished(path).replace(path)
        _sync(self._root)
        self._names = names


@contextmanager
def opened(root: Path) -> Iterator[Folder]:
    """The folder, made when there is none, for one process at a time.

    Raises `ConfigurationError` when it holds what this did not write, or another process writes to it.
    """
    # Windows does not have it, where the other commands have to start.
    import fcntl

    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unwritable(root, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder = Folder(root)
        except BlockingIOError:
            raise ConfigurationError(f"another process writes to {root}") from None
        except OSError as error:
            raise unwritable(root, error) from None
        yield folder
    finally:
        os.close(lock)


def unwritable(root: Path, error: OSError) -> ConfigurationError:
    """What to say when a file below `root` cannot be written, in one line."""
    return ConfigurationError(f"{error.filename2 or error.filename or root} cannot be written to: {error.strerror}")


def _listed(root: Path) -> _Listed:
    path = root / _LIST
    if not path.exists():
        if {each.name for each in root.iterdir()} - {_unfinished(path).name}:
            raise ConfigurationError(f"{root} holds something else; name a folder that is empty or does not exist")
        return _Listed([], 0)
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=_Listed)
    except msgspec.DecodeError:
        raise ConfigurationError(f"{path} cannot be read; empty the folder") from None
    # What is listed may be removed, so it must lie inside.
    if any(name.startswith("/") or ".." in PurePosixPath(name).parts for name in listed.files):
        raise ConfigurationError(f"{path} names files outside the folder; empty the folder")
    return listed


def _bodies(resource: Resource) -> dict[str, bytes]:
    """The body by suffix, in each coding that makes it smaller."""
    bodies = {"": resource.body}
    for coding, suffix in NEIGHBOURS.items():
        packed = resource.compressed(coding)
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
        # Otherwise a power cut could leave the new name with nothing behind it.
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
