"""The published reads that the protocol answers, beside a bare ASGI application and nginx with the same bytes as files.

With the starting register, and the directory with 10,000 responders. `bench.serving` says how it is measured.
"""

import contextlib
import os
import tempfile

from bench.registers import rows
from bench.serving import HEADINGS, compare, environment, start_all

from capacity_api import config
from capacity_api.cli.setup import create_database
from capacity_api.clock import utc_now
from capacity_api.db.engine import Database

CASES = ("directory", "directory, 304", "directory, gzip", "page")
LARGE = 10_000
# An answer of 10 MB is few requests a second.
LEAST_LARGE = 64


async def main() -> None:
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[-1]})
    print(HEADINGS)
    async with contextlib.AsyncExitStack() as stack:
        env = environment(stack.enter_context(tempfile.TemporaryDirectory()))
        ours, peers = await start_all(stack, env, processors, ("bare",))
        for case in CASES:
            for name, peer in peers.items():
                await compare(case, ours, name, peer)
    print(f"{LARGE:,} responders")
    async with contextlib.AsyncExitStack() as stack:
        env = environment(stack.enter_context(tempfile.TemporaryDirectory()))
        await make_large_database(env)
        ours, peers = await start_all(stack, env, processors, ("bare",), create=False)
        for name, peer in peers.items():
            await compare("directory", ours, name, peer, LEAST_LARGE)


async def make_large_database(env: dict[str, str]) -> None:
    """A new database, and beside its register copies of it that no event lists, which would take minutes."""
    settings = config.from_environment(env)
    listed = await create_database(settings)
    database = Database(settings)
    copies = rows(LARGE - listed, utc_now())
    for row in copies:
        row.sequence = listed
    async with database.write() as session:
        session.add_all(copies)
    await database.close()
