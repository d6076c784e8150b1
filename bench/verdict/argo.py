"""Argo Rollouts' rule (analysis/analysis.go): a point estimate a look, and limits on how many may be bad."""

import numpy as np

from .cells import LIMIT, WINDOW
from .streams import Floats, Ints, Streams, running

CONSECUTIVE_ERROR_LIMIT, ERROR_RETRY = 4, 10


def argo(streams: Streams, interval: int = 60, failure_limit: int = 0) -> Floats:
    """When each window is aborted, in seconds from the first new instance; infinity where it is not.

    Over the limit is a failure; more than `failure_limit` of them abort. A look without requests is an error, tried
    again after ten seconds; the fifth in a row aborts. Left alone it looks once: the interval is the user's to set.
    """
    requests, errors = running(streams.new.requests), running(streams.new.errors)
    pairs = zip(requests, errors, strict=True)
    return np.array([_aborted(asked, failed, interval, failure_limit) for asked, failed in pairs])


def _aborted(requests: Ints, errors: Ints, interval: int, failure_limit: int) -> float:
    at, failures, blank = interval, 0, 0
    while at <= WINDOW and failures <= failure_limit and blank <= CONSECUTIVE_ERROR_LIMIT:
        since, looked = max(0, at - interval), at
        seen = requests[at] - requests[since]
        if not seen:
            blank, at = blank + 1, at + ERROR_RETRY
            continue
        blank, at = 0, at + interval
        failures += int((errors[looked] - errors[since]) / seen > LIMIT)
    return float(looked) if failures > failure_limit or blank > CONSECUTIVE_ERROR_LIMIT else float("inf")
