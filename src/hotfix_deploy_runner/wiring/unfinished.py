"""Which run is meant when somebody goes on with one that its process has left."""

from ..core.ending import ExitCode
from ..core.facts import Environment
from ..errors import UsageError
from ..journal.store import RunRow, Store
from ..lock.local import LocalLocks
from .conduct import Past


def unfinished(store: Store, locks: LocalLocks) -> tuple[RunRow, ...]:
    """The runs that somebody may go on with: of each target the newest, where it is not over, newest first.

    Also one that is over, and whose process died before it could free the lock: somebody may not have been told.
    """
    return tuple(row for row in _newest(store).values() if _is_open(row) or _holds(locks, row))


def choose(store: Store, locks: LocalLocks, named: str) -> Past:
    """The run that is meant: `named`, or the one unfinished run. Raises `UsageError` when there is none, or several."""
    if named:
        run = store.find(named)
        _refuse_what_is_old(store, run)
        return Past.of(store.events(run))
    found = unfinished(store, locks)
    if len(found) > 1:
        several = "\n".join(f"{row.run}: {row.version} for {row.target}" for row in found)
        raise UsageError("several runs are unfinished", detail=several, next_step="name one of them")
    if not found:
        raise UsageError("no run is unfinished", next_step="hotfix-deploy-runner runs")
    return Past.of(store.events(found[0].run))


def _newest(store: Store) -> dict[Environment, RunRow]:
    newest: dict[Environment, RunRow] = {}
    for row in store.runs():
        newest.setdefault(row.target, row)
    return newest


def _is_open(row: RunRow) -> bool:
    return row.code in (None, ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def _holds(locks: LocalLocks, row: RunRow) -> bool:
    holder = locks.holder(row.target)
    return holder is not None and holder.run == row.run and not holder.alive


def _refuse_what_is_old(store: Store, run: str) -> None:
    """What was true of an environment is not any more, once another run has been at it."""
    newest = next((row for row in _newest(store).values() if row.run == run), None)
    if newest is None:
        raise UsageError(
            f"another run has begun since {run}: it cannot be gone on with",
            next_step="hotfix-deploy-runner status --instances",
        )
