"""How the operating system tells a process to stop: SIGINT and SIGTERM, told to whoever listens."""

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

Listener = Callable[[str], None]
"""Is told the signal's name (`SIGINT`)."""


class Signals:
    """Takes the two signals inside of `with`. While nobody listens, the task that entered is cancelled.

    `first` is the name of the first that came, `at` the loop's time then. To be made inside of a running loop.
    """

    def __init__(self) -> None:
        self.first = ""
        self.at = 0.0
        self.listener: Listener | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._take, number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def _take(self, number: signal.Signals) -> None:
        if not self.first:
            self.first, self.at = number.name, self._loop.time()
        if self.listener is not None:
            self.listener(number.name)
        elif self._task is not None:
            self._task.cancel()
