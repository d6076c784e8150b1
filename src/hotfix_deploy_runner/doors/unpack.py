"""Unpacking an archive, so that nothing of it lands outside of where it belongs."""

import tarfile
from pathlib import Path, PurePosixPath


def unpack(archive: Path, into: Path) -> None:
    """Extract the tar file `archive` into the directory `into`, with the `data` filter of PEP 706.

    Python has it from 3.11.4 on; Debian 12 has 3.11.2. There, a member that would lead out of `into`, or is no file,
    directory or link, is refused, which is the part of the filter that an archive from elsewhere makes needed.
    Raises `OSError`, `EOFError` or `tarfile.TarError`.
    """
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(into, filter="data")
        else:
            tar.extractall(into, members=[_inside(member) for member in tar.getmembers()])


def _inside(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """`member`, if it stays inside. Raises `tarfile.ExtractError`."""
    name = PurePosixPath(member.name)
    target = name.parent / member.linkname if member.issym() else PurePosixPath(member.linkname)
    kinds = member.isreg() or member.isdir() or member.issym() or member.islnk()
    if not kinds or _leaves(name) or _leaves(target):
        raise tarfile.ExtractError(f"{member.name} would lead out of the archive's own directory")
    return member


def _leaves(path: PurePosixPath) -> bool:
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return path.is_absolute()
