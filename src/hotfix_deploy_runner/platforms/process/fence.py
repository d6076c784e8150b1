"""The platform's own guard against a run that was taken over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from ...doors.file_lock import file_lock
from ...errors import Superseded
from .layout import read_json, write_json


class _Seen(msgspec.Struct, frozen=True):
    fence: int = 0


class Fence:
    """Remembers the highest fence it has seen, under `path`, and refuses everything lower.

    The lock is held only while one effect is made (a process started or signalled, a list written), never across
    a wait: the comparison and the effect are one, whoever else is at it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(f"{path.name}.lock")

    @property
    def seen(self) -> int:
        """The highest fence so far; 0 when there was none."""
        return (read_json(self._path, _Seen) or _Seen()).fence

    @asynccontextmanager
    async def effect(self, fence: int) -> AsyncIterator[None]:
        """Make one effect under `fence`; await nothing inside. A higher fence than any before is stored first.

        Raises `Superseded` when a higher one has been seen.
        """
        async with file_lock(self._lock, poll=0.005):
            seen = self.seen
            if fence < seen:
                raise Superseded(
                    f"another run has taken over here: fence {fence} is lower than {seen}",
                    detail=str(self._path),
                    next_step="hotfix-deploy-runner status",
                )
            if fence > seen:
                write_json(self._path, _Seen(fence), durable=True)
            yield

    async def admit(self, fence: int) -> None:
        """Compare and store `fence` before a longer piece of work begins. Raises `Superseded`."""
        async with self.effect(fence):
            pass
