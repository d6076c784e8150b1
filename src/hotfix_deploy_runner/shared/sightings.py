"""Since when a lock has looked the same from here: how one tells a silent holder from a dead one without its clock.

No two machines' clocks are compared. What is measured is the time since this machine first saw the very value that is
still there, on its own clock since boot, which goes on while it sleeps (CLOCK_BOOTTIME, clock_gettime(2)).
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..core.facts import Environment
from ..core.instant import Seconds
from .commons import Token

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def since_boot() -> Seconds:
    """Seconds since this machine was booted, those in which it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class _Sighting(msgspec.Struct, frozen=True):
    token: Token
    at: Seconds
    boot: str


class Sightings:
    """Kept in the file `path`, so that a second try goes on where the first has left. `clock` as `since_boot`."""

    def __init__(self, path: Path, clock: Callable[[], Seconds] = since_boot) -> None:
        self._path, self._clock = path, clock
        self._boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""

    def seen(self, environment: Environment, token: Token) -> Seconds:
        """Note that the lock is `token` now; for how many seconds it has been that, as far as was seen from here."""
        known = self._read()
        before = known.get(environment)
        if before is not None and (before.token, before.boot) == (token, self._boot):
            return max(0.0, self._clock() - before.at)
        self._write({**known, environment: _Sighting(token, self._clock(), self._boot)})
        return 0.0

    def _read(self) -> dict[Environment, _Sighting]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[Environment, _Sighting])
        except (OSError, msgspec.DecodeError):
            return {}

    def _write(self, known: dict[Environment, _Sighting]) -> None:
        """A disk that is full costs patience, and nothing else."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
            fresh.write_bytes(msgspec.json.encode(known))
            fresh.replace(self._path)
