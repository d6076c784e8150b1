"""Latency as histograms: pooled, its quantiles, and how many requests were slower than an edge."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from .baseline import Baseline, Tally
from .instant import Seconds
from .reading import Histogram


class Latency(msgspec.Struct, frozen=True):
    """The pooled latencies of one group of instances. Not what any one instance did.

    `edges` are upper bounds in seconds, ascending, the last one infinite; `slower[i]` counts the requests over edge
    i, `squares[i]` sums slower[i]^2/requests over the readings. Histograms with other edges start it anew:
    buckets that differ cannot be compared.
    """

    edges: tuple[float, ...] = ()
    requests: int = 0
    slower: tuple[int, ...] = ()
    squares: tuple[float, ...] = ()
    readings: int = 0

    @classmethod
    def of(cls, histograms: Iterable[Histogram]) -> "Latency":
        """One reading's. Of histograms with different edges, those with the most common ones."""
        given = [h for h in histograms if h.edges and len(h.edges) == len(h.counts)]
        if not given:
            return cls()
        common = given[0].edges
        if any(h.edges != common for h in given):
            common = Counter(h.edges for h in given).most_common(1)[0][0]
            given = [h for h in given if h.edges == common]
        counts = tuple(map(sum, zip(*(h.counts for h in given), strict=True)))
        requests = sum(counts)
        if not requests:
            return cls()
        slower = _slower(counts, requests)
        edges = tuple(math.inf if edge is None else edge for edge in common)
        return cls(edges, requests, slower, tuple(count**2 / requests for count in slower), readings=1)

    def __add__(self, other: "Latency") -> "Latency":
        if not other.requests:
            return self
        if self.edges != other.edges:
            return other
        return Latency(
            self.edges,
            self.requests + other.requests,
            tuple(map(sum, zip(self.slower, other.slower, strict=True))),
            tuple(map(sum, zip(self.squares, other.squares, strict=True))),
            self.readings + other.readings,
        )

    def quantile(self, q: float) -> Seconds | None:
        """The `q` quantile, interpolated within its bucket as Prometheus' `histogram_quantile` does.

        That is: evenly spread from the edge below (0 for the first bucket); the highest finite edge when it lies in the
        infinite bucket. None without requests, or with no finite edge.
        """
        if not self.requests or math.isinf(self.edges[0]):
            return None
        rank = q * self.requests
        index = next(i for i, slower in enumerate(self.slower) if self.requests - slower >= rank)
        if math.isinf(self.edges[index]):
            return self.edges[index - 1]
        low = self.edges[index - 1] if index else 0.0
        before = self.requests - self.slower[index - 1] if index else 0
        within = self.requests - self.slower[index] - before
        return low + (self.edges[index] - low) * (rank - before) / within if within else low

    def edge_from(self, least: Seconds) -> int | None:
        """The index of the first finite edge at or above `least`, or None."""
        return next((i for i, edge in enumerate(self.edges) if least <= edge < math.inf), None)

    def over(self, edge: Seconds) -> Tally:
        """The requests, and those among them slower than `edge`; nothing when `edge` is none of the edges."""
        if edge not in self.edges:
            return Tally()
        return Tally(self.requests, self.slower[self.edges.index(edge)])

    def record(self, edge: Seconds) -> Baseline:
        """Its record as a baseline for "slower than `edge`"; empty when `edge` is none of the edges."""
        if edge not in self.edges:
            return Baseline()
        return Baseline(self.over(edge), self.readings, self.squares[self.edges.index(edge)])


def _slower(counts: Sequence[int], requests: int) -> tuple[int, ...]:
    """For each bucket, the requests in the buckets above it."""
    slower = []
    for count in counts:
        requests -= count
        slower.append(requests)
    return tuple(slower)
