"""The fold of readings: everything that was seen of a release so far. It accumulates; `verdict` judges."""

from collections.abc import Collection, Iterable, Sequence
from typing import Self

import msgspec

from .baseline import Baseline, Kept, Tally
from .comparison import Comparison
from .evidence import EProcess
from .findings import Findings
from .fleet import Fleet, Role
from .further import Further, alpha_of_the_others
from .hang import HANG_ODDS, Hang, Served
from .instant import Instant, Seconds
from .latency import Latency
from .lives import Lives
from .part import Part, expiry
from .policy import Watching
from .reading import Reading, Sample
from .suspects import Suspects
from .verdict import Verdict, judge

OVER, OVER_OF_PLATFORMS, OVER_OF_INSTANCES = 0.9, 0.05, 0.05
"""How the tests against the limit share alpha: a release within it is found over it with a chance of alpha at most.

Where there are further metrics, these are shares of what they leave of it.
"""

WORSE, WORSE_OF_PLATFORMS, WORSE_OF_INSTANCES, SLOW, HANG = 0.8, 0.05, 0.05, 0.05, 0.05
"""How the tests against the baseline do: one that is no worse is found so, slow or hanging with a chance of alpha."""

MAX_GAP = 3
"""How many intervals a reading counts for at most as watched time: the rest of a longer one was blind."""

SETTLING: Seconds = 5.0
"""How long a new instance may go without requests: balancers notice it late."""

WARM_UP: Seconds = 10.0
"""How long a new instance may be slow: caches and connections."""


class Watch(msgspec.Struct, frozen=True):
    """What was seen of the release `new` beside and after `old`, both versions. Immutable; made with `begin`.

    Samples of the old version are the baseline, those during the rollout included; of other versions nothing is kept.
    `whole` is everything together; `platforms` are those of an environment that has several, as far as they are known.
    `watched` is the watched time in seconds since `rolled_out`. `born` says when an incarnation was first sampled (the
    start of that reading), `sampled` when last (the end). Observing costs O(samples), judging the same always.
    """

    limits: Watching
    old: str
    new: str
    whole: Part
    slow: Comparison
    hang: Hang
    kept_latency: Kept[Latency]
    suspects: Suspects
    further: Further
    platforms: dict[str, Part] = {}
    latency: Latency = Latency()
    lives: Lives = Lives()
    born: dict[str, Instant] = {}
    sampled: dict[str, Instant] = {}
    heard: Instant | None = None
    all_in: Instant | None = None
    watched: Seconds = 0.0

    @classmethod
    def begin(cls, limits: Watching, old: str, new: str) -> Self:
        """Nothing seen yet."""
        onset, alpha = _onset(limits), alpha_of_the_others(limits)
        return cls(
            limits,
            old,
            new,
            whole=Part.begin(limits, OVER * alpha, WORSE * alpha, onset),
            slow=Comparison.begin(SLOW * alpha, SLOW * alpha, onset),
            hang=Hang(EProcess(HANG * alpha, onset, odds=HANG_ODDS, prior="even")),
            kept_latency=Kept[Latency].begin(Latency(), expiry(limits)),
            suspects=Suspects(OVER_OF_INSTANCES * alpha, WORSE_OF_INSTANCES * alpha, onset),
            further=Further.begin(limits, onset),
        )

    def observed(self, reading: Reading, fleet: Fleet, at: Instant | None = None) -> Self:
        """With one more reading. One in which all are silent is a missed one.

        `fleet` is as it was seen with it, at `at`: a source that is late has a reading that ends before.
        """
        seen = reading.end if at is None else at
        if reading.silent and not reading.samples:
            return self.missed(seen, fleet)
        new = tuple(s for s in reading.samples if s.version == self.new)
        old = tuple(s for s in reading.samples if s.version == self.old != self.new)
        new_tally, old_tally = _errors(new), _errors(old)
        born = self._born(reading)
        latency, old_latency = _latency(new), _latency(old)
        warm = _older(new, born, reading.end - WARM_UP)
        return msgspec.structs.replace(
            self,
            whole=self.whole.seen(reading.end, new_tally, old_tally),
            platforms=self._platforms(reading.end, new, old, fleet),
            suspects=self._suspects(new, old, new_tally + old_tally),
            further=self.further.seen(reading.end, new, old, born),
            slow=self._slow(latency if warm == new else _latency(warm), old_latency),
            hang=self._hang(_older(new, born, reading.end - SETTLING), old, fleet, reading.length),
            latency=self.latency + latency,
            kept_latency=self.kept_latency.seen(reading.end, old_latency),
            lives=self.lives.seen(seen, fleet, self.new),
            born=born,
            sampled=self.sampled | dict.fromkeys((s.incarnation for s in reading.samples), reading.end),
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

    def covers(self, incarnations: Collection[str], since: Instant, length: Seconds = 0.0) -> bool:
        """Whether the readings cover each of these incarnations: for `length` at least, and after `since`."""
        return all(
            self.sampled.get(key, since) > since and self.sampled[key] - self.born[key] >= length
            for key in incarnations
        )

    def judge(self, now: Instant) -> Verdict:
        """The verdict at `now`; PENDING while nothing is conclusive and the window is not over."""
        return judge(
            Findings(
                limits=self.limits,
                new=self.new,
                old=self.old,
                whole=self.whole,
                platforms=self.platforms,
                suspects=self.suspects,
                further=self.further,
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
    def errors(self) -> Comparison:
        """All errors of the new version, compared."""
        return self.whole.errors

    @property
    def baseline(self) -> Baseline:
        """The old version's record, as far as it counts."""
        return self.whole.baseline

    @property
    def baseline_latency(self) -> Latency:
        """The old version's latency, as far as it counts."""
        return self.kept_latency.whole

    @property
    def limit(self) -> float:
        """The error rate in force, a fraction."""
        return self.whole.limit

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

    def _platforms(self, at: Instant, new: Sequence[Sample], old: Sequence[Sample], fleet: Fleet) -> dict[str, Part]:
        """The platforms with their parts of the reading, which are those of the first reading that has several.

        They share their part of alpha evenly.
        """
        of = {i.incarnation: i.platform for i in fleet.instances if i.platform}
        names = tuple(self.platforms) or tuple(dict.fromkeys(of.values()))
        if len(names) < 2:
            return self.platforms
        alpha = alpha_of_the_others(self.limits) / len(names)
        nothing = Part.begin(self.limits, OVER_OF_PLATFORMS * alpha, WORSE_OF_PLATFORMS * alpha, _onset(self.limits))
        return {
            name: self.platforms.get(name, nothing).seen(
                at, *(_errors(s for s in group if of.get(s.incarnation) == name) for group in (new, old))
            )
            for name in names
        }

    def _suspects(self, new: Sequence[Sample], old: Sequence[Sample], all_: Tally) -> Suspects:
        """Single instances stand out only beside others: with one new one, the whole says it all."""
        if len(new) < 2:
            return self.suspects
        return self.suspects.seen((*new, *old), all_, self.limit, self.baseline.dispersion)

    def _slow(self, new: Latency, old: Latency) -> Comparison:
        edge = self.edge
        if edge is None:
            return self.slow
        record = self.baseline_latency.record(edge)
        limit = max(0.01, record.upper(self.slow.bound_level))
        return self.slow.seen(new.over(edge), old.over(edge), limit, record)

    def _hang(self, new: Sequence[Sample], old: Sequence[Sample], fleet: Fleet, length: Seconds) -> Hang:
        if not (new and old):
            return self.hang
        ready = {i.incarnation for i in fleet.instances if i.ready and i.role is Role.SERVING}
        return self.hang.seen(_served(new, ready), _served(old, ready), length)

    def _born(self, reading: Reading) -> dict[str, Instant]:
        fresh = [s.incarnation for s in reading.samples if s.incarnation not in self.born]
        return self.born | dict.fromkeys(fresh, reading.start) if fresh else self.born

    def _watched(self, reading: Reading) -> Seconds:
        if self.all_in is None:
            return 0.0
        longest = MAX_GAP * max(self.limits.interval, reading.pace)
        return max(0.0, min(reading.length, longest, reading.end - self.all_in))


def _errors(samples: Iterable[Sample]) -> Tally:
    samples = tuple(samples)
    return Tally(sum(s.requests for s in samples), sum(s.errors for s in samples))


def _latency(samples: Iterable[Sample]) -> Latency:
    return Latency.of(s.latency for s in samples if s.latency is not None)


def _older(samples: tuple[Sample, ...], born: dict[str, Instant], than: Instant) -> tuple[Sample, ...]:
    """The samples of incarnations that were first sampled at `than` or before."""
    # The last to be born is the last in the dictionary: most readings find all of them older.
    if not born or born[next(reversed(born))] <= than:
        return samples
    return tuple(s for s in samples if born[s.incarnation] <= than)


def _onset(limits: Watching) -> float:
    """The chance per reading that a fault begins: once a window."""
    return min(0.5, limits.interval / max(limits.window, limits.interval))


def _served(samples: Iterable[Sample], ready: Collection[str]) -> Served:
    requests = tuple(s.requests for s in samples if s.incarnation in ready)
    return Served(len(requests), sum(requests))
