"""A run in memory: real journal, runner, rollout, watch and way back; a fake platform and scripted metrics."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.platform import FakePlatform, Pause, World, no_pause

from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import AnyEvent, RunStarted
from hotfix_deploy_runner.core.facts import Facts, Found, Request
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.policy import Policy, Rolling, Watching
from hotfix_deploy_runner.core.reading import Cursor, Reading, Sample
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run
from hotfix_deploy_runner.core.step import Step
from hotfix_deploy_runner.doors.signals import Signals
from hotfix_deploy_runner.errors import NoReading
from hotfix_deploy_runner.journal.sqlite import SqliteStore
from hotfix_deploy_runner.runner import Runner
from hotfix_deploy_runner.steps.rollout import Rollout
from hotfix_deploy_runner.steps.watch import WatchTarget
from hotfix_deploy_runner.steps.way_back import WayBack
from hotfix_deploy_runner.steps.work import Outcome, Perform, Work

OLD = Revision("v2.14.3", "a" * 40, "sha256:" + "a" * 64)
NEW = Revision("v2.14.4", "b" * 40, "sha256:" + "b" * 64)
POLICY = Policy(
    Watching(window=0.2, interval=0.02, gate_wait=2.0, blind_for=0.3),
    Rolling(min_healthy=0.0, healthy_deadline=5.0, drain_limit=2.0),
)


class Traffic:
    """A source in which every ready instance has served 200 requests since the last reading."""

    def __init__(self, error_rates: Mapping[str, float] | None = None, *, silent: bool = False) -> None:
        self.error_rates = dict(error_rates or {})
        self.silent = silent

    async def read(self, fleet: Fleet, cursor: Cursor | None) -> tuple[Reading, Cursor]:
        if self.silent:
            raise NoReading("nothing answers")
        now = time.time()
        start = cursor.at if cursor else now
        samples = tuple(
            Sample(i.name, i.incarnation, i.revision.version, 200, round(200 * self._rate(i.revision.version)))
            for i in fleet.serving
            if i.ready and cursor
        )
        return Reading(start, now, samples), Cursor(now, {})

    def _rate(self, version: str) -> float:
        return self.error_rates.get(version, 0.0)


async def easy(step: Step, run: Run, work: Work) -> Outcome:
    """Any step that is not the point here: it just passes; a build gives the artifact's name."""
    return Outcome(found={"artifact": NEW.artifact} if step.does in ("build", "artifact") else {})


@dataclass
class Lab:
    """One production of `world.size` instances on OLD, and a staging of one. `performers` overrides kinds of step."""

    folder: Path
    world: World = field(default_factory=lambda: World.running(OLD))
    traffic: Traffic = field(default_factory=Traffic)
    pause: Pause = no_pause
    policy: Policy = POLICY
    performers: dict[str, Perform] = field(default_factory=dict)
    views: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform = FakePlatform(self.world, pause=self.pause)
        self.store = SqliteStore(self.folder / "journal.db")

    def run(self, action: str = "deploy", during: Callable[["Lab"], object] | None = None) -> Ending:
        """Drive a run to its end; `during` is called with the lab as a coroutine beside it, when given."""
        return asyncio.run(self._run(action, during))

    @property
    def events(self) -> list[AnyEvent]:
        """What the journal has of the run."""
        return [event for _, event in self.store.events("run-1")]

    def index(self, matches: Callable[[AnyEvent], bool]) -> int:
        """Where the first event that `matches` stands."""
        return next(n for n, event in enumerate(self.events) if matches(event))

    async def _run(self, action: str, during: Callable[["Lab"], object] | None) -> Ending:
        started = await self._started(action)
        runner = Runner(self.store, self._all_performers(), clock=time.time, views=self.views)  # type: ignore[arg-type]
        beside: asyncio.Task[None] | None = asyncio.create_task(during(self)) if during else None  # type: ignore[arg-type]
        try:
            with Signals() as signals:
                signals.listener = runner.interrupt
                return await runner.drive(started)
        finally:
            if beside is not None:
                await beside
            await runner.close()

    async def _started(self, action: str) -> RunStarted:
        fleet = await self.platform.fleet()
        found = (Found("web", "process", fleet),)
        environments: dict[str, tuple[Found, ...]] = {"production": found}
        if action == "deploy":
            environments = {"staging": found, **environments}
        facts = Facts(
            old=OLD,
            old_from="tag",
            base=OLD.commit,
            commit=NEW.commit,
            version=NEW.version,
            candidate="v2.14.4-rc.1",
            environments=environments,
            checks=("branch", "tests"),
            fence=1,
        )
        request = Request(action, "production", "hotfix/x", operator="ada")  # type: ignore[arg-type]
        steps = plan(request, self.policy, facts)
        return RunStarted(at=time.time(), run="run-1", request=request, policy=self.policy, facts=facts, steps=steps)

    def _all_performers(self) -> dict[str, Perform]:
        platforms = {("production", "web"): self.platform}
        rollout, back = Rollout(platforms), WayBack(platforms)
        kinds = (
            "worktree install check build artifact deploy smoke health tag mark merge delete-branch cleanup document"
        )
        real: dict[str, Perform] = {
            "record": rollout.record,
            "prepare": rollout.prepare,
            "batch": rollout.batch,
            "settle": rollout.settle,
            "watch": WatchTarget(platforms, self.traffic).watch,
            "observe": back.observe,
            "restore": back.restore,
            "turn": back.turn,
        }
        return {**dict(zip(kinds.split(), itertools.repeat(easy))), **real, **self.performers}
