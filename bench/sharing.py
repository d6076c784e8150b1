"""What a team's lock and journal on the git remote cost a run: `python -m bench.sharing [--runs N] [--delay SECONDS]`.

The same whole run with `journal = "local"` and with `journal = "git"`, in turn, over SSH with a delay each way: its
wall time, its pushes, and its other connections to the remote. Then one with a long window, at the real pace of
renewal: how many pushes a minute that makes.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.cuts.town import ADA, CutTown, cut_town

from hotfix_deploy_runner.core.plan import VALIDATE
from hotfix_deploy_runner.core.run import fold
from hotfix_deploy_runner.journal.sqlite import SqliteStore

from .timeline import does, ended

MOST_A_MINUTE = 6
"""Pushes in any minute while a release is watched: they have to stay under it."""

REAL = {"HOTFIX_LOCK_TTL": "90s", "HOTFIX_REMOTE_TIMEOUT": "60s"}
"""The defaults, and room for the delay; the towns of the tests are quicker."""


class Measured(NamedTuple):
    """One run: its seconds, when each push was done, all connections to the remote, and when its release was watched.

    From the last batch to the verdict; all instants since the run's start.
    """

    seconds: float
    pushes: list[float]
    connections: int
    watched: tuple[float, float]


def town_of(journal: str, folder: Path, delay: float, stack: ExitStack) -> CutTown:
    """Its remote notes the instant of each push that it has taken."""
    town = stack.enter_context(cut_town("ssh", folder / journal))
    hook = town.repository.origin / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncat > /dev/null\ndate +%s.%N >> {folder / journal}/pushes\n")
    hook.chmod(0o755)
    if journal == "local":
        for lock in town.refs("refs/hotfix/lock"):  # of the first versions, which were put there with it
            town.repository.git("update-ref", "-d", f"refs/hotfix/lock/{lock}", cwd=town.repository.origin)
    town.remote.network.let_through(delay=delay)
    return town


def measured(town: CutTown, journal: str, name: str, window: str = "0.3s") -> Measured:
    """One run of a good release, to its end."""
    noted = town.folder / "pushes"
    town.branch(name)
    noted.write_text("")
    before, begun, wall = town.remote.network.accepted, time.monotonic(), time.time()
    arguments = ("--branch", f"hotfix/{name}", "--target", "production", "--yes", "--window", window)
    command = town.start(ADA, *arguments, env={**REAL, "HOTFIX_JOURNAL": journal})
    if command.end(300) != 0:
        raise SystemExit(command.out + command.err)
    seconds = time.monotonic() - begun
    pushes = [float(line) - wall for line in noted.read_text().split()]
    return Measured(seconds, pushes, town.remote.network.accepted - before, watch_of(town, wall))


def watch_of(town: CutTown, since: float) -> tuple[float, float]:
    """From the end of the newest run's last batch to the end of its validation, in seconds since then."""
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        run = fold([event for _, event in store.events(store.find())])
    finally:
        store.close()
    batches = [ended(progress) for progress in does(run, "batch")]
    return max(batches) - since, ended(run.steps[VALIDATE]) - since


def most_a_minute(pushes: list[float]) -> int:
    """The most pushes that any 60 seconds hold."""
    return max((sum(first <= one < first + 60 for one in pushes) for first in pushes), default=0)


def counts(run: Measured) -> str:
    """A run in figures."""
    return f"{run.seconds:.1f} s, {len(run.pushes)} pushes, {run.connections - len(run.pushes)} other connections"


def told(journal: str, runs: list[Measured]) -> float:
    """Print the medians of some runs; that of their seconds."""
    seconds = statistics.median(run.seconds for run in runs)
    pushes = statistics.median(len(run.pushes) for run in runs)
    others = statistics.median(run.connections - len(run.pushes) for run in runs)
    print(f'journal = "{journal}": {seconds:.1f} s, {pushes:g} pushes, {others:g} other connections (medians)')
    return seconds


def main() -> int:
    """Run, count, tell; 1 where a minute has too many pushes."""
    parser = argparse.ArgumentParser(prog="python -m bench.sharing", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="with each journal [3]")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds each way [0.05]")
    parser.add_argument("--window", type=int, default=60, help="seconds of the long one [60]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotfix-bench-") as name, ExitStack() as stack:
        towns = {journal: town_of(journal, Path(name), given.delay, stack) for journal in ("local", "git")}
        runs: dict[str, list[Measured]] = {journal: [] for journal in towns}
        for number in range(1, given.runs + 1):
            for journal, town in towns.items():
                run = measured(town, journal, f"{number}")
                runs[journal].append(run)
                print(f"run {number}, {journal:5}: {counts(run)}", flush=True)
        added = -told("local", runs["local"]) + told("git", runs["git"])
        print(f"sharing adds {added:.1f} s to a run, with {given.delay * 1000:.0f} ms each way")
        return watched(measured(towns["git"], "git", "long", f"{given.window}s"), given.window)


def watched(run: Measured, window: int) -> int:
    """Tell of the run with the long window; 1 where its watch has too many pushes a minute."""
    first, last = run.watched
    watch = [one for one in run.pushes if first <= one <= last]
    most = most_a_minute(watch)
    verdict = "held" if most < MOST_A_MINUTE else "missed"
    print(
        f"a window of {window} s: {run.seconds:.1f} s, {len(run.pushes)} pushes in all, at most "
        f"{most_a_minute(run.pushes)} in any minute; at most {most} while it is watched "
        f"(target {verdict}: under {MOST_A_MINUTE})"
    )
    print("pushes at " + ", ".join(f"{one:.0f}" for one in run.pushes) + " s")
    return int(most >= MOST_A_MINUTE)


if __name__ == "__main__":
    sys.exit(main())
