"""How a service fares in normal operation, held against the limits that a hotfix of it will meet. Pure."""

import math
from collections.abc import Sequence

import msgspec

from .analysis import moment
from .baseline import CREDIBLE
from .fleet import Fleet
from .policy import Watching
from .reading import Reading
from .watch import Watch

_BETWEEN = 1.5
"""How many times the highest credible rate an absolute threshold should at least be."""


class Normal(msgspec.Struct, frozen=True):
    """Error rates are fractions, `lowest` and `highest` their bounds at 95 %; `dispersion` is 1 where errors are
    independent of each other, and more where they come in bursts.

    `trips`: whether this very traffic, as a new version's, would be found over the limit. `threshold` is the limit in
    force, `suggested` the least absolute one that leaves room; `over_baseline` whether to take the multiple instead.
    """

    version: str
    requests: int
    errors: int
    rate: float | None
    lowest: float
    highest: float
    dispersion: float
    threshold: float
    trips: bool
    suggested: float
    over_baseline: bool


def normal(readings: Sequence[Reading], version: str, limits: Watching) -> Normal:
    """What `readings` in order say of `version`, which alone serves."""
    absolute = msgspec.structs.replace(limits, mode="absolute", further=())
    as_old, as_new = Watch.begin(absolute, version, ""), Watch.begin(absolute, "", version)
    trips = False
    for reading in readings:
        as_old, as_new = as_old.observed(reading, Fleet()), as_new.observed(reading, Fleet())
        trips = trips or moment(as_new, reading.end).over >= 1
    record = as_old.baseline
    highest = record.upper(CREDIBLE)
    return Normal(
        version=version,
        requests=record.total.requests,
        errors=record.total.events,
        rate=record.total.rate,
        lowest=record.lower(CREDIBLE),
        highest=highest,
        dispersion=record.dispersion,
        threshold=limits.threshold,
        trips=trips,
        suggested=max(0.01, _rounded_up(limits.over_baseline * highest)),
        over_baseline=trips or highest * _BETWEEN > limits.threshold,
    )


def _rounded_up(rate: float) -> float:
    """To half a percent, at most 1."""
    return min(1.0, math.ceil(rate * 200 - 1e-9) / 200)
