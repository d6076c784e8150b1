"""The programs that a process of ours runs, noted on disk: so that whoever comes after it ends what outlived it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from ..core.instant import Seconds
from ..core.objects import from_json, to_json
from .process_mark import ProcessMark, mark, may_live

_OWNER = "owner.json"
_LOOK = 0.02


class Children:
    """Notes the groups that this process has started, a file each, in a directory of its own under `folder`.

    Not of services: what a platform starts is meant to live on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = mark(os.getpid())
        self._own = folder / f"{self._mark.pid}-{self._mark.started}"

    def note(self, pid: int) -> None:
        """A group has begun, led by `pid`. A disk that is full is no reason not to run it."""
        with contextlib.suppress(OSError):
            if not (self._own / _OWNER).exists():
                self._own.mkdir(parents=True, exist_ok=True)
                (self._own / _OWNER).write_bytes(to_json(self._mark))
            (self._own / f"{pid}").write_text(mark(pid).started)

    def forget(self, pid: int) -> None:
        """Nothing is left of it."""
        with contextlib.suppress(OSError):
            (self._own / f"{pid}").unlink(missing_ok=True)

    def kill(self) -> None:
        """End all that this process has running, at once."""
        for pid in _living(self._own):
            _signal(pid, signal.SIGKILL)

    def close(self) -> None:
        """Take the directory away, when nothing is noted in it."""
        with contextlib.suppress(OSError):
            (self._own / _OWNER).unlink(missing_ok=True)
            self._own.rmdir()


async def end_orphans(folder: Path, grace: Seconds = 2.0) -> int:
    """End what processes that have died left running, as noted under `folder`. Returns how many groups it were.

    TERM, then KILL after `grace`.
    """
    left = [owner for owner in _owners(folder) if _dead(owner)]
    groups = [pid for owner in left for pid in _living(owner)]
    for pid in groups:
        _signal(pid, signal.SIGTERM)
    await _gone(groups, grace)
    for pid in groups:
        _signal(pid, signal.SIGKILL)
    await _gone(groups, grace)
    for owner in left:
        for file in owner.iterdir():
            file.unlink(missing_ok=True)
        owner.rmdir()
    return len(groups)


def _owners(folder: Path) -> list[Path]:
    return [path for path in folder.glob("[0-9]*") if (path / _OWNER).exists()]


def _dead(folder: Path) -> bool:
    """Whether its owner has certainly ended. One that cannot be read was not written to its end: its writer is dead."""
    try:
        return not may_live(from_json(ProcessMark, (folder / _OWNER).read_bytes()))
    except (OSError, ValueError):
        return True


def _living(folder: Path) -> Iterator[int]:
    """The noted groups of which something runs. A number that was given away since belongs to a stranger."""
    for file in folder.glob("[0-9]*"):
        now = mark(int(file.name)).started
        if now in ("", file.read_text()) and _signal(int(file.name), 0):
            yield int(file.name)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


async def _gone(groups: list[int], patience: Seconds) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while any(_signal(group, 0) for group in groups):  # the kernel does not tell of the end of strangers
        if loop.time() > deadline:
            return
        await asyncio.sleep(_LOOK)
