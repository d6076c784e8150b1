"""Beginnings of runs: what was asked for and found, ready to be decided on. Values only; nothing here acts."""

from collections.abc import Mapping

from hotfix_deploy_runner.core.events import RunStarted
from hotfix_deploy_runner.core.facts import Action, Facts, Found, Request
from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.hooks import Hook
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.policy import Policy, Rolling, Watching
from hotfix_deploy_runner.core.revision import Revision

OLD = Revision("v2.14.3", "a" * 40, "sha256:old")
COMMIT = "b" * 40
VERSION = "v2.14.4"
CHECKS = ("branch", "tests", "security", "migrations")
WATCHING = Watching(window=10.0, interval=2.0, gate_wait=6.0, blind_for=20.0)
"""Short enough that a whole run has some thirty readings."""


def found(name: str, count: int) -> Found:
    """A platform with `count` ready instances of the old revision."""
    instances = (Instance(f"{name}-{n}", f"{name}-{n}/old", OLD, State.READY) for n in range(count))
    return Found(name, "process", Fleet(tuple(instances)))


def facts(
    platforms: Mapping[str, int],
    *,
    target: str = "production",
    staging: bool = True,
    metrics: bool = True,
    probes: bool = False,
) -> Facts:
    """What was found, with so many instances on each of the target's platforms."""
    environments: dict[str, tuple[Found, ...]] = {"staging": (found("staging", 1),)} if staging else {}
    environments |= {target: tuple(found(name, count) for name, count in platforms.items())}
    return Facts(
        old=OLD,
        old_from="tag",
        base="a" * 40,
        commit=COMMIT,
        version=VERSION,
        candidate=f"{VERSION}-rc.1",
        environments=environments,
        checks=CHECKS,
        smoke_tests=True,
        probes=probes,
        metrics=metrics,
        fence=1,
    )


def beginning(
    platforms: Mapping[str, int] | None = None,
    *,
    action: Action = "deploy",
    target: str = "production",
    staging: bool = True,
    metrics: bool = True,
    probes: bool = False,
    watching: Watching = WATCHING,
    batches: tuple[str, ...] = ("1", "50%", "100%"),
    merge_into: tuple[str, ...] = ("main",),
    hooks: tuple[Hook, ...] = (),
) -> RunStarted:
    """The first event of a run; three instances on one platform unless told otherwise."""
    seen = facts(platforms or {"api": 3}, target=target, staging=staging, metrics=metrics, probes=probes)
    policy = Policy(watching, Rolling(batches=batches, min_healthy=2.0), merge_into=merge_into, hooks=hooks)
    request = Request(action, target, branch="hotfix/auth-bypass", operator="ann")
    return RunStarted(
        at=1000.0, run="r1", request=request, policy=policy, facts=seen, steps=plan(request, policy, seen)
    )
