"""What the runner itself costs: `python -m bench.overhead`.

A demo run's wall time, from the command's start to its end, less the longest chain of real work in it: installing,
the tests, the service's own start (once on staging, once a batch), the smoke tests, `min_healthy` a batch, and the
window. What is left is ours: git, the journal, polling, gates, processes, the document.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import Run, fold
from hotfix_deploy_runner.demo.layout import Layout
from hotfix_deploy_runner.demo.ports import choose_ports
from hotfix_deploy_runner.demo.processes import Processes, listening, wait_until
from hotfix_deploy_runner.demo.repository import BRANCH, RELEASES, make_repository
from hotfix_deploy_runner.demo.scenarios import scenario
from hotfix_deploy_runner.demo.world import start_front, start_traffic
from hotfix_deploy_runner.journal.sqlite import SqliteStore

TARGET = 1.5
DRAIN = 0.5
"""Seconds that the demo's configuration lets an old instance drain; side by side with `min_healthy`, so not added."""


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


def took(progress: Progress) -> float:
    """Seconds between a step's start and its end."""
    return (progress.ended_at or 0.0) - (progress.started or 0.0)


def real_work(run: Run, start: float) -> dict[str, float]:
    """The longest chain, by name, in seconds."""
    batches = sum(p.step.does == "batch" for p in run.steps.values())
    return {
        "install": took(run.steps["install"]),
        "tests": took(run.steps["check:tests"]),
        "staging: the service's start": start,
        "smoke tests": took(run.steps["smoke"]),
        f"{batches} batches: the service's start": batches * start,
        f"{batches} batches: min_healthy": batches * run.policy.rolling.min_healthy,
        "window": run.policy.watching.window,
    }


def measured() -> tuple[float, dict[str, float]]:
    """One run: its wall time, and the real work in it."""
    with tempfile.TemporaryDirectory(prefix="hotfix-bench-") as name:
        layout, ports, story = Layout(Path(name).resolve()), choose_ports(), scenario("good")
        make_repository(layout.folder, story, ports)
        with Processes(layout.folder) as processes:
            for environment in ("staging", "production"):
                command(layout, "rollback", "--version", RELEASES[-1].tag, "--target", environment, "--force")
            url = start_front(processes, layout, ports)
            start_traffic(processes, layout, url, story.rate)
            start = service_start(layout)
            wall = command(layout, "--branch", BRANCH, "--target", "production", "--yes")
        store = SqliteStore(layout.clone / ".git" / "hotfix" / "journal.db", read_only=True)
        events: Sequence[AnyEvent] = [event for _, event in store.events(store.find())]
        return wall, real_work(fold(list(events)), start)


def main() -> int:
    left = []
    for number in range(1, 4):
        wall, work = measured()
        left.append(wall - sum(work.values()))
        print(f"run {number}: {wall:.2f} s in all")
        for name, seconds in work.items():
            print(f"    {seconds:6.2f} s  {name}")
        print(f"    {left[-1]:6.2f} s  the runner's own")
    median = statistics.median(left)
    verdict = "held" if median <= TARGET else "missed"
    print(f"overhead: {median:.2f} s, the median of {len(left)} (target {verdict}: {TARGET} s)")
    return int(median > TARGET)


if __name__ == "__main__":
    sys.exit(main())
