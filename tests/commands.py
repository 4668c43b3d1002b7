"""The commands, read once: what is forked from here on starts without reading them, which takes a second each time."""

import faulthandler
import gc
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import alembic.config
from sqlalchemy.orm import configure_mappers

from capacity_api.app import create_app
from capacity_api.cli import main
from capacity_api.config import Settings
from capacity_api.db import schema

for name in {*main._MODULES.values()}:
    importlib.import_module(f"capacity_api.cli.{name}")


# Mappers, the list of migrations, routes, pages and documents depend on the code alone, and are made when a process
# first needs them.
configure_mappers()
schema.needed_revision()
create_app(Settings(database_url="sqlite:///never-opened.db", secret_keys=(bytes(32),)))
# What is forked would look through all of it, and so copy the memory that it shares.
gc.collect()
gc.freeze()
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
