"""Asking the remote again after a moment: a network that blinks is no reason to stop a hotfix."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..core.instant import Seconds
from ..errors import GitFailed

T = TypeVar("T")

PAUSES: tuple[Seconds, ...] = (1.0, 2.0)

PATIENCE: Seconds = 30.0
"""No new try begins after that: a remote that is silent has had its time."""


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` returns; it changes nothing, and is repeated where it raises `GitFailed`. Raises the last of these."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    for pause in PAUSES:
        try:
            return await ask()
        except GitFailed:
            if clock() - begun > PATIENCE:
                raise
        await asyncio.sleep(pause)
    return await ask()
