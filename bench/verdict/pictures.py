"""The table as pictures: a row a cell, a dot a rule, one picture a column. Plain SVG, written by hand."""

import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import msgspec

from .outcomes import Outcome

COLOURS = {
    "ours": "#0b7a4b",
    "argo": "#d1495b",
    "argo, 5 min": "#e9a0a9",
    "flagger": "#3d6fb6",
    "kayenta": "#8a5fb0",
    "naive": "#c98a1b",
}
LEFT, WIDTH, ROW, TOP = 270, 480, 24, 62


class Picture(msgspec.Struct, frozen=True):
    """One column of the table. `value` is None where an outcome has none; `least` is where the scale begins.

    `log`: tens are as far apart as ones. `suffix` follows a figure on the scale.
    """

    name: str
    title: str
    value: Callable[[Outcome], float | None]
    least: float = 0.0
    log: bool = False
    suffix: str = ""


PICTURES = (
    Picture(
        "false",
        "Rolled back, though no worse than the baseline or within the limit",
        lambda o: 100 * o.false / o.windows if o.cell.no_worse or o.cell.within else None,
        suffix=" %",
    ),
    Picture(
        "missed",
        "Not rolled back, though over the limit and worse than the baseline",
        lambda o: None if o.cell.no_worse or o.cell.within else 100 * o.missed / o.windows,
        suffix=" %",
    ),
    Picture(
        "requests", "Requests until the rollback, over Wald's bound", lambda o: _bad(o, o.over_wald), 1.0, log=True
    ),
    Picture("seconds", "Seconds until the rollback", lambda o: _bad(o, o.seconds), 1.0, log=True),
    Picture("failing", "Failing requests served, rolled back or not", lambda o: _bad(o, o.served), 1.0, log=True),
)


def draw(outcomes: Sequence[Outcome], into: Path) -> None:
    """Write all pictures as `into`/NAME.svg."""
    into.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        (into / f"{picture.name}.svg").write_text(_svg(picture, outcomes), encoding="utf-8")


def _bad(o: Outcome, value: float) -> float | None:
    """What is told of releases that ought to be rolled back only."""
    return None if o.cell.no_worse or o.cell.within or math.isnan(value) else value


def _svg(picture: Picture, outcomes: Sequence[Outcome]) -> str:
    told = [(o, value) for o in outcomes if (value := picture.value(o)) is not None]
    cells = list(dict.fromkeys(o.cell.name for o, _ in told))
    ticks = _ticks(picture, max((value for _, value in told), default=1.0))
    bottom = TOP + ROW * len(cells)
    parts = [*_legend(picture), *_grid(picture, ticks, bottom)]
    for number, name in enumerate(cells):
        y = TOP + ROW * number + ROW // 2
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#eee"/>')
        parts += _dots(picture, [(o.rule, value) for o, value in told if o.cell.name == name], ticks, y)
    size = f'width="{LEFT + WIDTH + 40}" height="{bottom + 34}"'
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _dots(picture: Picture, values: Sequence[tuple[str, float]], ticks: Sequence[float], y: int) -> list[str]:
    """Each rule has a line of its own within the row, ours the first, so that none hides another."""
    rules = list(COLOURS)
    return [
        f'<circle cx="{round(_x(picture, value, ticks))}" cy="{y - 8 + 3.4 * rules.index(rule):.1f}" '
        f'r="{4 if rule == "ours" else 2.6}" fill="{COLOURS[rule]}"/>'
        for rule, value in values
    ]


def _legend(picture: Picture) -> list[str]:
    parts = [f'<text x="12" y="20" font-size="14" font-weight="bold">{escape(picture.title)}</text>']
    x = LEFT
    for rule, colour in COLOURS.items():
        parts.append(f'<circle cx="{x}" cy="36" r="4" fill="{colour}"/><text x="{x + 8}" y="40">{rule}</text>')
        x += 30 + 7 * len(rule)
    return parts


def _grid(picture: Picture, ticks: Sequence[float], bottom: int) -> list[str]:
    parts = []
    for tick in ticks:
        x = round(_x(picture, tick, ticks))
        parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{bottom}" stroke="#ccc"/>')
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:,.10g}{picture.suffix}</text>')
    return parts


def _ticks(picture: Picture, most: float) -> list[float]:
    if picture.log:
        return [10.0**power for power in range(max(1, math.ceil(math.log10(max(most, 10.0)))) + 1)]
    return [0, 20, 40, 60, 80, 100]


def _x(picture: Picture, value: float, ticks: Sequence[float]) -> float:
    if picture.log:
        return LEFT + WIDTH * math.log(max(value, picture.least) / ticks[0]) / math.log(ticks[-1] / ticks[0])
    return LEFT + WIDTH * value / ticks[-1]
