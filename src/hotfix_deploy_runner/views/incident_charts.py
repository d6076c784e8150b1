"""The measurements of an incident as text: a table, and error rate and p99 by version, on one axis of time."""

from collections.abc import Callable, Iterator, Sequence

from ..core.incident import Incident
from ..core.instant import Instant, utc
from ..core.judging import milliseconds, percent
from ..core.series import Point, Series
from .blocks import InWords, Table
from .sparkline import columns, error_rate, slowest_p99, sparkline

_WIDTH = 60

Value = Callable[[Sequence[Point]], float | None]


def figures(known: Incident) -> Table:
    """A row a version."""
    head = ("Version", "Requests", "Errors", "Error rate", "lowest to highest", "p99, lowest to highest")
    return Table(head, tuple(tuple((cell,) for cell in _row(line)) for line in known.series))


def drawn(known: Incident) -> InWords:
    """The charts in blocks of text, a bar a reading."""
    return InWords("The charts as text", "\n".join(_charts(known)))


def _row(line: Series) -> tuple[str, ...]:
    rates = [point.error_rate for point in line.points if point.error_rate is not None]
    p99s = [point.p99 for point in line.points if point.p99 is not None]
    return (
        line.version,
        str(line.requests),
        str(line.errors),
        percent(error_rate(line.points)),
        _range(rates, percent),
        _range(p99s, milliseconds),
    )


def _range(values: list[float], words: Callable[[float | None], str]) -> str:
    return f"{words(min(values))} to {words(max(values))}" if values else "unknown"


def _charts(known: Incident) -> Iterator[str]:
    instants = [point.at for line in known.series for point in line.points]
    start, end = min(instants), max(instants)
    bounds = known.bounds
    rate = f"limit {percent(bounds.error_rate_limit)}, baseline {percent(bounds.baseline_error_rate)}"
    speed = f"limit {milliseconds(bounds.p99_limit)}, baseline {milliseconds(bounds.baseline_p99)}"
    yield from _chart(known, f"Error rate ({rate})", error_rate, percent, start, end)
    yield ""
    yield from _chart(known, f"p99 latency ({speed})", slowest_p99, milliseconds, start, end)
    yield ""
    yield f"from {utc(start)} to {utc(end)}"


def _chart(
    known: Incident, title: str, value: Value, words: Callable[[float | None], str], start: Instant, end: Instant
) -> Iterator[str]:
    """A title with the scale, and a line a version: a column a reading, or several readings where they do not fit."""
    width = min(_WIDTH, int((end - start) / known.limits.interval) + 1)
    parts = {line.version: columns(line.points, start, end, width) for line in known.series}
    values = [value(part) for line in parts.values() for part in line if part]
    highest = max((v for v in values if v is not None), default=0.0)
    label = max(map(len, parts))
    yield f"{title}, bars from 0 to {words(highest)}"
    for version, line in parts.items():
        yield f"{version.ljust(label)}  {sparkline(line, value, highest)}".rstrip()
