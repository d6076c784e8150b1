"""What the shipped core is held to. Each is one line: held or missed, with the figure."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from .cells import LIMIT, WINDOW
from .outcomes import ALPHA, Outcome, interval
from .streams import INTERVAL

AT_ONCE, LATE = 1.5, 2.5
READINGS = 3
FEWER = 50
LOOK = 5.0


class Target(msgspec.Struct, frozen=True):
    """One thing that is promised of the verdict, and whether it holds."""

    held: bool
    text: str

    def __str__(self) -> str:
        return f"target {'held' if self.held else 'missed'}: {self.text}"


def targets(outcomes: Sequence[Outcome], look: float) -> Iterator[Target]:
    """All of them; `look` is the median of a look at 1,000 instances, in milliseconds."""
    ours = [o for o in outcomes if o.rule == "ours"]
    yield from map(_false, (o for o in ours if o.cell.no_worse or o.cell.within))
    yield from map(_requests, (o for o in ours if o.cell.plain and o.cell.new >= 0.08 and o.cell.old <= LIMIT))
    yield from map(_misses, (o for o in ours if _has_to_be_found(o)))
    yield from _failing(outcomes)
    yield Target(look <= LOOK, f"a look at 1,000 instances takes {look:.2f} ms (at most {LOOK:g})")


def _has_to_be_found(o: Outcome) -> bool:
    """Twice the limit or more, worse than the baseline, and a thousand requests to see it in."""
    return o.cell.new >= 2 * LIMIT and not o.cell.no_worse and o.cell.traffic * WINDOW >= 1000


def _false(o: Outcome) -> Target:
    low, high = interval(o.false, o.windows)
    what = "rolled back" if o.cell.no_worse else "rolled back before the window's end"
    doubt = "" if high <= ALPHA or low > ALPHA else "; so many windows cannot tell for sure"
    return Target(
        o.false <= ALPHA * o.windows,
        f"{o.cell.name}: {o.false} of {o.windows} {what}, at most 1 % (95 %: {low:.2%} to {high:.2%}{doubt})",
    )


def _requests(o: Outcome) -> Target:
    """A multiple of Wald's bound, and three readings beyond it at any traffic.

    Those three are what it takes at least: no reading alone may suffice, nor the two into which a blip may fall.
    """
    times = LATE if o.cell.late else AT_ONCE
    least, reading = o.requests / o.over_wald, o.cell.traffic * INTERVAL
    beyond = max(0.0, o.requests - times * least) / reading
    how = f"within {times:g} times" if not beyond else f"{times:g} times it and {beyond:.1f} readings (at most 3)"
    return Target(
        beyond <= READINGS,
        f"{o.cell.name}: {o.requests:,.0f} requests, {o.over_wald:.2f} times Wald's {least:,.1f}: {how}",
    )


def _misses(o: Outcome) -> Target:
    return Target(not o.missed, f"{o.cell.name}: {o.missed} of {o.windows} missed, none may be")


def _failing(outcomes: Iterable[Outcome]) -> Iterator[Target]:
    cell = {o.rule: o for o in outcomes if o.cell.name == "new 50%"}
    ours = cell["ours"].served
    for rule in ("argo", "argo, 5 min", "flagger"):
        fewer = cell[rule].served / ours
        yield Target(
            fewer >= FEWER,
            f"50 % errors at 100 req/s: {ours:,.0f} failing requests served, {cell[rule].served:,.0f} under {rule}'s "
            f"rule: {fewer:.0f} times fewer (at least {FEWER})",
        )
