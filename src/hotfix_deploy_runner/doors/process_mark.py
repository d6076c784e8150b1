"""Which process is meant, for ever: a process id alone is given to another process sooner or later."""

import os
from pathlib import Path
from typing import NamedTuple


class ProcessMark(NamedTuple):
    """A process, so that neither a reused id nor a reboot is taken for it.

    `started` are clock ticks from boot to its start, `boot` the id of that boot, `space` the process namespace that
    `pid` counts in (containers on one host each have their own). Empty where the system does not tell: then
    `pid` alone must do. Without a `pid` it is no process at all.
    """

    host: str = ""
    pid: int = 0
    started: str = ""
    boot: str = ""
    space: str = ""


def mark(pid: int, host: str = "") -> ProcessMark:
    """The mark of a process of this machine, as it is now."""
    boot = _read(Path("/proc/sys/kernel/random/boot_id"))
    return ProcessMark(host or os.uname().nodename, pid, _started(pid), boot, _space())


def may_live(process: ProcessMark) -> bool:
    """False only when it is certain that it has ended. One on another machine, or in another container, may live."""
    here = mark(process.pid)
    if process.boot and here.boot and process.boot != here.boot:
        return process.host != here.host  # this machine was booted since; of another one nothing is known
    if (process.boot == "" and process.host != here.host) or process.space != here.space:
        return True
    if process.started:
        return process.started == here.started
    return _answers(process.pid)


def _started(pid: int) -> str:
    """Field 22 of `/proc/<pid>/stat` (proc(5)); empty when it is not there, or a zombie."""
    _, _, after_name = _read(Path(f"/proc/{pid}/stat")).rpartition(")")
    fields = after_name.split()
    return "" if len(fields) < 20 or fields[0] in "ZX" else fields[19]


def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
