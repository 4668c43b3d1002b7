"""The manifest: a file beside each backup that says what the backup holds, and by which it is checked."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from capacity_api.errors import ConfigurationError

_CHUNK_BYTES = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`sequence` is the number of the newest event in the backup, `revision` that of its schema."""

    database: Literal["sqlite", "postgresql"]
    sequence: int
    revision: str
    sha256: str
    made_at: datetime
    program: str


def program_version() -> str:
    return version("capacity-api")


def manifest_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def read_manifest(file: Path) -> Manifest:
    """Raises `ConfigurationError`."""
    path = manifest_path(file)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no manifest {path}; copy it beside {file}. A copy that was not made by `capacity-api backup` is "
            "put in the place of the database by hand, and then `capacity-api db restored` is run"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"the manifest {path} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError:
        raise ConfigurationError(f"the manifest {path} is damaged") from None


def checksum(file: Path, copy_to: Path | None = None) -> str:
    """The SHA-256 of a file, which is copied meanwhile if asked to. Raises `OSError`."""
    digest = hashlib.sha256()
    with file.open("rb") as source, Path(copy_to or os.devnull).open("wb") as target:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file that only its owner can read, which is put at `path` when the block ends without an error."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
