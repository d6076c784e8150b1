"""The fold: what is counted as watched, as covered, as a sample, and what no sample can do."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.release import NEW, OLD, Story, fleet, instance, reading

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.part import EXPIRY, LEAST_LIMIT
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.core.verdict import Kind
from hotfix_deploy_runner.core.watch import Watch

pairs = st.integers(0, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
groups = st.lists(pairs, max_size=3)
THREE = [(50, 0)] * 3


def begun(**changes: object) -> Watch:
    return Watch.begin(msgspec.structs.replace(Watching(), **changes), OLD, NEW)


# Properties


@given(groups, groups, st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(
    new: list[tuple[int, int]], old: list[tuple[int, int]], random_: Random
) -> None:
    straight = reading(0.0, 2.0, new, old, (0.1, 0.1))
    samples = list(straight.samples)
    random_.shuffle(samples)
    shuffled = msgspec.structs.replace(straight, samples=tuple(samples))
    seen = fleet(len(new), len(old))
    assert begun().observed(straight, seen) == begun().observed(shuffled, seen)


@given(st.lists(st.tuples(groups, groups), max_size=5), groups, groups)
@settings(max_examples=50)
def test_one_reading_alone_never_breaches(
    before: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]],
    new: list[tuple[int, int]],
    old: list[tuple[int, int]],
) -> None:
    """However bad, after any readings in which the new instances had no errors."""
    story = Story.begin()
    for clean, beside in before:
        story = story.then([(max(n, 40), 0) for n, _ in clean], beside, slow=(0, 0))
    assert story.verdict().kind is Kind.PENDING
    assert story.then(new, old, slow=(1, 0)).verdict().kind is Kind.PENDING


@given(st.integers(0, 40), st.floats(0, 5000))
def test_no_data_never_breaches(readings: int, after: float) -> None:
    story = Story.begin(Watching(window=60.0)).rolled_out().then([(0, 0)] * 2, times=readings)
    assert story.verdict(after).kind in (Kind.PENDING, Kind.QUIET, Kind.BLIND)


@given(st.lists(pairs, max_size=8), pairs, st.data())
def test_more_errors_are_more_evidence(
    before: list[tuple[int, int]], last: tuple[int, int], data: st.DataObject
) -> None:
    story = Story.begin().then(old=THREE, times=5)
    for pair in before:
        story = story.then([pair])
    requests, most = last
    fewer, more = story.then([(requests, data.draw(st.integers(0, most)))]), story.then([last])
    assert fewer.watch.errors.over.log_evidence <= more.watch.errors.over.log_evidence + 1e-9
    assert fewer.watch.errors.log_worse <= more.watch.errors.log_worse + 1e-9


# What is counted


def test_other_versions_are_nobodys() -> None:
    stray = Reading(0.0, 2.0, (Sample("pod-9", "x", "v1.0.0", 100, 100),))
    after = begun().observed(stray, Fleet())
    assert after.errors == begun().errors
    assert after.baseline == begun().baseline


def test_old_samples_during_the_rollout_are_baseline() -> None:
    story = Story.begin().then(old=THREE, times=2).then([(50, 1)], [(50, 2)] * 2, times=3)
    assert (story.watch.baseline.total.requests, story.watch.baseline.total.events) == (600, 12)
    assert (story.watch.errors.new.requests, story.watch.errors.new.events) == (150, 3)


def test_watched_time_counts_from_the_last_instance() -> None:
    story = Story.begin().then(THREE, times=4)
    assert story.watch.watched == 0
    assert story.rolled_out().then(THREE, times=3).watch.watched == 6
    within = Story(story.watch.rolled_out(story.at + 0.5), story.at).then(THREE)
    assert within.watch.watched == 1.5


def test_blind_time_is_not_watched() -> None:
    """A gap between readings; and a reading over a gap, which counts three intervals."""
    watch = begun().rolled_out(0.0).observed(reading(0.0, 2.0, THREE, ()), fleet(3, 0))
    assert watch.observed(reading(60.0, 2.0, THREE, ()), fleet(3, 0)).watched == 4
    assert watch.observed(reading(2.0, 60.0, THREE, ()), fleet(3, 0)).watched == 2 + 6
    assert watch.missed(60.0, fleet(3, 0)).watched == 2


def test_a_source_of_a_slow_pace_of_its_own_has_no_gaps() -> None:
    paced = msgspec.structs.replace(reading(0.0, 15.0, THREE, ()), pace=15.0)
    watch = begun().rolled_out(0.0).observed(paced, fleet(3, 0))
    assert watch.watched == 15
    later = msgspec.structs.replace(paced, start=15.0, end=115.0)
    assert watch.observed(later, fleet(3, 0)).watched == 15 + 3 * 15


def test_health_is_of_when_it_was_seen_however_old_the_reading() -> None:
    """One look at an instance that is not ready is no ten seconds of it."""
    ill = Fleet((instance("pod-1", NEW, State.FAILED),))
    watch = begun().observed(reading(0.0, 2.0, [(5, 0)], ()), fleet(1, 0), 20.0)
    watch = watch.observed(reading(2.0, 2.0, [(5, 0)], ()), ill, 22.0).missed(24.0, ill)
    assert watch.judge(24.0).kind is Kind.PENDING
    assert watch.missed(32.0, ill).judge(32.0).kind is Kind.BREACHED


def test_rolled_out_twice_is_once() -> None:
    watch = begun().rolled_out(5.0)
    assert watch.rolled_out(50.0) == watch


def test_covers() -> None:
    watch = begun().observed(reading(10.0, 2.0, [(5, 0)] * 2, [(5, 0)]), fleet(2, 1))
    both = [i.incarnation for i in fleet(2, 1).of(fleet(2, 1).instances[0].revision)]
    assert watch.covers(both, since=11.9)
    assert not watch.covers(both, since=12.0)
    assert not watch.covers([*both, "another"], since=0.0)
    later = watch.observed(reading(12.0, 2.0, [(5, 0)], ()), fleet(1, 0))
    assert not later.covers(both, since=12.0)
    assert later.covers(both[:1], since=12.0)


def test_covers_for_a_while() -> None:
    watch = begun()
    for at in (10.0, 12.0, 14.0):
        watch = watch.observed(reading(at, 2.0, [(5, 0)], ()), fleet(1, 0))
    one = [fleet(1, 0).instances[0].incarnation]
    assert watch.covers(one, since=15.0, length=6.0)
    assert not watch.covers(one, since=15.0, length=6.1)


def test_a_record_expires() -> None:
    """Half an hour after the last that was seen of the old version, it is nothing to go by any more."""
    story = Story.begin().then(old=THREE, times=10).rolled_out()
    kept = Story(story.watch, story.at + EXPIRY - 2).then(THREE)
    assert kept.watch.baseline.total.requests == 1500
    lapsed = Story(story.watch, story.at + EXPIRY).then(THREE)
    assert lapsed.watch.baseline.total.requests == 0
    assert "what was known of v2.14.3 is out of date" in lapsed.then([(50, 10)] * 3, times=300).verdict().reason


def test_a_reading_in_which_all_are_silent_is_none() -> None:
    silent = Reading(100.0, 200.0, (), {"pod-1": "connection refused"})
    watch = begun().rolled_out(0.0).observed(reading(0.0, 2.0, THREE, ()), fleet(3, 0)).observed(silent, fleet(3, 0))
    assert (watch.watched, watch.heard) == (2, 2)
    assert watch.judge(200.0).kind is Kind.BLIND


def test_blindness_counts_from_the_first_attempt() -> None:
    assert begun().judge(1e9).kind is Kind.PENDING
    watch = begun().missed(1000.0, Fleet()).missed(1100.0, Fleet())
    assert watch.judge(1120.0).kind is Kind.PENDING
    assert watch.judge(1121.0).kind is Kind.BLIND


def test_health_is_seen_without_readings() -> None:
    watch = begun().missed(0.0, fleet(1, 1))
    for at in range(1, 13):
        watch = watch.missed(float(at), Fleet((instance("pod-1", NEW, State.FAILED, why="exited with 1"),)))
    assert watch.judge(12.0).kind is Kind.BREACHED


def test_a_new_instance_may_get_its_first_requests_late() -> None:
    """Five seconds without requests are no hang, however busy the old ones are."""
    story = Story.begin().then(old=[(5000, 0)] * 3, times=10).then([(0, 0)], [(5000, 0)] * 2, times=4)
    assert story.verdict().kind is Kind.PENDING
    assert story.then([(2000, 0)], [(2000, 0)] * 2, times=20).verdict().kind is Kind.PENDING


def test_a_new_instance_may_be_slow_at_first() -> None:
    story = Story.begin(Watching(on_slow="rollback")).then(old=THREE, times=30, slow=(0, 0))
    warm = story.then([(50, 0)], THREE[1:], times=4, slow=(1, 0))
    assert warm.watch.slow.new.requests == 0
    assert warm.then([(50, 0)], THREE[1:], times=20, slow=(0, 0)).verdict().kind is Kind.PENDING


# The limits


def test_the_absolute_limit_is_the_threshold() -> None:
    assert begun(threshold=0.07).limit == 0.07


@pytest.mark.parametrize(
    ("old", "lowest", "highest"),
    [((0, 0), 0.05, 0.05), ((10, 0), 0.05, 0.05), ((10_000, 800), 0.24, 0.24), ((10_000, 3), 0.001, 0.006)],
    ids=["unknown", "hardly known", "a high baseline", "a low baseline"],
)
def test_the_limit_over_the_baseline(old: tuple[int, int], lowest: float, highest: float) -> None:
    watch = Story.begin(Watching(mode="over-baseline")).then(old=[old]).watch
    assert lowest - 1e-9 <= watch.limit <= highest + 1e-9


def test_a_perfect_baseline_leaves_a_least_limit() -> None:
    watch = Story.begin(Watching(mode="over-baseline")).then(old=[(10**6, 0)]).watch
    assert watch.limit == LEAST_LIMIT


def test_over_baseline_breaches_where_the_threshold_would_not() -> None:
    limits = Watching(mode="over-baseline", window=120.0)
    story = Story.begin(limits).then(old=[(1000, 1)] * 3, times=20).rolled_out().then([(1000, 20)] * 3, times=4)
    assert story.verdict().kind is Kind.BREACHED


def test_over_baseline_spares_a_service_that_always_errs() -> None:
    limits = Watching(mode="over-baseline", window=60.0)
    ill = [(50, 4)] * 3
    story = Story.begin(limits).then(old=ill, times=30).then(ill[:1], ill[1:], times=6).rolled_out().then(ill, times=30)
    assert story.verdict().kind is Kind.HEALTHY


@pytest.mark.parametrize(("floor", "edge"), [(0.05, 0.2), (0.15, 0.2), (0.3, 0.4), (1.0, None)])
def test_the_edge_is_at_or_above_ratio_and_floor(floor: float, edge: float | None) -> None:
    """p99 of the baseline is 99.5 ms; twice that is 199 ms."""
    watch = Story.begin(Watching(p99_floor=floor)).then(old=THREE, slow=(0, 0)).watch
    assert watch.edge == edge


def test_without_histograms_there_is_no_edge() -> None:
    assert Story.begin().then(old=THREE).watch.edge is None
