"""Which ports of the pool are free, and who holds the others."""

import errno
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from .probe import HOST


class Ports:
    """The pool of ports that instances may listen on. It hands out, it does not reserve."""

    def __init__(self, pool: Sequence[int]) -> None:
        self.pool = tuple(pool)

    def free(self, used: Iterable[int]) -> int | None:
        """The lowest port that is neither in `used` nor bound by anybody; None when there is none."""
        taken = set(used)
        return next((port for port in self.pool if port not in taken and not bound(port)), None)

    def strangers(self, used: Iterable[int]) -> tuple[int, ...]:
        """The ports that somebody else holds: bound, but not in `used`."""
        ours = set(used)
        return tuple(port for port in self.pool if port not in ours and bound(port))


def bound(port: int) -> bool:
    """Whether somebody listens on `port`. One that is only in TIME_WAIT (RFC 9293 §3.6.1) is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def holder(port: int) -> str:
    """Who listens on `port`, as `process 4711 (nginx)`; `an unknown process` when /proc does not tell."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(file.readlink()) in sockets for file in (place / "fd").iterdir()):
                return f"process {place.name} ({(place / 'comm').read_text().strip()})"
        except OSError:  # gone meanwhile, or another user's
            continue
    return "an unknown process"


def _listening(port: int) -> list[str]:
    """The inodes of the sockets that listen on `port` (proc(5), /proc/net/tcp: state 0A is LISTEN)."""
    found: list[str] = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        rows = (line.split() for line in lines)
        found += [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]
    return found
