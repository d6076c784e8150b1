"""Run the benchmark: print the table and the targets, draw the pictures. Exits 1 where a target is missed.

python -m bench.verdict [--windows 2000] [--only TEXT] [--pictures docs/verdict]
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np

from .argo import argo
from .cells import Cell, star
from .flagger import flagger
from .fleets import found
from .kayenta import kayenta
from .look import report
from .naive import naive
from .outcomes import Outcome, outcome
from .pictures import draw
from .shipped import Decisions, replayed, shipped
from .streams import Readings, readings, streams
from .targets import Target, targets

WINDOWS, CHECKED, FLEETS = 2000, 3, 60


def main() -> int:
    """The whole run; its exit code."""
    options = _options()
    began = time.monotonic()
    outcomes, checks = [], []
    print(_row("cell", "rule", "rolled back", "early", "missed", "requests", "x Wald", "seconds", "failing"))
    for cell in star():
        if options.only in cell.name:
            of_cell, check = _cell(cell, options.windows)
            outcomes += of_cell
            checks.append(check)
            print(*map(_told, of_cell), sep="\n", flush=True)
    look, lines = report()
    print("", *lines, "", sep="\n")
    judged = [*checks, *found(FLEETS)]
    if not options.only:
        judged += targets(outcomes, look)
        draw(outcomes, options.pictures)
    print(*judged, sep="\n")
    missed = sum(not target.held for target in judged)
    print(f"\n{len(judged) - missed} targets held, {missed} missed, in {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


def _cell(cell: Cell, windows: int) -> tuple[list[Outcome], Target]:
    all_ = streams(cell, windows)
    read = readings(cell, all_)
    ours = shipped(cell, read)
    rules = [outcome("ours", cell, all_, ours.at, ours.early)]
    if cell.slower is None:
        rules += [
            outcome("argo", cell, all_, argo(all_)),
            outcome("argo, 5 min", cell, all_, argo(all_, interval=300)),
            outcome("flagger", cell, all_, flagger(all_)),
            outcome("kayenta", cell, all_, kayenta(all_)),
            outcome("naive", cell, all_, naive(all_)),
        ]
    return rules, _checked(cell, read, ours)


def _checked(cell: Cell, read: Readings, ours: Decisions) -> Target:
    """That the vectorised code decides as `Watch` does, at the same reading: the first windows, and the odd ones."""
    odd = np.flatnonzero(ours.early != np.median(ours.early))[:CHECKED]
    sample = sorted({*range(CHECKED), *map(int, odd)})
    same = [replayed(cell, read, window)[0] == ours.at[window] for window in sample]
    return Target(all(same), f"{cell.name}: vectorised as `Watch` in {sum(same)} of {len(same)} windows")


def _told(o: Outcome) -> str:
    return _row(
        o.cell.name,
        o.rule,
        f"{o.rolled_back / o.windows:.2%}",
        f"{o.early / o.windows:.2%}",
        f"{o.missed / o.windows:.2%}",
        *(_figure(value, digits) for value, digits in ((o.requests, 0), (o.over_wald, 2), (o.seconds, 1))),
        _figure(o.failing, 0),
    )


def _figure(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def _row(name: str, rule: str, *figures: str) -> str:
    return f"{name:36} {rule:12}" + "".join(f"{figure:>12}" for figure in figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.verdict", description=__doc__)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--only", default="", help="cells whose names hold this; without the targets and the pictures")
    parser.add_argument("--pictures", type=Path, default=Path("docs/verdict"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
