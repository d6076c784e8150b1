"""One cycle: a run, a kill or two, what goes on after it, and everything that has to be true then."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.invariants import broken
from tests.chaos.town import Town

from hotfix_deploy_runner.journal.sqlite import SqliteStore

PATIENCE = 60.0


@dataclass(frozen=True)
class Scenario:
    """What is deployed, and what is done after the kill: `resume`, or `abort`. `ends` is the run's code in the end."""

    name: str
    bad: bool
    then: str
    ends: int


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("deploy", bad=False, then="resume", ends=0),
        Scenario("breach", bad=True, then="resume", ends=4),
        Scenario("abort", bad=False, then="abort", ends=4),
    )
}


@dataclass(frozen=True)
class Kill:
    """When the process is killed: at point `point` of its own work, or after `seconds`."""

    point: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"at point {self.point}" if self.point else f"after {self.seconds:.2f} s"


@dataclass
class Report:
    """What came of a cycle. `reached` says where each kill struck; `wrong` what is not as it has to be."""

    scenario: Scenario
    kills: tuple[Kill, ...]
    reached: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def killed(self) -> int:
        """How many kills struck: a run may be over before its time comes."""
        return len(self.reached)

    def __str__(self) -> str:
        how = ", then ".join(f"{kill} ({place})" for kill, place in zip(self.kills, self.reached, strict=False))
        return f"{self.scenario.name}: killed {how or 'not at all'}"


def run_cycle(town: Town, number: int, scenario: Scenario, *kills: Kill) -> Report:
    """Deploy a new branch in `town`, kill it, go on with it (to be killed again, should there be more), and look."""
    report = Report(scenario, kills)
    before, base = town.checkout(), town.version()
    commit = town.branch(f"{number}", bad=scenario.bad)
    deploy = ("--branch", f"hotfix/{number}", "--target", "production", "--yes")
    known = _runs(town)
    for count, kill in enumerate(kills):
        arguments = deploy if count == 0 else (scenario.then,)
        struck = _killed(town, kill, arguments)
        if struck:
            report.reached.append(struck)
    run = next(iter(_runs(town) - known), "")
    report.said = _go_on(town, scenario, report, run)
    report.wrong += broken(town, scenario, run, commit=commit, base=base, checkout=before)
    return report


def points(town: Town, number: int, scenario: Scenario) -> list[str]:
    """The points of a run that nobody kills, in order, by name."""
    log = town.folder / "points"
    log.unlink(missing_ok=True)
    town.branch(f"{number}", bad=scenario.bad)
    deploy = ("--branch", f"hotfix/{number}", "--target", "production", "--yes")
    code = town.victim(0, log, *deploy).wait(PATIENCE)
    assert code == (4 if scenario.bad else 0), (town.folder / "victim.out").read_text()
    return log.read_text().splitlines()


def _runs(town: Town) -> set[str]:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return {row.run for row in store.runs()}
    finally:
        store.close()


def _killed(town: Town, kill: Kill, arguments: tuple[str, ...]) -> str:
    """Start the command and kill it; where it was then, by name. Empty when it was over before that."""
    log = town.folder / "points"
    log.unlink(missing_ok=True)
    victim = town.victim(kill.point, log, *arguments)
    if not (stopped(victim) if kill.point else _alive_after(victim, kill.seconds)):
        return ""
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(PATIENCE)
    named = log.read_text().splitlines() if log.exists() else []
    return named[-1].partition(" ")[2] if named else "before its first point"


def stopped(victim: "subprocess.Popen[bytes]") -> bool:
    """Wait until it has stopped itself, or has ended; whether it has stopped."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if victim.poll() is not None:
            return False
        if _state(victim.pid) == "T":
            return True
        time.sleep(0.005)
    raise AssertionError("it neither stops nor ends")


def _alive_after(victim: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        victim.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _go_on(town: Town, scenario: Scenario, report: Report, run: str) -> str:
    """Resume or abort what is left, and hold the code against what it has to be; what was said."""
    done = town.run(scenario.then)
    said = done.stdout + done.stderr
    over = "no run is unfinished" in done.stderr
    if done.returncode == 2 and over and (not run or _code(town, run) in (0, 3, 4)):
        return said
    expected = {0} if scenario.then == "abort" else {scenario.ends}
    if done.returncode not in expected:
        report.wrong.append(f"{scenario.then} ended with {done.returncode}, not {sorted(expected)}")
    return said


def _code(town: Town, run: str) -> int | None:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return next((row.code for row in store.runs() if row.run == run), None)
    finally:
        store.close()
