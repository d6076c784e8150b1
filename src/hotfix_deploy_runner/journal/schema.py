"""The tables of a journal in SQLite, and how a file comes to have them: made new, or brought forward from older."""

import sqlite3
import time

from ..errors import JournalBroken

FORWARD: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            run TEXT PRIMARY KEY, action TEXT NOT NULL, branch TEXT NOT NULL, target TEXT NOT NULL,
            version TEXT NOT NULL, old TEXT NOT NULL, started_at REAL NOT NULL, operator TEXT NOT NULL, ended_at REAL,
            code INTEGER, summary TEXT NOT NULL DEFAULT '', last_seq INTEGER NOT NULL DEFAULT 0
        )""",
        """CREATE TABLE events (
            run TEXT NOT NULL REFERENCES runs (run), seq INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (run, seq)
        ) WITHOUT ROWID""",
        """CREATE TABLE requests (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL REFERENCES runs (run),
            verb TEXT NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL, received INTEGER
        )""",
        "CREATE INDEX unreceived ON requests (run) WHERE received IS NULL",
    ),
    ("CREATE INDEX newest ON runs (started_at)",),
)
"""What leads from each version to the next: the first from a file without tables to version 1. Only ever added to."""

VERSION = len(FORWARD)
"""Kept in `PRAGMA user_version`; 0 is a file without tables."""


def version(connection: sqlite3.Connection) -> int:
    """The version of the tables there. Raises `JournalBroken` when it is newer than this program knows."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise JournalBroken(
            f"the journal was written by a newer hotfix-deploy-runner (format {found}, this one knows {VERSION})",
            next_step="pip install --upgrade hotfix-deploy-runner",
        )
    return int(found)


def use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    """Switch the file to it, for good. SQLite's own busy timeout does not hold for this: `patience` is in seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def bring_forward(connection: sqlite3.Connection) -> None:
    """Make the tables what this program knows, unless another process has just done so. Needs autocommit mode.

    All of it or nothing: a kill in between leaves the older version.
    """
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statements in FORWARD[version(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
