"""Single instances among many: false alarms among them sum to their part of alpha, and few are looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.reading import Sample
from hotfix_deploy_runner.core.suspects import MOST, Suspects

LIMIT = 0.05
pairs = st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def suspects() -> Suspects:
    return Suspects(0.0005, 0.0005, 1 / 300)


def seen(before: Suspects, *group: tuple[int, int]) -> Suspects:
    samples = [Sample(f"pod-{n}", f"pod-{n}", "v2", requests, errors) for n, (requests, errors) in enumerate(group)]
    return before.seen(samples, Tally(sum(r for r, _ in group), sum(e for _, e in group)), LIMIT, 1.0)


def test_the_levels_of_all_suspicions_sum_to_the_whole() -> None:
    opened = (suspects()._opened(Sample("a", "a", "v2", 1, 1), 100, k) for k in range(100_000))
    spent = sum(one.over.level for one in opened)
    assert 0.99 * 0.0005 < spent < 0.0005


def test_what_is_clean_is_not_suspected() -> None:
    clean = suspects()
    assert seen(clean, *[(50, 2)] * 20) is clean


@given(st.lists(st.tuples(pairs, pairs, pairs), max_size=5), st.integers(1, 10**6))
def test_the_reading_that_makes_one_suspect_is_no_evidence(
    before: list[tuple[tuple[int, int], ...]], requests: int
) -> None:
    after = seen(suspects(), (requests, requests), (requests, 0))
    assert after.known["pod-0"].own == Tally()
    assert not after.guilty("v2")
    for group in before:
        after = seen(after, *group)
    assert len(after.known) <= 3


def test_the_first_dead_one_is_found_and_the_others_are_not() -> None:
    now = suspects()
    for _ in range(6):
        now = seen(now, (20, 20), *[(20, 0)] * 99)
    assert [one.name for one in now.guilty("v2")] == ["pod-0"]
    assert now.guilty("v1") == ()


@pytest.mark.parametrize("rate", [0, 1])
def test_a_suspicion_that_comes_to_nothing_is_dropped(rate: int) -> None:
    now = seen(suspects(), (10, 1), (10, 0))
    assert list(now.known) == ["pod-0"]
    for _ in range(12):
        now = seen(now, (40, rate), (40, rate))
    assert not now.known


def test_no_more_than_a_few_at_once() -> None:
    now = seen(suspects(), *[(20, 2 + n % 3) for n in range(200)])
    assert len(now.known) == MOST
    assert now.opened == MOST
