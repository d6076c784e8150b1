"""Pooled histograms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.baseline import Baseline, Tally
from hotfix_deploy_runner.core.latency import Latency
from hotfix_deploy_runner.core.reading import Histogram

EDGES = (0.1, 0.2, 0.4, None)
buckets = st.tuples(*[st.integers(0, 200)] * 4)
histograms = st.builds(Histogram, st.just(EDGES), buckets)


def latency(*counts: int) -> Latency:
    return Latency.of([Histogram(EDGES, counts)])


@given(st.lists(histograms, max_size=6))
def test_histograms_of_one_reading_pool(given_: list[Histogram]) -> None:
    pooled = Latency.of(given_)
    assert pooled.requests == sum(sum(h.counts) for h in given_)
    assert pooled == Latency.of(reversed(given_))
    if pooled.requests:
        assert pooled.slower[0] == pooled.requests - sum(h.counts[0] for h in given_)
        assert pooled.slower[-1] == 0


@given(histograms, histograms)
def test_readings_add(one: Histogram, other: Histogram) -> None:
    both = Latency.of([one]) + Latency.of([other])
    assert both.requests == sum(one.counts) + sum(other.counts)
    assert both.readings == bool(sum(one.counts)) + bool(sum(other.counts))


def test_quantiles_are_interpolated_as_prometheus_does() -> None:
    """100 in (0.1, 0.2]: rank 99 of 100 is 99 % of the way."""
    assert latency(0, 100, 0, 0).quantile(0.99) == pytest.approx(0.199)
    assert latency(100, 0, 0, 0).quantile(0.5) == pytest.approx(0.05)
    assert latency(50, 25, 25, 0).quantile(0.8) == pytest.approx(0.2 + 0.2 * 5 / 25)
    assert latency(10, 0, 0, 90).quantile(0.99) == 0.4


def test_no_requests_have_no_quantile() -> None:
    assert Latency().quantile(0.99) is None
    assert latency(0, 0, 0, 0) == Latency()
    assert Latency.of([Histogram((None,), (5,))]).quantile(0.99) is None


@given(histograms, st.floats(0.01, 0.99))
def test_a_quantile_lies_within_its_bucket(histogram: Histogram, q: float) -> None:
    pooled = Latency.of([histogram])
    value = pooled.quantile(q)
    if value is not None:
        faster = sum(c for c, edge in zip(histogram.counts, (0.1, 0.2, 0.4, math.inf), strict=True) if edge < value)
        assert faster <= q * pooled.requests + 1e-9
        assert 0 <= value <= 0.4


def test_edges() -> None:
    pooled = latency(90, 5, 3, 2)
    assert [pooled.edge_from(least) for least in (0.05, 0.1, 0.11, 0.4, 0.41)] == [0, 0, 1, 2, None]
    assert pooled.over(0.2) == Tally(100, 5)
    assert pooled.over(0.3) == Tally()


def test_the_record_of_an_edge_is_that_of_its_readings() -> None:
    pooled = latency(90, 5, 3, 2) + latency(100, 0, 0, 0)
    by_hand = Baseline().seen(Tally(100, 5)).seen(Tally(100, 0))
    record = pooled.record(0.2)
    assert (record.total, record.readings) == (by_hand.total, by_hand.readings)
    assert record.dispersion == pytest.approx(by_hand.dispersion)
    assert pooled.record(0.3) == Baseline()


def test_other_buckets_start_anew() -> None:
    other = Latency.of([Histogram((1.0, None), (5, 5))])
    assert latency(1, 1, 1, 1) + other == other
    assert latency(1, 1, 1, 1) + Latency() == latency(1, 1, 1, 1)
    mixed = Latency.of([Histogram((1.0, None), (5, 5)), *[Histogram(EDGES, (1, 1, 1, 1))] * 2])
    assert (mixed.edges, mixed.requests) == ((0.1, 0.2, 0.4, math.inf), 8)
