"""One case: a whole run whose network is cut at one of its pushes, and everything that has to be true afterwards."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.chaos.cycle import SCENARIOS
from tests.chaos.invariants import broken
from tests.cuts.gate import Gate, Push
from tests.cuts.moments import Moment, Trouble
from tests.cuts.town import ADA, CutTown
from tests.cuts.truth import unshared
from tests.e2e.place import Command, others_in
from tests.fakes.processes import wait_for

from hotfix_deploy_runner.journal.sqlite import SqliteStore

PATIENCE = 120.0

TRUE_CODES = {"deploy": (0, 6, 3), "breach": (4, 3)}
"""How a run may end with such a network. Whether production is as its code says is looked at in any case."""

DEPLOY = ("--target", "production", "--yes")

Which = tuple[str, int]
"""A push: what it is for, and the how-manieth of these it is."""


@dataclass
class Report:
    """What came of a case. `struck`: whether the push came at all, and the network was cut there."""

    transport: str
    scenario: str
    push: Which
    moment: str
    struck: bool = False
    code: int = -1
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    said: str = ""

    def __str__(self) -> str:
        name, number = self.push
        how = f"code {self.code}, {self.seconds:.0f} s" if self.struck else f"it never came to that; code {self.code}"
        return f"{self.transport:4}  {self.scenario:6}  {name} {number}: {self.moment}: {how}"


def survey(town: CutTown, scenario: str, name: str) -> dict[Which, int]:
    """The pushes of a run that nobody disturbs, in order, and how many bytes went to the server meanwhile."""
    sent: dict[Which, int] = {}
    gate = Gate(town.folder / f"gate-{name}", town.repository.clone)

    def measure(which: Which, push: Push) -> None:
        before = town.remote.network.passed["to-server"]
        push.let_go()
        wait_for(lambda: push.done, f"the end of {which}")
        sent[which] = town.remote.network.passed["to-server"] - before

    command = _start(town, scenario, name, gate)
    _keep(gate, command, measure, lambda: None)
    assert command.end() == SCENARIOS[scenario].ends, command.out + command.err
    return sent


def run_case(town: CutTown, transport: str, scenario: str, name: str, push: Which, moment: Moment, sent: int) -> Report:
    """Deploy, with the network cut at `push`; mend it, reconcile, and look."""
    report = Report(transport, scenario, push, moment.name)
    before, base, known = town.checkout(), town.version(), _runs(town)
    gate = Gate(town.folder / f"gate-{name}", town.repository.clone)
    troubles: list[Trouble] = []

    def strike(which: Which, at: Push) -> None:
        if which == push:
            report.struck = True
            troubles.append(moment.strike(town.remote, at, sent))
        at.let_go()

    def mend() -> None:
        for trouble in troubles:
            trouble.mend()

    command, begun = _start(town, scenario, name, gate), time.monotonic()
    _keep(gate, command, strike, mend)
    report.code, report.seconds = command.end(), time.monotonic() - begun
    for trouble in troubles:
        trouble.end()
    run = next(iter(_runs(town) - known), "")
    report.said = command.out + command.err
    report.wrong = [*_judged(town, report), *_afterwards(town, report, run)]
    with suppress(AssertionError):  # the server's side of a connection that was cut
        wait_for(lambda: not others_in(town.folder), "nothing is at work", 10)
    commit = town.repository.head(f"refs/pins/{name}", cwd=town.repository.origin)
    report.wrong += broken(town, SCENARIOS[scenario], run, commit=commit, base=base, checkout=before)
    return report


def _start(town: CutTown, scenario: str, name: str, gate: Gate) -> Command:
    commit = town.branch(name, bad=SCENARIOS[scenario].bad)
    town.repository.git("update-ref", f"refs/pins/{name}", commit, cwd=town.repository.origin)
    return town.start(ADA, "--branch", f"hotfix/{name}", *DEPLOY, env=gate.env)


def _keep(gate: Gate, command: Command, at: Callable[[Which, Push], None], meanwhile: Callable[[], None]) -> None:
    """Stand at the gate until the command has ended."""
    count = Counter[str]()
    deadline = time.monotonic() + PATIENCE
    while command.process.poll() is None:
        assert time.monotonic() < deadline, f"it does not end:\n{command.out}{command.err}"
        for push in gate.arrived():
            name = gate.name(push)
            count[name] += 1
            at((name, count[name]), push)
        meanwhile()
        time.sleep(0.005)


def _judged(town: CutTown, report: Report) -> Iterator[str]:
    if report.code not in TRUE_CODES[report.scenario]:
        yield f"it ended with {report.code}, not with one of {TRUE_CODES[report.scenario]}"


def _afterwards(town: CutTown, report: Report, run: str) -> list[str]:
    done = town.ended(ADA, "reconcile")
    report.said += done.out + done.err
    wrong = [] if done.end() == 0 else [f"reconcile ended with {done.end()}"]
    return [*wrong, *unshared(town, run)]


def _runs(town: CutTown) -> set[str]:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return {row.run for row in store.runs()}
    finally:
        store.close()
