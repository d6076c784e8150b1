"""From facts to the graph of steps: the way back, asked for or not, and the end of every run."""

from collections.abc import Collection, Iterator

from .facts import Environment, Facts, Request
from .hooks import Hook, hook_steps
from .policy import Policy
from .step import Course, Phase, Step, StepId

OBSERVE = "observe"
DOCUMENT = "document"
CLEANUP = "cleanup"


def asked_rollback(request: Request, policy: Policy, facts: Facts) -> Iterator[Step]:
    """What `rollback` does when it is asked for, and `first`: the dial turned all the way to another revision."""
    target, phase = request.target, Phase.FIRST if request.first else Phase.ROLLBACK
    hooks = () if request.first else policy.hooks
    yield from hook_steps("before_rollback", hooks, target)
    yield Step("artifact", "artifact", phase, touches=frozenset({"git"}))
    everywhere: list[StepId] = []
    for found in facts.environments[target]:
        step = f"turn:{target}/{found.name}"
        args = {"environment": target, "platform": found.name}
        touches = frozenset({f"platform:{target}/{found.name}"})
        yield Step(step, "turn", phase, frozenset({"artifact"}), touches, args)
        everywhere.append(step)
    if facts.old.version != facts.version and not request.first:
        args = {"tag": facts.old.version}
        yield Step("mark", "mark", Phase.ROLLBACK, frozenset(everywhere), frozenset({"git"}), args)
    yield from hook_steps("after_rollback", hooks, target, frozenset(everywhere))


def plan_observation(target: Environment) -> Step:
    """The first step of the way back: see what is true."""
    return Step(OBSERVE, "observe", Phase.ROLLBACK, args={"environment": target}, course=Course.BACK)


def plan_turn_back(target: Environment, hooks: Collection[Hook]) -> tuple[Step, ...]:
    """What the way back begins with. Nothing of it waits for the hook."""
    return (plan_observation(target), *hook_steps("before_rollback", hooks, target))


def plan_way_back(
    target: Environment, facts: Facts, seen: dict[str, bool], hooks: Collection[Hook] = ()
) -> tuple[Step, ...]:
    """Restore every platform that is not wholly on the old revision; all at once, for none waits for another.

    `seen` says by platform whether it was observed to be on the old revision alone; one that could not be
    observed is restored.
    """
    restores = [
        Step(
            f"restore:{target}/{found.name}",
            "restore",
            Phase.ROLLBACK,
            touches=frozenset({f"platform:{target}/{found.name}"}),
            args={"environment": target, "platform": found.name},
            course=Course.BACK,
        )
        for found in facts.environments[target]
        if not seen.get(found.name, False)
    ]
    mark = Step(
        "mark",
        "mark",
        Phase.ROLLBACK,
        frozenset(step.id for step in restores),
        frozenset({"git"}),
        {"tag": facts.version},
        course=Course.BACK,
    )
    return (*restores, mark, *hook_steps("after_rollback", hooks, target, mark.waits_for))


def plan_end() -> tuple[Step, ...]:
    """What every run ends with: its document, then its worktrees go."""
    return (
        Step(DOCUMENT, "document", Phase.AFTERWARDS, course=Course.FINISH),
        Step(CLEANUP, "cleanup", Phase.AFTERWARDS, frozenset({DOCUMENT}), frozenset({"git"}), course=Course.FINISH),
    )
