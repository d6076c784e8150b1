"""From policy and facts to the graph of steps: the way forward. What a run will do, before it does anything."""

import math
from collections.abc import Generator, Iterator

from .facts import Environment, Facts, Request
from .hooks import hook_steps
from .plan_back import asked_rollback
from .policy import Policy
from .step import Course, Phase, Step, StepId

PREPARE = "prepare"
MIGRATE = "migrate"
VALIDATE = "validate"
PROBES = "probes"
WATCH = "watch"


def plan(request: Request, policy: Policy, facts: Facts) -> tuple[Step, ...]:
    """Every step of the run in the order in which it is told. The way back and the winding up are planned later."""
    if request.action == "rollback":
        return tuple(asked_rollback(request, policy, facts))
    steps = [*_preflight(facts), *_staging(policy, facts)]
    if request.target != "staging":
        steps += [*_production(request.target, policy, facts), *_afterwards(request.target, policy, facts)]
    return tuple(steps)


def batches(sizes: tuple[str, ...], total: int) -> tuple[int, ...]:
    """The dial's positions: cumulative counts, each at least one more than the last, ending at `total`.

    >>> batches(("1", "10%", "50%", "100%"), 20)
    (1, 2, 10, 20)
    """
    positions: list[int] = []
    for size in sizes:
        wanted = math.ceil(total * float(size[:-1]) / 100) if size.endswith("%") else int(size)
        at_least = positions[-1] + 1 if positions else 1
        position = min(total, max(wanted, at_least))
        if position >= at_least:
            positions.append(position)
    if total and (not positions or positions[-1] < total):
        positions.append(total)
    return tuple(positions)


def touching(environment: Environment, facts: Facts) -> frozenset[str]:
    """What a step that works on a whole environment touches."""
    return frozenset(f"platform:{environment}/{found.name}" for found in facts.environments[environment])


def _preflight(facts: Facts) -> Iterator[Step]:
    yield Step("worktree", "worktree", Phase.PREFLIGHT, touches=frozenset({"git"}))
    yield Step("install", "install", Phase.PREFLIGHT, frozenset({"worktree"}))
    for name in facts.checks:
        needs = "install" if name == "tests" else "worktree"
        yield Step(f"check:{name}", "check", Phase.PREFLIGHT, frozenset({needs}), args={"check": name})
    if facts.unconfigured:
        yield Step("channels", "channels", Phase.PREFLIGHT)


def _staging(policy: Policy, facts: Facts) -> Iterator[Step]:
    checked = frozenset({"install", *(f"check:{name}" for name in facts.checks)})
    yield Step("build", "build", Phase.STAGING, frozenset({"worktree"}))
    if "staging" not in facts.environments:
        yield Step("no-staging", "no-staging", Phase.STAGING, checked | {"build"})
        return
    yield Step(
        "candidate-tag",
        "tag",
        Phase.STAGING,
        checked | {"build"},
        frozenset({"git"}),
        {"tag": facts.candidate, "candidate": True},
    )
    before = "candidate-tag"
    if "staging" in policy.migrates:
        yield _migration("staging-migrate", Phase.STAGING, before, "staging", facts)
        before = "staging-migrate"
    yield Step(
        "staging-deploy",
        "deploy",
        Phase.STAGING,
        frozenset({before}),
        touching("staging", facts),
        {"environment": "staging"},
    )
    yield Step("smoke", "smoke", Phase.STAGING, frozenset({"staging-deploy"}), args={"environment": "staging"})
    yield Step(
        "staging-health", "health", Phase.STAGING, frozenset({"staging-deploy"}), args={"environment": "staging"}
    )


def _production(target: Environment, policy: Policy, facts: Facts) -> Iterator[Step]:
    proven = frozenset({"smoke", "staging-health"} if "staging" in facts.environments else {"no-staging"})
    yield Step("record", "record", Phase.PRODUCTION, args={"environment": target})
    if facts.metrics:
        yield Step(
            WATCH, "watch", Phase.PRODUCTION, frozenset({"record"}), args={"environment": target}, background=True
        )
    ready_to_tag = proven | {"record"}
    if facts.before:
        args = {"tag": facts.before}
        yield Step("before", "before", Phase.PRODUCTION, ready_to_tag, frozenset({"git"}), args)
        ready_to_tag = frozenset({"before"})
    yield Step(
        "tag",
        "tag",
        Phase.PRODUCTION,
        ready_to_tag,
        frozenset({"git"}),
        {"tag": facts.version, "candidate": False},
    )
    yield Step(
        PREPARE, "prepare", Phase.PRODUCTION, frozenset({"tag"}), touching(target, facts), {"environment": target}
    )
    ready = PREPARE
    if "target" in policy.migrates:
        yield _migration(MIGRATE, Phase.PRODUCTION, ready, target, facts)
        ready = MIGRATE
    for hook in hook_steps("before_rollout", policy.hooks, target, frozenset({ready}), Course.FORWARD):
        yield hook
        ready = hook.id
    rolled = yield from _rollout(target, policy, facts, ready)
    yield from hook_steps("after_rollout", policy.hooks, target, frozenset({rolled}))
    yield Step(VALIDATE, "validate", Phase.VALIDATION, frozenset({rolled}), judged=True)


def _migration(name: StepId, phase: Phase, after: StepId, environment: Environment, facts: Facts) -> Step:
    """Migrations, should the hotfix bring any: nothing else happens to the environment meanwhile."""
    touches = touching(environment, facts)
    return Step(name, "migrate", phase, frozenset({after}), touches, {"environment": environment})


def _rollout(target: Environment, policy: Policy, facts: Facts, ready: StepId) -> Generator[Step, None, StepId]:
    """One platform after the other, batch by batch, each batch behind the gate of the one before, the first `ready`.

    Returns (as a generator does) the id of the last gate.
    """
    before, last = 0, ready
    for found in facts.environments[target]:
        total = found.fleet.size
        for number, count in enumerate(batches(policy.rolling.batches, total), start=1):
            place = f"{target}/{found.name}:{number}"
            batch, gate = f"batch:{place}", f"gate:{place}"
            args = {
                "environment": target,
                "platform": found.name,
                "count": count,
                "before": before,
                "of": facts.count(target),
                "last": before + count == facts.count(target),
            }
            touches = frozenset({f"platform:{target}/{found.name}"})
            yield Step(batch, "batch", Phase.PRODUCTION, frozenset({last}), touches, args)
            yield Step(gate, "gate", Phase.PRODUCTION, frozenset({batch}), args={"batch": batch}, judged=True)
            last = gate
        before += total
    return last


def _afterwards(target: Environment, policy: Policy, facts: Facts) -> Iterator[Step]:
    merges: list[StepId] = []
    if policy.merge_back == "push":
        for branch in policy.merge_into:
            step = f"merge:{branch}"
            waits = frozenset({VALIDATE, *merges})
            yield Step(step, "merge", Phase.AFTERWARDS, waits, frozenset({"git"}), {"branch": branch})
            merges.append(step)
    if merges and policy.delete_branch:
        yield Step("delete-branch", "delete-branch", Phase.AFTERWARDS, frozenset(merges), frozenset({"git"}))
    yield Step(
        "settle", "settle", Phase.AFTERWARDS, frozenset({VALIDATE}), touching(target, facts), {"environment": target}
    )


def plan_probes(target: Environment) -> Step:
    """What validates a release that too few customers have met: requests that the settings declare safe."""
    return Step(PROBES, "probes", Phase.VALIDATION, frozenset({VALIDATE}), args={"environment": target})
