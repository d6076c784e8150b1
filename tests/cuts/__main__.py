"""`make cuts`: the network cut at every push of a run, in every way, over each transport; and then mended.

Afterwards production has to be as the run says, the tag and the merge there once at most, the lock free, and the team
has to have the whole run. Code 1 when a case went wrong.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.cuts.blackout import BLACKOUTS, run_blackout
from tests.cuts.case import Report, Which, run_case, survey
from tests.cuts.moments import MOMENTS, Moment
from tests.cuts.town import CutTown, cut_town
from tests.remotes.transports import NETWORK

SCENARIOS = ("deploy", "breach")
TELLING = ("[FAIL]", "Error:", "Warning:")


class Plan(NamedTuple):
    """A case to come. `sent` is how many bytes the push sends in a run that nobody disturbs."""

    scenario: str
    push: Which
    moment: Moment
    sent: int


def main() -> int:
    """Parse, survey, cut, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.cuts", description=__doc__)
    parser.add_argument("--over", nargs="*", choices=NETWORK, default=NETWORK, help="transports [both]")
    parser.add_argument("--scenarios", nargs="*", choices=SCENARIOS, default=SCENARIOS, help="[both]")
    parser.add_argument("--push", default="", help="only pushes that are for this [all]")
    parser.add_argument("--moment", default="", help="only moments with this in their name [all]")
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hotfix-cuts-") as name, ProcessPoolExecutor(len(NETWORK)) as pool:
        share = partial(_share, Path(name), given.scenarios, given.push, given.moment)
        reports = [report for reports in pool.map(share, given.over) for report in reports]
    return _tell(reports, time.monotonic() - begun)


def _share(folder: Path, scenarios: Sequence[str], push: str, moment: str, transport: str) -> list[Report]:
    """All of one transport, one case after the other; after a case that went wrong, in a new town."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are ours to end
    with cut_town(transport, folder / f"{transport}-survey") as town:
        todo = [plan for name in scenarios for plan in _plans(town, transport, name)]
    todo = [plan for plan in todo if push in plan.push[0] and moment in plan.moment.name]
    reports: list[Report] = []
    while len(reports) < len(todo):
        with cut_town(transport, folder / f"{transport}-{len(reports)}") as town:
            for report in _until_wrong(town, transport, todo, len(reports)):
                reports.append(report)
                _say(report)
    if not push and not moment:
        for number, name in enumerate(BLACKOUTS):
            with cut_town(transport, folder / f"{transport}-blackout-{number}") as town:
                reports.append(run_blackout(town, transport, name))
                _say(reports[-1])
    return reports


def _plans(town: CutTown, transport: str, scenario: str) -> list[Plan]:
    found = survey(town, scenario, scenario)
    told = ", ".join(f"{name} {number} ({sent} B)" for (name, number), sent in found.items())
    print(f"{transport:4}  {scenario}: {len(found)} pushes in a run that nobody disturbs: {told}", flush=True)
    own = _own(scenario, found)
    return [Plan(scenario, which, moment, found[which]) for which in own for moment in MOMENTS]


def _own(scenario: str, found: Mapping[Which, int]) -> Sequence[Which]:
    """A breach is a deploy like any other until its tag is there."""
    pushes = [*found]
    return pushes if scenario == "deploy" else pushes[pushes.index(("tag", 1)) + 1 :]


def _until_wrong(town: CutTown, transport: str, todo: Sequence[Plan], first: int) -> Iterator[Report]:
    for number, plan in enumerate(todo[first:], start=first):
        try:
            report = run_case(town, transport, plan.scenario, f"{number}", plan.push, plan.moment, plan.sent)
        except Exception as error:
            report = Report(transport, plan.scenario, plan.push, plan.moment.name)
            report.wrong = [f"the case itself failed: {error!r}"]
        yield report
        if report.wrong:
            return


def _say(report: Report) -> None:
    """A line; below it what is wrong, or why the run did not do what was asked for."""
    said = report.said.splitlines()
    telling = [line.strip() for line in said if line.strip().startswith(TELLING)][:3]
    below = [*report.wrong, *(f"  > {line}" for line in said)] if report.wrong else telling
    how = "WRONG" if report.wrong else "ok"
    print(f"{how:5}  {report}", *(f"       {line}" for line in below), sep="\n", flush=True)


def _tell(reports: Sequence[Report], seconds: float) -> int:
    wrong = [report for report in reports if report.wrong]
    struck = [report for report in reports if report.struck]
    codes = Counter((report.transport, report.scenario, report.code) for report in struck)
    print()
    for (transport, scenario, code), count in sorted(codes.items()):
        print(f"{transport:4}  {scenario:6}  {count} ended with code {code}")
    held = len(struck) - sum(report.struck for report in wrong)
    print(f"{held} of {len(struck)} cuts went well, in {len(reports)} runs and {seconds:.0f} s")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
