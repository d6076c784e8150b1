"""`--json`: the journal's events as they happen, one JSON object a line, and nothing else."""

from typing import TextIO

import msgspec

from ..core.events import AnyEvent, RunStarted, to_json


class JsonLinesView:
    """Prints each event to `out` with two keys more: `seq`, its number in the run, and `run`, the run's id.

    The first event it is given is `RunStarted`, which has the id.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._run = ""
        self._encoder = msgspec.json.Encoder(order="deterministic")

    def event(self, seq: int, event: AnyEvent) -> None:
        """Print `event`. Raises `OSError` when the stream is gone."""
        if isinstance(event, RunStarted):
            self._run = event.run
        line = {**msgspec.json.decode(to_json(event)), "seq": seq, "run": self._run}
        self._out.write(self._encoder.encode(line).decode() + "\n")
        self._out.flush()

    def close(self) -> None:
        """Nothing is left to print; the stream stays open."""
        self._out.flush()
