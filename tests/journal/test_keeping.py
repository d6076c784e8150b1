"""A journal over the years: brought forward, pruned, and saved from what happens to files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from tests.fakes.scenes import beginning

from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import AnyEvent, RunEnded, StepStarted
from hotfix_deploy_runner.errors import JournalBroken
from hotfix_deploy_runner.journal import schema
from hotfix_deploy_runner.journal.file import SALVAGE, JournalFile
from hotfix_deploy_runner.journal.integrity import damage
from hotfix_deploy_runner.journal.prune import prune
from hotfix_deploy_runner.journal.rows import run_rows
from hotfix_deploy_runner.journal.salvage import salvage
from hotfix_deploy_runner.journal.sqlite import SqliteStore


def events(at: float, code: int | None = 0, steps: int = 1) -> list[AnyEvent]:
    """A run that began then, and ended so."""
    started = msgspec.structs.replace(beginning(), at=at)
    ending = [] if code is None else [RunEnded(at=at + 9, ending=Ending(code, "It ended.", ""))]
    return [started, *(StepStarted(at=at + 1, step="worktree") for _ in range(steps)), *ending]


def filled(path: Path, codes: list[int | None], steps: int = 1) -> Path:
    """A journal with a run for each code, the oldest first: `r0`, `r1`, …"""
    store = SqliteStore(path)
    for number, code in enumerate(codes):
        store.append(f"r{number}", 0, events(1000.0 + number, code, steps))
    store.close()
    return path


def names(path: Path) -> list[str]:
    return [row.run for row in run_rows(JournalFile(path, read_only=True))]


def as_version_1(path: Path) -> Path:
    """The journal as the first version of this program left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX newest")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    return path


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_older_journal_is_brought_forward_by_who_writes(tmp_path: Path) -> None:
    path = as_version_1(filled(tmp_path / "journal.db", [0, 4]))
    store = SqliteStore(path)
    store.append("r2", 0, events(2000.0))
    store.close()
    assert version_of(path) == schema.VERSION
    assert names(path) == ["r2", "r1", "r0"]


def test_who_only_reads_an_older_journal_changes_nothing(tmp_path: Path) -> None:
    path = as_version_1(filled(tmp_path / "journal.db", [0, 4]))
    assert names(path) == ["r1", "r0"]
    assert version_of(path) == 1


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", [0])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    for read_only in (True, False):
        with pytest.raises(JournalBroken, match="newer"):
            SqliteStore(path, read_only=read_only)


def test_pruning_keeps_the_newest_the_open_the_held_and_what_says_what_was_good(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", [0, 0, None, 4, 4, 4, 4])
    file = JournalFile(path)
    assert prune(file, 2, {"r3"}) == ["r4", "r0"]
    assert prune(file, 2, {"r3"}) == []
    file.close()
    assert names(path) == ["r6", "r5", "r3", "r2", "r1"]
    assert SqliteStore(path, read_only=True).events("r4") == []


def test_a_torn_journal_gives_back_every_run_up_to_the_tear(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", [0] * 40, steps=20)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    page = 4096
    torn = bytearray(whole)
    middle = len(whole) // page // 2 * page
    torn[middle : middle + 3 * page] = b"\xff" * (3 * page)
    path.write_bytes(torn)
    assert damage(path)
    result = salvage(path)
    assert result.aside.read_bytes() == torn, "the broken file is kept as it was"
    assert damage(path) == ()
    assert 20 < len(result.saved) <= 40
    store = SqliteStore(path, read_only=True)
    for run, count in result.saved.items():
        assert [seq for seq, _ in store.events(run)] == [*range(1, count + 1)]
    assert set(result.saved) | set(result.lost) <= {f"r{number}" for number in range(40)}


def test_a_file_that_is_no_database_says_how_it_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database, by any means" * 400)
    with pytest.raises(JournalBroken) as broken:
        SqliteStore(path)
    assert broken.value.next_step == SALVAGE
    result = salvage(path)
    assert (result.saved, names(path)) == ({}, [])
