"""The raw counters of one instance: read from its metrics page, and differenced.

The page is Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Series

from ..core.reading import Histogram
from .portions import FIRST_TIME, Portion, Portions, added, portions, summed
from .series import count, names_of

STATUS_LABELS = ("status", "code", "status_code")
"""Where the status of an answer is looked for when no label is named, in this order."""

Edge = float | None
"""A bucket's upper bound in seconds; None is infinity."""


class Selection(msgspec.Struct, frozen=True):
    """Which series of a page count, and how.

    `requests` is a counter's name (or a histogram's `..._count`), `duration` a histogram's, in seconds. A series is
    left out when it has one of the `exclude` values under that label; it is an error's when its status label (the
    first of `status_labels` that it has) matches all of the regular expression `errors`. `further` are the service's
    further metrics.
    """

    requests: str = "http_requests_total"
    duration: str = "http_request_duration_seconds"
    status_labels: tuple[str, ...] = STATUS_LABELS
    exclude: Mapping[str, tuple[str, ...]] = {}
    errors: str = "5.."
    further: tuple[Portion, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The request counter's names."""
        return names_of(self.requests)

    def failed(self, series: Series) -> bool:
        """Whether it counts errors. Raises `ValueError` for one that does not tell the status."""
        for label in self.status_labels:
            if label in series.labels:
                return re.fullmatch(self.errors, series.labels[label]) is not None
        raise ValueError(f"{series.name} has no label {' or '.join(self.status_labels)}: errors cannot be told")


class Counters(msgspec.Struct, frozen=True):
    """Requests completed, errors among them, and requests per bucket (not cumulated, by ascending edge).

    Totals since the instance was born, or what was added to them. No buckets: the page has no histogram of them.
    `further` are those of further metrics, by name; `unread` those that there are none of, with the reason.
    """

    requests: int = 0
    errors: int = 0
    buckets: tuple[tuple[Edge, int], ...] = ()
    further: dict[str, Portions] = {}
    unread: dict[str, str] = {}

    @property
    def latency(self) -> Histogram | None:
        """The buckets as a histogram, None when there are none."""
        if not self.buckets:
            return None
        return Histogram(tuple(edge for edge, _ in self.buckets), tuple(count for _, count in self.buckets))

    def __add__(self, other: "Counters") -> "Counters":
        """Both together, bucket by bucket. A further metric is unread where neither has read it."""
        counts = Counter(dict(self.buckets))
        counts.update(dict(other.buckets))
        edges = sorted(counts, key=lambda edge: math.inf if edge is None else edge)
        names = dict.fromkeys((*self.further, *other.further))
        further = {name: summed(self.further.get(name, {}), other.further.get(name, {})) for name in names}
        return Counters(
            self.requests + other.requests,
            self.errors + other.errors,
            tuple((edge, counts[edge]) for edge in edges),
            further,
            {name: why for name, why in (self.unread | other.unread).items() if name not in further},
        )

    def after(self, before: "Counters | None") -> "Counters":
        """With the totals from `before` of what is unread now: the next that are read are counted from there."""
        kept = {name: before.further[name] for name in self.unread if before and name in before.further}
        return msgspec.structs.replace(self, further=self.further | kept) if kept else self

    def narrowed(self, followed: Mapping[str, Collection[str]]) -> "Counters":
        """With the counts of divided metrics for those values alone that are followed."""
        if not followed:
            return self
        further = {
            name: {value: tally for value, tally in of.items() if name not in followed or value in followed[name]}
            for name, of in self.further.items()
        }
        return msgspec.structs.replace(self, further=further)


def read_page(page: str, selection: Selection) -> Counters:
    """The totals on a metrics page.

    Raises `ValueError`, with the reason in words, for what is no such page, is cut off, has no request counter, or
    has one that does not tell the status. A counter that is declared and has no series yet is zero: labelled ones
    start that way.
    """
    if page and not page.endswith("\n"):  # the format's rule; a number cut short would pass for a restart
        raise ValueError("the page is cut off: its last line has no end")
    families = list(text_string_to_metric_families(page))
    if not any(_counter_in(family) in selection.names for family in families):
        raise ValueError(f"no {selection.requests} on the page")
    declared = {_counter_in(family) for family in families}
    unread = {one.name: f"no {lacking} on the page" for one in selection.further if (lacking := one.missing(declared))}
    return totals((series for family in families for series in family.samples), selection, unread)


def totals(found: Iterable[Series], selection: Selection, unread: Mapping[str, str] | None = None) -> Counters:
    """What the series that count add up to, at one moment; those of other names are passed over.

    `unread` are the further metrics that are not declared, with the reason; what is wrong with one is the reason that
    it is unread.
    Raises `ValueError`, with the reason in words, for a request counter that does not tell the status, and for values
    that are no counts (NaN, infinite, negative).
    """
    counted = [series for series in found if not _excluded(series.labels, selection.exclude)]
    requests = [series for series in counted if series.name in selection.names]
    failed = [series for series in requests if selection.failed(series)]
    buckets = [series for series in counted if series.name == f"{selection.duration}_bucket"]
    further, unread = _further(counted, selection, unread or {})
    return Counters(sum(map(count, requests)), sum(map(count, failed)), _sum_buckets(buckets), further, unread)


def _further(
    counted: list[Series], selection: Selection, unread: Mapping[str, str]
) -> tuple[dict[str, Portions], dict[str, str]]:
    further: dict[str, Portions] = {}
    lacking = dict(unread)
    for one in selection.further:
        if one.name not in lacking:
            try:
                further[one.name] = portions(counted, one, selection.failed)
            except ValueError as error:
                lacking[one.name] = str(error)
    return further, lacking


def increment(before: Counters, now: Counters) -> Counters:
    """What was added between two totals of the same instance.

    When requests fell (or the errors among them, or the others) the counters were reset in between: all that is
    there now was added since. When only the buckets fell the latency of the interval is not known.
    """
    requests, errors = now.requests - before.requests, now.errors - before.errors
    if errors < 0 or requests - errors < 0:
        return now
    later = dict(now.buckets)
    earlier = dict(before.buckets)
    further, unread = _further_increment(before, now)
    if any(later.get(edge, 0) < count for edge, count in before.buckets):
        return Counters(requests, errors, (), further, unread)
    buckets = tuple((edge, count - earlier.get(edge, 0)) for edge, count in now.buckets)
    return Counters(requests, errors, buckets, further, unread)


def _further_increment(before: Counters, now: Counters) -> tuple[dict[str, Portions], dict[str, str]]:
    """Of each further metric. One that could not be read before gives its first count at the next reading."""
    fresh = {name for name in now.further if name in before.unread and name not in before.further}
    further = {name: added(before.further.get(name, {}), of) for name, of in now.further.items() if name not in fresh}
    return further, now.unread | dict.fromkeys(fresh, FIRST_TIME)


def _counter_in(family: Metric) -> str:
    """The name that the samples of a family's counter have, also while there are none."""
    suffix = {"counter": "_total", "histogram": "_count", "summary": "_count"}.get(family.type, "")
    return f"{family.name}{suffix}"


def _excluded(labels: Mapping[str, str], exclude: Mapping[str, tuple[str, ...]]) -> bool:
    return any(labels.get(label) in values for label, values in exclude.items())


def _sum_buckets(buckets: Iterable[Series]) -> tuple[tuple[Edge, int], ...]:
    """Requests per bucket over all histograms. Each is taken apart first: their edges may differ."""
    histograms: dict[frozenset[tuple[str, str]], dict[float, int]] = defaultdict(dict)
    for bucket in buckets:
        others = frozenset((label, value) for label, value in bucket.labels.items() if label != "le")
        histograms[others][_edge(bucket)] = count(bucket)
    counts: Counter[float] = Counter()
    for cumulated in histograms.values():
        below = 0
        for edge in sorted(cumulated):
            if cumulated[edge] < below:
                raise ValueError("a histogram's buckets do not ascend")
            counts[edge] += cumulated[edge] - below
            below = cumulated[edge]
    return tuple((None if math.isinf(edge) else edge, counts[edge]) for edge in sorted(counts))


def _edge(bucket: Series) -> float:
    edge = float(bucket.labels.get("le", "nan"))
    if math.isnan(edge):
        raise ValueError(f"{bucket.name} has a bucket without an edge")
    return edge
