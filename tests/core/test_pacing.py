from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.pacing import LONGEST, SHORTEST, pause


def test_what_is_quick_is_seen_quickly_and_what_is_slow_is_asked_seldom() -> None:
    assert (pause(0.0), pause(1.0), pause(300.0)) == (SHORTEST, 0.1, LONGEST)


@given(st.floats(min_value=0, max_value=1e6))
def test_the_pauses_stay_within_their_bounds(waited: float) -> None:
    assert SHORTEST <= pause(waited) <= LONGEST


def test_a_start_of_a_minute_is_noticed_late_by_half_a_second_at_most_after_few_looks() -> None:
    now, looks = 0.0, 0
    while now < 60:
        now, looks = now + pause(now), looks + 1
    assert now < 60.5 and looks < 160
