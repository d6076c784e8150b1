"""The arena counts right, also where a lock is no lock."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contend.arena import Score, contend
from tests.contend.contender import Lost
from tests.contend.over_commons import OverGit
from tests.remotes.transports import remote

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Link:
    """A lock that holds: a hard link, which the kernel makes for one only. What its losers say is given."""

    folder: Path
    says: str = "{holder} holds it"
    code: int = 7

    def __call__(self, name: str) -> "LinkContender":
        return LinkContender(self, name)


@dataclass
class LinkContender:
    make: Link
    name: str

    def acquire(self) -> Lost | None:
        mine, lock = self.make.folder / self.name, self.make.folder / "lock"
        mine.write_text(self.name)
        try:
            os.link(mine, lock)
        except FileExistsError:
            return Lost(self.make.says.format(holder=lock.read_text()), self.make.code)
        return None

    def release(self) -> None:
        (self.make.folder / "lock").unlink()


class Everybody:
    """No lock at all."""

    def __init__(self, _name: str) -> None:
        pass

    def acquire(self) -> Lost | None:
        return None

    def release(self) -> None:
        pass


class Mortal(Everybody):
    """The second one dies as it tries."""

    def __init__(self, name: str) -> None:
        self.name = name

    def acquire(self) -> Lost | None:
        if self.name == "run-1":
            os._exit(9)
        return None


def counted(score: Score) -> tuple[int, int, int]:
    return score.one, score.not_one, len(score.wrong)


def test_a_lock_that_holds_has_one_winner_each_round(tmp_path: Path) -> None:
    score = contend(Link(tmp_path), contenders=3, rounds=20)
    assert counted(score) == (20, 0, 0)
    assert str(score).startswith("3 contenders  20 rounds  20 with exactly one winner  0 with none or several  median ")


def test_no_lock_is_found_out() -> None:
    assert counted(contend(Everybody, contenders=2, rounds=3)) == (0, 3, 0)


@pytest.mark.parametrize("wrong", [{"says": "somebody holds it"}, {"code": 3}])
def test_a_loser_that_is_told_wrongly_is_found_out(tmp_path: Path, wrong: dict[str, str | int]) -> None:
    assert counted(contend(Link(tmp_path, **wrong), contenders=2, rounds=2)) == (2, 0, 2)  # type: ignore[arg-type]


def test_one_that_dies_does_not_leave_the_others_waiting() -> None:
    with pytest.raises(EOFError):
        contend(Mortal, contenders=2, rounds=2)


def test_the_lock_of_a_run_is_a_lock(tmp_path: Path) -> None:
    with remote("file", tmp_path) as served:
        assert counted(contend(OverGit(served.url, tmp_path), contenders=2, rounds=3)) == (3, 0, 0)
