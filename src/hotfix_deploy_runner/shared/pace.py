"""How often one writes to a place that others use too."""

from collections import deque
from collections.abc import Callable

from ..core.instant import Seconds

MOST = 5
"""Writings a minute, so that with the one that is waited for they are under six."""

MINUTE: Seconds = 60.0


class Pace:
    """Counts what was written in the last minute. `clock` in seconds, from anywhere."""

    def __init__(self, clock: Callable[[], Seconds], most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._written: deque[Seconds] = deque(maxlen=most)

    def note(self) -> None:
        """One is written now."""
        self._written.append(self._clock())

    def wait(self) -> Seconds:
        """How long to wait before the next."""
        if len(self._written) < self._most:
            return 0.0
        return max(0.0, self._written[0] + MINUTE - self._clock())
