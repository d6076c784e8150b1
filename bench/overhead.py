"""What the runner itself costs: `python -m bench.overhead [--timeline]`.

A demo run's wall time, from the command's start to its end, less the longest chain of real work in it: installing,
the tests, the service's own start (once on staging, once a batch), staging's drain, the smoke tests, `min_healthy` a
batch, and the window. What is left is ours: imports, git, the journal, looking, gates, processes, the document. Each
run also says where that went; `--timeline` lists every step. CPU time is the whole run's, tests and scanners included.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.core.run import Run, fold
from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.processes import Processes, listening, wait_until
from hotfix_deploy_runner.demo.repository import BRANCH, RELEASES, make_repository
from hotfix_deploy_runner.demo.scenarios import scenario
from hotfix_deploy_runner.demo.world import start_front, start_traffic
from hotfix_deploy_runner.journal.sqlite import SqliteStore

from .timeline import lines, ours, real_work

TARGET = 1.5


class Measured(NamedTuple):
    """One run: when its process began and ended, its CPU seconds, the service's own start, and the run itself."""

    begun: float
    over: float
    cpu: float
    start: float
    run: Run


def command(layout: Layout, *arguments: str) -> float:
    """Seconds that the command takes, as a whole process."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "hotfix_deploy_runner", *arguments], cwd=layout.clone, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return time.perf_counter() - begun


def service_start(layout: Layout) -> float:
    """Seconds from starting the service by hand to its first answer: the median of five."""
    tree = next((layout.root("production") / "releases").glob("*/tree"))
    python = next((layout.clone / ".git" / "hotfix" / "caches").glob("*/bin/python"))
    port = choose_ports().front
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        process = subprocess.Popen(
            [python, "-m", "service"], cwd=tree, env={"PORT": str(port)}, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: listening(port), "the service listens")
        taken.append(time.perf_counter() - begun)
        process.terminate()
        process.wait()
    return statistics.median(taken)


def measured() -> Measured:
    """One run in a world of its own."""
    with tempfile.TemporaryDirectory(prefix="hotfix-bench-") as name:
        layout, ports, story = Layout(Path(name).resolve()), choose_ports(), scenario("good")
        make_repository(layout.folder, story, ports)
        with Processes(layout.folder) as processes:
            for environment in ("staging", "production"):
                command(layout, "rollback", "--version", RELEASES[-1].tag, "--target", environment, "--force")
            url = start_front(processes, layout, ports)
            start_traffic(processes, layout, url, story.rate)
            start = service_start(layout)
            before, begun = cpu(), time.time()
            wall = command(layout, "--branch", BRANCH, "--target", "production", "--yes")
            used = cpu() - before
        store = SqliteStore(layout.clone / ".git" / "hotfix" / "journal.db", read_only=True)
        events: Sequence[AnyEvent] = [event for _, event in store.events(store.find())]
        return Measured(begun, begun + wall, used, start, fold(list(events)))


def cpu() -> float:
    """Seconds, user and system, of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def shown(parts: dict[str, float]) -> str:
    return "".join(f"\n    {seconds:6.2f} s  {name}" for name, seconds in parts.items())


def main() -> int:
    left = []
    for number in range(1, 4):
        begun, over, used, start, run = measured()
        work = real_work(run, start)
        left.append(over - begun - sum(work.values()))
        print(f"run {number}: {over - begun:.2f} s in all, {used:.2f} s of CPU{shown(work)}")
        print(f"    {left[-1]:6.2f} s  the runner's own, of which{shown(ours(run, start, begun, over))}")
        if "--timeline" in sys.argv[1:]:
            print("\n".join(lines(run, begun)))
    median = statistics.median(left)
    verdict = "held" if median <= TARGET else "missed"
    print(f"overhead: {median:.2f} s, the median of {len(left)} (target {verdict}: {TARGET} s)")
    return int(median > TARGET)


if __name__ == "__main__":
    sys.exit(main())
