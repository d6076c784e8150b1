"""A lock between processes of one machine, on a file. The kernel releases it when its holder dies.

It is not the lock of an environment (`lock/`): it serialises short work on files that several runs share.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

POLL = 0.02


@asynccontextmanager
async def file_lock(path: Path, *, poll: float = POLL) -> AsyncIterator[None]:
    """Hold the exclusive flock(2) of `path`, made if missing; others wait, in any order, and may be cancelled.

    `poll` is the pause between two attempts, in seconds: a thread that blocks in flock could not be cancelled.
    Raises `OSError` when the file cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            if _taken(descriptor):
                break
            await asyncio.sleep(poll)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
