"""A command in the test's own process: for the many that end before they do anything."""

import ctypes
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import msgspec
import pytest

from capacity_api import log
from capacity_api.cli.main import main
from capacity_api.config import Settings


class Ended(msgspec.Struct, frozen=True):
    """How a command ended. `lines` are those of standard error that are for people, and not of the log."""

    code: int
    out: str
    lines: list[str]


def call(*arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end, with these settings and no others. Not in an event loop: it makes its own."""
    out, err = _output(), _output()
    code = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in [name for name in os.environ if name.startswith("CAPACITY_")]:
            patch.delenv(name)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["capacity-api", *arguments])
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        finally:
            log.configure(Settings(), "tests")
    return Ended(code, _text_of(out), [line for line in _text_of(err).splitlines() if not line.startswith("{")])


def _output() -> "io.TextIOWrapper[io.BytesIO]":
    """What a command writes text to, or bytes."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text_of(output: "io.TextIOWrapper[io.BytesIO]") -> str:
    return output.buffer.getvalue().decode()


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Heed the rights of files inside the block, also as root, who may else read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    effective = _capabilities()
    _set_capabilities(effective & ~_OVERRIDES)
    try:
        yield
    finally:
        _set_capabilities(effective)


# CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_NET_BIND_SERVICE (capabilities(7)).
_OVERRIDES = 1 << 1 | 1 << 2 | 1 << 10
_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _read_capabilities() -> ctypes.Array[_Data]:
    """Those of this thread, which threads that it starts get too."""
    data = (_Data * 2)()
    if ctypes.CDLL(None).capget(ctypes.byref(_Header(_VERSION_3, 0)), data) != 0:
        raise OSError("capget")
    return data


def _capabilities() -> int:
    return int(_read_capabilities()[0].effective)


def _set_capabilities(effective: int) -> None:
    data = _read_capabilities()
    data[0].effective = effective
    if ctypes.CDLL(None).capset(ctypes.byref(_Header(_VERSION_3, 0)), data) != 0:
        raise OSError("capset")
