"""An analysis as one picture: the evidence, and below it the error rate by version. Pure."""

from collections.abc import Sequence

from ..core.analysis import Analysis
from ..core.judging import percent
from ..core.series import Series
from ..core.verdict import Kind
from .flags import Flag
from .line_chart import WIDTH, Level, Line, LineChart, line_chart
from .markup import element

_GAP = 3
"""How many intervals may lie between two readings that are joined."""

_HIGHEST = 1.5
"""The most that is drawn of what is conclusive."""

_BETWEEN = 16.0


def picture(known: Analysis) -> str:
    """An SVG document that fetches nothing; empty when nothing was measured."""
    charts = [chart for chart in (line_chart(_evidence(known)), line_chart(_rates(known))) if chart]
    heights = [_height(chart) for chart in charts]
    total = sum(heights) + _BETWEEN * max(0, len(charts) - 1)
    placed, top = [], 0.0
    for chart, height in zip(charts, heights, strict=True):
        placed.append(chart.replace("<svg ", f'<svg y="{top:g}" ', 1))
        top += height + _BETWEEN
    frame: dict[str, str | float] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {WIDTH:g} {total:g}",
        "width": WIDTH,
        "height": total,
    }
    return element("svg", frame, *placed) if charts else ""


def _height(chart: str) -> float:
    """What a chart says of itself: the last number of its view box."""
    return float(chart.partition('viewBox="')[2].partition('"')[0].split()[-1])


def _evidence(known: Analysis) -> LineChart:
    return LineChart(
        f"Evidence that {known.new} is bad: a breach needs both",
        (
            Line("over the limit", "new", tuple((m.at, _drawn(m.over)) for m in known.moments)),
            Line("worse than the baseline", "other", tuple((m.at, _drawn(m.worse)) for m in known.moments)),
        ),
        lambda value: f"{value:.0%}",
        (Level(1.0, "conclusive", "limit"),),
        _flags(known),
        _gap(known),
        ceiling=_HIGHEST,
    )


def _drawn(share: float) -> float:
    return min(_HIGHEST, max(0.0, share))


def _rates(known: Analysis) -> LineChart:
    level = known.now.limit if known.now is not None else known.limits.threshold
    return LineChart(
        "Error rate, of each reading",
        tuple(Line(line.version, _role(known, line), _points(line)) for line in known.series),
        lambda value: f"{value * 100:.3g}%",
        (Level(level, f"limit {percent(level)}", "limit"),),
        _flags(known),
        _gap(known),
        ceiling=1.0,
    )


def _points(line: Series) -> tuple[tuple[float, float | None], ...]:
    return tuple((point.at, point.error_rate) for point in line.points)


def _role(known: Analysis, line: Series) -> str:
    return {known.new: "new", known.old: "old"}.get(line.version, "other")


def _gap(known: Analysis) -> float:
    return _GAP * max([known.limits.interval, *_lengths(known.series)])


def _lengths(series: Sequence[Series]) -> list[float]:
    """The shortest time between two readings: another source's interval is not the settings'."""
    steps = [b.at - a.at for line in series for a, b in zip(line.points, line.points[1:], strict=False)]
    return [min(steps)] if steps else []


def _flags(known: Analysis) -> tuple[Flag, ...]:
    flags = [] if known.first_new is None else [Flag(known.first_new, "first new instance")]
    if known.then is not None:
        flags.append(Flag(known.then.at, f"then: {known.then.verdict.kind}", _look(known.then.verdict.kind)))
    if known.now is not None and known.now.verdict.kind is not Kind.PENDING:
        flags.append(Flag(known.now.at, f"now: {known.now.verdict.kind}", _look(known.now.verdict.kind)))
    return tuple(flags)


def _look(kind: Kind) -> str:
    return "bad" if kind in (Kind.BREACHED, Kind.SLOW) else "good" if kind is Kind.HEALTHY else "plain"
