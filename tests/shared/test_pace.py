"""Never more than five writings in any minute, and no waiting before the fifth."""

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.shared.pace import Pace

REGULAR = 20.0
GAPS = st.lists(st.floats(0, 50), max_size=60)


@given(GAPS)
def test_whoever_waits_as_told_stays_under_six_a_minute(gaps: list[float]) -> None:
    now, written = 0.0, list[float]()
    pace = Pace(lambda: now, REGULAR)
    for gap in gaps:
        now += gap
        now += pace.wait()
        assert pace.wait() == 0, "having waited, one may"
        pace.note()
        written.append(now)
    assert all(later - first >= 60 - 1e-6 for first, later in zip(written, written[5:], strict=False))


@given(st.integers(0, 4), st.integers(0, 30))
def test_the_regular_ones_and_two_more_need_not_wait(urgent_at: int, ticks: int) -> None:
    now = 0.0
    pace = Pace(lambda: now, REGULAR)
    for tick in range(ticks):
        now = tick * REGULAR
        for _ in range(3 if tick == urgent_at else 1):
            assert pace.wait() == 0
            pace.note()


def test_a_shorter_lease_is_renewed_more_often() -> None:
    pace = Pace(lambda: 0.0, 2.0)
    for _ in range(32):
        assert pace.wait() == 0
        pace.note()
    assert pace.wait() == 60
