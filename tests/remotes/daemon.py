"""A server's program as a plain process of ours, that is gone afterwards with all that it started."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.fakes.processes import runs, wait_for


class DidNotStart(Exception):
    """The program ended before it was ready. Its text has the program's last words."""


@contextmanager
def running(command: Sequence[object], ready: Callable[[], bool], log: Path) -> Iterator[None]:
    """Run `command` until the block is left, from when `ready` says so; what it prints is in `log`.

    `ready` is asked a hundred times a second. Raises `DidNotStart`.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        wait_for(lambda: ready() or process.poll() is not None, f"{command[0]}")
        if process.poll() is not None:
            raise DidNotStart(f"{command[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        yield
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it, and then what it had started: a connection's process does not go with its listener."""
    children = _below(process.pid)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    wait_for(lambda: not any(runs(child) for child in children), f"the end of what {process.args!r} had started")


def _below(pid: int) -> list[int]:
    """Its children, theirs, and so on."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return children + [deeper for child in children for deeper in _below(child)]
