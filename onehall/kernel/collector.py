"""Python's search for cycles, held still where it finds nothing and costs a third of the time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Free things by counting references alone meanwhile: many plain rows come and go, and none is a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
