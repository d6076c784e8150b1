"""The fleets of a simulated world: a number per platform, how many of its instances serve the new revision."""

from collections.abc import Mapping

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.instant import Instant
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Step

REQUESTS = 200
"""Requests per instance and reading."""


class Dials:
    """One dial a platform: the first so many of its `totals` instances serve the new revision, the others the old."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.totals = dict(totals)
        self.new = dict.fromkeys(totals, 0)

    @property
    def versions(self) -> set[str]:
        """Which of `old` and `new` serve somewhere."""
        new = {"new" for name in self.totals if self.new[name]}
        return new | {"old" for name, total in self.totals.items() if self.new[name] < total}

    def left(self, step: Step) -> int:
        """How many instances `step` has still to shift; negative: back to the old revision."""
        if step.does not in ("batch", "restore", "turn"):
            return 0
        name = step.args["platform"]
        goal = {"batch": step.args.get("count", 0), "restore": 0, "turn": self.totals[name]}[step.does]
        return int(goal) - self.new[name]

    def shift_one(self, step: Step) -> None:
        """One instance nearer to where `step` is to bring its platform."""
        self.new[step.args["platform"]] += 1 if self.left(step) > 0 else -1

    def shift_all(self, step: Step) -> None:
        """All that `step` has still to do."""
        self.new[step.args["platform"]] += self.left(step)

    def incarnations(self, platform: str, old: Revision, new: Revision) -> list[str]:
        """The lives of the instances that serve `new`."""
        return [i.incarnation for i in self.fleet(old, new, platform).of(new)]

    def fleet(self, old: Revision, new: Revision, *platforms: str) -> Fleet:
        """What these platforms would say of themselves; all of them when none is named."""
        names = platforms or tuple(self.totals)
        return Fleet(
            tuple(
                _instance(f"{name}-{n}", new if n < self.new[name] else old)
                for name in names
                for n in range(self.totals[name])
            )
        )


def _instance(name: str, revision: Revision) -> Instance:
    return Instance(name, f"{name}/{revision.version}", revision, State.READY)


def measure(fleet: Fleet, start: Instant, end: Instant, bad: Revision | None, requests: int = REQUESTS) -> Reading:
    """A reading of every instance; half of the requests to those of revision `bad` fail."""
    samples = (
        Sample(i.name, i.incarnation, i.revision.version, requests, requests // 2 if i.revision == bad else 0)
        for i in fleet.serving
    )
    return Reading(start, end, tuple(samples))
