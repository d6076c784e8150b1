"""How long the commands take that have to be quick, beside others: `python -m bench.start_up`.

Whole processes, wall time and CPU time (user and system, children included), the median of some rounds after a warm-up.
A round runs every command once, ours and the others', so that what else the machine does hits all of them alike.
Compiled bytecode is used, as an installation has it. What is missing on this machine is said, and not counted.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .others import others

ROUNDS = 15
TARGETS = {"hotfix-deploy-runner --help": 0.060, "hotfix-deploy-runner status": 0.090}
"""Wall time, in seconds."""


class Taken(NamedTuple):
    """What one process took, in seconds."""

    wall: float
    cpu: float


def taken(command: Sequence[str], folder: Path) -> Taken:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, begun = _cpu(), time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    return Taken(time.perf_counter() - begun, _cpu() - before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours() -> dict[str, list[str]]:
    program = str(Path(sys.executable).with_name("hotfix-deploy-runner"))
    words = ("--help", "status", "--version", "runs")
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        **{f"hotfix-deploy-runner {w}": [program, w] for w in words},
    }


def measured(commands: Mapping[str, Sequence[str]], folder: Path, rounds: int) -> dict[str, list[Taken]]:
    """Every command once a round, after one round that does not count."""
    times: dict[str, list[Taken]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            took = taken(command, folder)
            if number:
                times[name].append(took)
    return times


def row(name: str, times: Sequence[Taken]) -> str:
    """Median, fastest and slowest wall time, the median CPU time, and the verdict where there is a target."""
    walls = [1000 * one.wall for one in times]
    median, cpu, target = (
        statistics.median(walls),
        statistics.median(1000 * one.cpu for one in times),
        TARGETS.get(name),
    )
    figures = f"{median:6.0f} {min(walls):6.0f} {max(walls):6.0f} {cpu:6.0f}"
    verdict = "" if target is None else f"  {'held' if median <= 1000 * target else 'missed'}: {1000 * target:.0f} ms"
    return f"{name:<30} {figures}{verdict}"


def main() -> int:
    compared, missing = others()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        times = measured({**ours(), **compared}, folder, ROUNDS)
    print(f"{'ms, of ' + str(ROUNDS) + ' rounds':<30} median    min    max    cpu")
    for name, found in times.items():
        print(row(name, found))
    for words in missing:
        print(f"NOT MEASURED: {words}", file=sys.stderr)
    medians = {name: statistics.median(one.wall for one in found) for name, found in times.items()}
    return int(any(medians[name] > target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
