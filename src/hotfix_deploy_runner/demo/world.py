"""Starts the demo's front and its traffic."""

import sys

from .layout import Layout
from .ports import DemoPorts
from .processes import Child, Processes, listening, wait_until

PACKAGE = __name__.rpartition(".")[0]


def start_front(processes: Processes, layout: Layout, ports: DemoPorts) -> str:
    """Start the balancer before production's endpoints; it listens when this returns. Its URL."""
    serving = str(layout.serving("production"))
    processes.start("front", _module("front", "--serving", serving, "--port", str(ports.front)))
    wait_until(lambda: listening(ports.front), "the front listens")
    return f"http://127.0.0.1:{ports.front}"


def start_traffic(processes: Processes, layout: Layout, url: str, rate: float, seconds: float = 3_600) -> Child:
    """Start people who use `url`, `rate` requests a second for `seconds` at most. The first may not be sent yet."""
    where = ("--url", url, "--customers", str(layout.customers), "--log", str(layout.traffic_log))
    return processes.start("traffic", _module("traffic", *where, "--rate", str(rate), "--seconds", str(seconds)))


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"{PACKAGE}.{name}", *arguments]
