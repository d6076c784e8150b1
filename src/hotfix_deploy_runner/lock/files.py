"""A lock as a file: what stands in it, how it is read, and how it is changed so that nobody ever reads half of it."""

import contextlib
import fcntl
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ..core.instant import Seconds
from ..errors import HotfixError, LockHeld
from .record import LockRecord, from_json, to_json


class LockFiles:
    """The lock files of one directory. Not the rules of locking: see `local`.

    `patience`: seconds to wait for another process that is changing a lock; a change takes milliseconds.
    """

    def __init__(self, directory: Path, *, patience: Seconds = 5.0) -> None:
        self._directory = directory
        self._patience = patience

    def path(self, environment: str) -> Path:
        """Where the lock of `environment` is."""
        return self._directory / f"{quote(environment, safe='')}.lock.json"

    def read(self, environment: str) -> LockRecord:
        """The lock as it is; free, with fence 0, when there was never one. Raises `LockHeld` when it is unreadable."""
        path = self.path(environment)
        try:
            return from_json(path.read_bytes())
        except FileNotFoundError:
            return LockRecord()
        except (OSError, ValueError) as error:
            raise LockHeld(
                f"the lock of {environment} cannot be read, so nobody knows who holds it",
                detail=f"{path}: {error}\nonce no run is at work there, put it aside: the next run makes a new one",
                next_step=f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.broken')}",
            ) from error

    def write(self, environment: str, record: LockRecord) -> None:
        """Replace the lock, as a whole or not at all. On disk when it returns. Raises `HotfixError`."""
        path = self.path(environment)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            _write_through(fresh, to_json(record) + b"\n")
            fresh.replace(path)
            _sync_directory(self._directory)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise HotfixError(f"the lock of {environment} cannot be written", detail=f"{path}: {error}") from error

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Keep every other process from changing a lock here. Raises `LockHeld` when that takes too long."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._directory / "mutex", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HotfixError("the directory of the locks cannot be used", detail=str(error)) from error
        try:
            self._wait_for(descriptor)
            self._tidy()
            yield
        finally:
            os.close(descriptor)

    def _tidy(self) -> None:
        """Remove what a process that was killed while writing has left. Nobody else is writing now."""
        for half in self._directory.glob("*.new"):
            half.unlink(missing_ok=True)

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    what = "another process has been changing the locks for too long"
                    raise LockHeld(what, detail=f"flock on {self._directory / 'mutex'}") from None
                time.sleep(0.005)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
