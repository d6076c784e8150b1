"""Forgetting old runs. Never one that somebody may still go on with."""

from collections import Counter
from collections.abc import Collection

from .file import JournalFile
from .rows import RunId, RunRow, run_rows


def old_runs(rows: list[RunRow], keep: int, held: Collection[RunId]) -> list[RunId]:
    """Which of `rows`, newest first, are beyond the newest `keep` of their target; none without an end, none `held`.

    The newest that ended well of each target stays as well: it says which version was good there.
    """
    seen, good, old = Counter[str](), set[str](), []
    for row in rows:
        seen[row.target] += 1
        is_newest_good = row.code == 0 and row.target not in good
        if row.code == 0:
            good.add(row.target)
        if seen[row.target] > keep and not (is_newest_good or row.code is None or row.run in held):
            old.append(row.run)
    return old


def forget(file: JournalFile, runs: Collection[RunId]) -> None:
    """Remove these runs with all that is theirs, and give the room back. Raises `JournalBroken`."""
    with file.writing() as connection:
        for table in ("requests", "events", "runs"):
            connection.executemany(f"DELETE FROM {table} WHERE run = ?", [(run,) for run in runs])
    file.shrink()


def prune(file: JournalFile, keep: int, held: Collection[RunId]) -> list[RunId]:
    """Forget the `old_runs`; which they were."""
    old = old_runs(run_rows(file), keep, held)
    forget(file, old)
    return old
