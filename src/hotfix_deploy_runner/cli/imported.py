"""Modules imported once for all: nothing for the garbage collector to look at, now or when the process ends.

Without this, it goes through all of a deploy's modules several times while they are imported, and once more at the end.
"""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def for_good() -> Iterator[None]:
    """What the block imports is kept until the process has ended, and is not collected."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
