"""The journal in an SQLite file: on disk when `append` returns, shared by the processes of one machine.

Write-ahead log, `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous): readers never wait for
the writer, and what is committed survives a loss of power. Not for a network file system: its locks cannot be trusted.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..core.events import AnyEvent, RequestReceived, Resumed, RunEnded, RunStarted, StepStarted, from_json, to_json
from ..errors import JournalBroken, UsageError
from .file import BUSY_TIMEOUT, STATUS, JournalFile
from .glance import first_row
from .rows import COLUMNS, RunRow, run_rows
from .store import InboxRequest, RunId, choose


class SqliteStore:
    """A `Store` in the file `path`, made (mode 0600, its directory 0700) when missing.

    With `read_only` nothing is made or written: a missing file reads as a journal without runs. Raises
    `JournalBroken` when it cannot be opened, or was written by a newer version of this program.
    """

    def __init__(self, path: Path, *, read_only: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._path = path
        self._file = JournalFile(path, read_only=read_only, busy_timeout=busy_timeout)
        self._connection = self._file.connection

    def append(self, run: RunId, after: int, events: Sequence[AnyEvent]) -> int:
        """See `Store.append`."""
        with self._file.writing() as connection:
            if after == 0 and events and isinstance(events[0], RunStarted):
                self._add_run(run, events[0])
            known = connection.execute("SELECT last_seq FROM runs WHERE run = ?", (run,)).fetchone()
            if known is None:
                raise JournalBroken(f"the first event of run {run} is not run-started")
            if known != (after,):
                seen = f"its last event is number {known[0]}, not {after}"
                raise JournalBroken(f"somebody else writes to run {run}", detail=seen, next_step=STATUS)
            for seq, event in enumerate(events, after + 1):
                connection.execute("INSERT INTO events VALUES (?, ?, ?)", (run, seq, to_json(event).decode()))
                self._derive(run, seq, event)
            last = after + len(events)
            connection.execute("UPDATE runs SET last_seq = ? WHERE run = ?", (last, run))
        return last

    def events(self, run: RunId, after: int = 0) -> list[tuple[int, AnyEvent]]:
        """See `Store.events`."""
        asked = "SELECT seq, event FROM events WHERE run = ? AND seq > ? ORDER BY seq"
        return [(seq, self._decode(run, seq, text)) for seq, text in self._file.rows(asked, run, after)]

    def runs(self, limit: int | None = None) -> list[RunRow]:
        """See `Store.runs`."""
        return run_rows(self._file, limit)

    def find(self, which: str = "last") -> RunId:
        """See `Store.find`."""
        return choose(which, [row.run for row in self.runs()])

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `Store.ask`."""
        values = (request.id, run, request.verb, request.by, request.reason, request.at)
        with self._file.writing() as connection:
            if connection.execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone() is None:
                raise UsageError(f"there is no run {run}", next_step=STATUS)
            columns = "id, run, verb, by, reason, at"
            connection.execute(f"INSERT OR IGNORE INTO requests ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)

    def requests(self, run: RunId) -> list[InboxRequest]:
        """See `Store.requests`."""
        asked = "SELECT id, verb, by, reason, at FROM requests WHERE run = ? AND received IS NULL ORDER BY number"
        return [InboxRequest(*row) for row in self._file.rows(asked, run)]

    def close(self) -> None:
        """See `Store.close`."""
        self._file.close()

    def _add_run(self, run: RunId, event: RunStarted) -> None:
        row = first_row(run, event)
        # A second start of the same run keeps the first's row, and is refused by its last_seq.
        self._connection.execute(f"INSERT OR IGNORE INTO runs ({COLUMNS}) VALUES ({_marks(row)})", row)

    def _derive(self, run: RunId, seq: int, event: AnyEvent) -> None:
        """Keep the runs' rows and the inbox in step with the events."""
        ended = "UPDATE runs SET ended_at = ?, code = ?, summary = ? WHERE run = ?"
        match event:
            case RunEnded():
                self._connection.execute(ended, (event.at, event.ending.code, event.ending.summary, run))
            case StepStarted() | Resumed():
                self._connection.execute(ended, (None, None, "", run))
            case RequestReceived():
                answered = "UPDATE requests SET received = ? WHERE id = ? AND run = ?"
                self._connection.execute(answered, (seq, event.request, run))

    def _decode(self, run: RunId, seq: int, text: str) -> AnyEvent:
        try:
            return from_json(text)
        except msgspec.DecodeError as error:
            raise JournalBroken(f"event {seq} of run {run} cannot be read", detail=f"{self._path}: {error}") from error


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
