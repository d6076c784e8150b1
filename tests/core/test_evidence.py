"""The sequential test and the bounds, against scipy, at their extremes, and in simulation."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from hotfix_deploy_runner.core.evidence import (
    FROM_THE_START,
    RATE_ODDS,
    SHARE_ODDS,
    EProcess,
    divergence,
    log_ratio,
    log_sum,
    lower_bound,
    of_the_others,
    upper_bound,
)

ALPHA, LIMIT = 0.01, 0.05
counts = st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
limits = st.floats(1e-6, 0.999)


class Uncapped(EProcess, frozen=True):
    """Without the cap, for comparison with closed forms."""

    @property
    def cap(self) -> float:
        return math.inf


def process(onset: float = 0.01, level: float = ALPHA) -> EProcess:
    return EProcess(level, onset)


def mixture(events: int, trials: int, limit: float) -> float:
    """The log evidence of a mixture of rates over (limit, 1], weighed as Beta(0, 4) weighs them, by quadrature."""

    def prior(rate: float) -> float:
        return (1 - rate) ** 3 / rate

    def weighed(rate: float) -> float:
        ratio = special.xlogy(events, rate / limit) + special.xlog1py(trials - events, -rate)
        ratio -= (trials - events) * math.log1p(-limit)
        return prior(rate) * math.exp(ratio)

    points = [p for p in (events / trials,) if limit < p < 1]
    after = integrate.quad(weighed, limit, 1, points=points or None, limit=200)[0]
    return math.log(after / integrate.quad(prior, limit, 1)[0])


# The likelihood ratio


@given(counts, st.floats(1e-4, 0.99), st.sampled_from(RATE_ODDS))
def test_the_ratio_is_that_of_two_binomials(count: tuple[int, int], limit: float, odds: float) -> None:
    events, trials = count
    other = special.expit(special.logit(limit) + odds)
    expected = stats.binom.logpmf(events, trials, other) - stats.binom.logpmf(events, trials, limit)
    assert log_ratio(events, trials, limit, odds) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.integers(1, 60), st.floats(0.001, 0.999), st.floats(0.001, 1), st.sampled_from(RATE_ODDS), st.floats(1, 50))
def test_no_ratio_is_expected_to_grow_under_the_null_hypothesis(
    trials: int, limit: float, below: float, odds: float, discount: float
) -> None:
    """Also raised to 1/discount and cut off: the property that the whole rests on."""
    rate, cap = limit * below, process().cap
    expected = math.fsum(
        stats.binom.pmf(k, trials, rate) * math.exp(min(cap, log_ratio(k, trials, limit, odds) / discount))
        for k in range(trials + 1)
    )
    assert expected <= 1 + 1e-9


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.01, 0.99), st.sampled_from(SHARE_ODDS))
def test_events_that_fall_on_two_groups_alike_are_not_expected_to_grow(
    new: int, old: int, share: float, odds: float
) -> None:
    """Given their number they are hypergeometric; the binomial stands in for it, on the safe side."""
    events = round(share * (new + old))
    x = range(events + 1)
    chances = stats.hypergeom.pmf(x, new + old, new, events)
    ratios = (math.exp(log_ratio(k, events, new / (new + old), odds)) for k in x)
    assert math.fsum(p * ratio for p, ratio in zip(chances, ratios, strict=True)) <= 1 + 1e-9


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.floats(1e-6, 0.999),
    st.floats(0, 1),
    st.floats(1e-6, 0.999),
    st.sampled_from(SHARE_ODDS),
    st.floats(1, 20),
)
def test_no_groups_that_are_no_worse_are_expected_to_grow_whatever_their_rate(
    new: int, old: int, rate: float, better: float, supposed: float, ratio: float, discount: float
) -> None:
    """With what the requests without an event add: for any rate of the old, and one of the new that is no higher."""
    share = new / (new + old)
    total = math.fsum(
        stats.binom.pmf(k, new, rate * better)
        * stats.binom.pmf(other, old, rate)
        * math.exp(
            (log_ratio(k, k + other, share, ratio) + of_the_others(new - k, old - other, share, supposed, ratio))
            / discount
        )
        for k in range(new + 1)
        for other in range(old + 1)
    )
    assert total <= 1 + 1e-9


def test_without_a_rate_the_others_tell_nothing() -> None:
    assert of_the_others(50, 100, 1 / 3, 0.0, math.log(40)) == 0


# The process


@pytest.mark.parametrize(
    ("events", "trials"), [(0, 1), (1, 1), (2, 3), (8, 40), (18, 41), (5, 100), (30, 300), (60, 900)]
)
def test_the_grid_is_close_to_the_mixture(events: int, trials: int) -> None:
    entered = Uncapped(ALPHA, 0.01).seen(events, trials, LIMIT)
    grid = log_sum(entered.masses) - math.log(FROM_THE_START)
    assert grid == pytest.approx(mixture(events, trials, LIMIT), abs=0.8)


def test_it_is_the_sum_over_beginnings_and_alternatives() -> None:
    """The forward recursion, against the sum written out."""
    onset, readings = 0.1, [(1, 30), (0, 20), (9, 25), (12, 30)]
    running: EProcess = Uncapped(ALPHA, onset, odds=SHARE_ODDS, prior="even")
    begins = [FROM_THE_START] + [(1 - FROM_THE_START) * (1 - onset) ** k * onset for k in range(len(readings) - 1)]
    factors = [[math.exp(log_ratio(e, n, LIMIT, odds) / 1.5) for odds in SHARE_ODDS] for e, n in readings]
    for events, trials in readings:
        running = running.seen(events, trials, LIMIT, discount=1.5)
    whole = 1 - math.fsum(begins)
    for start, weight in enumerate(begins):
        for j in range(len(SHARE_ODDS)):
            whole += weight / len(SHARE_ODDS) * math.prod(factors[s][j] for s in range(start, len(readings)))
    assert running.log_evidence == pytest.approx(math.log(whole))


def test_nothing_is_no_evidence() -> None:
    assert process().log_evidence == 0
    assert process().seen(0, 0, LIMIT) == process()
    assert process().seen(7, 9, 1.0) == process()


@given(counts, limits, st.floats(1, 100))
def test_one_reading_alone_never_suffices(count: tuple[int, int], limit: float, discount: float) -> None:
    after = process().seen(*count, limit, discount)
    assert after.log_evidence <= after.cap + 1e-12
    assert not after.conclusive


@given(st.lists(counts, max_size=12), counts, limits)
def test_no_reading_adds_more_than_the_cap(before: list[tuple[int, int]], last: tuple[int, int], limit: float) -> None:
    running = process()
    for events, trials in before:
        running = running.seen(events, trials, limit)
    assert running.seen(*last, limit).log_evidence <= max(0.0, running.log_evidence) + running.cap + 1e-9


@given(st.lists(counts, max_size=6), counts, st.data(), limits)
def test_more_events_are_more_evidence(
    before: list[tuple[int, int]], last: tuple[int, int], data: st.DataObject, limit: float
) -> None:
    running = process()
    for events, trials in before:
        running = running.seen(events, trials, limit)
    events, trials = last
    fewer, more = running.seen(data.draw(st.integers(0, events)), trials, limit), running.seen(events, trials, limit)
    assert fewer.log_evidence <= more.log_evidence + 1e-9


@given(st.lists(counts, max_size=4), counts, limits)
def test_two_readings_alone_never_suffice(before: list[tuple[int, int]], two: tuple[int, int], limit: float) -> None:
    """What lasts no longer than an interval may fall into two of them."""
    running = process()
    for _, trials in before:
        running = running.seen(0, trials, limit)
    for _ in range(2):
        running = running.seen(*two, limit)
    assert not running.conclusive


@given(st.lists(st.integers(0, 10**7), max_size=30), limits)
def test_no_events_are_never_evidence(trials: list[int], limit: float) -> None:
    running = process()
    for number in trials:
        running = running.seen(0, number, limit)
    assert running.log_evidence <= 1e-12


def test_it_forgives_a_burst_that_passes() -> None:
    """The evidence never falls below the weight of "has not begun", however large the burst was."""
    clean = burst = process()
    burst = burst.seen(2000, 2000, LIMIT)
    for _ in range(50):
        clean, burst = clean.seen(0, 2000, LIMIT), burst.seen(0, 2000, LIMIT)
    assert burst.log_evidence == pytest.approx(burst.waiting, abs=0.1)
    assert burst.log_evidence == pytest.approx(clean.log_evidence, abs=0.1)


def test_it_sees_a_fault_that_begins_late() -> None:
    running = EProcess(ALPHA, 1 / 300)
    for _ in range(180):
        running = running.seen(1, 1000, LIMIT)
    looks = 0
    while not running.conclusive:
        running, looks = running.seen(300, 1000, LIMIT), looks + 1
    assert looks <= 6


@pytest.mark.parametrize(
    ("events", "trials"), [(0, 10**7), (10**7, 10**7), (500_000, 10**7), (1, 1), (0, 1), (1, 10**7)]
)
@pytest.mark.parametrize("limit", [1e-12, 1e-6, 0.05, 0.999999])
def test_it_stands_extremes(events: int, trials: int, limit: float) -> None:
    running = process()
    for _ in range(400):
        running = running.seen(events, trials, limit)
    assert math.isfinite(running.log_evidence)
    if events == 0:
        assert running.log_evidence < 0


@pytest.mark.parametrize(("events", "trials", "discount"), [(2, 1, 1.0), (-1, 3, 1.0), (1, 3, 0.9)])
def test_impossible_counts_are_refused(events: int, trials: int, discount: float) -> None:
    with pytest.raises(ValueError, match="trials"):
        process().seen(events, trials, LIMIT, discount)


def test_a_discount_weakens_what_speaks_for_a_fault() -> None:
    plain, discounted = process().seen(6, 40, LIMIT), process().seen(6, 40, LIMIT, discount=3)
    assert 0 < discounted.log_evidence < plain.log_evidence


# Simulations


def first_conclusive(rate: float, random_: random.Random, most: int) -> int | None:
    """The request at which a bare mixture (no cap, a fault from the start) is conclusive."""
    masses = list(process()._weights(LIMIT))
    hit = [log_ratio(1, 1, LIMIT, odds) for odds in RATE_ODDS]
    miss = [log_ratio(0, 1, LIMIT, odds) for odds in RATE_ODDS]
    for request in range(1, most + 1):
        failed = random_.random() < rate
        masses = [mass + step for mass, step in zip(masses, hit if failed else miss, strict=True)]
        if failed and log_sum(masses) >= math.log(1 / ALPHA):
            return request
    return None


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "most"), [(0.5, 1.9), (0.2, 1.4)])
def test_how_many_requests_it_takes(rate: float, most: float) -> None:
    """As multiples of Wald's bound. What is far over the limit has little prior weight: it is seen soon anyway."""
    random_ = random.Random(11)
    needed = [first_conclusive(rate, random_, 5000) for _ in range(150)]
    mean = sum(n for n in needed if n) / len(needed)
    assert None not in needed
    bound = math.log(1 / ALPHA) / divergence(rate, LIMIT)
    assert bound < mean < most * bound


@pytest.mark.slow
def test_false_alarms_at_exactly_the_limit() -> None:
    """1,500 windows of 100 looks; at most 1 % of them, give or take three standard deviations."""
    random_ = random.Random(7)
    alarms = sum(alarmed(random_) for _ in range(1500))
    assert alarms <= 1500 * ALPHA + 3 * math.sqrt(1500 * ALPHA)


def alarmed(random_: random.Random) -> bool:
    running = EProcess(ALPHA, 0.01, odds=RATE_ODDS[::4])
    for _ in range(100):
        errors = sum(random_.random() < LIMIT for _ in range(20))
        running = running.seen(errors, 20, LIMIT)
        if running.conclusive:
            return True
    return False


# Bounds


@given(st.integers(1, 10**7), st.floats(1e-6, 0.5))
def test_without_events_the_bound_is_exact(trials: int, level: float) -> None:
    assert upper_bound(0, trials, level) == pytest.approx(-math.expm1(math.log(level) / trials), rel=1e-5)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.05, 0.002]))
def test_the_bound_is_no_tighter_than_clopper_and_pearson(count: tuple[int, int], level: float) -> None:
    events, trials = count
    exact = stats.beta.ppf(1 - level, events + 1, trials - events) if events < trials else 1.0
    bound = upper_bound(events, trials, level)
    assert exact - 1e-6 <= bound <= 1
    assert bound - events / trials <= 1.75 * (exact - events / trials) + 1e-6


def test_the_bound_solves_its_equation() -> None:
    root = optimize.brentq(
        lambda p: 400 * special.rel_entr(0.03, p) + 400 * special.rel_entr(0.97, 1 - p) - math.log(20), 0.03, 0.9
    )
    assert upper_bound(12, 400, 0.05) == pytest.approx(root, rel=1e-4)


@given(counts.filter(lambda c: c[1] > 0), st.floats(0.001, 0.3))
def test_the_bounds_enclose_the_rate(count: tuple[int, int], level: float) -> None:
    events, trials = count
    low, high = lower_bound(events, trials, level), upper_bound(events, trials, level)
    assert -1e-12 <= low <= events / trials + 1e-9
    assert events / trials <= high <= 1


def test_without_trials_nothing_is_known() -> None:
    assert (lower_bound(0, 0, 0.05), upper_bound(0, 0, 0.05)) == (0, 1)


def test_divergence() -> None:
    assert divergence(0.2, 0.05) == pytest.approx(stats.entropy([0.2, 0.8], [0.05, 0.95]))
    assert divergence(0.3, 0.3) == 0
    assert divergence(0.3, 0.0) == math.inf


def test_log_sum() -> None:
    assert log_sum(()) == -math.inf
    assert log_sum((-math.inf, 3.0)) == 3
    assert log_sum((1000.0, 1000.0)) == pytest.approx(1000 + math.log(2))
