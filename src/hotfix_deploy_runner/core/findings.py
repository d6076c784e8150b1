"""All that a verdict is reached from, gathered at one instant."""

import msgspec

from .comparison import CREDIBLE, WORSE, Baseline, Comparison, Tally
from .hang import Hang
from .instant import Seconds
from .latency import Latency
from .lives import Life
from .policy import Watching


class Findings(msgspec.Struct, frozen=True):
    """What was gathered. It judges nothing.

    `new` and `old` are versions. `limit` is the error rate (a fraction) in force, `edge` the latency in seconds beyond
    which a request counts as slow, or None when no bucket's edge allows the comparison. `silence` is the time since
    the last reading. `rolled_out` is whether the last new instance is in.
    """

    limits: Watching
    new: str
    old: str
    limit: float
    errors: Comparison
    baseline: Baseline
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
        """Whether there were too few requests to tell: not even without one error could they exclude the limit."""
        return Tally(self.errors.new.requests).upper(CREDIBLE) > self.limit

    @property
    def p99(self) -> Seconds | None:
        """The new instances' 99th percentile of latency."""
        return self.latency.quantile(0.99)

    @property
    def baseline_p99(self) -> Seconds | None:
        """The old instances' 99th percentile of latency."""
        return self.baseline_latency.quantile(0.99)
