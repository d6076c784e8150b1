"""Further metrics of one instance: read from its series, differenced, and kept to the busiest values of a label."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from prometheus_client.samples import Sample as Series

from ..core.baseline import Tally
from .series import count, lacks, matches, names_of

Portions = dict[str, Tally]
"""A metric's counts by the values of the label that divides it; one that is not divided has them under `""`."""

FIRST_TIME = "read for the first time: counted from now on"
LONGEST = 80
"""Characters of a label's value; what is longer is cut off, and counted with whatever begins so."""


class Portion(msgspec.Struct, frozen=True):
    """Which series make a further metric, by the counters' names.

    `total` counts the trials. The bad ones are `bad`'s or, where that is empty, those of `total`'s that `bad_labels`
    match; where neither is given, those with the status of an error. `by` is the label that divides them, `most` how
    many of its values are followed.
    """

    name: str
    total: tuple[str, ...]
    total_labels: Mapping[str, str] = {}
    bad: str = ""
    bad_labels: Mapping[str, str] = {}
    by: str = ""
    most: int = 1

    @property
    def counters(self) -> tuple[str, ...]:
        """All that it needs."""
        return tuple(dict.fromkeys((*self.total, *filter(None, (self.bad,)))))

    def missing(self, declared: Iterable[str]) -> str:
        """The first of its counters that is not `declared`; empty when all are."""
        there = set(declared)
        return next((one for one in self.counters if there.isdisjoint(names_of(one))), "")


def portions(found: Sequence[Series], portion: Portion, failed: Callable[[Series], bool]) -> Portions:
    """The totals of a metric whose counters are declared. `failed` tells whether a series has the status of an error.

    Raises `ValueError`, with the reason in words, for labels that no series has, for values that are no counts, and for
    more bad ones than there are in total.
    """
    total = _labelled(_named(found, portion.total), portion.total_labels, portion)
    apart = bool(portion.bad) and portion.bad not in portion.total
    among = _named(found if apart else total, (portion.bad,) if portion.bad else portion.total)
    bad = _labelled(among, portion.bad_labels, portion)
    if not portion.bad and not portion.bad_labels:
        bad = [series for series in bad if failed(series)]
    trials, events = _by_value(total, portion.by), _by_value(bad, portion.by)
    counts = {value: Tally(trials[value], events[value]) for value in (trials if portion.by else ("",))}
    worse = next((tally for tally in counts.values() if tally.events > tally.requests), None)
    if worse:
        raise ValueError(f"{worse.events} were bad of {worse.requests}: {' and '.join(portion.counters)} do not fit")
    return counts


def _named(found: Iterable[Series], counters: Iterable[str]) -> list[Series]:
    names = {name for counter in counters for name in names_of(counter)}
    return [series for series in found if series.name in names]


def _labelled(named: list[Series], labels: Mapping[str, str], portion: Portion) -> list[Series]:
    """Those whose labels match. Raises `ValueError` for a label that none of them has: nothing would ever match it."""
    if lacking := lacks(named, (*labels, *filter(None, (portion.by,)))):
        raise ValueError(f"{named[0].name} has no label {lacking}")
    return [series for series in named if matches(series, labels)]


def _by_value(found: Iterable[Series], label: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for series in found:
        if not label or label in series.labels:
            counts[shown(series.labels[label]) if label else ""] += count(series)
    return counts


def shown(value: str) -> str:
    """A label's value as it may stand in a line: short, and without what a terminal would obey."""
    return "".join(one if one.isprintable() else "?" for one in value)[:LONGEST]


def added(before: Portions, now: Portions) -> Portions:
    """What was added between two totals, value by value. One that fell was reset: all that is there came since."""
    return {value: _added(before.get(value, Tally()), tally) for value, tally in now.items()}


def _added(before: Tally, now: Tally) -> Tally:
    requests, events = now.requests - before.requests, now.events - before.events
    return now if events < 0 or requests < events else Tally(requests, events)


def summed(one: Portions, other: Portions) -> Portions:
    """Both together."""
    return {value: one.get(value, Tally()) + other.get(value, Tally()) for value in (*one, *other)}


def followed(
    before: Mapping[str, Sequence[str]], totals: Iterable[Mapping[str, Portions]], wanted: Sequence[Portion]
) -> dict[str, tuple[str, ...]]:
    """Which values of the divided metrics are counted: those of `before`, and while there is room the busiest others.

    While there is room nothing was ever left out, so one that is new has its whole count still before it; once there is
    none, no more come in. How many were bad plays no part.
    """
    totals = tuple(totals)
    return {one.name: tuple(_busiest(before.get(one.name, ()), totals, one)) for one in wanted if one.by}


def _busiest(before: Sequence[str], totals: Sequence[Mapping[str, Portions]], one: Portion) -> Iterator[str]:
    yield from before
    fresh: Counter[str] = Counter()
    for each in totals:
        fresh.update({v: t.requests for v, t in each.get(one.name, {}).items() if v not in before})
    yield from (
        value for value, _ in sorted(fresh.items(), key=lambda pair: (-pair[1], pair[0]))[: one.most - len(before)]
    )
