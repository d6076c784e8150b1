"""What the measurements of a run were held against, as far as it is known. Pure."""

import msgspec

from .instant import Seconds
from .run import Run


class Bounds(msgspec.Struct, frozen=True):
    """Baselines and limits: error rates as fractions, p99 in seconds. None: never known, or there is no such limit."""

    baseline_error_rate: float | None = None
    error_rate_limit: float | None = None
    baseline_p99: Seconds | None = None
    p99_limit: Seconds | None = None


def bounds(run: Run) -> Bounds:
    """Those of the verdict, where there was one; else those of the readings so far. Nothing is known without a watch.

    The limit of p99 is the policy's, `p99_ratio` times the baseline and at least `p99_floor`; what is tested is the
    next edge of the histogram's buckets (`Watch.edge`).
    """
    watch, verdict = run.watch, run.verdict
    if watch is None:
        return Bounds()
    limits = watch.limits
    p99 = verdict.baseline_p99 if verdict else watch.baseline_latency.quantile(0.99)
    return Bounds(
        baseline_error_rate=verdict.baseline_error_rate if verdict else watch.baseline.total.rate,
        error_rate_limit=float(verdict.figures.get("limit", watch.limit)) if verdict else watch.limit,
        baseline_p99=p99,
        p99_limit=None if p99 is None else max(limits.p99_ratio * p99, limits.p99_floor),
    )
