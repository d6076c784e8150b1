"""A file while it is being written. What a killed writer leaves is known by its lock, which died with it."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PREFIX = ".partial-"


@contextmanager
def partial_file(folder: Path) -> Iterator[IO[bytes]]:
    """A new, empty file in `folder`, to be renamed when it is whole; removed when it comes to an error.

    Those of writers that are gone are removed first. Raises `OSError`.
    """
    remove_abandoned(folder)
    with _locked(folder) as file:
        try:
            yield file
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def remove_abandoned(folder: Path) -> None:
    """Remove the files whose writers are gone. One that is being written stays."""
    for path in folder.glob(f"{PREFIX}*"):
        try:
            with path.open("rb") as file:
                if _taken(file):
                    path.unlink()
        except FileNotFoundError:
            continue  # its writer has just finished


def _locked(folder: Path) -> IO[bytes]:
    """A file under our lock. Until it is locked it looks abandoned, and somebody may remove it: then another one."""
    while True:
        file = tempfile.NamedTemporaryFile(prefix=PREFIX, dir=folder, delete=False)  # noqa: SIM115 - given on, open
        if _taken(file) and os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _taken(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
