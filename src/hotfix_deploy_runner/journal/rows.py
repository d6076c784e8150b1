"""The runs at a glance. `status` and `runs` need no more of the journal than this: no event is imported for them."""

from typing import NamedTuple

from ..core.instant import Instant
from .file import JournalFile

RunId = str
"""Unique among all runs that share a journal."""


class RunRow(NamedTuple):
    """One run at a glance, derived from its events. `action` is its request's kind, `old` what ran before it.

    `ended_at` and `code` are None while it has not ended, and again once an ended run is gone on with.
    `last_seq` is the number of its last event.
    """

    run: RunId
    action: str
    branch: str
    target: str
    version: str
    old: str
    started_at: Instant
    operator: str = ""
    ended_at: Instant | None = None
    code: int | None = None
    summary: str = ""
    last_seq: int = 0


COLUMNS = ", ".join(RunRow._fields)
"""The table's columns, in the order of the fields."""


def run_rows(file: JournalFile, limit: int | None = None) -> list[RunRow]:
    """The newest `limit` runs, newest first; all of them with None. Raises `JournalBroken`."""
    asked = f"SELECT {COLUMNS} FROM runs ORDER BY started_at DESC, rowid DESC LIMIT ?"
    return [RunRow(*row) for row in file.rows(asked, -1 if limit is None else limit)]
