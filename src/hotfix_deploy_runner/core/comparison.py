"""New instances against a limit and against the old ones, for one kind of event (an error, a slow answer)."""

from typing import Self

import msgspec

from .baseline import Baseline, Tally, Unevenness
from .evidence import SHARE_ODDS, EProcess, of_the_others

WORSE = 1.5
"""From how many times the recorded baseline's bound on a rate counts as worse, when no old instance serves beside."""

OF_THE_BOUND = 0.1
"""The part of the chance of a false alarm that the bound on the record may take."""


class Comparison(msgspec.Struct, frozen=True):
    """Two questions about the new instances: over the limit? worse than the old ones? Both must be answered yes.

    `over` is the evidence against "the rate is at most the limit". Against "no worse than the old instances" there are
    two pieces, of which each reading feeds one: `beside`, while old instances serve, looks at how the events divide
    between new and old, so that whatever both suffer cancels out; `after`, when none serves, takes `WORSE` times
    the upper bound of their record as the limit. Their product is evidence again, because which of them
    a reading feeds depends only on who served requests.

    `beside` takes the events as trials: given that there was one, was it on a new instance? Their number need not
    be explained, so a rate that drifts, or jumps for both, is no evidence. The requests without an event are
    taken in by `of_the_others`, at the rate of earlier readings side by side; the whole is the product over requests
    of likelihood ratios, closed however large the counts, so that intervals need not be thinned.

    A release that is no worse than its baseline gets past `worse` with a chance of at most `level`, of which
    `OF_THE_BOUND` is spent on the bound of the record, the rest on the evidence.
    """

    level: float
    over: EProcess
    beside: EProcess
    after: EProcess
    new: Tally = Tally()
    uneven: Unevenness = Unevenness()
    old_beside: Tally = Tally()
    new_beside: Tally = Tally()

    @classmethod
    def begin(cls, over: float, level: float, onset: float) -> Self:
        """No evidence yet. `onset` as in `EProcess`.

        `over` is the chance that a release within the limit is found over it, `level` the chance that one no worse
        than its baseline is found worse.
        """
        worse = (1 - OF_THE_BOUND) * level
        return cls(
            level=level,
            over=EProcess(over, onset),
            beside=EProcess(worse, onset, odds=SHARE_ODDS, prior="ratios"),
            after=EProcess(worse, onset),
        )

    def seen(self, new: Tally, old: Tally, limit: float, baseline: Baseline) -> Self:
        """With one more reading. `baseline` is the record of earlier readings, `limit` follows from those alone."""
        if not new.requests:
            return self
        discount = max(baseline.dispersion, self.uneven.dispersion)
        counted = msgspec.structs.replace(
            self,
            new=self.new + new,
            uneven=self.uneven.seen(new),
            over=self.over.seen(new.events, new.requests, limit, discount),
        )
        if not old.requests:
            bound = _worse_than(baseline.upper(self.bound_level), limit)
            after = self.after.seen(new.events, new.requests, bound, discount)
            return msgspec.structs.replace(counted, after=after)
        both = new + old
        share = new.requests / both.requests
        return msgspec.structs.replace(
            counted,
            beside=self.beside.seen(new.events, both.events, share, discount, self._of_the_others(new, old, share)),
            old_beside=self.old_beside + old,
            new_beside=self.new_beside + new,
        )

    def _of_the_others(self, new: Tally, old: Tally, share: float) -> tuple[float, ...]:
        """What the requests without an event tell, at the rate that both together had in earlier readings."""
        rate = (self.new_beside + self.old_beside).rate
        if not rate:
            return ()
        fine = new.requests - new.events, old.requests - old.events
        return tuple(of_the_others(*fine, share, rate, ratio) for ratio in self.beside.odds)

    @property
    def bound_level(self) -> float:
        """The chance with which the bound on the baseline's rate may be wrong."""
        return OF_THE_BOUND * self.level

    @property
    def log_worse(self) -> float:
        """The logarithm of the evidence that the new instances are worse than the old ones."""
        return self.beside.log_evidence + self.after.log_evidence

    @property
    def worse(self) -> bool:
        """Whether they are conclusively worse."""
        return self.log_worse >= self.beside.needed

    @property
    def conclusive(self) -> bool:
        """Whether they are conclusively over the limit and conclusively worse."""
        return self.worse and self.over.conclusive


def _worse_than(bound: float, limit: float) -> float:
    """From which rate on new instances are worse than a record whose upper bound is `bound`.

    `WORSE` times that, for it is not of today. Less where the limit lies between: over the limit is over the bound.
    """
    return min(WORSE * bound, limit) if bound <= limit else WORSE * bound
