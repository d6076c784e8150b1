"""A series of figures as a line of text, `▁▁▂▇█`. Pure; a real chart is another view's."""

from collections.abc import Callable, Sequence

from ..core.instant import Instant
from ..core.series import Point

BARS = "▁▂▃▄▅▆▇█"


def columns(points: Sequence[Point], start: Instant, end: Instant, width: int) -> list[list[Point]]:
    """The points sorted into `width` equal parts of the time from `start` to `end`; some may be empty."""
    length = max(end - start, 1e-9)
    parts: list[list[Point]] = [[] for _ in range(width)]
    for point in points:
        parts[min(width - 1, max(0, int((point.at - start) / length * width)))].append(point)
    return parts


def sparkline(
    parts: Sequence[Sequence[Point]], value: Callable[[Sequence[Point]], float | None], highest: float
) -> str:
    """One bar a part, as high as `value` of it in proportion to `highest`, 0 the lowest; a blank where it is None."""
    return "".join(_bar(value(part) if part else None, highest) for part in parts).rstrip()


def _bar(value: float | None, highest: float) -> str:
    if value is None:
        return " "
    share = value / highest if highest > 0 else 0.0
    return BARS[min(len(BARS) - 1, max(0, round(share * (len(BARS) - 1))))]


def error_rate(part: Sequence[Point]) -> float | None:
    """The errors per request of all its points together; None without requests."""
    requests = sum(point.requests for point in part)
    return sum(point.errors for point in part) / requests if requests else None


def slowest_p99(part: Sequence[Point]) -> float | None:
    """The highest p99 among its points, in seconds; None where none was read. A p99 of p99s would be no figure."""
    return max((point.p99 for point in part if point.p99 is not None), default=None)
