"""`make chaos`: hundreds of kills, by scenario and point, with a seed. Says what it survived; code 1 when not all."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.cycle import SCENARIOS, Report, points, run_cycle
from tests.chaos.plans import Plan, plans
from tests.chaos.town import Town


def main() -> int:
    """Parse, plan, kill, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="how many, at least [500]")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the random part")
    parser.add_argument("--towns", type=int, default=2, help="how many at a time [2]")
    given = parser.parse_args()
    print(f"seed {given.seed}: python -m tests.chaos --kills {given.kills} --seed {given.seed}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hotfix-chaos-") as name:
        found = _all_points(Path(name))
        for scenario, names in found.items():
            print(f"{scenario}: {len(names)} points in a run that nobody kills", flush=True)
        todo = plans({scenario: len(names) for scenario, names in found.items()}, given.kills, given.seed)
        shares = [(Path(name) / f"town-{n}", todo[n :: given.towns]) for n in range(given.towns)]
        with ProcessPoolExecutor(given.towns) as pool:
            reports = [report for share in pool.map(_share, shares) for report in share]
    return _tell(reports, time.monotonic() - begun)


def _all_points(folder: Path) -> dict[str, list[str]]:
    with Town(folder / "survey") as town:
        known = {name: points(town, n, SCENARIOS[name]) for n, name in enumerate(("deploy", "breach"))}
    return {**known, "abort": known["deploy"]}


def _share(share: tuple[Path, list[Plan]]) -> list[Report]:
    """One town's part, one cycle after the other; after a cycle that went wrong, in a new town."""
    folder, mine = share
    reports: list[Report] = []
    todo = enumerate(mine)
    while len(reports) < len(mine):
        with Town(folder / f"from-{len(reports)}") as town:
            for report in _cycles(town, todo):
                reports.append(report)
                _say(report, town)
                if report.wrong:
                    break
    return reports


def _cycles(town: Town, todo: "enumerate[Plan]") -> Iterator[Report]:
    for number, (name, kills) in todo:
        try:
            yield run_cycle(town, number, SCENARIOS[name], *kills)
        except Exception as error:
            yield Report(SCENARIOS[name], kills, wrong=[f"the cycle itself failed: {error!r}"])


def _say(report: Report, town: Town) -> None:
    if report.wrong:
        print(f"WRONG  {report}", *(f"       {line}" for line in report.wrong), sep="\n")
        print(*(f"     | {line}" for line in (town.folder / "victim.out").read_text().splitlines()[-8:]), sep="\n")
        print(*(f"     > {line}" for line in report.said.splitlines()[-25:]), sep="\n", flush=True)
    else:
        print(f"ok     {report}", flush=True)


def _tell(reports: list[Report], seconds: float) -> int:
    made, survived = Counter[str](), Counter[str]()
    for report in reports:
        made[report.scenario.name] += report.killed
        survived[report.scenario.name] += 0 if report.wrong else report.killed
    print()
    for name in made:
        print(f"{name}: {survived[name]} of {made[name]} kills survived")
    wrong = [report for report in reports if report.wrong]
    print(f"{survived.total()} of {made.total()} kills survived, in {len(reports)} runs and {seconds:.0f} s")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
