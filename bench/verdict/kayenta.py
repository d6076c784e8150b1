"""Kayenta's judge (NetflixACAJudge): Mann-Whitney's U on two series of points, and the size of the effect."""

import numpy as np
from scipy import stats

from .cells import WINDOW
from .streams import Floats, Ints, Streams, running

POINT, LOOK = 60, WINDOW
CONFIDENCE, TOLERANCE, LEAST_EFFECT = 0.98, 0.25, 1.0


def kayenta(streams: Streams) -> Floats:
    """When each window is judged bad, in seconds from the first new instance; infinity where it is not.

    Points of a minute, of both versions side by side, for the whole window. It looks every 30 minutes at its defaults,
    so here once, at the end. High: the low end of the confidence interval of the shift is over a quarter of the
    Hodges-Lehmann estimate's size. It knows no limit, only the baseline; no data is taken for 0.
    """
    looks = [0, *range(POINT, WINDOW + 1, POINT)]
    new, old = (
        _rates(running(side.errors)[:, looks], running(side.requests)[:, looks]) for side in (streams.new, streams.old)
    )
    differences = (new[:, :, None] - old[:, None, :]).reshape(new.shape[0], -1)
    differences.sort(axis=1)
    shift = np.median(differences, axis=1)
    # The interval of Hodges and Lehmann: the ordered differences between the ranks that U's distribution gives.
    points = new.shape[1]
    spread = np.sqrt(points * points * (2 * points + 1) / 12)
    rank = int(max(0, np.floor(points * points / 2 - stats.norm.ppf((1 + CONFIDENCE) / 2) * spread)))
    low = differences[:, rank]
    high = (low > TOLERANCE * np.abs(shift)) & (new.mean(axis=1) >= LEAST_EFFECT * old.mean(axis=1))
    return np.where(high, float(LOOK), np.inf)


def _rates(errors: Ints, requests: Ints) -> Floats:
    errors, requests = np.diff(errors, axis=1), np.diff(requests, axis=1)
    return np.divide(errors, requests, out=np.zeros(errors.shape), where=requests > 0)
