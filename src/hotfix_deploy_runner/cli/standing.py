"""Who holds what, as text. Quick: imports no click, msgspec, event, settings' model, asyncio or platform."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..doors.repository import Repository, find_repository
from ..journal.file import JournalFile
from ..journal.rows import run_rows
from ..lock.local import Holder, LocalLocks
from ..views.listing import EnvironmentStatus, status_text


def standing(
    instances: Mapping[str, Sequence[str]] = MappingProxyType({}), team: Mapping[str, Holder] = MappingProxyType({})
) -> str:
    """Each environment of this folder's repository: who holds it, how its last run ended.

    `instances` are lines to put under an environment, by its name, on what runs there; `team` who holds it for the
    whole team, which counts before what is known on this machine.

    Raises `UsageError` outside of a checkout, `JournalBroken` when the journal cannot be read.
    """
    repository = find_repository(Path.cwd())
    rows = run_rows(JournalFile(repository.home / "journal.db", read_only=True))
    locks = LocalLocks(repository.home / "locks")
    names = dict.fromkeys([*instances, *team, *_locked(repository), *(row.target for row in rows)])
    known = [
        EnvironmentStatus(
            name,
            _holder(team.get(name), locks.holder(name)),
            next((row for row in rows if row.target == name), None),
            instances.get(name, ()),
        )
        for name in names
    ]
    return status_text(known)


def alone() -> str | None:
    """The same, where there is no team to ask; None where there may be one."""
    return None if _has_remote(find_repository(Path.cwd())) else standing()


def _holder(team: Holder | None, here: Holder | None) -> Holder | None:
    """The team's word counts, but for a run of this machine that went without."""
    if team is None or (team.state == "free" and here is not None and here.alive and here.fence > team.fence):
        return here
    return team


def _has_remote(repository: Repository) -> bool:
    """Whether git knows any remote there: without one, there is no team to ask."""
    try:
        return "[remote " in (repository.common / "config").read_text(errors="replace")
    except OSError:
        return True


def _locked(repository: Repository) -> list[str]:
    return sorted(path.name.removesuffix(".lock.json") for path in (repository.home / "locks").glob("*.lock.json"))
