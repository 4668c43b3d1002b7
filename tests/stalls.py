"""A task that is stopped where it awaits something, as if its whole process were: for as long as a test likes."""

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from types import coroutine
from typing import Any


class Stall:
    """Stops a coroutine once what it awaited for the `at`-th time is there."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()

    @coroutine
    def run(self, inner: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        count, value, failure = 0, None, None
        while True:
            try:
                awaited = inner.send(value) if failure is None else inner.throw(failure)
            except StopIteration as end:
                return end.value
            count, value, failure = count + 1, None, None
            try:
                value = yield awaited
            except BaseException as error:  # noqa: BLE001 - what was awaited failed, and the coroutine is told so
                failure = error
            if count == self.at:
                self.reached.set()
                yield from self.goes_on.wait().__await__()

    async def wait(self, ended: Coroutine[Any, Any, Any]) -> bool:
        """Wait until the coroutine is stopped. False if it ended without awaiting so often: then `ended` did."""
        waiting = [asyncio.create_task(self.reached.wait()), asyncio.create_task(ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return self.reached.is_set()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


@contextmanager
def stalling(name: str, stall: Stall) -> Iterator[None]:
    """Within this, the task of the coroutine of this qualified name is stopped by `stall`."""
    loop = asyncio.get_running_loop()

    def make(loop: asyncio.AbstractEventLoop, inner: Any, **options: Any) -> asyncio.Task[Any]:
        if inner.__qualname__ == name:
            inner = _await(stall.run(inner))
        return asyncio.Task(inner, loop=loop, **options)

    loop.set_task_factory(make)
    try:
        yield
    finally:
        loop.set_task_factory(None)


async def _await(awaitable: Any) -> Any:
    return await awaitable
