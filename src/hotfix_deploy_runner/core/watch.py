"""The fold of readings: everything that was seen of a release so far. It accumulates; `verdict` judges."""

from collections.abc import Collection, Iterable
from typing import Self

import msgspec

from .comparison import Baseline, Comparison, Tally
from .evidence import EProcess
from .findings import Findings
from .fleet import Fleet, Role
from .hang import HANG_ODDS, Hang, Served
from .instant import Instant, Seconds
from .latency import Latency
from .lives import Lives
from .policy import Watching
from .reading import Reading, Sample
from .verdict import Verdict, judge

OVER, OVER_OF_PLATFORMS, OVER_OF_INSTANCES = 0.9, 0.05, 0.05
"""How the tests against the limit share alpha: a release within it is found over it with a chance of alpha at most."""

WORSE, WORSE_OF_PLATFORMS, WORSE_OF_INSTANCES, SLOW, HANG = 0.8, 0.05, 0.05, 0.05, 0.05
"""How the tests against the baseline do: one that is no worse is found so, slow or hanging with a chance of alpha."""

MAX_GAP = 3
"""How many intervals a reading counts for at most as watched time: the rest of a longer one was blind."""

SETTLING: Seconds = 5.0
"""How long a new instance may go without requests: balancers notice it late."""

WARM_UP: Seconds = 10.0
"""How long a new instance may be slow: caches and connections."""

LEAST_LIMIT = 0.001
"""The least limit in `over-baseline` mode: a multiple of almost nothing is no harm."""


class Span(msgspec.Struct, frozen=True):
    """When an incarnation was sampled: the start of its first reading, the end of its last."""

    first: Instant
    last: Instant


class Watch(msgspec.Struct, frozen=True):
    """What was seen of the release `new` beside and after `old`, both versions. Immutable; made with `begin`.

    Samples of the old version are the baseline, those during the rollout included; of other versions nothing is kept.
    `watched` is the watched time in seconds since `rolled_out`. Observing costs O(samples), judging the same always.
    """

    limits: Watching
    old: str
    new: str
    errors: Comparison
    slow: Comparison
    hang: Hang
    baseline: Baseline = Baseline()
    latency: Latency = Latency()
    baseline_latency: Latency = Latency()
    lives: Lives = Lives()
    sampled: dict[str, Span] = {}
    heard: Instant | None = None
    all_in: Instant | None = None
    watched: Seconds = 0.0

    @classmethod
    def begin(cls, limits: Watching, old: str, new: str) -> Self:
        """Nothing seen yet."""
        onset = min(0.5, limits.interval / max(limits.window, limits.interval))
        return cls(
            limits,
            old,
            new,
            errors=Comparison.begin(OVER * limits.alpha, WORSE * limits.alpha, onset),
            slow=Comparison.begin(SLOW * limits.alpha, SLOW * limits.alpha, onset),
            hang=Hang(EProcess(HANG * limits.alpha, onset, odds=HANG_ODDS, prior="even")),
        )

    def observed(self, reading: Reading, fleet: Fleet) -> Self:
        """With one more reading; `fleet` is as it was seen with it. One in which all are silent is a missed one."""
        if reading.silent and not reading.samples:
            return self.missed(reading.end, fleet)
        new = tuple(s for s in reading.samples if s.version == self.new)
        old = tuple(s for s in reading.samples if s.version == self.old != self.new)
        new_tally, old_tally = _errors(new), _errors(old)
        sampled = self._sampled(reading)
        latency, old_latency = _latency(new), _latency(old)
        return msgspec.structs.replace(
            self,
            errors=self.errors.seen(new_tally, old_tally, self.limit, self.baseline),
            slow=self._slow(_latency(_older(new, sampled, reading.end - WARM_UP)), old_latency),
            hang=self._hang(_older(new, sampled, reading.end - SETTLING), old, fleet, reading.length),
            baseline=self.baseline.seen(old_tally),
            latency=self.latency + latency,
            baseline_latency=self.baseline_latency + old_latency,
            lives=self.lives.seen(reading.end, fleet, self.new),
            sampled=sampled,
            heard=reading.end,
            watched=self.watched + self._watched(reading),
        )

    def missed(self, at: Instant, fleet: Fleet) -> Self:
        """With an attempt at `at` that gave no reading. The fleet is looked at all the same."""
        heard = at if self.heard is None else self.heard
        return msgspec.structs.replace(self, lives=self.lives.seen(at, fleet, self.new), heard=heard)

    def resumed(self, at: Instant) -> Self:
        """Watched on by another process, from `at`: the gap was blind, and nothing in it counts as unhealthy for long.

        What the next reading brings of the gap (requests, errors) is evidence like any; the time of it is not watched.
        """
        return msgspec.structs.replace(self, lives=self.lives.resumed(), heard=None if self.heard is None else at)

    def rolled_out(self, at: Instant) -> Self:
        """The last new instance is in, the window begins. Saying it again changes nothing."""
        if self.all_in is not None:
            return self
        return msgspec.structs.replace(self, all_in=at, heard=at if self.heard is None else self.heard)

    def covers(self, incarnations: Collection[str], since: Instant) -> bool:
        """Whether each of these incarnations had a sample in a reading that ended after `since`."""
        return all(key in self.sampled and self.sampled[key].last > since for key in incarnations)

    def judge(self, now: Instant) -> Verdict:
        """The verdict at `now`; PENDING while nothing is conclusive and the window is not over."""
        return judge(
            Findings(
                limits=self.limits,
                new=self.new,
                old=self.old,
                limit=self.limit,
                errors=self.errors,
                baseline=self.baseline,
                slow=self.slow,
                edge=self.edge,
                latency=self.latency,
                baseline_latency=self.baseline_latency,
                hang=self.hang,
                restarted=self.lives.restarted,
                unhealthy=self.lives.unhealthy(self.limits.unhealthy_for),
                rolled_out=self.all_in is not None,
                watched=self.watched,
                silence=0.0 if self.heard is None else max(0.0, now - self.heard),
            )
        )

    @property
    def limit(self) -> float:
        """The error rate in force, a fraction.

        In `over-baseline` mode: `over_baseline` times the upper bound of the baseline's rate, at least
        `LEAST_LIMIT`. Not knowing the baseline well does not lift it over `threshold`; a high baseline does.
        """
        if self.limits.mode == "absolute":
            return self.limits.threshold
        multiple, rate = self.limits.over_baseline, self.baseline.total.rate or 0.0
        bound = multiple * self.baseline.upper(self.errors.bound_level)
        return max(LEAST_LIMIT, multiple * rate, min(self.limits.threshold, bound))

    @property
    def edge(self) -> Seconds | None:
        """The latency beyond which a request is slow: the first bucket's edge at or above the limit for p99.

        None while the baseline has no p99, or no finite edge lies there.
        """
        p99 = self.baseline_latency.quantile(0.99)
        if p99 is None:
            return None
        index = self.baseline_latency.edge_from(max(self.limits.p99_ratio * p99, self.limits.p99_floor))
        return None if index is None else self.baseline_latency.edges[index]

    def _slow(self, new: Latency, old: Latency) -> Comparison:
        edge = self.edge
        if edge is None:
            return self.slow
        record = self.baseline_latency.record(edge)
        limit = max(0.01, record.upper(self.slow.bound_level))
        return self.slow.seen(new.over(edge), old.over(edge), limit, record)

    def _hang(self, new: Iterable[Sample], old: Iterable[Sample], fleet: Fleet, length: Seconds) -> Hang:
        ready = {i.incarnation for i in fleet.instances if i.ready and i.role is Role.SERVING}
        return self.hang.seen(_served(new, ready), _served(old, ready), length)

    def _sampled(self, reading: Reading) -> dict[str, Span]:
        spans = dict(self.sampled)
        for sample in reading.samples:
            known = spans.get(sample.incarnation)
            spans[sample.incarnation] = Span(known.first if known else reading.start, reading.end)
        return spans

    def _watched(self, reading: Reading) -> Seconds:
        if self.all_in is None:
            return 0.0
        return max(0.0, min(reading.length, MAX_GAP * self.limits.interval, reading.end - self.all_in))


def _errors(samples: Iterable[Sample]) -> Tally:
    samples = tuple(samples)
    return Tally(sum(s.requests for s in samples), sum(s.errors for s in samples))


def _latency(samples: Iterable[Sample]) -> Latency:
    return Latency.of(s.latency for s in samples if s.latency is not None)


def _older(samples: Iterable[Sample], sampled: dict[str, Span], than: Instant) -> tuple[Sample, ...]:
    """The samples of incarnations that were first sampled at `than` or before."""
    return tuple(s for s in samples if sampled[s.incarnation].first <= than)


def _served(samples: Iterable[Sample], ready: Collection[str]) -> Served:
    requests = tuple(s.requests for s in samples if s.incarnation in ready)
    return Served(len(requests), sum(requests))
