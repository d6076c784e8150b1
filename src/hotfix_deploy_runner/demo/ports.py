"""Free ports on 127.0.0.1 for one demo."""

import contextlib
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

LOWEST = 10_000
TRIES = 200
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True)
class DemoPorts:
    """One for the front; for staging and production twice as many as instances, so that new ones start beside old.

    One more for a Prometheus, where there is one.
    """

    front: int
    staging: range
    production: range
    prometheus: int = 0


def choose_ports() -> DemoPorts:
    """Ports that nobody listens on now. Raises `UsageError` when there are none to be found."""
    block = free_block(10)
    return DemoPorts(front=block[0], staging=block[1:3], production=block[3:9], prometheus=block[9])


def free_block(count: int) -> range:
    """`count` neighbouring free ports, each tried by binding it. Raises `UsageError`.

    They lie below the range from which the kernel takes ports for outgoing connections: a port that nobody listens on
    yet is otherwise soon taken by one of the traffic's own.
    """
    highest = _first_outgoing() - count
    for _ in range(TRIES):
        first = random.randrange(LOWEST, highest)
        if _free(range(first, first + count)):
            return range(first, first + count)
    raise UsageError(f"no {count} neighbouring free ports between {LOWEST} and {highest + count} on 127.0.0.1")


def as_text(ports: range) -> str:
    """`9101-9106`, as the configuration has it."""
    return f"{ports[0]}-{ports[-1]}"


def _free(ports: range) -> bool:
    with contextlib.ExitStack() as stack:
        for port in ports:
            try:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _first_outgoing() -> int:
    """Where the kernel's own range begins, ip(7); its usual value where that cannot be read or leaves no room."""
    try:
        first = int(RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return 32_768
    return first if first > LOWEST + 1_000 else 32_768
