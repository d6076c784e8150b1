"""What Prometheus' own scrapes say: when each instance was last scraped, how often it is, and whether it went well."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from ...core.instant import Instant, Seconds, utc
from .api import RangeSeries

_LATE = 1.0
"""Seconds that a scrape may be late before it counts as missing, beside the pace of scrapes."""


class Scrape(msgspec.Struct, frozen=True):
    """One scrape, when it began by the server's clock, and whether it went well."""

    at: Instant
    well: bool


class Target(msgspec.Struct, frozen=True):
    """The scrapes of one instance in the time looked back at, in their order. `twice`: it is scraped twice over."""

    scrapes: tuple[Scrape, ...] = ()
    twice: bool = False

    @property
    def pace(self) -> Seconds | None:
        """The seconds from one scrape to the next; None when there were not two."""
        gaps = [later.at - earlier.at for earlier, later in pairwise(self.scrapes)]
        return statistics.median(gaps) if gaps else None

    def good_since(self, after: Instant) -> tuple[Scrape, ...]:
        """The scrapes later than `after` that went well."""
        return tuple(scrape for scrape in self.scrapes if scrape.well and scrape.at > after)

    def before(self, at: Instant) -> Instant | None:
        """When the last scrape before `at` was."""
        return max((scrape.at for scrape in self.scrapes if scrape.at < at), default=None)

    def trouble(self, now: Instant) -> str:
        """Why nothing comes of it, in words; empty when it is scraped as it should be."""
        if self.twice:
            return "it is scraped twice over: narrow the selectors in [metrics] to one job"
        if not self.scrapes:
            return "Prometheus has not scraped it"
        last, pace = self.scrapes[-1], self.pace
        if pace is not None and now - last.at > 2 * pace + _LATE:
            return f"no scrape since {utc(last.at)}, {now - last.at:.0f} s ago; before that every {pace:.3g} s"
        return "" if last.well else f"Prometheus could not scrape it at {utc(last.at)} (up is 0)"


NEVER = Target()
"""What is not scraped at all."""


def targets(found: Iterable[RangeSeries], label: str) -> Mapping[str, Target]:
    """The targets by what they have under `label`, from the samples of `up`."""
    by_place: dict[str, list[RangeSeries]] = defaultdict(list)
    for series in found:
        if series.values:
            by_place[series.metric.get(label, "")].append(series)
    return {place: _target(several) for place, several in by_place.items()}


def _target(several: list[RangeSeries]) -> Target:
    """One target; its series can have changed their other labels, one after the other, but never side by side."""
    in_order = sorted(several, key=lambda series: series.values[0][0])
    side_by_side = any(later.values[0][0] <= earlier.values[-1][0] for earlier, later in pairwise(in_order))
    scrapes = (Scrape(at, value == "1") for series in in_order for at, value in series.values)
    return Target(tuple(sorted(scrapes, key=lambda scrape: scrape.at)), side_by_side)
