"""The team's own commands at the turns of a run, as steps. What they are is the settings' business."""

from collections.abc import Collection
from typing import Literal

from .facts import Environment
from .step import Course, Phase, Step, StepId

Hook = Literal["before_rollout", "after_rollout", "before_rollback", "after_rollback"]

_PAIRS = {"rollout": Phase.PRODUCTION, "rollback": Phase.ROLLBACK}


def hook_steps(
    hook: Hook,
    hooks: Collection[Hook],
    target: Environment,
    after: frozenset[StepId] = frozenset(),
    course: Course = Course.FINISH,
) -> tuple[Step, ...]:
    """The step of `hook`, where it is among `hooks`, once all of `after` have passed.

    On the course FINISH it turns nothing by failing, is stopped by no turn, and the run does not end before it has. The
    two of a pair are never at work at once.
    """
    pair = hook.partition("_")[2]
    args, touches = {"hook": hook, "environment": target}, frozenset({f"hooks:{pair}"})
    step = Step(f"hook:{hook}", "hook", _PAIRS[pair], after, touches, args, course=course)
    return (step,) if hook in hooks else ()
