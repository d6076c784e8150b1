"""Further metrics of the service, as its team declares them: each over its limit, and worse than the old version's?

A metric counts trials and the bad ones among them: logins and failed ones, lookups and misses. One that is divided by
a label is judged value by value, so that one broken route in fifty is seen, whose errors the whole hides.

They have `OF_ALPHA` of the chance of a false alarm, and all other tests share what is left: by Boole's inequality the
guarantee of alpha over the whole window holds for all of it together. Among them it is divided evenly by metric, and
within a divided one evenly by the most values that it may have, so that fifty routes cost the logins nothing. Which
values are judged must not depend on how many were bad; the sources choose the busiest. Without further metrics nobody
gives anything up.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Self

import msgspec

from .baseline import Tally
from .instant import Instant
from .part import Part
from .policy import FurtherLimit, Watching
from .reading import Sample

OF_ALPHA = 0.2
"""The further metrics' share of alpha, of all of them together."""


def alpha_of_the_others(limits: Watching) -> float:
    """What the further metrics leave of alpha: all of it where there are none."""
    return limits.alpha * (1 - OF_ALPHA) if limits.further else limits.alpha


class One(NamedTuple):
    """A metric, or one value of the label that divides it; `value` is empty where none does."""

    of: FurtherLimit
    value: str
    part: Part

    @property
    def name(self) -> str:
        """What it is called: `logins`, `routes /checkout`."""
        return f"{self.of.name} {self.value}".rstrip()


class Further(msgspec.Struct, frozen=True):
    """What was seen of them. `parts` by metric, then by value; made with `begin`.

    `read` names the metrics of which the new version gave a count at least once, `unread` says why one gave none when
    last asked. `conclusive` are the name and value of those that are, after the last reading.
    """

    limits: Watching
    onset: float
    parts: dict[str, dict[str, Part]] = {}
    read: frozenset[str] = frozenset()
    unread: dict[str, str] = {}
    conclusive: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def begin(cls, limits: Watching, onset: float) -> Self:
        """Nothing seen yet. `onset` as in `EProcess`."""
        return cls(limits, onset)

    def seen(
        self, at: Instant, new: Sequence[Sample], old: Sequence[Sample], born: Mapping[str, Instant] | None = None
    ) -> Self:
        """With one more reading, that ended at `at`: the samples of both versions. `born`: since when there are samples
        of an incarnation.
        """
        if not self.limits.further:
            return self
        parts = {
            of.name: self._parts(of, at, [s for s in new if _is_warm(s, of, at, born or {})], old)
            for of in self.limits.further
        }
        return msgspec.structs.replace(
            self,
            parts=parts,
            read=self.read.union(*(sample.further for sample in new)),
            unread={name: f"{s.instance}: {why}" for s in new for name, why in s.unread.items()},
            conclusive=frozenset(
                (name, value) for name, of in parts.items() for value, part in of.items() if part.errors.conclusive
            ),
        )

    def all_of(self, metric: FurtherLimit) -> tuple[One, ...]:
        """The metric, or its values, as far as anything was seen of it."""
        return tuple(One(metric, value, part) for value, part in self.parts.get(metric.name, {}).items())

    @property
    def breached(self) -> tuple[One, ...]:
        """Those that are conclusively over their limit and worse than before, and are to be rolled back for it."""
        return tuple(self._breached())

    def _breached(self) -> Iterator[One]:
        if not self.conclusive:
            return
        for metric in self.limits.further:
            if metric.on_breach == "rollback":
                yield from (one for one in self.all_of(metric) if (metric.name, one.value) in self.conclusive)

    def _parts(
        self, metric: FurtherLimit, at: Instant, new: Sequence[Sample], old: Sequence[Sample]
    ) -> dict[str, Part]:
        ours, theirs = _tallies(new, metric.name), _tallies(old, metric.name)
        known = self.parts.get(metric.name, {})
        fresh = [value for value in dict.fromkeys((*theirs, *ours)) if value not in known]
        nothing, none = self._nothing(metric), Tally()
        return {
            value: known.get(value, nothing).seen(at, ours.get(value, none), theirs.get(value, none))
            for value in (*known, *fresh[: metric.parts - len(known)])
        }

    def _nothing(self, metric: FurtherLimit) -> Part:
        """Where a part begins, with its share of alpha."""
        alpha = OF_ALPHA * self.limits.alpha / len(self.limits.further) / metric.parts
        limits = msgspec.structs.replace(self.limits, threshold=metric.limit, mode="absolute")
        return Part.begin(limits, alpha, alpha, self.onset)


def _is_warm(sample: Sample, metric: FurtherLimit, at: Instant, born: Mapping[str, Instant]) -> bool:
    return at - born.get(sample.incarnation, -math.inf) >= metric.warm_up


def _tallies(samples: Sequence[Sample], name: str) -> dict[str, Tally]:
    """All samples' counts of a metric, by value. Where two counters are read one after the other, the bad ones can be
    ahead of the total by what came in between.
    """
    counts: dict[str, Tally] = defaultdict(Tally)
    for sample in samples:
        for value, tally in sample.further.get(name, {}).items():
            counts[value] += tally
    return {value: Tally(tally.requests, min(tally.events, tally.requests)) for value, tally in counts.items()}
