"""The cells: one service and one release each. A star: each differs from the base in what its name says."""

from typing import Literal

import msgspec

LIMIT = 0.05
RECORD, ROLLOUT, WINDOW = 300, 60, 600
"""Seconds: the old version alone, both side by side, and the window after that, the new one alone."""

END = ROLLOUT + WINDOW
MINUTE_6 = (300, 360)


class Cell(msgspec.Struct, frozen=True):
    """`traffic` is in requests a second for the new version; beside it the old one has
    twice that, as the first of three batches does. Rates are probabilities. `bursts` is the correlation of the
    errors of one second. `retries`: a failed request is tried again at once, and fails again half of the time.
    `blip`: half of all requests fail for two seconds; `shared`, beside the old version, or `unseen`, once it has gone.
    `lag`: the metrics source moves on every so many seconds. `gaps`: a third of the readings is missing. `slower`: how
    many times as long the new version's answers take; None leaves latency out.
    """

    name: str
    spoke: str
    new: float = 0.0003
    old: float = 0.0003
    traffic: int = 100
    late: bool = False
    bursts: float = 0.0
    retries: bool = False
    blip: Literal["", "shared", "unseen"] = ""
    lag: int = 1
    gaps: bool = False
    slower: float | None = None

    @property
    def no_worse(self) -> bool:
        """Whether the release is no worse than what a rollback would bring back."""
        return self.new <= self.old and (self.slower or 1) <= 2

    @property
    def within(self) -> bool:
        """Whether it is within the limits, though it may be worse than the baseline."""
        return self.new <= LIMIT and (self.slower or 1) <= 2

    @property
    def plain(self) -> bool:
        """Whether its errors are independent and read every two seconds, as the bound on requests supposes."""
        return not (self.bursts or self.retries or self.blip or self.lag > 1 or self.gaps or self.slower)


def star() -> tuple[Cell, ...]:
    """All cells, the base first."""
    candidates = (0.01, 0.04, 0.05, 0.06, 0.08, 0.10, 0.20, 0.50, 1.00)
    return (
        Cell("base: 100 req/s, 0.03 % and 0.03 %", "base"),
        *(Cell(f"new {rate:.0%}", "candidate", new=rate) for rate in candidates),
        Cell("1 req/s", "traffic", traffic=1),
        Cell("1 req/s, new 50%", "traffic", new=0.5, traffic=1),
        Cell("10 req/s", "traffic", traffic=10),
        *(Cell(f"10 req/s, new {rate:.0%}", "traffic", new=rate, traffic=10) for rate in (0.08, 0.1, 0.2, 0.5)),
        Cell("1000 req/s", "traffic", traffic=1000),
        Cell("1000 req/s, new 5%", "traffic", new=0.05, traffic=1000),
        Cell("1000 req/s, new 50%", "traffic", new=0.5, traffic=1000),
        *(
            Cell(f"10 req/s, new {rate:.0%} from minute 6", "onset", new=rate, traffic=10, late=True)
            for rate in (0.08, 0.1, 0.2, 0.5)
        ),
        Cell("old 1%, new 1%", "baseline", new=0.01, old=0.01),
        Cell("old 30%, new 30%", "baseline", new=0.3, old=0.3),
        Cell("old 30%, new 8%", "baseline", new=0.08, old=0.3),
        Cell("bursts, old 2%, new 2%", "bursts", new=0.02, old=0.02, bursts=0.05),
        Cell("bursts, new 4%", "bursts", new=0.04, bursts=0.05),
        Cell("bursts, old 2%, new 20%", "bursts", new=0.2, old=0.02, bursts=0.05),
        Cell("retries, old 2%, new 2%", "retries", new=0.02, old=0.02, retries=True),
        Cell("blip of both", "blips", blip="shared"),
        Cell("blip after the old one has gone", "blips", blip="unseen"),
        Cell("15 s lag, old 1%, new 1%", "reading", new=0.01, old=0.01, lag=15),
        Cell("15 s lag, new 50%", "reading", new=0.5, lag=15),
        Cell("gaps, new 20%", "reading", new=0.2, gaps=True),
        *(Cell(f"p99 x {slower:g}", "latency", slower=slower) for slower in (1.0, 1.2, 1.5, 3.0)),
    )
