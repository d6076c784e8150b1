"""The journal in an SQLite file: on disk when `append` returns, shared by the processes of one machine.

Write-ahead log, `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous): readers never wait for
the writer, and what is committed survives a loss of power. Not for a network file system: its locks cannot be trusted.
"""

import contextlib
import os
import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..core.events import AnyEvent, RequestReceived, Resumed, RunEnded, RunStarted, StepStarted, from_json, to_json
from ..errors import JournalBroken, UsageError
from . import schema
from .store import InboxRequest, RunId, RunRow, choose

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process that is writing; a write takes milliseconds."""

_ROW = ", ".join(RunRow.__struct_fields__)


class SqliteStore:
    """A `Store` in the file `path`, made (mode 0600, its directory 0700) when missing.

    With `read_only` nothing is made or written: a missing file reads as a journal without runs. Raises
    `JournalBroken` when it cannot be opened, or was written by a newer version of this program.
    """

    def __init__(self, path: Path, *, read_only: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        with self._guard("opened"):
            self._connection = self._open_to_read() if read_only else self._open_to_write()

    def append(self, run: RunId, after: int, events: Sequence[AnyEvent]) -> int:
        """See `Store.append`."""
        with self._writing() as connection:
            if after == 0 and events and isinstance(events[0], RunStarted):
                self._add_run(run, events[0])
            known = connection.execute("SELECT last_seq FROM runs WHERE run = ?", (run,)).fetchone()
            if known is None:
                raise JournalBroken(f"the first event of run {run} is not run-started")
            if known != (after,):
                seen = f"its last event is number {known[0]}, not {after}"
                raise JournalBroken(f"somebody else writes to run {run}", detail=seen, next_step=_STATUS)
            for seq, event in enumerate(events, after + 1):
                connection.execute("INSERT INTO events VALUES (?, ?, ?)", (run, seq, to_json(event).decode()))
                self._derive(run, seq, event)
            last = after + len(events)
            connection.execute("UPDATE runs SET last_seq = ? WHERE run = ?", (last, run))
        return last

    def events(self, run: RunId, after: int = 0) -> list[tuple[int, AnyEvent]]:
        """See `Store.events`."""
        asked = "SELECT seq, event FROM events WHERE run = ? AND seq > ? ORDER BY seq"
        return [(seq, self._decode(run, seq, text)) for seq, text in self._rows(asked, run, after)]

    def runs(self, limit: int | None = None) -> list[RunRow]:
        """See `Store.runs`."""
        asked = f"SELECT {_ROW} FROM runs ORDER BY started_at DESC, rowid DESC LIMIT ?"
        return [RunRow(*row) for row in self._rows(asked, -1 if limit is None else limit)]

    def find(self, which: str = "last") -> RunId:
        """See `Store.find`."""
        return choose(which, [row.run for row in self.runs()])

    def ask(self, run: RunId, request: InboxRequest) -> None:
        """See `Store.ask`."""
        values = (request.id, run, request.verb, request.by, request.reason, request.at)
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone() is None:
                raise UsageError(f"there is no run {run}", next_step=_STATUS)
            columns = "id, run, verb, by, reason, at"
            connection.execute(f"INSERT OR IGNORE INTO requests ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)

    def requests(self, run: RunId) -> list[InboxRequest]:
        """See `Store.requests`."""
        asked = "SELECT id, verb, by, reason, at FROM requests WHERE run = ? AND received IS NULL ORDER BY number"
        return [InboxRequest(*row) for row in self._rows(asked, run)]

    def close(self) -> None:
        """See `Store.close`."""
        with self._guard("closed"):
            self._connection.close()

    def _open_to_write(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Only ever a new file: closing a second descriptor would drop the locks of a connection that has it open.
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        connection = self._connect(f"{self._path.absolute().as_uri()}?mode=rw")
        if schema.version(connection) == 0:
            schema.use_write_ahead_log(connection, self._busy_timeout)
            schema.create(connection)
        return connection

    def _open_to_read(self) -> sqlite3.Connection:
        connection = self._connect(f"{self._path.absolute().as_uri()}?mode=rw") if self._path.exists() else None
        if connection is None or schema.version(connection) == 0:
            connection = self._connect(":memory:")
            schema.create(connection)
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _connect(self, uri: str) -> sqlite3.Connection:
        # Autocommit: transactions are begun by hand. Any one thread at a time may use it.
        wait = self._busy_timeout
        connection = sqlite3.connect(uri, timeout=wait, isolation_level=None, check_same_thread=False, uri=True)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _add_run(self, run: RunId, event: RunStarted) -> None:
        request, facts = event.request, event.facts
        row = RunRow(
            run=run,
            action=request.kind,
            branch=request.branch,
            target=request.target,
            version=facts.version,
            old=facts.old.version,
            started_at=event.at,
            operator=request.operator,
        )
        values = msgspec.structs.astuple(row)
        # A second start of the same run keeps the first's row, and is refused by its last_seq.
        self._connection.execute(f"INSERT OR IGNORE INTO runs ({_ROW}) VALUES ({_marks(values)})", values)

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

    def _rows(self, asked: str, *values: str | int) -> list[tuple[Any, ...]]:
        with self._guard("read"):
            return self._connection.execute(asked, values).fetchall()

    def _decode(self, run: RunId, seq: int, text: str) -> AnyEvent:
        try:
            return from_json(text)
        except msgspec.DecodeError as error:
            raise JournalBroken(f"event {seq} of run {run} cannot be read", detail=f"{self._path}: {error}") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer is inside of; undone when the block raises."""
        with self._guard("written"):
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield self._connection

    @contextlib.contextmanager
    def _guard(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            where = f"{self._path}: {error}"
            raise JournalBroken(f"the journal cannot be {done}", detail=where, next_step=self._advice(error)) from error

    def _advice(self, error: Exception) -> str:
        """The command that helps, by SQLite's primary result code (https://www.sqlite.org/rescode.html)."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        folder, file, aside = (shlex.quote(str(p)) for p in (self._path.parent, self._path, f"{self._path}.broken"))
        return {
            sqlite3.SQLITE_BUSY: _STATUS,
            sqlite3.SQLITE_FULL: f"df -h {folder}",
            sqlite3.SQLITE_CORRUPT: f"mv {file} {aside}",
            sqlite3.SQLITE_NOTADB: f"mv {file} {aside}",
        }.get(code, f"ls -ld {folder} {file}")


_STATUS = "hotfix-deploy-runner status"


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
