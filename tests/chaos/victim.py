"""The real command line, which stops itself at a chosen point of its own work: `python -m tests.chaos.victim N LOG …`.

A point lies before and after every append to the journal, every program that is run, every change of a lock, every
effect on a platform and every notice. All are counted and named in LOG; at number N the process stops itself (SIGSTOP:
every thread, at once), and whoever started it kills it from outside. Nothing else is different from the real thing.
With CHAOS_JUMP=seconds the machine's clock, as it sees it, jumps by so much there instead.
"""

import functools
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.lock.files import LockFiles
from hotfix_deploy_runner.notifiers.slack_webhook import SlackWebhook
from hotfix_deploy_runner.platforms.process.fence import Fence


class Points:
    """Counts the points, and stops the process at number `last` (0: never).

    `last` may also be names, with `>` between them: at the first point that has the last of them in its name, after one
    that had the one before, and so on. Numbers differ a little from run to run, as work goes on side by side.
    """

    def __init__(self, last: str, log: Path) -> None:
        self._last = int(last) if last.isdecimal() else 0
        self._names = [] if last.isdecimal() else last.split(">")
        self._log = log.open("a", buffering=1)
        self._count = 0
        self._lock = threading.Lock()
        self._jump = float(os.environ.get("CHAOS_JUMP", "0"))

    def reached(self, name: str) -> None:
        with self._lock:
            self._count += 1
            self._log.write(f"{self._count} {name}\n")
            if self._count == self._last or self._is_named(name):
                self._strike()

    def _is_named(self, name: str) -> bool:
        if not self._names or self._names[0] not in name:
            return False
        del self._names[0]
        return not self._names

    def _strike(self) -> None:
        """Stop; or let the machine's clock jump."""
        if not self._jump:
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        real, jump = time.time, self._jump
        time.time = lambda: real() + jump


def watch(points: Points) -> None:
    """Put points round everything that has an effect."""
    _round(points, SqliteStore, "append", lambda run, after, events: f"append {_named(events)}")
    _round(points, LockFiles, "write", lambda environment, record: f"lock {environment} {record.state}")
    _round_awaited(points, Commands, "run", lambda command, **_: f"command {_program(command)}")
    _round_awaited(points, SlackWebhook, "tell", lambda notice, thread: f"notice {notice.id.partition(':')[2]}")
    _round_effects(points)


def _named(events: Sequence[Any]) -> str:
    return "+".join(f"{type(event).__name__}:{getattr(event, 'step', '')}".rstrip(":") for event in events)


def _program(command: str | Sequence[str]) -> str:
    if isinstance(command, str):
        return "sh " + command.split()[0]
    plain = [word for word in command if not word.startswith("-") and "=" not in word]
    return " ".join(Path(word).name for word in plain[:3])


def _round(points: Points, owner: type, method: str, name: Callable[..., str]) -> None:
    real = getattr(owner, method)

    @functools.wraps(real)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        points.reached(f"before {name(*args, **kwargs)}")
        result = real(self, *args, **kwargs)
        points.reached(f"after {name(*args, **kwargs)}")
        return result

    setattr(owner, method, wrapped)


def _round_awaited(points: Points, owner: type, method: str, name: Callable[..., str]) -> None:
    real = getattr(owner, method)

    @functools.wraps(real)
    async def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        points.reached(f"before {name(*args, **kwargs)}")
        result = await real(self, *args, **kwargs)
        points.reached(f"after {name(*args, **kwargs)}")
        return result

    setattr(owner, method, wrapped)


def _round_effects(points: Points) -> None:
    real = Fence.effect

    @asynccontextmanager
    async def effect(self: Fence, fence: int) -> AsyncIterator[None]:
        async with real(self, fence):
            points.reached("before an effect on the platform")
            yield
            points.reached("after an effect on the platform")

    Fence.effect = effect  # type: ignore[method-assign]


def main() -> None:
    """Be the command, watched."""
    from hotfix_deploy_runner.cli.main import main as command

    last, log, *arguments = sys.argv[1:]
    watch(Points(last, Path(log)))
    sys.argv = ["hotfix-deploy-runner", *arguments]
    command()


if __name__ == "__main__":
    main()
