"""The journal's SQLite file: how it is opened, read and written, and what is said when it cannot be.

It knows tables and rows, and no event: to list the runs, nothing else has to be imported.
"""

import contextlib
import os
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import JournalBroken
from . import schema

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process that is writing; a write takes milliseconds."""

STATUS = "hotfix-deploy-runner status"
SALVAGE = "hotfix-deploy-runner runs --salvage"


class JournalFile:
    """A connection to the file `path`, made (mode 0600, its directory 0700) when missing.

    With `read_only` nothing is made or written: a missing file reads as a journal without runs. `busy_timeout` is in
    seconds. Every method raises `JournalBroken`, with the command that helps; so does opening it, also when it was
    written by a newer version of this program.
    """

    def __init__(self, path: Path, *, read_only: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        with self._guard("opened"):
            self.connection = self._open_to_read() if read_only else self._open_to_write()

    def rows(self, asked: str, *values: str | int) -> list[tuple[Any, ...]]:
        """What the query `asked` finds."""
        with self._guard("read"):
            return self.connection.execute(asked, values).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer is inside of; undone when the block raises."""
        with self._guard("written"):
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                yield self.connection

    def shrink(self) -> None:
        """Give back to the disk what is no longer in use."""
        with self._guard("shrunk"):
            self.connection.execute("VACUUM")

    def close(self) -> None:
        """Let go of the file."""
        with self._guard("closed"):
            self.connection.close()

    def _open_to_write(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            # Only ever a new file: closing a second descriptor would drop the locks of a connection that has it open.
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        connection = self._connect(f"{self._path.absolute().as_uri()}?mode=rw")
        if schema.version(connection) < schema.VERSION:
            schema.use_write_ahead_log(connection, self._busy_timeout)
            schema.bring_forward(connection)
        return connection

    def _open_to_read(self) -> sqlite3.Connection:
        """An older file is read as a copy in memory, brought forward there: who only reads changes nothing."""
        connection = self._connect(f"{self._path.absolute().as_uri()}?mode=rw") if self._path.exists() else None
        if connection is None or schema.version(connection) < schema.VERSION:
            copy = self._connect(":memory:")
            if connection is not None:
                connection.backup(copy)
                connection.close()
            schema.bring_forward(copy)
            connection = copy
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _connect(self, uri: str) -> sqlite3.Connection:
        # Autocommit: transactions are begun by hand. Any one thread at a time may use it.
        wait = self._busy_timeout
        connection = sqlite3.connect(uri, timeout=wait, isolation_level=None, check_same_thread=False, uri=True)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

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
        folder, file = (shlex.quote(str(path)) for path in (self._path.parent, self._path))
        return {
            sqlite3.SQLITE_BUSY: STATUS,
            sqlite3.SQLITE_FULL: f"df -h {folder}",
            sqlite3.SQLITE_CORRUPT: SALVAGE,
            sqlite3.SQLITE_NOTADB: SALVAGE,
        }.get(code, f"ls -ld {folder} {file}")
