"""What was measured in one interval. Increments only: a reading never holds a running total."""

from typing import Any

import msgspec

from .baseline import Tally
from .instant import Instant, Seconds


class Histogram(msgspec.Struct, frozen=True):
    """How many requests took how long.

    `edges` are upper bounds in seconds, ascending, the last one infinite (written as null in JSON); `counts`
    are requests per bucket, not cumulated, and as many as there are edges.
    """

    edges: tuple[float | None, ...]
    counts: tuple[int, ...]


class Sample(msgspec.Struct, frozen=True):
    """One instance's part: requests completed and errors among them in the interval.

    `version` is the revision's version. An error is a 5xx answer, a timeout or a refused connection. `further` are the
    service's further metrics by name, each by the values of the label that divides it, or under `""`; `unread` those of
    which the instance gave no count, with the reason.
    """

    instance: str
    incarnation: str
    version: str
    requests: int
    errors: int
    latency: Histogram | None = None
    further: dict[str, dict[str, Tally]] = {}
    unread: dict[str, str] = {}


class Reading(msgspec.Struct, frozen=True):
    """Everything measured between `start` and `end`. Intervals of one source never overlap.

    `silent` names the serving instances that gave no reading in it, with the reason. `pace` is the time in seconds
    between two measurements, where that is the source's own and not ours: a reading as long as that has no gap.
    """

    start: Instant
    end: Instant
    samples: tuple[Sample, ...] = ()
    silent: dict[str, str] = {}
    pace: Seconds = 0.0

    @property
    def length(self) -> Seconds:
        """The seconds it covers."""
        return self.end - self.start


class Cursor(msgspec.Struct, frozen=True):
    """Where a source goes on from: the instant and the raw counters it last saw. Only that source reads `state`.

    It is journaled with the reading, so that a resumed run counts nothing twice.
    """

    at: Instant
    state: dict[str, Any]
