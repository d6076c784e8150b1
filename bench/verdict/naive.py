"""The script that everyone writes first: errors so far over requests so far, looked at every minute."""

import numpy as np

from .cells import LIMIT, WINDOW
from .streams import Floats, Streams, running

INTERVAL = 60


def naive(streams: Streams) -> Floats:
    """When each window is rolled back, in seconds from the first new instance; infinity where it is not."""
    looks = np.arange(INTERVAL, WINDOW + 1, INTERVAL)
    over = running(streams.new.errors)[:, looks] > LIMIT * running(streams.new.requests)[:, looks]
    return np.where(over.any(axis=1), looks[np.argmax(over, axis=1)], np.inf)
