"""The demo's child processes: started here, and ended for certain, also by another process later.

What runs is written down in the demo's folder before it is relied on, so that `demo.stop` finds it. A process is known
by its pid and its start time (/proc/<pid>/stat, field 22, proc(5)): a pid alone may have become somebody else's.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ..core.instant import Seconds
from ..errors import HotfixError
from .signals import leaving_in_order, undisturbed

PATIENCE: Seconds = 15.0
PAUSE: Seconds = 0.02
MARK = b"HOTFIX_INCARNATION="
"""In the environment of every process of an instance that the process platform started."""


class Child(msgspec.Struct, frozen=True):
    """One process; `ticks` is its start in clock ticks since boot."""

    name: str
    pid: int
    ticks: int

    @property
    def alive(self) -> bool:
        """Whether it runs. A zombie does not; one of our own is reaped."""
        state, ticks = _stat(self.pid)
        if ticks == self.ticks and state == "Z":
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
        return ticks == self.ticks and state not in ("Z", "X")


class Processes:
    """Starts children of the demo in `folder`; a context manager that ends them all, unless `keep`.

    They end however the block does: by an exception, Ctrl-C, TERM or HUP too. KILL leaves them to `demo.stop`.
    """

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        self._folder = folder
        self._record = folder / "processes.json"
        self.keep = keep
        self._leaving = contextlib.ExitStack()

    def start(self, name: str, arguments: Sequence[str]) -> Child:
        """Run `arguments` in a session of its own, its output in `<name>.log`.

        It does not get the terminal's Ctrl-C: the demo ends it when the run in front of it is over.
        """
        with (self._folder / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                arguments, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        started.returncode = 0  # it is waited for by pid, here or in `demo.stop`; Popen is not to complain
        child = Child(name, started.pid, _stat(started.pid)[1])
        self._write([*self.children(), child])
        return child

    def children(self) -> list[Child]:
        """Those written down, in the order of their start; alive or not."""
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=list[Child])
        except FileNotFoundError:
            return []

    def end(self, child: Child, patience: Seconds = PATIENCE) -> None:
        """End one child before the others: TERM, and KILL after `patience` seconds."""
        _end([child], patience)

    def stop(self, patience: Seconds = PATIENCE) -> None:
        """End every child, the last started first, each before the next; then the instances left in the folder.

        TERM, and KILL after `patience` seconds. Nothing to end is no error.
        """
        for child in reversed(self.children()):
            self.end(child, patience)
        _end(instances(self._folder), patience)
        self._record.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self._leaving.enter_context(leaving_in_order())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._leaving, undisturbed():
            if not self.keep:
                self.stop()

    def _write(self, children: Sequence[Child]) -> None:
        fresh = self._record.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(children))
        fresh.replace(self._record)


def instances(folder: Path) -> list[Child]:
    """The live processes of instances whose working directory lies in `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _is_instance(entry, folder.resolve()):
            found.append(Child("instance", int(entry.name), _stat(int(entry.name))[1]))
    return [child for child in found if child.alive]


def wait_until(condition: Callable[[], bool], what: str, limit: Seconds = PATIENCE) -> None:
    """Wait for `condition`. Raises `HotfixError` when it is not so within `limit`; `what` says what was waited for."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise HotfixError(f"{what}: not within {limit:g} s")
        time.sleep(PAUSE)


def listening(port: int) -> bool:
    """Whether somebody takes connections there, on 127.0.0.1."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _end(children: Sequence[Child], patience: Seconds) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in children:
            if child.alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)
        with contextlib.suppress(HotfixError):
            return wait_until(lambda: not any(child.alive for child in children), "end", patience)
    return None


def _is_instance(entry: Path, folder: Path) -> bool:
    try:
        marked = any(part.startswith(MARK) for part in (entry / "environ").read_bytes().split(b"\0"))
        return marked and (entry / "cwd").readlink().is_relative_to(folder)
    except OSError:  # gone, or another user's
        return False


def _stat(pid: int) -> tuple[str, int]:
    """State and start of a process; `("X", -1)` when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "X", -1
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and parentheses
    return fields[0], int(fields[19])
