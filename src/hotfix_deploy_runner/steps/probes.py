"""Probes: requests that are safe in production, for when customers are too few to tell how a release does."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..core.check import Line, Status
from ..core.instant import Seconds
from ..core.phrases import at_most, counted
from ..core.run import Run
from ..core.step import Ended, Step
from ..doors.command import Commands
from ..doors.suite import Place, Suite, SuiteRun, run_suite
from .preflight import Trees, environment_of
from .work import Outcome, Platforms, Work, failed

SHOWN = 10
"""How many lines of what went wrong are told; the logs have the rest."""


class _Answer(msgspec.Struct, frozen=True):
    """What the probes say of one instance; `wrong` is empty when all have passed."""

    instance: str
    passed: int
    total: int
    wrong: tuple[str, ...]


class Probes:
    """The configured command, against every instance of the new version, one after the other: gently.

    Not the smoke tests, which are staging's alone. They run in the checks' worktree with its dependencies; `timeout`
    is for one instance.
    """

    def __init__(self, platforms: Platforms, commands: Commands, command: str, timeout: Seconds, trees: Trees) -> None:
        self._platforms, self._commands, self._trees = platforms, commands, trees
        self._command, self._timeout = command, timeout

    async def probe(self, step: Step, run: Run, work: Work) -> Outcome:
        """Counted from JUnit XML over all instances. One without a test that passes has not been probed: FAIL."""
        instances = await self._instances(step, run)
        if not instances:
            return failed(f"Probes: no instance of {run.new.version} has an address")
        answers = [await self._ask(number, name, url, run) for number, (name, url) in enumerate(instances, start=1)]
        wrong = tuple(f"{answer.instance}: {words}" for answer in answers for words in answer.wrong)
        passed, total = sum(answer.passed for answer in answers), sum(answer.total for answer in answers)
        text = f"Probes pass ({passed}/{total} on {counted(len(answers), 'instance')})"
        detail = (*at_most(SHOWN, wrong), f"(logs: {self._logs(run)})") if wrong else ()
        return Outcome(
            Ended.FAILED if wrong else Ended.PASSED,
            (Line(Status.FAIL if wrong else Status.OK, text, detail),),
            {"passed": passed, "total": total},
        )

    async def _instances(self, step: Step, run: Run) -> list[tuple[str, str]]:
        """Name and base URL of every instance of the new version that has one."""
        environment = step.args["environment"]
        fleets = [await self._platforms[environment, f.name].fleet() for f in run.facts.environments[environment]]
        return [(i.name, i.endpoint) for fleet in fleets for i in fleet.of(run.new) if i.endpoint]

    async def _ask(self, number: int, name: str, url: str, run: Run) -> _Answer:
        logs = self._logs(run)
        env = {"HOTFIX_URL": url, "HOTFIX_ENV": environment_of(run)}
        place = Place(self._trees.tree(run), logs, logs / f"{number}.log", env)
        done = await run_suite(Suite(str(number), self._command, self._timeout), place, self._commands)
        passed, total = (done.tally.passed, done.tally.total) if done.tally else (0, 0)
        return _Answer(name, passed, total, tuple(_wrong(done)))

    def _logs(self, run: Run) -> Path:
        return self._trees.logs(run) / "probes"


def _wrong(done: SuiteRun) -> Iterator[str]:
    """Whatever is not clearly good."""
    if done.tally is None:
        yield done.problem
        yield from done.finished.tail[-5:]
    elif done.tally.failed:
        yield from (f"{case.id}: {case.message}" for case in done.tally.failed)
    elif done.tally.passed == 0:
        yield "none has passed"
    elif not done.finished.ok:
        yield f"exit code {done.finished.exit_code}"
        yield from done.finished.tail[-5:]
