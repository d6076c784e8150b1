"""Seeing to it that a process that was told to stop is gone in time, whatever still hangs in it."""

import os
import sys
import threading

from ..core.ending import ExitCode
from ..core.instant import Seconds
from ..doors.children import Children


class Departure:
    """A last resort: a thread that nothing holds up. `children` are ended first: none outlives the process."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._timer: threading.Timer | None = None

    def within(self, seconds: Seconds, code: int = ExitCode.INTERRUPTED) -> None:
        """Be gone in so many seconds, with `code`. Only the first call counts."""
        if self._timer is None:
            self._timer = threading.Timer(max(0.0, seconds), self._leave, (code,))
            self._timer.daemon = True
            self._timer.start()

    def called_off(self) -> None:
        """The process ends by itself."""
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self, code: int) -> None:
        self._children.kill()
        try:
            print(
                "Something would not stop, and was left.\nNext: hotfix-deploy-runner resume",
                file=sys.stderr,
                flush=True,
            )
        finally:
            os._exit(code)
