"""Which of this clone's runs the team has, and how far: what is missing there is owed."""

import contextlib
import os
from pathlib import Path

import msgspec

from ..journal.rows import RunId


class Carried:
    """Kept in the file `path`: the number of the last event of each run that has arrived."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, run: RunId, last: int) -> None:
        """The team has the run's events up to number `last`. A full disk is no reason to stop: it is asked again."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
            fresh.write_bytes(msgspec.json.encode({**self.known(), run: last}))
            fresh.replace(self._path)

    def owe(self, run: RunId) -> None:
        """The run is the team's to know: as long as nothing of it has arrived, all of it is owed."""
        self.note(run, self.known().get(run, 0))

    def known(self) -> dict[RunId, int]:
        """By run, the number of its last event that the team has."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[RunId, int])
        except (OSError, msgspec.DecodeError):
            return {}
