"""Values over time as a plot of text, for a pipe as for a terminal. Pure."""

from collections.abc import Iterator, Sequence

import msgspec

from ..core.instant import Instant

ROWS, COLUMNS = 9, 62
"""The size of the plot, without its axes: they make it 70 wide."""

BOTH = "*"
"""Marks where curves meet."""


class Curve(msgspec.Struct, frozen=True):
    """One curve: the character that draws it, and its points in order of time."""

    mark: str
    points: tuple[tuple[Instant, float], ...]


def plot(curves: Sequence[Curve], level: float, highest: float) -> Iterator[str]:
    """The curves from 0 to `highest`, in percent, with a dashed line at `level`; what is beyond is at the edge.

    Of several points in one column the highest counts. Where curves meet, `BOTH` is seen.
    """
    instants = [at for curve in curves for at, _ in curve.points]
    start, length = min(instants), max(max(instants) - min(instants), 1e-9)
    grid = [[" "] * COLUMNS for _ in range(ROWS)]
    grid[_row(level, highest)] = ["-"] * COLUMNS
    for curve in curves:
        tops: dict[int, float] = {}
        for at, value in curve.points:
            column = min(COLUMNS - 1, int((at - start) / length * COLUMNS))
            tops[column] = max(value, tops.get(column, 0.0))
        for column, value in tops.items():
            row = grid[_row(value, highest)]
            row[column] = curve.mark if row[column] in " -" else BOTH
    labels = {_row(value, highest): f"{value:.0%}" for value in (highest, level, 0.0)}
    for number, row in enumerate(grid):
        yield f"{labels.get(number, ''):>6} |{''.join(row)}".rstrip()
    yield f"{'':>6} +{'-' * COLUMNS}"


def _row(value: float, highest: float) -> int:
    share = min(1.0, max(0.0, value / highest))
    return round((1 - share) * (ROWS - 1))
