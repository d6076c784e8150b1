"""A check's answer is as bad as its worst line."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.check import CheckResult, Line, Status, worst

BEST_TO_WORST = [Status.OK, Status.SKIP, Status.WARN, Status.FAIL]


def test_fail_is_worse_than_warn_than_skip_than_ok() -> None:
    for length in range(1, 5):
        for some in permutations(BEST_TO_WORST, length):
            assert worst(some) is max(some, key=BEST_TO_WORST.index)


def test_nothing_at_all_is_ok() -> None:
    assert worst([]) is Status.OK


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_a_result_has_the_status_of_its_worst_line(statuses: list[Status]) -> None:
    result = CheckResult(tuple(Line(status, "said") for status in statuses))
    assert result.status is worst(statuses)
