"""The readings judged again: with a run's own limits as it was then, with others as they would have been."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.events import errors_rolled_back, good_deploy

from hotfix_deploy_runner.core.analysis import Analysis, analyse_readings, analyse_run
from hotfix_deploy_runner.core.events import CourseChanged, ReadingTaken, RunStarted
from hotfix_deploy_runner.core.normal import normal
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Histogram, Reading, Sample
from hotfix_deploy_runner.core.run import fold
from hotfix_deploy_runner.core.verdict import Kind
from hotfix_deploy_runner.doors.counts import EDGES

LIMITS = Watching(window=20.0, interval=2.0)
OLD, NEW = "v1", "v2"


def beside(*errors: tuple[int, int], requests: int = 100) -> list[Reading]:
    """A reading each of an old and a new instance, which see these errors in so many requests."""
    return [
        Reading(2.0 * n, 2.0 * n + 2, (Sample("a", "a", OLD, requests, old), Sample("b", "b", NEW, requests, new)))
        for n, (old, new) in enumerate(errors)
    ]


def analysed(readings: Sequence[Reading], limits: Watching = LIMITS) -> Analysis:
    return analyse_readings("a test", readings, OLD, NEW, limits)


def test_a_run_with_its_own_limits_ends_as_the_run_itself_was_judged() -> None:
    events = errors_rolled_back().events
    started = events[0]
    assert isinstance(started, RunStarted)
    known = analyse_run(events, started.policy.watching)
    turned = next(n for n, event in enumerate(events) if isinstance(event, CourseChanged))
    watch = fold(events[:turned]).watch
    assert watch is not None and known.then is not None
    last = known.moments[-1]
    assert last.verdict == watch.judge(last.at)
    assert (last.requests, last.errors) == (watch.errors.new.requests, watch.errors.new.events)
    assert len(known.moments) == sum(isinstance(event, ReadingTaken) for event in events[:turned])
    assert any("where the run turned" in sentence for sentence in known.unseen)


def test_what_was_recorded_stays_whatever_the_limits() -> None:
    events = good_deploy().events
    strict, mild = (analyse_run(events, Watching(threshold=rate)) for rate in (0.001, 0.9))
    assert strict.then == mild.then and strict.then is not None
    assert strict.series == mild.series and strict.first_new == mild.first_new


def test_a_run_in_which_nothing_was_watched_is_refused() -> None:
    events = good_deploy().events
    started = events[0]
    assert isinstance(started, RunStarted)
    blind = msgspec.structs.replace(started, facts=msgspec.structs.replace(started.facts, metrics=False))
    with pytest.raises(ValueError, match="nothing was watched"):
        analyse_run([blind], LIMITS)


def test_a_breach_is_told_when_it_is_reached_and_not_at_the_end() -> None:
    known = analysed(beside((0, 0), *[(0, 50)] * 8))
    assert known.now is not None and known.now.verdict.kind is Kind.BREACHED
    assert known.now.at < known.moments[-1].at
    assert known.now.over >= 1 and known.now.worse >= 1


def test_the_threshold_decides() -> None:
    readings = beside(*[(0, 8)] * 15)
    low, high = analysed(readings), analysed(readings, msgspec.structs.replace(LIMITS, threshold=0.2))
    assert low.now is not None and low.now.verdict.kind is Kind.BREACHED
    assert high.now is not None and high.now.verdict.kind in (Kind.UNPROVEN, Kind.HEALTHY)


@pytest.mark.parametrize("slow", [0, 60])
def test_counts_of_slow_requests_are_judged_and_never_told_as_a_p99(slow: int) -> None:
    limits = msgspec.structs.replace(LIMITS, on_slow="rollback", window=60.0)
    latency = {OLD: Histogram(EDGES, (100, 0, 0)), NEW: Histogram(EDGES, (100 - slow, 0, slow))}
    samples = tuple(Sample(v, v, v, 100, 0, latency[v]) for v in (OLD, NEW))
    known = analysed([Reading(2.0 * n, 2.0 * n + 2, samples) for n in range(30)], limits)
    assert known.now is not None
    assert known.now.verdict.kind is (Kind.SLOW if slow else Kind.HEALTHY)
    assert known.now.verdict.p99 is None and "ms" not in known.now.verdict.reason
    assert all(point.p99 is None for line in known.series for point in line.points)


def test_too_few_readings_for_the_window_are_no_verdict_and_said() -> None:
    known = analysed(beside((0, 0), (0, 0)))
    assert known.now is not None and known.now.verdict.kind is Kind.PENDING
    assert any("no final verdict" in sentence for sentence in known.unseen)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=15))
def test_every_moment_is_what_was_known_then(errors: list[tuple[int, int]]) -> None:
    """What comes later changes nothing of what was known: each beginning of the readings gives the same moments."""
    readings = beside(*errors)
    whole = analysed(readings)
    assert [moment.errors for moment in whole.moments] == [
        sum(new for _, new in errors[: n + 1]) for n in range(len(errors))
    ]
    half = analysed(readings[: (len(readings) + 1) // 2])
    assert whole.moments[: len(half.moments)] == half.moments


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_a_service_that_is_no_worse_than_itself_is_within_its_bounds(errors: list[int]) -> None:
    readings = [Reading(n, n + 1.0, (Sample("a", "a", OLD, 200, bad),)) for n, bad in enumerate(errors)]
    found = normal(readings, OLD, LIMITS)
    assert found.requests == 200 * len(errors) and found.dispersion >= 1
    assert found.rate is not None and 0 <= found.lowest <= found.highest <= 1
    assert found.suggested >= min(1.0, LIMITS.over_baseline * found.highest) - 1e-9


@pytest.mark.parametrize(("errors", "trips", "advised"), [(0, False, False), (9, False, True), (40, True, True)])
def test_a_normal_rate_near_the_threshold_is_advised_against(errors: int, trips: bool, advised: bool) -> None:
    readings = [Reading(n, n + 1.0, (Sample("a", "a", OLD, 200, errors),)) for n in range(10)]
    found = normal(readings, OLD, LIMITS)
    assert (found.trips, found.over_baseline) == (trips, advised)
