"""Who holds what, as text. Quick: imports no click, msgspec, event, settings' model, asyncio or platform."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ..doors.repository import Repository, find_repository
from ..journal.file import JournalFile
from ..journal.rows import run_rows
from ..lock.local import LocalLocks
from ..views.listing import EnvironmentStatus, status_text


def standing(instances: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Each environment of this folder's repository: who holds it, how its last run ended.

    `instances` are lines to put under an environment, by its name, on what runs there.

    Raises `UsageError` outside of a checkout, `JournalBroken` when the journal cannot be read.
    """
    repository = find_repository(Path.cwd())
    rows = run_rows(JournalFile(repository.home / "journal.db", read_only=True))
    locks = LocalLocks(repository.home / "locks")
    names = dict.fromkeys([*instances, *_locked(repository), *(row.target for row in rows)])
    known = [
        EnvironmentStatus(
            name, locks.holder(name), next((row for row in rows if row.target == name), None), instances.get(name, ())
        )
        for name in names
    ]
    return status_text(known)


def _locked(repository: Repository) -> list[str]:
    return sorted(path.name.removesuffix(".lock.json") for path in (repository.home / "locks").glob("*.lock.json"))
