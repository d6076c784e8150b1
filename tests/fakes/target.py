"""The steps that turn production's dial, on a fake platform: a world, and runs that know it."""

import time
from typing import Any

import msgspec
from tests.fakes.lab import NEW, OLD, POLICY
from tests.fakes.platform import FakePlatform, World
from tests.fakes.workshop import after, go

from hotfix_deploy_runner.core.check import Line
from hotfix_deploy_runner.core.events import AnyEvent, RunStarted
from hotfix_deploy_runner.core.facts import Action, Facts, Found, Request
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.plan_back import plan_observation, plan_way_back
from hotfix_deploy_runner.core.policy import Policy, Rolling
from hotfix_deploy_runner.core.run import Run, begin
from hotfix_deploy_runner.core.step import Step
from hotfix_deploy_runner.steps.work import Work

ALL_AT_ONCE = msgspec.structs.replace(POLICY, rolling=Rolling(min_healthy=0.0, healthy_deadline=0.5))


class Target:
    """Production: platforms by name, each on OLD with so many instances. `run` is a run as it begins, to NEW."""

    def __init__(self, policy: Policy = ALL_AT_ONCE, **sizes: int) -> None:
        self.policy = policy
        self.worlds = {name: World.running(OLD, size) for name, size in (sizes or {"web": 3}).items()}
        for name, world in self.worlds.items():
            world.name = name
        self.platforms = {("production", name): FakePlatform(world) for name, world in self.worlds.items()}
        self.said: list[Line] = []
        self.emitted: list[AnyEvent] = []
        self.work = Work(self.said.append, self.emitted.append, time.time)
        self.run = self.began()

    @property
    def world(self) -> World:
        """The first platform's."""
        return next(iter(self.worlds.values()))

    def began(self, action: Action = "deploy") -> Run:
        """A run that has just begun, on what is there now; what it brings is built."""
        found = tuple(Found(name, "process", go(platform.fleet())) for (_, name), platform in self.platforms.items())
        facts = Facts(OLD, "tag", OLD.commit, NEW.commit, NEW.version, "rc", {"production": found}, fence=4)
        request = Request(action, "production", "hotfix/x", operator="ada")
        steps = plan(request, self.policy, facts)
        run = begin(RunStarted(at=0.0, run="r", request=request, policy=self.policy, facts=facts, steps=steps))
        return after(run, "artifact" if action == "rollback" else "build", artifact=NEW.artifact)

    def step(self, name: str) -> Step:
        """A step of the plan, or of the way back."""
        back = plan_way_back("production", self.run.facts, {})
        planned = [*(p.step for p in self.run.steps.values()), plan_observation("production"), *back]
        return next(step for step in planned if step.id == name)

    def versions(self, name: str = "web") -> list[str]:
        """What a platform's instances run, in order."""
        fleet = go(self.platforms["production", name].fleet())
        return [i.revision.version for i in fleet.instances]

    def perform(self, performer: Any, name: str) -> Any:
        """Carry a step of the plan out; its outcome."""
        return go(performer(self.step(name), self.run, self.work))
