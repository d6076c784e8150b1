"""What the runner keeps on this machine: artifacts, the journal, the locks."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..core.check import Line, Status
from ..journal.file import SALVAGE
from ..journal.integrity import damage
from ..lock.local import Holder, LocalLocks

LEAST_ROOM = 200_000_000
"""Bytes; with less, not even a small service can be built and unpacked."""
ENOUGH_ROOM = 2_000_000_000
_STATUS = "hotfix-deploy-runner status"


def kept(home: Path, environments: Iterable[str]) -> list[Line]:
    """The directory `home`, the room there, the journal in it and the locks of `environments`."""
    locks = LocalLocks(home / "locks")
    return [*_place(home), _journal(home / "journal.db"), *(_lock(name, locks.holder(name)) for name in environments)]


def _place(home: Path) -> list[Line]:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return [Line(Status.FAIL, f"{there} cannot be written", (f"chown -R $(id -un) {there}",))]
    free = shutil.disk_usage(there).free
    text = f"Room for artifacts: {free / 1e9:.1f} GB"
    how = (f"du -sh {home}/*", "old artifacts and caches in it may be deleted")
    if free < LEAST_ROOM:
        return [Line(Status.FAIL, text, how)]
    return [Line(Status.WARN, text, how) if free < ENOUGH_ROOM else Line(Status.OK, text)]


def _journal(path: Path) -> Line:
    found = damage(path)
    if found:
        how = f"{SALVAGE}, which saves what can be read into a new one"
        return Line(Status.FAIL, "The journal is damaged", (*found[:3], how))
    return Line(Status.OK, "Journal is whole" if path.exists() else "Journal: none yet")


def _lock(environment: str, holder: Holder | None) -> Line:
    if holder is None:
        return Line(Status.OK, f"Lock of {environment} is free")
    if holder.state == "unreadable":
        return Line(Status.FAIL, f"Lock of {environment} cannot be read", (str(holder), holder.repair or _STATUS))
    if holder.state == "suspended" or not holder.alive:
        how = f"hotfix-deploy-runner resume {holder.run}, or abort {holder.run}"
        return Line(Status.FAIL, f"A run left {environment} unfinished", (str(holder), how))
    return Line(Status.WARN, f"A run holds {environment}", (str(holder), _STATUS))
