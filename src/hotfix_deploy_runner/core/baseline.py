"""Counts of requests and events, the old version's record of them, and how evenly they come."""

import math
from typing import Generic, Protocol, Self, TypeVar

import msgspec

from .evidence import lower_bound, upper_bound
from .instant import Instant, Seconds

RECENT = 5
"""How many of the baseline's last readings are its present."""

CREDIBLE = 0.05
"""The level of the bounds that are told to a person ("at 95 %")."""


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """How many requests, and how many of them were the event in question. In JSON a pair, `[120, 3]`."""

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

    def too_few_for(self, limit: float) -> bool:
        """Whether so many requests tell nothing: not even without one event could they exclude a rate of `limit`."""
        return Tally(self.requests).upper(CREDIBLE) > limit


class Baseline(msgspec.Struct, frozen=True):
    """The old instances' record: what a rollback would bring back.

    `squares` is the sum of events^2/requests over its readings, kept for the overdispersion.
    """

    total: Tally = Tally()
    readings: int = 0
    squares: float = 0.0
    recent: tuple[Tally, ...] = ()

    def __add__(self, later: "Baseline") -> "Baseline":
        """This one and one that began after it."""
        return Baseline(
            self.total + later.total,
            self.readings + later.readings,
            self.squares + later.squares,
            (*self.recent, *later.recent)[-RECENT:],
        )

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


class Adds(Protocol):
    """What a `Kept` keeps: something that can be added to what came before it."""

    def __add__(self, later: Self, /) -> Self: ...


T = TypeVar("T", bound=Adds)


class Kept(msgspec.Struct, Generic[T], frozen=True):
    """A record of which the old parts expire. `whole` is what counts: what was noted in the last `expiry` or two.

    It is kept as two generations, `earlier` and `latest`, of which the second began at `since`; when that is `expiry`
    old, it becomes the first. Nothing that was noted more than twice `expiry` ago counts, and nothing at all once the
    last of it, `noted`, is `expiry` old: then `expired` says so.
    """

    nothing: T
    whole: T
    earlier: T
    latest: T
    expiry: Seconds
    since: Instant | None = None
    noted: Instant | None = None
    expired: bool = False

    @classmethod
    def begin(cls, nothing: T, expiry: Seconds) -> "Kept[T]":
        """Nothing is noted yet; `nothing` is what that is."""
        return cls(nothing, nothing, nothing, nothing, expiry)

    def seen(self, at: Instant, part: T) -> "Kept[T]":
        """With what came in until `at`; `nothing` where nothing did."""
        if part == self.nothing:
            gone = self.noted is not None and at - self.noted > self.expiry
            return msgspec.structs.replace(self.begin(self.nothing, self.expiry), expired=True) if gone else self
        if self.since is None or at - self.since <= self.expiry:
            since, earlier, latest = self.since, self.earlier, self.latest + part
        else:
            since, earlier, latest = at, self.latest, part
        return Kept(
            nothing=self.nothing,
            whole=earlier + latest,
            earlier=earlier,
            latest=latest,
            expiry=self.expiry,
            since=at if since is None else since,
            noted=at,
        )
