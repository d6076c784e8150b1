"""Errors of one part of what is watched: of everything, or of one platform."""

from typing import Self

import msgspec

from .baseline import Baseline, Kept, Tally
from .comparison import Comparison
from .instant import Instant, Seconds
from .policy import Watching

LEAST_LIMIT = 0.001
"""The least limit in `over-baseline` mode: a multiple of almost nothing is no harm."""

EXPIRY: Seconds = 1800.0
"""How long a record of the old version counts, at least; twice the window where that is longer."""


class Part(msgspec.Struct, frozen=True):
    """The new version's errors there, compared with the limit and with the old version's, whose record is `kept`."""

    limits: Watching
    errors: Comparison
    kept: Kept[Baseline]

    @classmethod
    def begin(cls, limits: Watching, over: float, worse: float, onset: float) -> Self:
        """Nothing seen yet. `over` and `worse` are the chances of false alarms, as in `Comparison.begin`."""
        kept = Kept[Baseline].begin(Baseline(), expiry(limits))
        return cls(limits, Comparison.begin(over, worse, onset), kept)

    def seen(self, at: Instant, new: Tally, old: Tally) -> Self:
        """With one more reading, that ended at `at`."""
        errors = self.errors.seen(new, old, self.limit, self.baseline)
        return msgspec.structs.replace(self, errors=errors, kept=self.kept.seen(at, Baseline().seen(old)))

    @property
    def baseline(self) -> Baseline:
        """The old version's record, as far as it counts."""
        return self.kept.whole

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


def expiry(limits: Watching) -> Seconds:
    """How long a record counts: longer than any window, so that it lapses where a run was left for a while."""
    return max(EXPIRY, 2 * limits.window)
