"""The readings of a run as lines of a chart: error rate and p99 by version over time."""

from collections.abc import Iterable

import msgspec

from .events import AnyEvent, ReadingTaken
from .instant import Instant, Seconds
from .latency import Latency
from .reading import Reading, Sample


class Point(msgspec.Struct, frozen=True):
    """One version in one reading that ended at `at`. `p99` is in seconds, None where no latency was read."""

    at: Instant
    requests: int
    errors: int
    p99: Seconds | None = None

    @property
    def error_rate(self) -> float | None:
        """Errors per request, a fraction; None without requests."""
        return self.errors / self.requests if self.requests else None


class Series(msgspec.Struct, frozen=True):
    """All points of one version, in order of time. A reading in which it gave no sample has none."""

    version: str
    points: tuple[Point, ...]

    @property
    def requests(self) -> int:
        """All requests that were read."""
        return sum(point.requests for point in self.points)

    @property
    def errors(self) -> int:
        """All errors among them."""
        return sum(point.errors for point in self.points)


def series(events: Iterable[AnyEvent]) -> tuple[Series, ...]:
    """One series a version, in the order in which the versions were first met."""
    return series_of(event.reading for event in events if isinstance(event, ReadingTaken))


def series_of(readings: Iterable[Reading]) -> tuple[Series, ...]:
    """As `series`, of readings in order of time."""
    points: dict[str, list[Point]] = {}
    for reading in readings:
        for version, samples in _by_version(reading.samples).items():
            points.setdefault(version, []).append(_point(reading.end, samples))
    return tuple(Series(version, tuple(line)) for version, line in points.items())


def _by_version(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.version, []).append(sample)
    return groups


def _point(at: Instant, samples: list[Sample]) -> Point:
    latency = Latency.of(sample.latency for sample in samples if sample.latency is not None)
    return Point(at, sum(s.requests for s in samples), sum(s.errors for s in samples), latency.quantile(0.99))
