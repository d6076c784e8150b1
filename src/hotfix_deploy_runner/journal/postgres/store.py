"""The journal in a PostgreSQL database: shared by all machines that reach it."""

from collections.abc import Sequence
from typing import TypeVar

from ...core.events import AnyEvent
from ...core.instant import Seconds
from ...doors.postgres.connection import Connection
from ...doors.postgres.database import PATIENCE, Database
from ...doors.postgres.talk import Talk, asking, atomically
from ...errors import JournalBroken, Unreachable, UsageError
from ..file import STATUS
from ..rows import RunId, RunRow
from ..store import InboxRequest, choose
from . import sql
from .schema import bring_forward

T = TypeVar("T")


class PostgresStore:
    """A `Store` in `database`, whose tables are made when they are missing.

    `patience`: seconds that one call may take. A write whose answer is lost raises `JournalBroken` as any failure does,
    and may have been made. Raises `JournalBroken` when it cannot be reached, or was written by a newer version of
    this program, and `UsageError` where psycopg is not installed.
    """

    def __init__(self, database: Database, *, patience: Seconds = PATIENCE) -> None:
        self._connection = Connection(database, patience=patience)
        self._hold("opened", bring_forward())

    def append(self, run: RunId, after: int, events: Sequence[AnyEvent]) -> int:
        """See `Store.append`."""
        return self._hold("written", atomically(_append(run, after, events)))

    def events(self, run: RunId, after: int = 0) -> list[tuple[int, AnyEvent]]:
        """See `Store.events`."""
        return self._hold("read", sql.events(run, after))

    def runs(self, limit: int | None = None) -> list[RunRow]:
        """See `Store.runs`."""
        return self._hold("read", sql.runs(limit))

    def find(self, which: str = "last") -> RunId:
        """See `Store.find`."""
        return choose(which, [row.run for row in self.runs()])

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `Store.ask`."""
        self._hold("written", _ask(run, request))

    def requests(self, run: RunId) -> list[InboxRequest]:
        """See `Store.requests`."""
        return self._hold("read", sql.requests(run))

    def close(self) -> None:
        """See `Store.close`."""
        self._connection.close()

    def _hold(self, done: str, talk: Talk[T]) -> T:
        try:
            return self._connection.hold(talk)
        except Unreachable as error:
            where = f"{error}: {error.detail}"
            raise JournalBroken(f"the journal cannot be {done}", detail=where, next_step=error.next_step) from error


def _append(run: RunId, after: int, events: Sequence[AnyEvent]) -> Talk[int]:
    row = yield from sql.hold_run(run, events[0] if events and after == 0 else None)
    if row is None:
        raise JournalBroken(f"the first event of run {run} is not run-started")
    if row.last_seq != after:
        seen = f"its last event is number {row.last_seq}, not {after}"
        raise JournalBroken(f"somebody else writes to run {run}", detail=seen, next_step=STATUS)
    yield from sql.write(row, events)
    return after + len(events)


def _ask(run: RunId, request: InboxRequest) -> Talk[None]:
    if not (yield from asking("SELECT 1 FROM hotfix_runs WHERE run = %s", run)):
        raise UsageError(f"there is no run {run}", next_step=STATUS)
    yield from sql.ask(run, request)
