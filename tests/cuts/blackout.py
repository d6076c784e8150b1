"""The remote gone from the first batch on, for good, under a release that breaches."""

import time
from collections.abc import Callable, Iterator, Mapping

from tests.chaos.cycle import SCENARIOS
from tests.chaos.invariants import broken
from tests.cuts.case import DEPLOY, Report
from tests.cuts.town import ADA, CutTown
from tests.cuts.truth import unshared

from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.steps.tag import ROLLED_BACK

BLACKOUTS: Mapping[str, Callable[[CutTown], None]] = {
    "refuses everybody": lambda town: town.remote.network.refuse(),
    "answers nobody": lambda town: town.remote.network.drop(),
}
"""How a remote is gone."""

NAME = "blackout"


def run_blackout(town: CutTown, transport: str, how: str) -> Report:
    """Roll back without the remote; then have it again, reconcile, and look."""
    report = Report(transport, "breach", ("everything from the first batch on", 1), f"the remote {how}", struck=True)
    checkout, commit = town.checkout(), town.branch(NAME, bad=True)
    begun = time.monotonic()
    command = town.start(ADA, "--branch", f"hotfix/{NAME}", *DEPLOY, "--window", "60s")
    command.until("Rolling deploy started")
    BLACKOUTS[how](town)
    report.code, report.seconds = command.end(90), time.monotonic() - begun
    report.wrong = [*_rolled_back(town, report)]
    town.remote.network.let_through()
    done = town.ended(ADA, "reconcile")
    report.said = command.out + command.err + done.out + done.err
    if done.end() != 0:
        report.wrong.append(f"reconcile ended with {done.end()}")
    run = _run(town)
    report.wrong += unshared(town, run)
    report.wrong += broken(town, SCENARIOS["breach"], run, commit=commit, base="v1.0.0", checkout=checkout)
    if town.refs(ROLLED_BACK.rstrip("/")) != ["v1.0.1"]:
        report.wrong.append(f"marked as rolled back for everybody: {town.refs(ROLLED_BACK.rstrip('/'))}")
    return report


def _rolled_back(town: CutTown, report: Report) -> Iterator[str]:
    if report.code != 4:
        yield f"it ended with {report.code}, not with 4"
    if (versions := set(town.versions("production"))) != {"v1.0.0"}:
        yield f"production runs {versions} with the remote away"


def _run(town: CutTown) -> str:
    store = SqliteStore(town.home / "journal.db", read_only=True)
    try:
        return store.find()
    finally:
        store.close()
