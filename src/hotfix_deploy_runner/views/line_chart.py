"""A chart of lines over time as a self-contained SVG, readable in light and in dark. Pure; it knows nothing of runs."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from ..core.instant import Instant, Seconds, utc
from .chart_style import STYLE
from .flags import ROW, Flag, placed, text_width
from .markup import Attribute, element
from .ticks import clock, days, time_ticks, value_ticks

WIDTH = 860.0
_LEFT, _RIGHT, _PLOT, _HEAD, _FOOT = 64.0, 118.0, 240.0, 64.0, 52.0
_DOTS = 90
"""Up to how many points a line has a dot for each."""

Words = Callable[[float], str]
"""A value as it stands on the axis and in labels."""


class Line(msgspec.Struct, frozen=True):
    """One line. `role` is its look: `old`, `new` or `other`. A point's value is None where nothing is known: a gap."""

    name: str
    role: str
    points: tuple[tuple[Instant, float | None], ...]


class Level(msgspec.Struct, frozen=True):
    """A horizontal line with its label. `role` is its look: `limit` (what is over it is tinted) or `baseline`."""

    value: float
    label: str
    role: str


class LineChart(msgspec.Struct, frozen=True):
    """What is drawn. `words` says a value, `ceiling` is the highest there can be. Two points of one line that are
    further apart than `gap` are not joined: nothing is known of the time between."""

    title: str
    lines: tuple[Line, ...]
    words: Words
    levels: tuple[Level, ...] = ()
    flags: tuple[Flag, ...] = ()
    gap: Seconds = 10.0
    ceiling: float | None = None


class Scale(msgspec.Struct, frozen=True):
    """From instants and values to coordinates. `top` is the plot's upper edge, `highest` the value there."""

    start: Instant
    end: Instant
    highest: float
    top: float

    def x(self, at: Instant) -> float:
        """Where `at` is; what lies outside is at the edge."""
        share = (at - self.start) / (self.end - self.start)
        return _LEFT + min(1.0, max(0.0, share)) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Where `value` is."""
        return self.bottom - min(1.0, value / self.highest) * _PLOT

    @property
    def bottom(self) -> float:
        """The plot's lower edge."""
        return self.top + _PLOT


def line_chart(chart: LineChart) -> str:
    """The chart as an SVG document that fetches nothing; empty when no line has a value."""
    values = [value for line in chart.lines for _, value in line.points if value is not None]
    if not values:
        return ""
    start, end = _span(chart)
    ticks = _value_ticks([*values, *(level.value for level in chart.levels)], chart.ceiling)
    rough = Scale(start, end, ticks[-1], 0.0)
    flags = placed(chart.flags, rough.x, WIDTH)
    rows = max((flag.row for flag in flags), default=-1) + 1
    scale = Scale(start, end, ticks[-1], _HEAD + rows * ROW)
    height = scale.bottom + _FOOT
    frame: dict[str, Attribute] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "chart",
        "role": "img",
        "aria-label": chart.title,
        "viewBox": f"0 0 {WIDTH:g} {height:g}",
        "width": WIDTH,
        "height": height,
    }
    return element(
        "svg",
        frame,
        element("style", None, STYLE),
        element("rect", {"class": "paper", "width": WIDTH, "height": height, "rx": 6.0}),
        *_legend(chart),
        *_axes(chart, scale, ticks),
        *_levels(chart, scale),
        *(flag.drawn(_HEAD - 6, scale.bottom) for flag in flags),
        *(part for line in chart.lines for part in _line(line, chart, scale)),
    )


def _span(chart: LineChart) -> tuple[Instant, Instant]:
    instants = [at for line in chart.lines for at, _ in line.points] + [flag.at for flag in chart.flags]
    start, end = min(instants), max(instants)
    return (start, end) if end - start >= 1.0 else (start - 0.5, start + 0.5)


def _value_ticks(values: Sequence[float], ceiling: float | None) -> tuple[float, ...]:
    highest = max(values) * 1.05
    return value_ticks(highest if ceiling is None else min(highest, ceiling))


def _legend(chart: LineChart) -> Iterator[str]:
    yield element("text", {"class": "title", "x": 16.0, "y": 24.0}, text=chart.title)
    x = 16.0
    for line in chart.lines:
        yield element("path", {"class": f"line {line.role}", "d": f"M{x:g},42H{x + 22:g}"})
        yield element("circle", {"class": f"dot {line.role}", "cx": x + 11, "cy": 42.0, "r": 3.0})
        yield element("text", {"class": "name", "x": x + 28, "y": 46.0}, text=line.name)
        x += 28 + text_width(line.name) + 24


def _axes(chart: LineChart, scale: Scale, ticks: Sequence[float]) -> Iterator[str]:
    right = WIDTH - _RIGHT
    for value in ticks:
        y = scale.y(value)
        yield element("path", {"class": "grid" if value else "axis", "d": f"M{_LEFT:g},{y:.1f}H{right:g}"})
        yield element("text", {"class": "tick end", "x": _LEFT - 8, "y": y + 4}, text=chart.words(value))
    span = scale.end - scale.start
    for at in time_ticks(scale.start, scale.end):
        x = scale.x(at)
        yield element("path", {"class": "axis", "d": f"M{x:.1f},{scale.bottom:.1f}v4"})
        yield element("text", {"class": "tick middle", "x": x, "y": scale.bottom + 18}, text=clock(at, span))
    day = f"UTC, {days(scale.start, scale.end)}"
    yield element("text", {"class": "tick middle", "x": (_LEFT + right) / 2, "y": scale.bottom + 38}, text=day)


def _levels(chart: LineChart, scale: Scale) -> Iterator[str]:
    right = WIDTH - _RIGHT
    free = scale.bottom + 99
    for level in sorted(chart.levels, key=lambda level: level.value):
        y = scale.y(level.value)
        if level.role == "limit":
            over = {"x": _LEFT, "y": scale.top, "width": right - _LEFT, "height": y - scale.top}
            yield element("rect", {"class": "over", **over})
        yield element("path", {"class": f"level {level.role}", "d": f"M{_LEFT:g},{y:.1f}H{right:g}"})
        free = min(y + 4, free - 14)  # labels that would overlap are pushed up
        yield element("text", {"class": f"label {level.role}", "x": right + 6, "y": free}, text=level.label)


def _line(line: Line, chart: LineChart, scale: Scale) -> Iterator[str]:
    parts = list(_parts(line.points, chart.gap))
    for part in parts:
        where = "L".join(f"{scale.x(at):.1f},{scale.y(value):.1f}" for at, value in part)
        if len(part) > 1:
            yield element("path", {"class": f"line {line.role}", "d": f"M{where}"})
    few = sum(map(len, parts)) <= _DOTS
    for at, value in (point for part in parts for point in part if few or len(part) == 1):
        dot: dict[str, Attribute] = {"class": f"dot {line.role}", "cx": scale.x(at), "cy": scale.y(value), "r": 3.0}
        yield element("circle", dot, element("title", text=f"{line.name}, {utc(at)}: {chart.words(value)}"))


def _parts(points: Iterable[tuple[Instant, float | None]], gap: Seconds) -> Iterator[list[tuple[Instant, float]]]:
    """The points that are joined, run by run: broken where a value is missing, and where too much time lies between."""
    part: list[tuple[Instant, float]] = []
    for at, value in points:
        if part and (value is None or at - part[-1][0] > gap):
            yield part
            part = []
        if value is not None:
            part.append((at, value))
    if part:
        yield part
