"""Sequential evidence that events are more frequent than a limit allows, and bounds on a rate.

Everything here is one test. Of `trials` independent trials `events` came out one way; under the null hypothesis each
does so with a probability of at most `limit`. For an alternative whose odds are w times the limit's, the likelihood
ratio is

    w^events / (1 + limit (w - 1))^trials

and its expectation under the null hypothesis is at most 1 (exactly 1 at the limit). What the trials are is the
caller's business: requests that fail (limit: the threshold), errors that fall on new instances (limit: their share of
the requests), requests that are slow, requests that old instances completed.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

RATE_ODDS = tuple(math.log(1.1) + step * math.log(1.25) for step in range(32))
"""Odds ratios 1.1 to 1,110, as logarithms: for rates, where a limit of 5 % makes them 5.5 % to 98 %."""

SHARE_ODDS = tuple(math.log(ratio) for ratio in (1.5, 2, 3, 5, 8, 12, 20, 40, 100, 300))
"""For two groups side by side: how many times the odds of one group are those of the other."""

TILT = 0.75
"""Large ratios have more weight: where one of two groups has all the events, those are few, and each tells little."""

LIKELY = 0.5
"""The highest rate that is supposed of the new group side by side: successes after all are not to tell too much."""

READINGS = 2.25
"""How many readings it takes at least to be conclusive, from evidence of 1: three."""

FROM_THE_START = 0.5
"""The prior weight of a fault that is there in the first reading; the rest is spread over later beginnings."""


class EProcess(msgspec.Struct, frozen=True):
    """Evidence against "the probability of an event is at most `limit`", reading by reading. Not a probability.

    It is the sum over all beginnings k of a fault and all alternatives j of w_k w_j times the product of the likelihood
    ratios since k (1 before k). The weights sum to 1, so it is computed forward, like a hidden Markov model: `waiting`
    is the logarithm of the weight of "has not begun", `masses` those of the alternatives that have.

    Every ratio is raised to the power 1/discount (at most 1), and the whole is scaled down where a reading would lift
    it by more than `cap` from where it was, or from 1 where it was less. Both keep its conditional expectation at or
    below what it was, the first by Jensen's inequality, the second because it only makes it smaller; `limit` and
    `discount` may change from reading to reading as long as they depend on earlier readings, or on the counts of
    trials, only. So the whole is a non-negative supermartingale that starts at 1, and by Ville's inequality the chance
    that it ever reaches 1/`level` is at most `level`, however often one looks. What it supposes: that trials fail
    independently, or no more unevenly than `discount` says. The weight of "has not begun" is never scaled, so a burst
    that passes costs nothing later.

    `level` is the chance of a false alarm; `onset` the chance per reading that a fault begins; `odds` the logarithms of
    the alternatives' odds ratios. `prior` weighs them: `rates` as Beta(0, 6) truncated to (limit, 1] does (evenly on a
    logarithmic scale while rates are small, and little above a half, where a few readings suffice anyway); `ratios` by
    the odds ratio to the power of `TILT`; `even`.

    Sources: Ville 1939; Shin, Ramdas and Rinaldo, "E-detectors" (arXiv 2203.03532) for the sum over beginnings.
    """

    level: float
    onset: float
    odds: tuple[float, ...] = RATE_ODDS
    prior: Literal["rates", "ratios", "even"] = "rates"
    waiting: float = 0.0
    masses: tuple[float, ...] = ()

    @property
    def needed(self) -> float:
        """The logarithm of the evidence that is conclusive."""
        return math.log(1 / self.level)

    @property
    def cap(self) -> float:
        """The most that one reading can add to the logarithm of the evidence, where that is not below 0.

        Less than half of what is needed: an event no longer than one interval may fall into two readings.
        """
        return self.needed / READINGS

    @property
    def log_evidence(self) -> float:
        """The natural logarithm of the evidence; 0 before any trial."""
        return log_sum((self.waiting, *self.masses))

    @property
    def conclusive(self) -> bool:
        """Whether the evidence has reached 1/`level` now."""
        return self.log_evidence >= self.needed

    def seen(
        self, events: int, trials: int, limit: float, discount: float = 1.0, besides: Sequence[float] = ()
    ) -> "EProcess":
        """With one more reading: `events` in `trials`, against `limit`, a probability.

        No trials, or a limit of 1 or more (nothing can be over it), change nothing. `discount` is the overdispersion,
        at least 1. `besides` are logarithms of further likelihood ratios from the same reading, one an alternative,
        where what is not a trial tells something too (`of_the_others`). Raises `ValueError` for counts or a discount
        out of range.
        """
        if not 0 <= events <= trials or discount < 1:
            raise ValueError(f"{events} events in {trials} trials, discount {discount}")
        if (trials == 0 and not besides) or limit >= 1:
            return self
        limit = max(limit, 1e-9)
        begins = self.onset if self.masses else FROM_THE_START
        entering = self.waiting + math.log(begins)
        held = self.masses or (-math.inf,) * len(self.odds)
        waiting = self.waiting + math.log1p(-begins)
        masses = tuple(
            log_sum((mass, entering + weight)) + (log_ratio(events, trials, limit, odds) + more) / discount
            for mass, weight, odds, more in zip(
                held, self._weights(limit), self.odds, besides or (0.0,) * len(self.odds), strict=True
            )
        )
        allowed = max(0.0, self.log_evidence) + self.cap
        if log_sum((waiting, *masses)) > allowed:
            masses = _scaled(masses, allowed, waiting)
        return msgspec.structs.replace(self, waiting=waiting, masses=masses)

    def _weights(self, limit: float) -> tuple[float, ...]:
        """The logarithms of the alternatives' prior weights."""
        if self.prior == "even":
            return (-math.log(len(self.odds)),) * len(self.odds)
        if self.prior == "ratios":
            total = log_sum(TILT * odds for odds in self.odds)
            return tuple(TILT * odds - total for odds in self.odds)
        return _rate_weights(limit, self.odds)


def _scaled(masses: tuple[float, ...], whole: float, waiting: float) -> tuple[float, ...]:
    """`masses` brought to where they and `waiting` sum to `whole`, all logarithms."""
    down = log_sum(masses) - (whole + math.log1p(-math.exp(waiting - whole)))
    return tuple(mass - down for mass in masses)


@lru_cache(maxsize=64)
def _rate_weights(limit: float, odds: tuple[float, ...]) -> tuple[float, ...]:
    """Beta(0, 6)'s density, (1 - rate)^5 / rate, times d(rate)/d(log odds), rate (1 - rate); `odds` evenly spaced."""
    # 1 - rate = 1 / (1 + exp(logit + odds)), in logs.
    logit = math.log(limit) - math.log1p(-limit)
    weights = [-6 * _softplus(logit + one) for one in odds]
    total = log_sum(weights)
    return tuple(weight - total for weight in weights)


def _softplus(x: float) -> float:
    """log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def log_ratio(events: int, trials: int, limit: float, odds: float) -> float:
    """The logarithm of the likelihood ratio of an alternative, whose odds are exp(`odds`) times the limit's."""
    return events * odds - trials * math.log1p(limit * math.expm1(odds))


def of_the_others(new: int, old: int, share: float, rate: float, ratio: float) -> float:
    """What the requests without the event add to `log_ratio` for two groups side by side; 0 for a rate of 0.

    `log_ratio` with `share`, the new group's part of all requests, as its limit tells how the events divide. Together
    they are the likelihood ratio of "the rate of the new group is exp(`ratio`) times that of the old, and `rate` that
    of both together" to "both have `rate`". `new` and `old` count the requests without the event. Its expectation is
    at most 1 for whatever rate both groups have, or for one that is lower in the new: with the ratios of the rates
    to `rate` as 1 + a and 1 + b, it is (1 + d a)^new (1 + d b)^old for some d, and share a + (1 - share) b = 0.
    (Turner, Ly and Grünwald, arXiv 2106.02693.) `rate` must not depend on this reading.
    """
    times = math.exp(ratio)
    whole = 1 + share * (times - 1)
    rate = min(rate, LIKELY * whole / times)
    without = math.log1p(-rate)
    return new * (math.log1p(-rate * times / whole) - without) + old * (math.log1p(-rate / whole) - without)


def log_sum(logs: Iterable[float]) -> float:
    """The logarithm of the sum of numbers that are given as logarithms; minus infinity for none."""
    values = tuple(logs)
    top = max(values, default=-math.inf)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(value - top) for value in values))


def upper_bound(events: float, trials: float, level: float) -> float:
    """The highest rate that `events` in `trials` leave credible: a higher one has a chance of at most `level`.

    Chernoff's bound: the p above events/trials with trials x KL(events/trials, p) = ln(1/level). Without events it is
    the exact bound, 1 - level^(1/trials) (the "rule of three" at 5 %); otherwise a little wider than Clopper and
    Pearson's. Counts may be fractions (divided by an overdispersion). 1 without trials.
    """
    if trials <= 0:
        return 1.0
    rate = events / trials
    return _bisect(lambda p: trials * divergence(rate, p) < math.log(1 / level), rate, 1.0)


def lower_bound(events: float, trials: float, level: float) -> float:
    """The lowest rate that `events` in `trials` leave credible; as `upper_bound`. 0 without trials."""
    return 1.0 - upper_bound(trials - events, trials, level)


def divergence(rate: float, p: float) -> float:
    """KL(rate, p), the Kullback-Leibler divergence of two Bernoulli distributions, in nats per trial."""
    return _times_log(rate, p) + _times_log(1.0 - rate, 1.0 - p)


def _times_log(share: float, other: float) -> float:
    if share <= 0:
        return 0.0
    return math.inf if other <= 0 else share * math.log(share / other)


def _bisect(below: Callable[[float], bool], low: float, high: float) -> float:
    """The upper end of a bracket, of relative width under 1e-6, around where `below` turns false."""
    while high - low > 1e-6 * high and high > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return high
