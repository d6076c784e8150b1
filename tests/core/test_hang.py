"""New instances that complete almost nothing."""

import pytest

from hotfix_deploy_runner.core.evidence import EProcess
from hotfix_deploy_runner.core.hang import HANG_ODDS, Hang, Served


def hang(new: Served, old: Served, times: int, length: float = 2.0) -> Hang:
    result = Hang(EProcess(0.001, 1 / 300, odds=HANG_ODDS, prior="even"))
    for _ in range(times):
        result = result.seen(new, old, length)
    return result


@pytest.mark.parametrize(("new", "old"), [((1, 0), (2, 100)), ((4, 1), (2, 400)), ((1, 0), (9, 2000))])
def test_almost_nothing_beside_old_ones_that_serve(new: tuple[int, int], old: tuple[int, int]) -> None:
    assert hang(Served(*new), Served(*old), times=10).conclusive


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ((1, 50), (2, 100)),
        ((1, 5), (2, 100)),
        ((1, 0), (2, 0)),
        ((1, 0), (2, 2)),
        ((0, 0), (2, 1000)),
        ((1, 0), (0, 0)),
    ],
    ids=["its part", "a tenth of its part", "no traffic", "hardly any traffic", "no new one", "no old one"],
)
def test_what_is_no_hang(new: tuple[int, int], old: tuple[int, int]) -> None:
    assert not hang(Served(*new), Served(*old), times=20).conclusive


def test_one_reading_or_a_short_time_does_not_suffice() -> None:
    assert not hang(Served(1, 0), Served(2, 10**6), times=1, length=60).conclusive
    assert not hang(Served(1, 0), Served(2, 10**6), times=9, length=0.5).conclusive
    assert hang(Served(1, 0), Served(2, 10**6), times=10, length=0.5).conclusive


def test_it_counts_what_it_saw() -> None:
    seen = hang(Served(1, 2), Served(3, 50), times=4)
    assert (seen.new, seen.old, seen.length) == (Served(1, 8), Served(3, 200), 8.0)
