"""Flagger's rule: failed checks are counted, never forgotten, and the count is looked at a tick late."""

import numpy as np

from .cells import LIMIT, WINDOW
from .streams import Floats, Streams, running

INTERVAL, THRESHOLD = 60, 5


def flagger(streams: Streams, interval: int = INTERVAL, threshold: int = THRESHOLD) -> Floats:
    """When each window is rolled back, in seconds from the first new instance; infinity where it is not.

    A tick's check fails on a success rate under the limit or without data. The limit is that of the benchmark, not
    Flagger's own 99 %. The window is as long as the interval, one minute.
    """
    looks = np.arange(interval, WINDOW + 1, interval)
    counts = (streams.new.requests, streams.new.errors)
    requests, errors = (np.diff(running(count)[:, [0, *looks]], axis=1) for count in counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        failed = ~(errors / requests <= LIMIT)
    counted = np.cumsum(failed, axis=1) >= threshold
    reached = counted.any(axis=1)
    late = looks[np.argmax(counted, axis=1)] + interval
    return np.where(reached & (late <= WINDOW), late, np.inf)
