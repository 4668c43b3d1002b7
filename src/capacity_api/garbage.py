"""Python's garbage collector, which stops every thread while it looks through what may be in a cycle."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Collections of the middle generation; Python's own is 10. Little of what a server holds for long is in a cycle.
_FULL_COLLECTION_AFTER = 100


@contextmanager
def loading() -> Iterator[None]:
    """Hide what the block loads from the collector, for good. It does not look through a part of it meanwhile either.

    For a process that serves: what is in a cycle by then is never freed.
    """
    gc.disable()
    try:
        yield
        gc.collect()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], _FULL_COLLECTION_AFTER)
    finally:
        gc.enable()
