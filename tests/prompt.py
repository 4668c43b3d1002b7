"""A uvicorn server that stops at once: the waits of uvicorn's own would add 0.2 s to each test."""

import asyncio
import socket
from typing import Any

import uvicorn

from capacity_api.edge.protocol import EdgeProtocol

_TICK_SECONDS = 0.1
# How often to let other tasks run while connections close. A few times are enough when the clients are closed already.
_YIELDS = 100


class PromptServer(uvicorn.Server):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            try:
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
            if isinstance(connection, EdgeProtocol):
                # It would wait a second for a request.
                connection.edge.connections.close_unused()
        for _ in range(_YIELDS):
            if not self.server_state.connections and not self.server_state.tasks:
                await self.lifespan.shutdown()
                return
            await asyncio.sleep(0)  # connections and tasks end in their own turn
        await super().shutdown(sockets)
