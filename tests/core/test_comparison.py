"""Tallies, the baseline's record, and the two questions asked of the new instances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hotfix_deploy_runner.core.baseline import RECENT, Baseline, Tally, Unevenness
from hotfix_deploy_runner.core.comparison import Comparison

tallies = st.integers(0, 400).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))
LIMIT = 0.05


def record(*tallies: Tally) -> Baseline:
    baseline = Baseline()
    for tally in tallies:
        baseline = baseline.seen(tally)
    return baseline


def compared(*readings: tuple[Tally, Tally], baseline: Baseline | None = None) -> Comparison:
    """Folded as the watch does: the record is that of earlier readings."""
    known = baseline or Baseline()
    comparison = Comparison.begin(0.009, 0.008, 1 / 300)
    for new, old in readings:
        comparison = comparison.seen(new, old, LIMIT, known)
        known = known.seen(old)
    return comparison


NONE = Tally()
CLEAN = record(*[Tally(100, 0)] * 30)


@given(tallies, tallies)
def test_tallies_add(one: Tally, other: Tally) -> None:
    assert one + other == Tally(one.requests + other.requests, one.events + other.events)


def test_a_rate_needs_requests() -> None:
    assert Tally().rate is None
    assert Tally(40, 2).rate == 0.05


def test_independent_errors_are_not_overdispersed() -> None:
    assert record(*[Tally(100, 2), Tally(100, 1), Tally(100, 3), Tally(100, 2)] * 5).dispersion == 1
    assert CLEAN.dispersion == 1
    assert record(Tally(100, 50)).dispersion == 1
    assert record(Tally(10, 10), Tally(10, 10)).dispersion == 1


def test_bursts_are_overdispersed() -> None:
    """Pearson's chi-squared by hand: rate 0.1; each clean reading gives 100/9, the burst 900/9, over 9 degrees."""
    baseline = record(*[Tally(100, 0)] * 9, Tally(100, 100))
    assert baseline.dispersion == pytest.approx((9 * 100 / 9 + 90**2 / 9) / 9)


@given(st.lists(tallies, max_size=20))
def test_the_dispersion_does_not_depend_on_the_order(readings: list[Tally]) -> None:
    assert record(*readings).dispersion == pytest.approx(record(*reversed(readings)).dispersion)


@given(st.lists(tallies, max_size=12))
def test_a_reading_without_requests_is_no_record(readings: list[Tally]) -> None:
    assert record(*readings, Tally()) == record(*readings)


def test_bursts_widen_the_bounds() -> None:
    calm, bursts = record(*[Tally(100, 4)] * 10), record(*[Tally(100, 0), Tally(100, 8)] * 5)
    assert calm.total == bursts.total
    assert bursts.upper(0.05) > calm.upper(0.05) > 0.04 > calm.lower(0.05) > bursts.lower(0.05)


def test_the_present_counts_where_it_is_conclusively_worse() -> None:
    fails_now = record(*[Tally(200, 0)] * 60, *[Tally(200, 40)] * RECENT)
    assert fails_now.present(0.002) == Tally(200 * RECENT, 40 * RECENT)
    assert fails_now.upper(0.002) > 0.2
    a_bit = record(*[Tally(200, 2)] * 60, *[Tally(200, 3)] * RECENT)
    assert a_bit.present(0.002) == a_bit.total


def test_without_a_record_nothing_is_excluded() -> None:
    assert Baseline().upper(0.002) == 1
    assert Baseline().lower(0.002) == 0


def test_over_the_limit_and_worse_than_the_record() -> None:
    comparison = compared(*[(Tally(50, 10), NONE)] * 6, baseline=CLEAN)
    assert comparison.conclusive


def test_over_the_limit_but_as_the_record_is() -> None:
    comparison = compared(*[(Tally(50, 10), NONE)] * 60, baseline=record(*[Tally(50, 10)] * 20))
    assert comparison.over.conclusive
    assert not comparison.worse
    assert not comparison.conclusive


def test_nothing_is_worse_than_an_unknown_record() -> None:
    comparison = compared(*[(Tally(50, 50), NONE)] * 60)
    assert comparison.over.conclusive
    assert comparison.log_worse == 0


def test_what_both_suffer_cancels_out() -> None:
    """Half of all requests fail on both, for a minute, after a clean record."""
    comparison = compared(*[(Tally(50, 25), Tally(50, 25))] * 30, baseline=CLEAN)
    assert comparison.over.conclusive
    assert not comparison.worse


def test_beside_old_instances_their_present_counts_not_their_record() -> None:
    comparison = compared(*[(Tally(50, 25), Tally(50, 5))] * 6, baseline=record(*[Tally(50, 25)] * 20))
    assert comparison.worse


def test_worse_but_under_the_limit() -> None:
    comparison = compared(*[(Tally(1000, 20), Tally(1000, 1))] * 6, baseline=CLEAN)
    assert comparison.worse
    assert not comparison.over.conclusive


@given(st.lists(st.tuples(tallies, tallies), max_size=10))
def test_without_errors_of_its_own_nothing_is_found(readings: list[tuple[Tally, Tally]]) -> None:
    comparison = compared(*((Tally(new.requests), old) for new, old in readings))
    assert not comparison.over.conclusive
    assert comparison.log_worse <= 1e-9


@given(st.lists(st.tuples(tallies, tallies), max_size=10), tallies)
def test_no_new_requests_change_nothing(readings: list[tuple[Tally, Tally]], old: Tally) -> None:
    assert compared(*readings, (NONE, old)) == compared(*readings)


@given(tallies, tallies, st.lists(tallies, max_size=10))
def test_one_reading_alone_never_suffices(new: Tally, old: Tally, before: list[Tally]) -> None:
    comparison = compared((new, old), baseline=record(*before))
    assert not comparison.over.conclusive
    assert not comparison.worse


@pytest.mark.parametrize("old", [NONE, Tally(50, 1)])
def test_bursts_in_the_record_weaken_the_evidence(old: Tally) -> None:
    calm, bursts = record(*[Tally(100, 2)] * 30), record(*[Tally(100, 0), Tally(100, 0), Tally(100, 6)] * 10)
    assert calm.total == bursts.total
    plain, discounted = (compared((Tally(50, 9), old), baseline=known) for known in (calm, bursts))
    assert 0 < discounted.over.log_evidence < plain.over.log_evidence
    assert discounted.log_worse < plain.log_worse


def test_independent_readings_are_not_uneven() -> None:
    uneven = Unevenness()
    for events in (4, 6, 5, 3, 7, 5, 4, 6) * 10:
        uneven = uneven.seen(Tally(100, events))
    assert uneven.dispersion == 1


def test_bursts_are_uneven_and_one_step_is_not() -> None:
    bursts = step = Unevenness()
    for n in range(200):
        bursts = bursts.seen(Tally(100, 30 * (n % 5 == 0)))
        step = step.seen(Tally(100, 30 * (n > 100)))
    assert bursts.dispersion > 5
    assert step.dispersion == 1


def test_one_table_s_unevenness_by_hand() -> None:
    """2 of 10, then 6 of 10: chi-squared of the table is 20 (2 x 4 - 8 x 6)^2 / (10 x 10 x 8 x 12), 3.33."""
    assert Unevenness().seen(Tally(10, 2)).seen(Tally(10, 6)).chi_squared == pytest.approx(
        stats.chi2_contingency([[2, 8], [6, 4]], correction=False).statistic
    )


@pytest.mark.parametrize(
    ("clean", "conclusive"),
    [(40, True), (2, False)],
    ids=["its bound is under the limit", "it leaves as bad a rate credible"],
)
def test_over_the_limit_is_worse_than_a_record_whose_bound_is_under_it(clean: int, conclusive: bool) -> None:
    known = record(*[Tally(5, 0)] * clean)
    comparison = compared(*[(Tally(50, 6), NONE)] * 12, baseline=known)
    assert comparison.over.conclusive
    assert comparison.conclusive == conclusive
