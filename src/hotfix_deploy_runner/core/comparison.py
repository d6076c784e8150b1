"""New instances against a limit and against the old ones, for one kind of event (an error, a slow answer)."""

import math
from typing import Self

import msgspec

from .evidence import SHARE_ODDS, EProcess, lower_bound, upper_bound

WORSE = 1.5
"""From how many times the recorded baseline's bound on a rate counts as worse, when no old instance serves beside."""

RECENT = 5
"""How many of the baseline's last readings are its present."""

CREDIBLE = 0.05
"""The level of the bounds that are told to a person ("at 95 %")."""


class Tally(msgspec.Struct, frozen=True):
    """How many requests, and how many of them were the event in question."""

    requests: int = 0
    events: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.requests + other.requests, self.events + other.events)

    @property
    def rate(self) -> float | None:
        """Events per request, or None without requests."""
        return self.events / self.requests if self.requests else None

    def upper(self, level: float, dispersion: float = 1.0) -> float:
        """The highest rate it leaves credible at `level`; 1 without requests. `dispersion` is at least 1."""
        return upper_bound(self.events / dispersion, self.requests / dispersion, level)

    def lower(self, level: float, dispersion: float = 1.0) -> float:
        """The lowest rate it leaves credible at `level`; 0 without requests."""
        return lower_bound(self.events / dispersion, self.requests / dispersion, level)


class Baseline(msgspec.Struct, frozen=True):
    """The old instances' record: what a rollback would bring back.

    `squares` is the sum of events^2/requests over its readings, kept for the overdispersion.
    """

    total: Tally = Tally()
    readings: int = 0
    squares: float = 0.0
    recent: tuple[Tally, ...] = ()

    def seen(self, tally: Tally) -> "Baseline":
        """With one more reading; one without requests changes nothing."""
        if not tally.requests:
            return self
        return Baseline(
            total=self.total + tally,
            readings=self.readings + 1,
            squares=self.squares + tally.events**2 / tally.requests,
            recent=(*self.recent[1 - RECENT :], tally),
        )

    @property
    def dispersion(self) -> float:
        """Pearson's chi-squared per degree of freedom over the readings, at least 1.

        1 is what independent requests show; errors that come in bursts show more.
        """
        rate = self.total.rate
        if self.readings < 2 or not rate or rate == 1:
            return 1.0
        chi_squared = (self.squares - self.total.events * rate) / (rate * (1 - rate))
        return max(1.0, chi_squared / (self.readings - 1))

    def upper(self, level: float) -> float:
        """The highest rate it leaves credible at `level`; 1 without requests.

        Of its `present`: a dependency that began to fail under the old instances too is not the new ones' fault.
        """
        return self.present(level).upper(level, self.dispersion)

    def lower(self, level: float) -> float:
        """The lowest rate it leaves credible at `level`, of the same readings; 0 without requests."""
        return self.present(level).lower(level, self.dispersion)

    def present(self, level: float) -> Tally:
        """Its last readings where they are conclusively worse than the whole, at `level`; else the whole."""
        recent = sum(self.recent, start=Tally())
        worse = recent.events and recent.lower(level) > self.total.upper(level, self.dispersion)
        return recent if worse else self.total


class Unevenness(msgspec.Struct, frozen=True):
    """How much more the events of successive readings differ than those of independent trials do.

    For each two readings in a row, Pearson's chi-squared of the two by two table of their counts, which independent
    trials with one probability make 1 on average whatever that is; 1 where neither has an event. A rate that changes
    once makes one such table uneven, a rate that comes in bursts makes all of them.
    """

    last: Tally = Tally()
    pairs: int = 0
    chi_squared: float = 0.0

    def seen(self, tally: Tally) -> "Unevenness":
        """With one more reading; one without requests changes nothing."""
        if not tally.requests:
            return self
        if not self.last.requests:
            return Unevenness(tally)
        both = self.last + tally
        expected = both.events * (both.requests - both.events) / both.requests
        if not expected:
            return Unevenness(tally, self.pairs + 1, self.chi_squared + 1)
        difference = tally.events / tally.requests - self.last.events / self.last.requests
        weight = self.last.requests * tally.requests / expected
        return Unevenness(tally, self.pairs + 1, self.chi_squared + weight * difference**2)

    @property
    def dispersion(self) -> float:
        """The overdispersion that it shows beyond chance (two standard deviations of so many tables), at least 1."""
        if not self.pairs:
            return 1.0
        return max(1.0, self.chi_squared / self.pairs / (1 + 2 * math.sqrt(2 / self.pairs)))


class Comparison(msgspec.Struct, frozen=True):
    """Two questions about the new instances: over the limit? worse than the old ones? Both must be answered yes.

    `over` is the evidence against "the rate is at most the limit". Against "no worse than the old instances" there are
    two pieces, of which each reading feeds one: `beside`, while old instances serve, looks at how the events divide
    between new and old, so that whatever both suffer cancels out; `after`, when none serves, takes `WORSE` times
    the upper bound of their record as the limit. Their product is evidence again, because which of them
    a reading feeds depends only on who served requests.

    `beside` conditions on the number of events. The hypergeometric distribution that this gives is replaced by the
    binomial with the same mean, which has no smaller expectation of any convex function (Hoeffding 1963, theorem 4):
    sound, closed, and the same where events are rare.

    A release that is no worse than its baseline gets past `worse` with a chance of at most `level`: three quarters of
    it are spent on the evidence, one on the bound of the record.
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
        worse = 0.75 * level
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
        return msgspec.structs.replace(
            counted,
            beside=self.beside.seen(new.events, both.events, new.requests / both.requests, discount),
            old_beside=self.old_beside + old,
            new_beside=self.new_beside + new,
        )

    @property
    def bound_level(self) -> float:
        """The chance with which the bound on the baseline's rate may be wrong."""
        return self.level / 4

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
