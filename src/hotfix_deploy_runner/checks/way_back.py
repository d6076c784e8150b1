"""The check `way-back`: what ran before is still there to go back to, and there is room on the disk.

It looks at the store of artifacts on this machine. What a platform keeps for itself is not its business.
"""

import asyncio
import hashlib
import shutil
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.revision import Revision
from ..doors.git import Git
from ..ports import Settings, Workplace
from ..settings import Table, read_table, reads

_GB = 1_000_000_000
_COPIES = 4
"""The new artifact packed and unpacked, beside the old one unpacked, and one to spare."""


class WayBackSettings(Table):
    """`[checks.way-back]`."""

    free_gb: float = Field(0.5, description="How many gigabytes have to be free where artifacts are kept.", ge=0)


class _Room(NamedTuple):
    """Bytes that are free and needed in the store, and whether the old artifact is in it: whole, broken or not."""

    free: int
    needed: int
    state: str


class WayBackCheck:
    """Passes when the artifact that production runs is kept, whole, and the disk has room for another."""

    def __init__(self, settings: WayBackSettings, store: Path, git: Git) -> None:
        self._settings, self._store, self._git = settings, store, git

    async def check(self, candidate: Candidate) -> CheckResult:
        """One line. `found` has `kept`, and `free` and `needed` in bytes."""
        old = candidate.base
        room = await asyncio.to_thread(self._room, old)
        found: dict[str, object] = {"kept": room.state == "kept", "free": room.free, "needed": room.needed}
        if room.free < room.needed:
            how = (
                f"the rollout needs {_size(room.needed)} in {self._store}: make room, or lower checks.way-back.free_gb"
            )
            return CheckResult((Line(Status.FAIL, f"Way back: only {_size(room.free)} free", (how,)),), found)
        return CheckResult((await self._line(old, room),), found)

    async def _line(self, old: Revision, room: _Room) -> Line:
        free = f"({_size(room.free)} free)"
        if room.state == "kept":
            return Line(Status.OK, f"Way back: {old.version} is kept {free}")
        why = f"its artifact is {room.state}"
        if old.commit and await self._git.resolve(old.commit) is not None:
            detail = (why, f"a rollback would build it from {old.commit[:12]}: slower, and not the very bytes that ran")
            return Line(Status.WARN, f"Way back: {old.version} would have to be built anew {free}", detail)
        return Line(Status.FAIL, f"Way back: there is none to {old.version}", (why, "and git does not know its commit"))

    def _room(self, old: Revision) -> _Room:
        digest = old.artifact.removeprefix("sha256:")
        file = self._store / "artifacts" / f"{digest}.tar.gz"
        self._store.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._store).free
        size = file.stat().st_size if digest and file.is_file() else 0
        needed = max(round(self._settings.free_gb * _GB), _COPIES * size)
        if not digest:
            return _Room(free, needed, "not known: nothing that runs says which it is")
        return _Room(free, needed, _state(file, digest))


def _state(file: Path, digest: str) -> str:
    try:
        with file.open("rb") as opened:
            same = hashlib.file_digest(opened, "sha256").hexdigest() == digest
    except OSError:
        return "no longer in the store"
    return "kept" if same else "broken: its content is not what its name says"


def _size(count: int) -> str:
    """Bytes as a person says them: `12 GB`, `1.4 GB`, `310 MB`."""
    if count < _GB:
        return f"{count / 1e6:.0f} MB"
    return f"{count / _GB:.0f} GB" if count >= 10 * _GB else f"{count / _GB:.1f} GB"


@reads(WayBackSettings)
def make_check(settings: Settings, workplace: Workplace) -> WayBackCheck:
    """The check from its table, `[checks.way-back]`. Raises `UsageError`."""
    table = read_table(WayBackSettings, settings, "checks.way-back")
    git = Git.of(workplace)
    return WayBackCheck(table, workplace.store, git)
