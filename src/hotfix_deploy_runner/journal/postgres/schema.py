"""The tables in PostgreSQL, and how a database comes to have them: made new, or brought forward from older.

They are found by the `search_path`, as everything is there: one database, or one schema, for each repository.
What has a shape of its own is kept as JSON text: PostgreSQL's own types refuse some of what an event may hold.
"""

from typing import LiteralString

from ...doors.postgres.talk import Talk, asking, atomically
from ...errors import JournalBroken

FORWARD: tuple[tuple[LiteralString, ...], ...] = (
    (
        """CREATE TABLE hotfix_runs (
            run TEXT PRIMARY KEY, number BIGINT GENERATED ALWAYS AS IDENTITY, started_at DOUBLE PRECISION NOT NULL,
            last_seq BIGINT NOT NULL DEFAULT 0, glance TEXT NOT NULL
        )""",
        "CREATE INDEX hotfix_newest ON hotfix_runs (started_at, number)",
        """CREATE TABLE hotfix_events (
            run TEXT NOT NULL REFERENCES hotfix_runs (run), seq BIGINT NOT NULL, event TEXT NOT NULL,
            PRIMARY KEY (run, seq)
        )""",
        # A run may be asked something before its events have arrived.
        """CREATE TABLE hotfix_requests (
            id TEXT PRIMARY KEY, number BIGINT GENERATED ALWAYS AS IDENTITY, run TEXT NOT NULL, request TEXT NOT NULL,
            received BOOLEAN NOT NULL DEFAULT FALSE
        )""",
        "CREATE INDEX hotfix_unreceived ON hotfix_requests (run) WHERE NOT received",
        "CREATE TABLE hotfix_locks (environment TEXT PRIMARY KEY, token TEXT NOT NULL, record TEXT NOT NULL)",
    ),
)
"""What leads from each version to the next: the first from no tables to version 1. Only ever added to."""

VERSION = len(FORWARD)
"""Kept in `hotfix_format`; where that is missing, there are no tables."""

_MAKING = 0x686F74666978
"""The advisory lock that is held while tables are made: `hotfix` in ASCII."""


def bring_forward() -> Talk[None]:
    """Make the tables what this program knows, unless they are; all of it or nothing, and one process at a time.

    Raises `JournalBroken` when they were written by a newer version of this program.
    """
    if (yield from _version()) < VERSION:
        yield from atomically(_forward())


def _forward() -> Talk[None]:
    yield "SELECT pg_advisory_xact_lock(%s)", (_MAKING,)
    yield "CREATE TABLE IF NOT EXISTS hotfix_format (version BIGINT NOT NULL)", ()
    for statements in FORWARD[(yield from _version()) :]:
        for statement in statements:
            yield statement, ()
    yield "DELETE FROM hotfix_format", ()
    yield "INSERT INTO hotfix_format VALUES (%s)", (VERSION,)


def _version() -> Talk[int]:
    ((is_there,),) = yield from asking("SELECT to_regclass('hotfix_format') IS NOT NULL")
    found = (yield from asking("SELECT version FROM hotfix_format")) if is_there else []
    version = int(found[0][0]) if found else 0
    if version > VERSION:
        raise JournalBroken(
            f"the tables were written by a newer hotfix-deploy-runner (format {version}, this one knows {VERSION})",
            next_step="pip install --upgrade hotfix-deploy-runner",
        )
    return version
