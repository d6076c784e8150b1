"""An analysis for a person: the verdict then and now, the course of the evidence, what could not be seen. Pure."""

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from ..core.analysis import Analysis, Moment
from ..core.instant import Instant, spoken, utc
from ..core.judging import milliseconds, percent
from ..core.normal import Normal
from ..core.policy import Watching
from ..core.series import Point
from .sparkline import columns, error_rate, slowest_p99, sparkline
from .text_plot import BOTH, COLUMNS, Curve, plot

_WIDTH = 80
_HIGHEST = 1.25
"""How far above what is conclusive the plot goes: more is no more conclusive."""


def analysis_text(known: Analysis) -> str:
    """The text of `analyze`; no line is wider than 80 columns, but for names that are."""
    return "".join(f"{line}\n" for line in _lines(known))


def normal_text(found: Normal) -> str:
    """The text of `analyze --live`."""
    return "".join(f"{line}\n" for line in _normal(found))


def _lines(known: Analysis) -> Iterator[str]:
    yield f"{known.new} against {known.old}, {known.of}"
    if known.then is not None:
        yield ""
        yield f"Verdict then: {known.then.verdict.kind}{_after(known, known.then.at)}"
        yield from _told(known.then.verdict.reason)
    yield ""
    yield from _told(f"Limits now: {limits_words(known.limits)}", "")
    if known.now is None:
        yield "Verdict now: none, there is no reading"
        return
    yield f"Verdict now: {known.now.verdict.kind}{_after(known, known.now.at)}"
    yield from _told(known.now.verdict.reason)
    yield from _told(f"by then: {_by_then(known, known.now)}")
    for one in known.now.verdict.further:
        rates = f"{percent(one.rate)} (baseline: {percent(one.baseline_rate)})"
        yield from _told(f"{one.name}: {rates}, limit {percent(one.limit)}, {one.standing}")
    yield ""
    yield from _evidence(known)
    yield ""
    yield from _measured(known)
    if known.unseen:
        yield ""
        yield "What these readings cannot tell:"
        for sentence in known.unseen:
            yield from wrap(sentence, _WIDTH, initial_indent="  - ", subsequent_indent="    ")


def limits_words(limits: Watching) -> str:
    """The limits in a sentence: threshold, mode, window and alpha."""
    over = f" (over-baseline, {limits.over_baseline:g} times)" if limits.mode == "over-baseline" else ""
    return f"errors {limits.threshold * 100:g} %{over}, window {spoken(limits.window)}, alpha {limits.alpha:g}"


def _told(text: str, indent: str = "  ") -> list[str]:
    return wrap(text, _WIDTH, initial_indent=indent, subsequent_indent="  ")


def _after(known: Analysis, at: Instant) -> str:
    return "" if known.first_new is None else f", {spoken(max(0.0, at - known.first_new))} after the first new instance"


def _by_then(known: Analysis, then: Moment) -> str:
    told = f"{then.errors} errors in {then.requests} requests of {known.new}, limit {percent(then.limit)}"
    if then.rolled_out is None:
        return f"{told}; the rollout was not over"
    return f"{told}; {spoken(max(0.0, then.at - then.rolled_out))} after the rollout"


def _evidence(known: Analysis) -> Iterator[str]:
    """From the first new instance on: before it there is none."""
    yield "Evidence, 100% is conclusive; a breach needs both:"
    yield f"  o  over the limit        x  worse than the baseline        {BOTH}  both"
    shown = _since_the_first(known)
    curves = (
        Curve("o", tuple((m.at, m.over) for m in shown)),
        Curve("x", tuple((m.at, m.worse) for m in shown)),
    )
    yield from plot(curves, 1.0, _HIGHEST)
    yield from _axis(shown[0].at, shown[-1].at)


def _since_the_first(known: Analysis) -> Sequence[Moment]:
    """The moments in which there can be evidence: all of them when the new version was never seen."""
    return [m for m in known.moments if known.first_new is None or m.at >= known.first_new] or known.moments


def _axis(start: Instant, end: Instant) -> Iterator[str]:
    length = spoken(end - start)
    first = utc(start)
    yield f"{'':>7}{first}{length:>{COLUMNS + 1 - len(first)}}"


def _measured(known: Analysis) -> Iterator[str]:
    """A line a version; every line is as wide as the plot, but begins with the first reading."""
    if not known.series:
        yield "Nothing was measured."
        return
    instants = [point.at for line in known.series for point in line.points]
    start, end = min(instants), max(instants)
    yield from _bars(known, "Error rate", error_rate, percent, start, end)
    if any(point.p99 is not None for line in known.series for point in line.points):
        yield from _bars(known, "p99 latency", slowest_p99, milliseconds, start, end)
    yield from _axis(start, end)


def _bars(
    known: Analysis,
    title: str,
    value: Callable[[Sequence[Point]], float | None],
    words: Callable[[float | None], str],
    start: Instant,
    end: Instant,
) -> Iterator[str]:
    parts = {line.version: columns(line.points, start, end, COLUMNS) for line in known.series}
    values = [value(part) for line in parts.values() for part in line if part]
    highest = max((v for v in values if v is not None), default=0.0)
    yield f"{title}, bars from 0 to {words(highest)}:"
    for line in known.series:
        yield f"  {line.version}: {words(value(line.points))} in all"
        yield f"{'':>7}{sparkline(parts[line.version], value, highest)}".rstrip()


def _normal(found: Normal) -> Iterator[str]:
    yield f"{found.version} as it serves now: {found.errors} errors in {found.requests} requests"
    if not found.requests:
        yield "  too few to say anything: read for longer (--for)"
        return
    bounds = f"{percent(found.lowest)} to {percent(found.highest)} at 95 %"
    yield f"  error rate {percent(found.rate)} ({bounds})"
    bursts = "errors come singly" if found.dispersion < 1.5 else "errors come in bursts, which count for less"
    yield f"  overdispersion {found.dispersion:.1f}: {bursts}"
    would = "WOULD be found over" if found.trips else "is not found over"
    yield f"  as a new version's, this traffic {would} the threshold of {found.threshold * 100:g} %"
    if found.over_baseline:
        yield from _told(
            f'Next: threshold_mode = "over-baseline", or rollback_threshold = {found.suggested * 100:g}: the normal '
            "rate is too near to the threshold, or not known well enough to tell them apart",
            "",
        )
    else:
        yield f"The threshold leaves room; {found.suggested * 100:g} would be the least that does."
