"""Lives of simulated runs: how the properties draw them, and what can be asked of one that has ended."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from tests.fakes.scenes import beginning
from tests.fakes.world import World

from hotfix_deploy_runner.core.events import AnyEvent
from hotfix_deploy_runner.core.progress import Progress
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Ended, StepId
from hotfix_deploy_runner.core.verdict import Kind

TWO = {"api": 3, "workers": 2}
TAPES = st.binary(min_size=200, max_size=200).map(list)
"""Numbers that choose what happens next. Of fixed length: lists of any length are mostly too short to matter."""
MOMENTS = st.integers(1, 160)
"""A happening's number; a run on `TWO` has some seventy at least, and more the more is drawn out."""
MODERATE = settings(max_examples=60, deadline=None)
FEW = settings(max_examples=15, deadline=None)
AHEAD = [s.id for s in beginning(TWO).steps if not s.judged and not s.background]
BACK = ["observe", "restore:production/api", "restore:production/workers", "mark"]
BADLY = st.sampled_from([Ended.FAILED, Ended.STOPPED])
"""A step that stopped unasked is no better than one that failed."""


def lived(world: World) -> World:
    """`world` at the end of its run."""
    world.live()
    return world


def code(world: World) -> int:
    """The exit code that its run ended with."""
    assert world.run.ending is not None
    return int(world.run.ending.code)


def without_times(run: Run) -> dict[str, Any]:
    """What came of a run: everything but when, and but what steps said while they were under way."""
    steps = {
        name: (p.ended, [line for line in p.lines if not line.text.endswith("goes on")], p.found)
        for name, p in run.steps.items()
    }
    return {"steps": steps, "course": run.course, "kind": run.verdict and run.verdict.kind, "ending": run.ending}


def position(events: list[AnyEvent], kind: type[AnyEvent], step: StepId = "") -> int:
    """Where the first event of a kind stands (about a step whose id begins so); past the end when there is none."""
    places = (n for n, e in enumerate(events) if isinstance(e, kind) and getattr(e, "step", "").startswith(step))
    return next(places, len(events))


def verdict(world: World) -> Kind | None:
    """The last verdict of its run."""
    return None if world.run.verdict is None else world.run.verdict.kind


def started(world: World) -> list[Progress]:
    """The steps that were begun."""
    return [p for p in world.run.steps.values() if p.started is not None]
