"""`core/evidence.py` and `core/comparison.py` for thousands of windows at once. That it equals them is checked."""

import math

import numpy as np

from hotfix_deploy_runner.core.baseline import RECENT
from hotfix_deploy_runner.core.comparison import WORSE, Comparison
from hotfix_deploy_runner.core.evidence import FROM_THE_START, LIKELY, TILT, EProcess

from .streams import Bools, Floats, Ints


class Evidence:
    """Many `EProcess`es with the settings of one."""

    def __init__(self, like: EProcess, windows: int) -> None:
        self._like = like
        self._odds = np.array(like.odds)
        self._waiting = np.zeros(windows)
        self._masses = np.full((windows, self._odds.size), -np.inf)
        self._begun = np.zeros(windows, bool)
        self._whole = np.zeros(windows)

    def seen(
        self,
        events: Floats,
        trials: Floats,
        limit: Floats,
        discount: Floats,
        only: Bools,
        besides: tuple[Floats, Bools] | None = None,
    ) -> None:
        """With one more reading of those windows that `only` names, `besides` where it says so."""
        more, there = besides or (np.zeros((events.size, self._odds.size)), np.zeros(events.size, bool))
        which = np.flatnonzero(only & ((trials > 0) | there) & (limit < 1))
        if not which.size:
            return
        limit = np.maximum(limit[which], 1e-9)
        begins = np.where(self._begun[which], self._like.onset, FROM_THE_START)
        entering = (self._waiting[which] + np.log(begins))[:, None] + self._weights(limit)
        waiting = self._waiting[which] + np.log1p(-begins)
        ratio = events[which, None] * self._odds - trials[which, None] * np.log1p(limit[:, None] * np.expm1(self._odds))
        masses = np.logaddexp(self._masses[which], entering) + (ratio + more[which]) / discount[which, None]
        allowed = np.maximum(0.0, self._whole[which]) + self._like.cap
        high = np.flatnonzero(_log_sum(waiting, masses) > allowed)
        if high.size:
            room = allowed[high] + np.log1p(-np.exp(waiting[high] - allowed[high]))
            masses[high] += (room - _log_sum(np.full(high.size, -np.inf), masses[high]))[:, None]
        self._waiting[which], self._masses[which], self._begun[which] = waiting, masses, True
        self._whole[which] = _log_sum(waiting, masses)

    @property
    def log_evidence(self) -> Floats:
        return self._whole

    def _weights(self, limit: Floats) -> Floats:
        if self._like.prior == "even":
            return np.full((limit.size, self._odds.size), -math.log(self._odds.size))
        if self._like.prior == "ratios":
            weights: Floats = TILT * self._odds - np.log(np.exp(TILT * self._odds).sum())
            return np.broadcast_to(weights, (limit.size, self._odds.size))
        logit = np.log(limit) - np.log1p(-limit)
        weights = np.multiply(-6.0, np.logaddexp(0.0, logit[:, None] + self._odds))
        return weights - _log_sum(np.full(limit.size, -np.inf), weights)[:, None]


def _log_sum(one: Floats, many: Floats) -> Floats:
    top = np.maximum(one, many.max(axis=1))
    total: Floats = top + np.log(np.exp(one - top) + np.exp(many - top[:, None]).sum(axis=1))
    return total


class Record:
    """Many `Baseline`s."""

    def __init__(self, windows: int) -> None:
        self.requests, self.events, self.readings, self.squares = (np.zeros(windows) for _ in range(4))
        self._recent: list[tuple[Floats, Floats]] = [(np.zeros(windows), np.zeros(windows))] * RECENT
        self._upper: dict[float, Floats] = {}

    def seen(self, requests: Floats, events: Floats) -> None:
        some = requests > 0
        if not some.any():
            return
        self._upper.clear()
        self.requests = self.requests + requests
        self.events = self.events + events
        self.readings = self.readings + some
        self.squares = self.squares + np.divide(events**2, requests, out=np.zeros(requests.shape), where=some)
        # Newest last; a window without requests keeps what it had.
        latest = [*self._recent[1:], (requests, events)]
        self._recent = [
            (np.where(some, new[0], old[0]), np.where(some, new[1], old[1]))
            for new, old in zip(latest, self._recent, strict=True)
        ]

    @property
    def dispersion(self) -> Floats:
        rate = _rate(self.events, self.requests)
        known = (self.readings >= 2) & (rate > 0) & (rate < 1)
        rate = np.where(known, rate, 0.5)
        chi_squared = (self.squares - self.events * rate) / (rate * (1 - rate))
        return np.where(known, np.maximum(1.0, chi_squared / np.maximum(self.readings - 1, 1)), 1.0)

    def upper(self, level: float) -> Floats:
        if level not in self._upper:
            self._upper[level] = self._bound(level)
        return self._upper[level]

    def _bound(self, level: float) -> Floats:
        spread = self.dispersion
        whole = upper_bound(self.events / spread, self.requests / spread, level)
        requests, events = (sum(part) for part in zip(*self._recent, strict=True))
        lower = 1 - upper_bound(requests - events, requests, level)
        worse = (events > 0) & (lower > whole)
        recent = upper_bound(events / spread, requests / spread, level)
        return np.where(worse, recent, whole)


def _rate(events: Floats, requests: Floats) -> Floats:
    return np.divide(events, requests, out=np.zeros(events.shape), where=requests > 0)


class Unevennesses:
    """Many `Unevenness`es."""

    def __init__(self, windows: int) -> None:
        self._requests, self._events, self._pairs, self._chi_squared = (np.zeros(windows) for _ in range(4))

    def seen(self, requests: Floats, events: Floats) -> None:
        some = requests > 0
        pair = some & (self._requests > 0)
        all_ = np.where(pair, self._requests + requests, 1.0)
        both = self._events + events
        expected = np.where(pair, both * (all_ - both) / all_, 0.0)
        one, other = _rate(events, requests), _rate(self._events, self._requests)
        known = expected > 0
        weight = np.divide(requests * self._requests, expected, out=np.zeros(expected.shape), where=known)
        self._pairs = self._pairs + pair
        self._chi_squared = self._chi_squared + np.where(known, weight * (one - other) ** 2, pair.astype(float))
        self._requests, self._events = np.where(some, requests, self._requests), np.where(some, events, self._events)

    @property
    def dispersion(self) -> Floats:
        pairs = np.maximum(self._pairs, 1)
        beyond: Floats = self._chi_squared / pairs / (1 + 2 * np.sqrt(2 / pairs))
        return np.maximum(1.0, beyond)


class Comparisons:
    """Many `Comparison`s with the settings of one."""

    def __init__(self, like: Comparison, windows: int) -> None:
        self._like = like
        self.over, self.beside, self.after = (Evidence(e, windows) for e in (like.over, like.beside, like.after))
        self.uneven = Unevennesses(windows)
        self._beside_events, self._beside_requests = np.zeros(windows), np.zeros(windows)

    def seen(self, new: tuple[Ints, Ints], old: tuple[Ints, Ints], limit: Floats, record: Record) -> None:
        """With one more reading: requests and events of both sides."""
        requests, events = (count.astype(float) for count in new)
        old_requests, old_events = (count.astype(float) for count in old)
        discount = np.maximum(record.dispersion, self.uneven.dispersion)
        some = requests > 0
        self.over.seen(events, requests, limit, discount, some)
        alone = some & (old_requests == 0)
        if alone.any():
            bound = record.upper(self._like.bound_level)
            bound = np.where(bound <= limit, np.minimum(WORSE * bound, limit), WORSE * bound)
            self.after.seen(events, requests, bound, discount, alone)
        self.uneven.seen(requests, events)
        both = np.where(some, requests + old_requests, 1.0)
        share, together = requests / both, some & (old_requests > 0)
        known = _rate(self._beside_events, self._beside_requests)
        fine = requests - events, old_requests - old_events
        more = _of_the_others(*fine, share, known, np.array(self._like.beside.odds)), known > 0
        self.beside.seen(events, events + old_events, share, discount, together, more)
        self._beside_events = self._beside_events + np.where(together, events + old_events, 0)
        self._beside_requests = self._beside_requests + np.where(together, requests + old_requests, 0)

    @property
    def worse(self) -> Bools:
        return self.beside.log_evidence + self.after.log_evidence >= self._like.beside.needed

    @property
    def conclusive(self) -> Bools:
        return self.worse & (self.over.log_evidence >= self._like.over.needed)


def _of_the_others(new: Floats, old: Floats, share: Floats, rate: Floats, ratios: Floats) -> Floats:
    times: Floats = np.exp(ratios)
    whole: Floats = 1 + share[:, None] * (times - 1)
    rates = np.minimum(rate[:, None], LIKELY * whole / times)
    without = np.log1p(-rates)
    of_new = new[:, None] * (np.log1p(-rates * times / whole) - without)
    of_old = old[:, None] * (np.log1p(-rates / whole) - without)
    both: Floats = of_new + of_old
    return both


def upper_bound(events: Floats, trials: Floats, level: float) -> Floats:
    """`evidence.upper_bound`, by as many halvings as its tolerance asks for."""
    some = trials > 0
    trials = np.where(some, trials, 1.0)
    rate = np.where(some, events / trials, 0.0)
    low, high = rate.copy(), np.ones(rate.shape)
    needed = math.log(1 / level)
    for _ in range(60):
        open_ = (high - low > 1e-6 * high) & (high > 1e-12)
        if not open_.any():
            break
        middle = (low + high) / 2
        below = trials * divergence(rate, middle) < needed
        low, high = np.where(open_ & below, middle, low), np.where(open_ & ~below, middle, high)
    return np.where(some, high, 1.0)


def divergence(rate: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.where(rate > 0, rate * np.log(rate / p), 0.0)
        rest = 1.0 - p
        other = np.where(rate < 1, (1 - rate) * (np.log(1 - rate) - np.log(rest)), 0.0)
    return one + other
