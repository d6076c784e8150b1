"""How far a step has come."""

from typing import Any

import msgspec

from .check import Line
from .instant import Instant
from .step import Ended, Step


class Progress(msgspec.Struct, frozen=True):
    """One step of a run. Neither started nor ended: it waits.

    `begun` is when it was started first; it stays when the step is `reopened`, because its effect may have been made.
    """

    step: Step
    begun: Instant | None = None
    started: Instant | None = None
    ended_at: Instant | None = None
    ended: Ended | None = None
    lines: tuple[Line, ...] = ()
    found: dict[str, Any] = {}

    @property
    def running(self) -> bool:
        """Started, with no outcome yet."""
        return self.started is not None and self.ended is None

    @property
    def passed(self) -> bool:
        """Ended well."""
        return self.ended is Ended.PASSED

    @property
    def failed(self) -> bool:
        """Ended badly; a stopped step has not failed."""
        return self.ended is Ended.FAILED

    @property
    def again(self) -> bool:
        """Whether it was begun before and had no outcome then: its effect is looked for before it is made."""
        return self.started is not None and self.begun != self.started

    def start(self, at: Instant) -> "Progress":
        """Started, for the first time or once more."""
        begun = at if self.begun is None else self.begun
        return msgspec.structs.replace(self, begun=begun, started=at, ended=None, ended_at=None)

    def reopened(self) -> "Progress":
        """As it is for the next process: an outcome stands, but what was under way, or stopped, waits again."""
        if self.running or self.ended is Ended.STOPPED:
            return Progress(self.step, begun=self.begun)
        return self
