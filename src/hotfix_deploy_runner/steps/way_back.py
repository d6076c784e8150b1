"""Turning the dial back. It waits for nothing but the platform."""

from ..core.check import Line, Status
from ..core.fleet import Fleet
from ..core.migrating import warning
from ..core.phrases import counted
from ..core.run import Run
from ..core.step import Step
from ..errors import PlatformFailed
from ..ports import ALL
from .health import until_healthy
from .work import Outcome, Platforms, Work, move_of


class WayBack:
    """The same dial as the rollout's: to zero inside a run, all the way to another revision when it was asked for."""

    def __init__(self, platforms: Platforms) -> None:
        self._platforms = platforms

    async def observe(self, step: Step, run: Run, work: Work) -> Outcome:
        """By platform, whether it is wholly on the old revision. One that does not answer is taken not to be."""
        environment = step.args["environment"]
        wholly_old: dict[str, bool] = {}
        on_new = 0
        for found in run.facts.environments[environment]:
            try:
                fleet = await self._platforms[environment, found.name].fleet()
            except PlatformFailed as error:
                work.report(Line(Status.WARN, error.message))
                continue
            wholly_old[found.name] = fleet.only(run.facts.old, found.fleet.size)
            on_new += sum(i.revision == run.new for i in fleet.instances)
        noun = run.facts.environments[environment][0].noun
        to_do = f"{counted(on_new, noun)} on {run.facts.version}"
        work.report(Line(Status.OK, f"Rolling back to {run.facts.old.version} ({to_do})"))
        if words := warning(run):
            work.report(Line(Status.WARN, words))
        return Outcome(found=wholly_old)

    async def restore(self, step: Step, run: Run, work: Work) -> Outcome:
        """Every instance on the old revision again, observed and healthy."""
        platform = self._platforms[step.args["environment"], step.args["platform"]]
        found = next(f for f in run.facts.environments[step.args["environment"]] if f.name == step.args["platform"])
        count = found.fleet.size
        move = move_of(run)
        await platform.shift(move, 0)
        fleet = await until_healthy(
            platform,
            run.facts.old,
            count,
            min_healthy=0.0,
            deadline=run.policy.rolling.healthy_deadline,
            clock=work.clock,
            enough=lambda fleet: fleet.only(run.facts.old, count) or fleet.only(move.old, count),
        )
        return _verified(step, run, platform.noun, fleet, run.facts.old.version)

    async def turn(self, step: Step, run: Run, work: Work) -> Outcome:
        """All instances to the version that was asked for: the same effect, under a move of its own."""
        platform = self._platforms[step.args["environment"], step.args["platform"]]
        move = move_of(run)
        await platform.prepare(move)
        await platform.shift(move, ALL)
        fleet = await until_healthy(
            platform,
            move.new,
            1,
            min_healthy=0.0,
            deadline=run.policy.rolling.healthy_deadline,
            clock=work.clock,
            enough=lambda fleet: fleet.only(move.new, max(1, fleet.size)),
        )
        return _verified(step, run, platform.noun, fleet, move.new.version)


def _verified(step: Step, run: Run, noun: str, fleet: Fleet, version: str) -> Outcome:
    """The line of one platform, which is named where it is not the only one."""
    count, alone = fleet.size, len(run.facts.environments[step.args["environment"]]) == 1
    where = "" if alone else f"{step.args['platform']}: "
    line = Line(Status.OK, f"{where}{version} verified everywhere ({counted(count, noun)} healthy)")
    return Outcome(lines=(line,), found={"count": count})
