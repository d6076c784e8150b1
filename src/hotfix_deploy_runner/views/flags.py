"""The flags over a chart: instants with a label each, in as many rows as it takes for no label to cover another."""

from collections.abc import Callable, Iterable

import msgspec

from ..core.instant import Instant
from .markup import element

ROW = 15.0
"""The height of a row of labels, in pixels."""


class Flag(msgspec.Struct, frozen=True):
    """An instant and a word for it. `role` is its look: `plain`, `bad` or `good`."""

    at: Instant
    label: str
    role: str = "plain"


class Placed(msgspec.Struct, frozen=True):
    """Where a flag goes: `x` in pixels, `row` from 0 at the top; `left`: its label stands left of its line."""

    label: str
    role: str
    x: float
    row: int
    left: bool = False

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where its label goes, in pixels."""
        width = text_width(self.label) + 10
        return (self.x - width, self.x) if self.left else (self.x, self.x + width)

    def drawn(self, top: float, bottom: float) -> str:
        """Its line, down to `bottom`, and its label; the rows begin at `top`."""
        y = top + (self.row + 1) * ROW
        end, x = ("end", self.x - 4) if self.left else ("start", self.x + 4)
        label = element("text", {"class": f"flag {self.role} {end}", "x": x, "y": y}, text=self.label)
        path = element("path", {"class": f"pole {self.role}", "d": f"M{self.x:.1f},{y - 10:.1f}V{bottom:.1f}"})
        return path + label


def text_width(text: str) -> float:
    """About how wide `text` is at 12 pixels, erring to the wide side: nothing here can measure it."""
    return 6.8 * len(text)


def placed(flags: Iterable[Flag], x: Callable[[Instant], float], width: float) -> tuple[Placed, ...]:
    """Each flag in the first row where it covers none before it. Flags of one instant become one, with both labels."""
    found: list[Placed] = []
    for flag in _merged(flags):
        at = x(flag.at)
        left = at + text_width(flag.label) + 10 > width
        rows = [_blocked(Placed(flag.label, flag.role, at, row, left), found) for row in range(len(found) + 1)]
        found.append(Placed(flag.label, flag.role, at, rows.index(False), left))
    return tuple(found)


def _blocked(flag: Placed, others: Iterable[Placed]) -> bool:
    start, end = flag.reach
    return any(o.row == flag.row and o.reach[0] < end and start < o.reach[1] for o in others)


def _merged(flags: Iterable[Flag]) -> list[Flag]:
    merged: list[Flag] = []
    for flag in sorted(flags, key=lambda flag: flag.at):
        last = merged[-1] if merged else None
        if last is None or flag.at - last.at > 0.01:
            merged.append(flag)
        else:
            role = "bad" if "bad" in (last.role, flag.role) else flag.role
            merged[-1] = Flag(last.at, f"{last.label}, {flag.label}", role)
    return merged
