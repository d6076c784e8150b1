"""Turning the dial up: what runs is recorded, the artifact is brought, then batch by batch."""

from collections.abc import Callable

from ..core.check import Line, Status
from ..core.fleet import Fleet
from ..core.phrases import counted
from ..core.revision import Revision
from ..core.run import Run
from ..core.step import Step
from ..doors.together import together
from ..errors import CheckFailed
from .health import shifted_and_healthy, until_healthy
from .work import Outcome, Platforms, Work, move_of, passed


class Rollout:
    """Drives the platforms of the target. `read_soon` asks for a reading: a batch's gate waits for one."""

    def __init__(self, platforms: Platforms, read_soon: Callable[[], None] = lambda: None) -> None:
        self._platforms, self._read_soon = platforms, read_soon

    async def record(self, step: Step, run: Run, work: Work) -> Outcome:
        """What runs where, as it is before anything is changed."""
        await self._unchanged(step, run)
        environment = step.args["environment"]
        found = run.facts.environments[environment]
        running = {f.name: {i.name: i.revision.version for i in f.fleet.serving} for f in found}
        return Outcome(found={"running": running})

    async def prepare(self, step: Step, run: Run, work: Work) -> Outcome:
        """Bring the artifact everywhere, after a last look that nobody has changed what runs."""
        await self._unchanged(step, run)
        environment = step.args["environment"]
        platforms = [self._platforms[environment, found.name] for found in run.facts.environments[environment]]
        await together(*(platform.prepare(move_of(run)) for platform in platforms))
        return passed(f"Rolling deploy started ({counted(run.facts.count(environment), platforms[0].noun)})")

    async def batch(self, step: Step, run: Run, work: Work) -> Outcome:
        """Have `count` instances serve the new revision, and stay healthy for as long as was asked."""
        args, rolling = step.args, run.policy.rolling
        platform, count, before = self._platforms[args["environment"], args["platform"]], args["count"], args["before"]
        already = _done_before(step, run)
        healthy = until_healthy(
            platform,
            run.new,
            count,
            min_healthy=rolling.min_healthy,
            deadline=rolling.healthy_deadline,
            clock=work.clock,
        )
        fleet = await shifted_and_healthy(platform.shift(move_of(run), count), healthy)
        noun = platform.noun.capitalize()
        for number in range(already + 1, count + 1):
            work.report(Line(Status.OK, f"{noun} {before + number}/{args['of']} healthy"))
        self._read_soon()
        return Outcome(found={"incarnations": [i.incarnation for i in fleet.of(run.new) if i.ready]})

    async def settle(self, step: Step, run: Run, work: Work) -> Outcome:
        """Drop what was kept only for a fast way back."""
        environment = step.args["environment"]
        for found in run.facts.environments[environment]:
            await self._platforms[environment, found.name].settle(run.new, run.facts.fence)
        return Outcome()

    async def _unchanged(self, step: Step, run: Run) -> None:
        environment = step.args["environment"]
        for found in run.facts.environments[environment]:
            fleet = await self._platforms[environment, found.name].fleet()
            if _layout(fleet, run) != _layout(found.fleet, run):
                seen = ", ".join(f"{i.name} {i.revision.version}" for i in fleet.instances)
                raise CheckFailed(f"{environment}/{found.name} has changed since this run began", detail=f"now: {seen}")


def _layout(fleet: Fleet, run: Run) -> dict[str, Revision]:
    """What runs where. What a run that is gone on with has brought itself is no change: it may not have been noted."""
    own = run.new if run.resumed is not None else None
    before = {i.name: i.revision for found in run.facts.environments[run.request.target] for i in found.fleet.serving}
    return {i.name: before.get(i.name, i.revision) if i.revision == own else i.revision for i in fleet.serving}


def _done_before(step: Step, run: Run) -> int:
    """The dial's position before this batch, on its platform."""
    same = (
        p.step.args["count"]
        for p in run.steps.values()
        if p.step.does == "batch" and p.passed and p.step.args["platform"] == step.args["platform"]
    )
    return max(same, default=0)
