"""Which processes live, from /proc (proc(5), Linux). It starts and ends nothing."""

import contextlib
import os
import signal
from pathlib import Path

import msgspec

from .layout import Life, Record

PROC = Path("/proc")
MARK = "HOTFIX_INCARNATION"
"""The environment variable that every process of an instance carries, its children too."""


class Stat(msgspec.Struct, frozen=True):
    """The fields of /proc/<pid>/stat that matter here: 3 (state), 6 (session), 22 (start, in clock ticks)."""

    state: str
    session: int
    ticks: int


class Processes:
    """Reads the process table."""

    def boot(self) -> str:
        """The kernel's id of this boot, random(4)."""
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()

    def life(self, pid: int) -> Life | None:
        """The identity of the process that has `pid` now, a zombie included."""
        stat = _stat(pid)
        return None if stat is None else Life(pid, stat.ticks, self.boot())

    def alive(self, life: Life | None) -> bool:
        """Whether exactly this process runs. A zombie does not; one of our own children is reaped here."""
        if life is None or life.boot != self.boot():
            return False
        stat = _stat(life.pid)
        if stat is None or stat.ticks != life.ticks:
            return False
        if stat.state in "ZX":
            with contextlib.suppress(ChildProcessError):
                os.waitpid(life.pid, os.WNOHANG)
            return False
        return True

    def leader(self, incarnation: str) -> Life | None:
        """The marked process that leads its session: one whose record was not completed."""
        for pid in _pids():
            stat = _stat(pid)
            if stat is not None and stat.session == pid and stat.state not in "ZX" and _marked(pid, incarnation):
                return self.life(pid)
        return None

    def members(self, record: Record) -> list[int]:
        """Every live process of an instance: those of its session while its leader lives, and all that are marked.

        The mark finds what left the session; the session finds what overwrote its environment.
        """
        session = record.life.pid if record.life is not None and self.alive(record.life) else -1
        found: list[int] = []
        for pid in _pids():
            stat = _stat(pid)
            if stat is None or stat.state in "ZX":
                continue
            if stat.session == session or _marked(pid, record.incarnation):
                found.append(pid)
        return found


def describe_exit(code: int) -> str:
    """An exit code of `sh` in words: 128 + n stands for signal n."""
    if code <= 128:
        return f"exited with {code}"
    with contextlib.suppress(ValueError):
        return f"killed by signal {code - 128} ({signal.Signals(code - 128).name})"
    return f"exited with {code}"


def _pids() -> list[int]:
    return [int(place.name) for place in PROC.iterdir() if place.name.isdecimal()]


def _stat(pid: int) -> Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Field 2, the name, may hold blanks and parentheses: count from after its last one.
    fields = text.rpartition(")")[2].split()
    return Stat(state=fields[0], session=int(fields[3]), ticks=int(fields[19]))


def _marked(pid: int, incarnation: str) -> bool:
    try:
        environment = (PROC / str(pid) / "environ").read_bytes()
    except OSError:  # gone, or another user's
        return False
    return f"{MARK}={incarnation}".encode() in environment.split(b"\0")
