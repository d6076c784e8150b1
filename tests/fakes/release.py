"""A release in steps: readings and fleets of a few instances, folded into a `Watch` one interval after the other."""

from collections.abc import Sequence
from typing import Self

import msgspec

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Histogram, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.verdict import Verdict
from hotfix_deploy_runner.core.watch import Watch

OLD, NEW = "v2.14.3", "v2.14.4"
EDGES = (0.05, 0.1, 0.2, 0.4, 0.8, None)

Group = Sequence[tuple[int, int]]
"""(requests, errors) of each instance."""


def instance(name: str, version: str, state: State = State.READY, life: int = 1, why: str = "") -> Instance:
    """One serving instance; `life` counts its restarts."""
    return Instance(name, f"{name}/{version}/{life}", Revision(version), state, why=why)


def fleet(new: int, old: int) -> Fleet:
    """Ready instances: the new ones first."""
    names = [(f"pod-{n + 1}", NEW if n < new else OLD) for n in range(new + old)]
    return Fleet(tuple(instance(name, version) for name, version in names))


def reading(start: float, length: float, new: Group, old: Group, slow: tuple[float, float] | None = None) -> Reading:
    """A reading of the instances that `fleet(len(new), len(old))` has.

    `slow` are the shares of requests, new and old, that took 0.3 s instead of 0.07 s; without it no histograms.
    """
    runs = fleet(len(new), len(old)).instances
    samples = tuple(
        Sample(i.name, i.incarnation, i.revision.version, requests, errors, _latency(i, requests, slow))
        for i, (requests, errors) in zip(runs, (*new, *old), strict=True)
    )
    return Reading(start, start + length, samples)


def _latency(one: Instance, requests: int, slow: tuple[float, float] | None) -> Histogram | None:
    if slow is None:
        return None
    late = round(requests * slow[0 if one.revision.version == NEW else 1])
    return Histogram(EDGES, (0, requests - late, 0, late, 0, 0))


class Story(msgspec.Struct, frozen=True):
    """A watch and the time it has come to."""

    watch: Watch
    at: float = 0.0

    @classmethod
    def begin(cls, limits: Watching | None = None) -> Self:
        """Nothing has happened yet."""
        return cls(Watch.begin(limits or Watching(), OLD, NEW))

    def then(
        self,
        new: Group = (),
        old: Group = (),
        times: int = 1,
        slow: tuple[float, float] | None = None,
        runs: Fleet | None = None,
    ) -> "Story":
        """`times` more readings, all alike; `runs` is the fleet where it is not the one that was measured."""
        story = self
        length = self.watch.limits.interval
        seen = fleet(len(new), len(old)) if runs is None else runs
        for _ in range(times):
            watch = story.watch.observed(reading(story.at, length, new, old, slow), seen)
            story = Story(watch, story.at + length)
        return story

    def rolled_out(self) -> "Story":
        """The last new instance is in."""
        return Story(self.watch.rolled_out(self.at), self.at)

    def verdict(self, after: float = 0.0) -> Verdict:
        """The verdict, `after` seconds from here."""
        return self.watch.judge(self.at + after)
