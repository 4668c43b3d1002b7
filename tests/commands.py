"""The commands, read once: what is forked from here on starts without reading them, which takes a second each time."""

import faulthandler
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import alembic.config

from capacity_api.cli import main

for name in {*main._MODULES.values()}:
    importlib.import_module(f"capacity_api.cli.{name}")


PROGRAMS: dict[str, Callable[[], object]] = {"capacity-api": main.main, "alembic": alembic.config.main}


def call(
    program: str,
    arguments: tuple[str, ...],
    env: Mapping[str, str],
    out: Connection,
    err: Connection | None = None,
    log: Path | None = None,
    before: Callable[[], None] | None = None,
) -> None:
    """Run one of `PROGRAMS` in this process, after `before`. Standard error goes to `err`, or to the end of `log`."""
    os.dup2(out.fileno(), 1)
    out.close()
    if err is not None:
        os.dup2(err.fileno(), 2)
        err.close()
    if log is not None:
        with log.open("a") as file:
            os.dup2(file.fileno(), 2)
    # If the test aborts this process, print where it was.
    faulthandler.enable(2)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [program, *arguments]
    if before is not None:
        before()
    PROGRAMS[program]()
