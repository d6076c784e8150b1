"""How each further metric stands, with the reason in words where that is not well."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from . import wording
from .findings import Findings
from .further import One
from .policy import FurtherLimit

SHOWN = 3
"""How many values of one metric are told of at most, where several do not stand well."""


class Standing(StrEnum):
    """From worst to best; `QUIET` is last, as it says nothing."""

    BREACHED = "breached"
    """Conclusively over its limit and worse than before; `OVER`: over it, and conclusively worse."""
    OVER = "over and worse"
    DOUBTFUL = "over without proof"
    UNREAD = "unread"
    """The new version never gave a count."""
    WORSE = "worse under the limit"
    AS_BEFORE = "over as before"
    FINE = "fine"
    QUIET = "quiet"
    """Too few to tell: not even without a bad one could they exclude the limit."""


ORDER = tuple(Standing)


class Judged(msgspec.Struct, frozen=True):
    """One line of the validation. Rates are fractions, None: unknown. `name` holds the value where it is divided.

    `figures` are its counts and its evidence, for a machine; `warns`: it is never rolled back for.
    """

    name: str
    standing: Standing
    limit: float
    rate: float | None = None
    baseline_rate: float | None = None
    reason: str = ""
    warns: bool = False
    figures: dict[str, Any] = {}

    @property
    def well(self) -> bool:
        """Whether there is nothing to say of it."""
        return self.standing is Standing.FINE

    @property
    def bad(self) -> bool:
        """Whether it is a breach when the window is over."""
        return self.standing in (Standing.BREACHED, Standing.OVER)


def judged(found: Findings) -> tuple[Judged, ...]:
    """All of them, in the order in which they are declared. One that is divided is told by its worst values."""
    return tuple(one for metric in found.limits.further for one in _metric(found, metric))


def _metric(found: Findings, metric: FurtherLimit) -> Iterator[Judged]:
    if metric.name not in found.further.read:
        reason = wording.unread(found, metric)
        yield Judged(metric.name, Standing.UNREAD, metric.limit, reason=reason, warns=metric.on_breach == "warn")
        return
    stands = sorted(
        ((_standing(one), one) for one in found.further.all_of(metric)),
        key=lambda pair: (ORDER.index(pair[0]), -pair[1].part.errors.log_worse, pair[1].value),
    )
    notable = [pair for pair in stands if ORDER.index(pair[0]) < ORDER.index(Standing.FINE)]
    for standing, one in notable[:SHOWN] or stands[:1]:
        yield _judged(found, one, standing)
    if not stands:
        yield Judged(metric.name, Standing.QUIET, metric.limit, reason=f"{metric.name}: there were none")


def _judged(found: Findings, one: One, standing: Standing) -> Judged:
    return Judged(
        name=one.name,
        standing=standing,
        limit=one.of.limit,
        rate=one.part.errors.new.rate,
        baseline_rate=one.part.baseline.total.rate,
        reason="" if standing is Standing.FINE else wording.further(found, one, standing.value),
        warns=one.of.on_breach == "warn",
        figures=wording.figures_of(one.part),
    )


def _standing(one: One) -> Standing:
    errors, limit = one.part.errors, one.of.limit
    over = (errors.new.rate or 0.0) > limit
    if errors.conclusive:
        return Standing.BREACHED
    if over and errors.worse:
        return Standing.OVER
    if errors.new.too_few_for(limit):
        return Standing.QUIET
    if over:
        return Standing.AS_BEFORE if (one.part.baseline.total.rate or 0.0) > limit else Standing.DOUBTFUL
    return Standing.WORSE if errors.worse else Standing.FINE
