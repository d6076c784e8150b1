"""Single instances that fail while the others do not: one dead pod in a hundred leaves the whole under its limit."""

import math
from collections.abc import Sequence
from heapq import nsmallest
from typing import Self

import msgspec

from .baseline import Tally
from .evidence import EProcess, log_sum
from .reading import Sample

MOST = 24
"""How many are suspected at once, at most. Where more fail, the whole is over its limit."""

RATES = tuple(math.log(ratio) for ratio in (3, 10, 40, 200))
SHARES = tuple(math.log(ratio) for ratio in (3, 10, 40, 200, 1000))
"""The alternatives: how many times the limit's odds, and those of the others."""

FORGOTTEN = math.log(0.05)
"""When nothing but "has not begun" is left of the evidence: the suspicion is dropped."""


class Suspect(msgspec.Struct, frozen=True):
    """One incarnation, from the reading after that which made it suspect.

    `over`: its rate is over the limit. `worse`: more errors fall on it than its share of all requests, of both
    versions, so that what all suffer cancels out.
    """

    name: str
    version: str
    over: EProcess
    worse: EProcess
    own: Tally = Tally()
    others: Tally = Tally()

    def seen(self, own: Tally, all_: Tally, limit: float, discount: float) -> Self:
        """With one more reading of it and of all."""
        share = own.requests / all_.requests if all_.requests else 1.0
        return msgspec.structs.replace(
            self,
            over=self.over.seen(own.events, own.requests, limit, discount),
            worse=self.worse.seen(own.events, all_.events, share, discount),
            own=self.own + own,
            others=self.others + Tally(all_.requests - own.requests, all_.events - own.events),
        )

    @property
    def conclusive(self) -> bool:
        """Whether it is over the limit, and worse than the others, conclusively."""
        return self.over.conclusive and self.worse.conclusive

    @property
    def forgotten(self) -> bool:
        """Whether it has shown nothing since."""
        return bool(self.over.masses) and log_sum(self.over.masses) < FORGOTTEN


class Suspects(msgspec.Struct, frozen=True):
    """The instances that are suspected now, by incarnation, of both versions. Those without errors cost nothing.

    A reading makes an instance suspect when its own rate is over the limit; the evidence is what comes after, so what
    is suspected never depends on what is counted. The k-th suspicion of a watch of n instances has n / ((n + k)
    (n + k + 1)) of the level, k from 0; these sum to 1. Dropping one only loses evidence.

    `over` and `worse` are the chances of a false alarm among all of them, against the limit and against the others.
    `had` are the versions of which one was found guilty at some time.
    """

    over: float
    worse: float
    onset: float
    size: int = 0
    opened: int = 0
    known: dict[str, Suspect] = {}
    had: frozenset[str] = frozenset()

    def seen(self, samples: Sequence[Sample], all_: Tally, limit: float, discount: float) -> Self:
        """With one more reading: all samples of both versions, and their sum."""
        failing = [s for s in samples if s.errors > limit * s.requests]
        if not failing and not self.known:
            return self
        known = self._known(samples, all_, limit, discount) if self.known else {}
        fresh = [s for s in failing if s.incarnation not in self.known]
        fresh = nsmallest(MOST - len(known), fresh, key=lambda s: (-s.errors, s.incarnation))
        size = self.size or len(samples)
        known |= {s.incarnation: self._opened(s, size, self.opened + k) for k, s in enumerate(fresh)}
        had = self.had | {one.version for one in known.values() if one.conclusive}
        return msgspec.structs.replace(self, size=size, opened=self.opened + len(fresh), known=known, had=had)

    def guilty(self, version: str) -> tuple[Suspect, ...]:
        """Those of `version` that fail conclusively."""
        return tuple(one for one in self.known.values() if one.version == version and one.conclusive)

    def _known(self, samples: Sequence[Sample], all_: Tally, limit: float, discount: float) -> dict[str, Suspect]:
        """Those known already, with their samples; one that was not sampled is kept as it is."""
        sampled = {s.incarnation: s for s in samples if s.incarnation in self.known}
        seen = {
            key: one.seen(Tally(sampled[key].requests, sampled[key].errors), all_, limit, discount)
            if key in sampled
            else one
            for key, one in self.known.items()
        }
        return {key: one for key, one in seen.items() if one.conclusive or not one.forgotten}

    def _opened(self, sample: Sample, size: int, number: int) -> Suspect:
        weight = size / ((size + number) * (size + number + 1))
        return Suspect(
            sample.instance,
            sample.version,
            EProcess(self.over * weight, self.onset, odds=RATES, prior="even"),
            EProcess(self.worse * weight, self.onset, odds=SHARES, prior="even"),
        )
