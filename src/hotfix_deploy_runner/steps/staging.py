"""Proving the candidate on staging: the whole fleet in one go, the smoke tests, the health check."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..core.check import Line, Status
from ..core.facts import Environment
from ..core.fleet import Fleet
from ..core.revision import UNKNOWN
from ..core.run import Run
from ..core.step import Ended, Step
from ..doors.http import Http, Unanswered
from ..errors import CheckFailed
from ..ports import ALL, Move
from .health import until_healthy
from .preflight import Trees, environment_of
from .smoke import SmokeTests
from .work import Outcome, Platforms, Work, failed, passed


class Staging:
    """Deploys to an environment that nobody depends on. `health_paths` are by environment and platform name."""

    def __init__(
        self,
        platforms: Platforms,
        smoke: SmokeTests,
        http: Http,
        health_paths: Mapping[tuple[Environment, str], str],
        trees: Trees,
    ) -> None:
        self._platforms, self._smoke, self._http = platforms, smoke, http
        self._health_paths, self._trees = health_paths, trees

    async def deploy(self, step: Step, run: Run, work: Work) -> Outcome:
        """Every instance of every platform gets the candidate at once."""
        environment, rolling = step.args["environment"], run.policy.rolling
        for found in run.facts.environments[environment]:
            platform = self._platforms[environment, found.name]
            ran = found.fleet.revisions
            move = Move(run.candidate, ran[0] if ran else UNKNOWN, run.facts.fence)
            await platform.prepare(move)
            await platform.shift(move, ALL)
            await until_healthy(
                platform,
                run.candidate,
                max(1, found.fleet.size),
                min_healthy=0.0,
                deadline=rolling.healthy_deadline,
                clock=work.clock,
            )
        return passed(f"Deployed to {environment} ({run.candidate.version})")

    async def smoke(self, step: Step, run: Run, work: Work) -> Outcome:
        """The smoke tests against the first instance. None configured is said, not passed over."""
        if not self._smoke.configured:
            how = "set [staging] smoke to a command that writes JUnit XML to $HOTFIX_JUNIT"
            return Outcome(lines=(Line(Status.SKIP, "Smoke tests: none configured", (how,)),))
        url = (await self._endpoints(step, run))[0][1]
        tree: Path = self._trees.tree(run)
        outcome = await self._smoke.run(url, tree, environment_of(run), self._trees.logs(run))
        if outcome.ended is not Ended.FAILED:
            return outcome
        *others, last = outcome.lines
        said = msgspec.structs.replace(last, detail=(*last.detail, *_left(run)))
        return msgspec.structs.replace(outcome, lines=(*others, said))

    async def health(self, step: Step, run: Run, work: Work) -> Outcome:
        """One request to the health address of every instance."""
        environment = step.args["environment"]
        for name, endpoint in await self._endpoints(step, run):
            path = self._health_paths.get((environment, name), "/healthz")
            try:
                answer = await self._http.get(endpoint + path)
            except Unanswered as error:
                return failed(f"Health check: {error.message}", f"GET {endpoint}{path}", *_left(run))
            if answer.status != 200:
                return failed(f"Health check: {answer.status}", f"GET {endpoint}{path}", *_left(run))
        return passed("Health check: 200 OK")

    async def no_staging(self, step: Step, run: Run, work: Work) -> Outcome:
        """Staging is skipped: by whom and why stands in the run."""
        reason = run.request.reasons.get("staging", "")
        return Outcome(lines=(Line(Status.SKIP, f"Staging skipped by {run.request.operator}: {reason}"),))

    async def _endpoints(self, step: Step, run: Run) -> list[tuple[str, str]]:
        """Platform name and base URL of every instance of the candidate. Raises `CheckFailed` when there is none."""
        environment = step.args["environment"]
        found: list[tuple[str, str]] = []
        for known in run.facts.environments[environment]:
            fleet: Fleet = await self._platforms[environment, known.name].fleet()
            found += [(known.name, i.endpoint) for i in fleet.of(run.candidate) if i.endpoint]
        if not found:
            raise CheckFailed(f"no instance of {run.candidate.version} on {environment} has an address")
        return found


def _left(run: Run) -> tuple[str, ...]:
    return (f"{run.candidate.version} stays on staging to be looked at",)
