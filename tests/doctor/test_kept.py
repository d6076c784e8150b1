import os
from pathlib import Path

import pytest

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.doctor import kept as module
from hotfix_deploy_runner.doctor.kept import kept
from hotfix_deploy_runner.journal.integrity import damage
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.lock.local import LocalLocks


def named(lines: list[Line], words: str) -> Line:
    [line] = [line for line in lines if words in line.text]
    return line


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "hotfix"


def test_before_the_first_run_all_is_well_and_nothing_is_made(home: Path) -> None:
    lines = kept(home, ["production"])
    assert {line.status for line in lines} == {Status.OK}
    assert named(lines, "Journal").text == "Journal: none yet"
    assert not home.exists()


def test_a_whole_journal_and_one_that_is_damaged(home: Path) -> None:
    path = home / "journal.db"
    SqliteStore(path).close()
    assert named(kept(home, []), "Journal").status is Status.OK
    content = bytearray(path.read_bytes())
    content[4096:4200] = os.urandom(104)
    path.write_bytes(content)
    line = named(kept(home, []), "journal")
    assert line.status is Status.FAIL
    assert "hotfix-deploy-runner runs --salvage" in line.detail[-1]


def test_what_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("not a database, but long enough to be looked at as if it were one" * 20)
    assert damage(path) == ("file is not a database",)


@pytest.mark.parametrize(
    ("least", "enough", "status"), [(0, 0, Status.OK), (0, 1 << 62, Status.WARN), (1 << 62, 1 << 62, Status.FAIL)]
)
def test_too_little_room(home: Path, monkeypatch: pytest.MonkeyPatch, least: int, enough: int, status: Status) -> None:
    monkeypatch.setattr(module, "LEAST_ROOM", least)
    monkeypatch.setattr(module, "ENOUGH_ROOM", enough)
    line = named(kept(home, []), "Room")
    assert line.status is status
    assert bool(line.detail) is (status is not Status.OK), "the remedy stands under it"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert kept(tmp_path / "hotfix", [])[0].status is Status.FAIL
    finally:
        tmp_path.chmod(0o700)


def test_each_state_of_a_lock(home: Path) -> None:
    locks = LocalLocks(home / "locks")
    lease = locks.acquire(("production",), "r1", "ada")
    held = named(kept(home, ["production"]), "production")
    assert (held.status, held.text) == (Status.WARN, "A run holds production")
    locks.suspend(lease, "run r1 broke off")
    left = named(kept(home, ["production"]), "production")
    assert (left.status, left.text) == (Status.FAIL, "A run left production unfinished")
    assert "hotfix-deploy-runner resume r1, or abort r1" in left.detail[-1]
    next((home / "locks").glob("production*")).write_text("{")
    assert named(kept(home, ["production"]), "production").status is Status.FAIL
