"""All that a verdict is reached from, gathered at one instant."""

import math

import msgspec

from .baseline import CREDIBLE, Baseline, Tally
from .comparison import WORSE, Comparison
from .further import Further
from .hang import Hang
from .instant import Seconds
from .latency import Latency
from .lives import Life
from .part import Part
from .policy import Watching
from .suspects import Suspect, Suspects


class Findings(msgspec.Struct, frozen=True):
    """What was gathered. It judges nothing.

    `new` and `old` are versions. `whole` is everything together, `platforms` are its parts where there are several,
    `suspects` the instances that stand out, `further` the service's further metrics. `edge` is the latency in seconds
    beyond which a request counts as slow, or None when no bucket's edge allows the comparison. `silence` is the time
    since the last reading. `rolled_out` is whether the last new instance is in.
    """

    limits: Watching
    new: str
    old: str
    whole: Part
    platforms: dict[str, Part]
    suspects: Suspects
    further: Further
    slow: Comparison
    edge: Seconds | None
    latency: Latency
    baseline_latency: Latency
    hang: Hang
    restarted: tuple[str, ...]
    unhealthy: tuple[Life, ...]
    rolled_out: bool
    watched: Seconds
    silence: Seconds

    @property
    def limit(self) -> float:
        """The error rate in force, a fraction."""
        return self.whole.limit

    @property
    def errors(self) -> Comparison:
        """All errors of the new version, compared."""
        return self.whole.errors

    @property
    def baseline(self) -> Baseline:
        """The old version's record, as far as it counts."""
        return self.whole.baseline

    @property
    def guilty(self) -> tuple[Suspect, ...]:
        """New instances that fail while the others do not. None where an old one did so too: then it is no news."""
        return () if self.old in self.suspects.had else self.suspects.guilty(self.new)

    @property
    def failing(self) -> dict[str, Part]:
        """The platforms whose own errors are conclusive."""
        return {name: part for name, part in self.platforms.items() if part.errors.conclusive}

    @property
    def small_baseline(self) -> bool:
        """Whether so little is known of the old version that it may be over the limit itself, though it never was.

        Then only what is far over the limit can be told to be worse.
        """
        total = self.baseline.total
        excluded = total.upper(self.errors.bound_level, self.baseline.dispersion) <= self.limit
        return not excluded and (total.rate or 0.0) <= self.limit

    @property
    def unnoticed(self) -> float:
        """The highest error rate that so many requests may well have hidden: under the limit with one chance in twenty.

        Chernoff's bound on the most errors that are not over the limit.
        """
        requests = self.errors.new.requests
        most = math.floor(self.limit * requests)
        return Tally(requests, most).upper(CREDIBLE, self.baseline.dispersion)

    @property
    def over(self) -> bool:
        """Whether the new instances' error rate is over the limit, conclusively or not."""
        rate = self.errors.new.rate
        return rate is not None and rate > self.limit

    @property
    def not_worse(self) -> bool:
        """Whether even the highest credible rate of the new instances is no worse than the old ones' lowest.

        The bounds hold at 95 % each; "no worse" allows a ratio of `WORSE`.
        """
        highest = self.errors.new.upper(CREDIBLE, self.baseline.dispersion)
        return highest <= WORSE * self.baseline.lower(CREDIBLE)

    @property
    def quiet(self) -> bool:
        """Whether there were too few requests to tell."""
        return self.errors.new.too_few_for(self.limit)

    @property
    def p99(self) -> Seconds | None:
        """The new instances' 99th percentile of latency."""
        return self.latency.quantile(0.99)

    @property
    def baseline_p99(self) -> Seconds | None:
        """The old instances' 99th percentile of latency."""
        return self.baseline_latency.quantile(0.99)
