"""Whole runs in which nothing fails but what a further metric counts."""

from pathlib import Path

import msgspec
from tests.fakes.lab import NEW, OLD, POLICY, Lab, Traffic

from hotfix_deploy_runner.core.baseline import Tally
from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import StepEnded, VerdictReached
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.policy import FurtherLimit, Policy
from hotfix_deploy_runner.core.reading import Cursor, Reading
from hotfix_deploy_runner.core.verdict import Kind


class Logins(Traffic):
    """No errors; of forty logins at every instance as many fail as its version has it."""

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        reading, after = await super().read(fleet, cursor)
        failed = {OLD.version: 1, NEW.version: 25}
        samples = tuple(
            msgspec.structs.replace(sample, further={"logins": {"": Tally(40, failed[sample.version])}})
            for sample in reading.samples
        )
        return msgspec.structs.replace(reading, samples=samples), after


def policy(limit: FurtherLimit) -> Policy:
    return msgspec.structs.replace(POLICY, watching=msgspec.structs.replace(POLICY.watching, further=(limit,)))


def serving(lab: Lab) -> set[str]:
    return {instance.revision.version for instance in lab.world.instances}


def test_a_further_metric_that_breaches_is_rolled_back(tmp_path: Path) -> None:
    lab = Lab(tmp_path, traffic=Logins(), policy=policy(FurtherLimit("logins", 0.2)))
    ending = lab.run()
    assert (ending.code, serving(lab)) == (ExitCode.ROLLED_BACK, {OLD.version})
    assert "logins: " in ending.summary and "were bad (62.50 %); the limit is 20 %; v2.14.3: 2.50 %" in ending.summary
    [verdict] = [event.verdict for event in lab.events if isinstance(event, VerdictReached)]
    assert (verdict.kind, verdict.error_rate) == (Kind.BREACHED, 0)


def test_one_that_only_warns_is_kept_and_said(tmp_path: Path) -> None:
    lab = Lab(tmp_path, traffic=Logins(), policy=policy(FurtherLimit("logins", 0.2, "warn")))
    ending = lab.run()
    assert (ending.code, serving(lab)) == (ExitCode.UNPROVEN, {NEW.version})
    assert ending.summary.startswith("Hotfix v2.14.4 is live, but over a limit that only warns: logins: ")
    [lines] = [event.lines for event in lab.events if isinstance(event, StepEnded) and event.step == "validate"]
    assert [line.status for line in lines] == [Status.OK, Status.OK, Status.WARN]
    assert isinstance(lines[2], Line) and lines[2].text == "logins: 62.50% (baseline: 2.50%)"
