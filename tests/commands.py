"""The commands, read once: what is forked from here on starts without reading them, which takes a second each time."""

import importlib
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection

from capacity_api.cli import main

for name in {*main._MODULES.values()}:
    importlib.import_module(f"capacity_api.cli.{name}")


def call(arguments: tuple[str, ...], env: Mapping[str, str], out: Connection, err: Connection | None = None) -> None:
    """What `capacity-api` does, in this process."""
    os.dup2(out.fileno(), 1)
    out.close()
    if err is not None:
        os.dup2(err.fileno(), 2)
        err.close()
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["capacity-api", *arguments]
    main.main()
