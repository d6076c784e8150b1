"""What one rule made of one cell, counted."""

import math

import msgspec
import numpy as np
from scipy import stats

from hotfix_deploy_runner.core.evidence import divergence

from .cells import END, LIMIT, Cell
from .streams import Bools, Floats, Streams, running

ALPHA = 0.01
SURE = 0.05


class Outcome(msgspec.Struct, frozen=True):
    """`rule` on `cell`, over `windows`. Means are over the windows that were rolled back; NaN where none was.

    `rolled_back` counts them, `early` those before the window's end. `requests` the new version's from the onset on,
    `failing` the errors among them, `served` those errors over all windows, whether rolled back or not.
    """

    rule: str
    cell: Cell
    windows: int
    rolled_back: int
    early: int
    requests: float
    seconds: float
    failing: float
    served: float

    @property
    def missed(self) -> int:
        """The windows of a release over the limit and worse than its baseline that were not rolled back."""
        return 0 if self.cell.no_worse or self.cell.within else self.windows - self.rolled_back

    @property
    def false(self) -> int:
        """The windows of a release that is no worse, or within the limit, that were rolled back before their end."""
        return self.rolled_back if self.cell.no_worse else self.early if self.cell.within else 0

    @property
    def over_wald(self) -> float:
        """The requests until the decision, over Wald's bound for the limit; NaN within it."""
        return self.requests / wald(self.cell.new)


def outcome(rule: str, cell: Cell, streams: Streams, at: Floats, early: Bools | None = None) -> Outcome:
    """`at` is when each window was rolled back, in seconds from the first new instance; infinity where it was not."""
    hit = np.isfinite(at)
    index, ends = np.arange(at.size), np.where(hit, at, END).astype(int)
    requests, errors = running(streams.new.requests), running(streams.new.errors)
    onset = np.minimum(streams.onset, ends)
    served = requests[index, ends] - requests[index, onset]
    failing = errors[index, ends] - errors[index, onset]
    return Outcome(
        rule,
        cell,
        windows=at.size,
        rolled_back=int(hit.sum()),
        early=int((hit if early is None else hit & early).sum()),
        requests=_mean(served[hit]),
        seconds=_mean((ends - onset)[hit]),
        failing=_mean(failing[hit]),
        served=_mean(failing),
    )


def wald(rate: float) -> float:
    """The fewest requests that tell `rate` from the limit on average: ln(1/alpha) / KL(rate, limit). NaN within it."""
    return math.log(1 / ALPHA) / divergence(rate, LIMIT) if rate > LIMIT else math.nan


def interval(count: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's confidence interval of a share, at 95 %."""
    low = stats.beta.ppf(SURE / 2, count, of - count + 1) if count else 0.0
    high = stats.beta.ppf(1 - SURE / 2, count + 1, of - count) if count < of else 1.0
    return float(low), float(high)


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else math.nan
