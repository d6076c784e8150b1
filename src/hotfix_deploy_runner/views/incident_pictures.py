"""The charts of an incident: error rate and p99 over time by version, with what they were held against. Pure."""

from collections.abc import Callable, Sequence

from ..core.incident import Incident
from ..core.instant import Instant
from ..core.judging import milliseconds, percent
from ..core.marks import Mark, What
from ..core.series import Point, Series
from ..core.verdict import Kind
from .blocks import Picture
from .flags import Flag
from .line_chart import Level, Line, LineChart, line_chart
from .sparkline import columns, error_rate, slowest_p99

_MOST_POINTS = 400
"""A line with more is drawn by equal parts of the time: a screen has no more columns to tell them apart."""

_GAP = 3
"""How many intervals may lie between two readings that are joined."""

Value = Callable[[Sequence[Point]], float | None]


def pictures(known: Incident) -> tuple[Picture, ...]:
    """`error-rate.svg` and `p99.svg`; either is left out where nothing of it was measured."""
    bounds = known.bounds
    rate = LineChart(
        "Error rate",
        _lines(known, error_rate),
        lambda value: f"{value * 100:.3g}%",
        _levels(bounds.baseline_error_rate, bounds.error_rate_limit, percent),
        _flags(known.marks),
        _GAP * known.limits.interval,
        ceiling=1.0,
    )
    speed = LineChart(
        "p99 latency, of each reading",
        _lines(known, slowest_p99),
        lambda value: f"{value * 1000:.4g}ms",
        _levels(bounds.baseline_p99, bounds.p99_limit, milliseconds),
        _flags(known.marks),
        _GAP * known.limits.interval,
    )
    drawn = (
        Picture("error-rate.svg", f"Error rate over time, by version{_held_against(rate)}", line_chart(rate)),
        Picture("p99.svg", f"p99 latency over time, by version{_held_against(speed)}", line_chart(speed)),
    )
    return tuple(picture for picture in drawn if picture.svg)


def _held_against(chart: LineChart) -> str:
    labels = ", ".join(level.label for level in chart.levels)
    return f" ({labels})" if labels else ""


def _levels(baseline: float | None, limit: float | None, words: Callable[[float | None], str]) -> tuple[Level, ...]:
    known = (("baseline", baseline), ("limit", limit))
    return tuple(Level(value, f"{name} {words(value)}", name) for name, value in known if value is not None)


def _lines(known: Incident, value: Value) -> tuple[Line, ...]:
    return tuple(Line(_name(known, line), _role(known, line), _points(known, line, value)) for line in known.series)


def _role(known: Incident, line: Series) -> str:
    return {known.facts.version: "new", known.facts.old.version: "old"}.get(line.version, "other")


def _name(known: Incident, line: Series) -> str:
    words = {"new": " (hotfix)", "old": " (before)"}.get(_role(known, line), "")
    return f"{line.version}{words}"


def _points(known: Incident, line: Series, value: Value) -> tuple[tuple[Instant, float | None], ...]:
    if len(line.points) <= _MOST_POINTS:
        return tuple((point.at, value([point])) for point in line.points)
    parts = columns(line.points, line.points[0].at, line.points[-1].at, _MOST_POINTS)
    return tuple((part[-1].at, value(part)) for part in parts if part)


def _flags(marks: Sequence[Mark]) -> tuple[Flag, ...]:
    return tuple(Flag(mark.at, mark.label, _look(mark)) for mark in marks)


def _look(mark: Mark) -> str:
    bad = mark.what in (What.ROLLBACK, What.STOPPED) or mark.label in (Kind.BREACHED, Kind.SLOW)
    good = mark.what is What.RESTORED or mark.label == Kind.HEALTHY
    return "bad" if bad else "good" if good else "plain"
