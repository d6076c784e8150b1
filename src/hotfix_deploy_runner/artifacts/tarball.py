"""A directory as a `.tar.gz` that depends on nothing but its content: the same files give the same bytes.

No owner, no time, no order of the disk's making; modes are 0644 or 0755 by the owner's x. Directories are not in it
(as in git, an empty one is lost). The bytes also depend on the zlib that compresses them.
"""

import gzip
import hashlib
import os
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from ..errors import CheckFailed

_LEVEL = 6  # zlib's own default; 9 takes twice the time for one percent


def contents(root: Path, exclude: Sequence[str]) -> Iterator[str]:
    """The paths of files and links under `root`, relative, `/` between, in byte order.

    A pattern of `exclude` (shell style; `*` also matches `/`) without a `/` is for names at any depth, one with it
    for whole paths; a directory that matches is left out with all below it. Raises `OSError`.
    """
    found: list[str] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if _left_out(path, entry.name, exclude):
                    continue
                (waiting if entry.is_dir(follow_symlinks=False) else found).append(path)
    return iter(sorted(found, key=os.fsencode))


def _left_out(path: str, name: str, exclude: Sequence[str]) -> bool:
    return any(fnmatchcase(path if "/" in pattern else name, pattern.strip("/")) for pattern in exclude)


def pack(root: Path, paths: Iterator[str], into: IO[bytes], stopped: Callable[[], bool]) -> tuple[str, int]:
    """Write the archive of `paths` under `root` to `into`; its SHA-256 (hex) and its size in bytes.

    `stopped` is asked before every file; `InterruptedError` is raised when it says so. Raises `CheckFailed` for what
    cannot be in an archive, and `OSError`.
    """
    sink = _Hashing(into)
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=sink, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in paths:
            if stopped():
                raise InterruptedError("packing was stopped")
            _add(archive, root, path)
    return sink.sha256.hexdigest(), sink.size


def _add(archive: tarfile.TarFile, root: Path, path: str) -> None:
    source = root / path
    seen = source.lstat()
    member = tarfile.TarInfo(path)  # its defaults are what is wanted: no owner, no time
    if stat.S_ISLNK(seen.st_mode):
        member.type, member.mode = tarfile.SYMTYPE, 0o777
        member.linkname = _target(root, path)
        archive.addfile(member)
    elif stat.S_ISREG(seen.st_mode):
        member.mode = 0o755 if seen.st_mode & stat.S_IXUSR else 0o644
        with source.open("rb") as content:
            member.size = os.fstat(content.fileno()).st_size
            archive.addfile(member, content)
    else:
        raise CheckFailed(f"cannot pack {path}: it is neither a file nor a link", next_step="exclude it")


def _target(root: Path, path: str) -> str:
    """Where the link points. Outside, it would mean another file on every machine, or somebody else's."""
    target = os.readlink(root / path)  # noqa: PTH115 - the text as it is: Path would tidy it
    # By its text too: a way out and in again by the directory's own name breaks where that has another one.
    spelled = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    try:
        inside = (root / path).resolve().is_relative_to(root.resolve())
    except RuntimeError as error:  # how pathlib of Python 3.11 says ELOOP
        raise CheckFailed(f"cannot pack the link {path}: it leads back to itself", detail=f"-> {target}") from error
    if not inside or spelled.startswith(("/", "../")) or spelled == "..":
        raise CheckFailed(f"cannot pack the link {path}: it points out of the tree", detail=f"-> {target}")
    return target


class _Hashing:
    """Passes bytes on, and knows their digest and number."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._into.write(data)

    def flush(self) -> None:
        self._into.flush()
