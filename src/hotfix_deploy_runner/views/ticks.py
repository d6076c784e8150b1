"""Round figures for the axes of a chart. Pure."""

import math
from datetime import UTC, datetime

from ..core.instant import Instant, Seconds

_STEPS = (1.0, 2.0, 5.0, 10.0)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)

_NOTHING = 1e-9
"""What is lower is no figure: it is drawn as 0, on an axis up to 1."""


def value_ticks(highest: float, most: int = 6) -> tuple[float, ...]:
    """Round values from 0 to the first at or above `highest`, at most `most` of them (2 or more)."""
    if highest < _NOTHING:
        return (0.0, 1.0)
    rough = highest / (most - 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in _STEPS if size * factor >= rough * (1 - 1e-9))
    count = math.ceil(highest / step - 1e-9)
    return tuple(step * index for index in range(count + 1))


def time_ticks(start: Instant, end: Instant, most: int = 8) -> tuple[Instant, ...]:
    """Round instants (UTC) between `start` and `end`, both included, at most `most` of them."""
    rough = (end - start) / most
    step = next((s for s in _SECONDS if s >= rough), math.ceil(rough / 86400) * 86400)
    first = math.ceil(start / step)
    return tuple(float(index * step) for index in range(first, math.floor(end / step) + 1))[:most]


def clock(at: Instant, span: Seconds) -> str:
    """The time of day in UTC, with seconds where the chart spans less than ten minutes."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S" if span < 600 else "%H:%M")


def days(start: Instant, end: Instant) -> str:
    """The day (UTC), or the first and the last one."""
    first, last = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") for at in (start, end))
    return first if first == last else f"{first} to {last}"
