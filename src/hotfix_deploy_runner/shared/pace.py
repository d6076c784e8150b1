"""How often one writes to a place that others use too."""

from collections import deque
from collections.abc import Callable

from ..core.instant import Seconds

URGENT = 2
"""Writings a minute beside the regular ones: with one every 20 s they stay under six."""

MINUTE: Seconds = 60.0


class Pace:
    """Counts what was written in the last minute; one every `regular` seconds is due. `clock` from anywhere."""

    def __init__(self, clock: Callable[[], Seconds], regular: Seconds) -> None:
        self._clock, self._most = clock, URGENT + round(MINUTE / regular)
        self._written: deque[Seconds] = deque(maxlen=self._most)

    def note(self) -> None:
        """One is written now."""
        self._written.append(self._clock())

    def wait(self) -> Seconds:
        """How long to wait before the next."""
        if len(self._written) < self._most:
            return 0.0
        return max(0.0, self._written[0] + MINUTE - self._clock())
