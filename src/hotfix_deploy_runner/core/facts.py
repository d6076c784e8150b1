"""What was asked for and what was found, before anything was done: the ground of a run's plan."""

from typing import Literal

import msgspec

from .fleet import Fleet
from .revision import Revision

Action = Literal["deploy", "rollback"]
Environment = str


class Request(msgspec.Struct, frozen=True):
    """What the operator asked for. `reasons` are those given for what was skipped or overridden, by its name.

    `base` is the commit or tag that the operator says production runs; empty where it is left to be found.
    `accept_mixed`: production may run several versions. `first`: a rollback where nothing runs yet, which is none.
    `offline`: the remote does not answer, and the operator goes on without it.
    """

    action: Action
    target: Environment
    branch: str = ""
    version: str = ""
    operator: str = ""
    host: str = ""
    force: bool = False
    reasons: dict[str, str] = {}
    base: str = ""
    accept_mixed: bool = False
    first: bool = False
    offline: bool = False

    @property
    def kind(self) -> str:
        """What a person calls it: `deploy`, `rollback`, or `first` for a first deployment."""
        return "first" if self.first else self.action


class Found(msgspec.Struct, frozen=True):
    """One platform of an environment as it was found. `noun` is what it calls an instance."""

    name: str
    noun: str
    fleet: Fleet


class Facts(msgspec.Struct, frozen=True):
    """What was observed before the plan.

    `old` is what production (or the target) runs, as the platform says it; `base` is its commit (40 hex, empty when
    nothing says it) and `old_from` how that is known: by its `tag`, by the `commit` that the platform says, or as the
    `base` that the operator names. `before` is the tag that such a base gets, empty where what runs has one.
    `commit` is the pinned commit of the branch. `version` is what it will be called, `candidate` its name on staging.
    `environments` are those that this run may touch, in order, each with its platforms in order.
    `checks` are the names of the pre-flight checks to make, in declared order; `smoke_tests`, `probes` and `metrics`
    whether there are any. `artifact` is the digest of `version`, where a rollback knows it from an earlier run.
    `unconfigured` are channels that were asked for and cannot be told, with how to change that. `fence` is the lock's.
    `mixed` says on how many instances each version runs, where there are several (`v2.14.3 on 2, v2.14.2 on 1`); `old`
    is then the one that all are brought back to. `remarks` are differences that a person should know of.
    """

    old: Revision
    old_from: str
    base: str
    commit: str
    version: str
    candidate: str = ""
    environments: dict[Environment, tuple[Found, ...]] = {}
    checks: tuple[str, ...] = ()
    smoke_tests: bool = False
    probes: bool = False
    metrics: bool = True
    artifact: str = ""
    unconfigured: dict[str, str] = {}
    fence: int = 0
    remarks: tuple[str, ...] = ()
    before: str = ""
    mixed: str = ""

    @property
    def running(self) -> str:
        """What production (or the target) runs, in words."""
        return self.mixed or self.old.version

    @property
    def way_back(self) -> str:
        """The name under which a rollback finds what runs now: its version, or the tag that it gets."""
        return self.before or self.old.version

    def count(self, environment: Environment) -> int:
        """How many instances serve in `environment`."""
        return sum(found.fleet.size for found in self.environments.get(environment, ()))
