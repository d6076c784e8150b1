import functools
import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.journal.contract import Open, StoreContract, asking, ended, report, started, texts

from hotfix_deploy_runner.errors import JournalBroken, UsageError
from hotfix_deploy_runner.journal.schema import VERSION
from hotfix_deploy_runner.journal.sqlite import SqliteStore

FORK = multiprocessing.get_context("fork")  # quick, so that they do collide


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Open:
        return functools.partial(SqliteStore, tmp_path / "state" / "journal.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def store(path: Path) -> SqliteStore:
    made = SqliteStore(path)
    made.append("r1", 0, [started("r1"), report("one")])
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        SqliteStore(path).append("r1", 0, [started("r1")])
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    assert sorted(file.name for file in path.parent.iterdir()) == ["journal.db", "journal.db-shm", "journal.db-wal"]
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}


def test_is_durable_and_does_not_make_readers_wait(store: SqliteStore, path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.execute("BEGIN IMMEDIATE")
    assert len(SqliteStore(path, read_only=True).events("r1")) == 2
    connection.rollback()


def test_a_path_with_odd_characters_is_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory&x#é%20" / "j.db"
    SqliteStore(path).append("r1", 0, [started("r1")])
    assert path.exists()
    assert len(SqliteStore(path).runs()) == 1


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SqliteStore(Path("j.db")).append("r1", 0, [started("r1")])
    assert len(SqliteStore(tmp_path / "j.db").runs()) == 1


def test_reading_makes_nothing(path: Path) -> None:
    reader = SqliteStore(path, read_only=True)
    assert (reader.runs(), reader.events("r1"), reader.requests("r1")) == ([], [], [])
    with pytest.raises(UsageError):
        reader.find()
    assert not path.parent.exists()


def test_a_reader_sees_what_is_written_later_and_cannot_write(store: SqliteStore, path: Path) -> None:
    reader = SqliteStore(path, read_only=True)
    store.append("r1", 2, [report("two")])
    assert texts(reader, "r1") == ["one", "two"]
    for write in (lambda: reader.append("r1", 3, [report("x")]), lambda: reader.ask("r1", asking("a"))):
        with pytest.raises(JournalBroken, match="cannot be written"):
            write()
    assert len(store.events("r1")) == 3


def test_a_file_whose_maker_died_at_once_is_taken_up(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert SqliteStore(path, read_only=True).runs() == []
    SqliteStore(path).append("r1", 0, [started("r1")])
    assert len(SqliteStore(path, read_only=True).runs()) == 1


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_journal_is_refused_and_left_alone(store: SqliteStore, path: Path, read_only: bool) -> None:
    store._connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalBroken, match="newer") as failure:
        SqliteStore(path, read_only=read_only)
    assert "upgrade" in failure.value.next_step
    assert store._connection.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_journal_is_said(path: Path, read_only: bool) -> None:
    path.parent.mkdir()
    path.write_text("this is no database, " * 100)
    with pytest.raises(JournalBroken, match="cannot be opened") as failure:
        SqliteStore(path, read_only=read_only)
    assert str(path) in failure.value.detail
    assert failure.value.next_step == "hotfix-deploy-runner runs --salvage"


def test_a_damaged_page_is_said(store: SqliteStore, path: Path) -> None:
    store.append("r1", 2, [report("x" * 200)] * 400)
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 4 : -4096] = b"\xff" * (len(damaged) - 4096 * 5)
    path.write_bytes(damaged)
    with pytest.raises(JournalBroken) as failure:
        SqliteStore(path).events("r1")
    assert str(path) in failure.value.detail


def test_an_event_that_nobody_knows_is_said(store: SqliteStore) -> None:
    store._connection.execute("""UPDATE events SET event = '{"event":"from-the-future"}' WHERE seq = 2""")
    with pytest.raises(JournalBroken, match="event 2 of run r1"):
        store.events("r1")


def test_a_place_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalBroken, match="cannot be opened") as failure:
        SqliteStore(tmp_path / "file" / "j.db")
    assert failure.value.next_step
    (tmp_path / "folder").mkdir()
    for read_only in (True, False):
        with pytest.raises(JournalBroken):
            SqliteStore(tmp_path / "folder", read_only=read_only)


def test_a_writer_that_holds_on_too_long_is_said(store: SqliteStore, path: Path) -> None:
    impatient = SqliteStore(path, busy_timeout=0.1)
    store._connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalBroken, match="cannot be written") as failure:
        impatient.append("r1", 2, [report("x")])
    assert "locked" in failure.value.detail
    store._connection.execute("ROLLBACK")
    assert impatient.append("r1", 2, [report("x")]) == 3


def test_a_full_disk_is_said_and_loses_nothing(store: SqliteStore) -> None:
    store._connection.execute("PRAGMA max_page_count = 20")
    after = 2
    with pytest.raises(JournalBroken, match="cannot be written") as failure:
        for _ in range(100):
            after = store.append("r1", after, [report("x" * 3000), report("y" * 3000)])
    assert failure.value.next_step.startswith("df ")
    assert [seq for seq, _ in store.events("r1")] == list(range(1, after + 1))
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert store.append("r1", after, [ended()]) == after + 1


def test_a_closed_journal_says_so(store: SqliteStore) -> None:
    store.close()
    with pytest.raises(JournalBroken):
        store.runs()


def make_at(path: Path, number: int, at: float) -> None:
    while time.time() < at:
        pass
    SqliteStore(path).append(f"r{number}", 0, [started(f"r{number}")])


@pytest.mark.slow
def test_many_processes_make_the_same_journal_at_the_same_moment(tmp_path: Path) -> None:
    for round_ in range(15):
        path = tmp_path / str(round_) / "journal.db"
        at = time.time() + 0.05
        processes = [FORK.Process(target=make_at, args=(path, number, at)) for number in range(8)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(30)
        assert [process.exitcode for process in processes] == [0] * 8
        assert len(SqliteStore(path).runs()) == 8


def test_looking_at_a_journal_imports_no_asyncio(path: Path) -> None:
    code = "import sys; from hotfix_deploy_runner.journal import sqlite; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
