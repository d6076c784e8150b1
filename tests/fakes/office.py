"""A whole project as it is wired, in a real repository, with real locks and a real journal; production is a fake."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.lab import Traffic
from tests.fakes.past import Past
from tests.fakes.platform import FakePlatform, World
from tests.fakes.workshop import BRANCH, Workshop, go

from hotfix_deploy_runner.config.load import Loaded
from hotfix_deploy_runner.config.model import Settings
from hotfix_deploy_runner.core.check import Candidate, CheckResult, Line, Status
from hotfix_deploy_runner.core.ending import Ending
from hotfix_deploy_runner.core.events import RunStarted
from hotfix_deploy_runner.core.facts import Request
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.doors.repository import find_repository
from hotfix_deploy_runner.lock.local import LocalLocks
from hotfix_deploy_runner.wiring.launch import deploy, first, rollback
from hotfix_deploy_runner.wiring.project import Project

SETTINGS: dict[str, Any] = {
    "notify": [],
    "environments": {"staging": {"web": {}}, "production": {"web": {}}},
    "watch": {"window": "200ms", "interval": "20ms", "gate_wait": "2s", "blind_for": "1s"},
    "rollout": {"min_healthy": "0s", "healthy_deadline": "5s"},
}


class Agreeable:
    """A check that has nothing to say against anything, unless told."""

    def __init__(self, status: Status = Status.OK) -> None:
        self.status = status

    async def check(self, candidate: Candidate) -> CheckResult:
        return CheckResult((Line(self.status, "Looked at"),))


class Office(Workshop):
    """A workshop with production and staging on v1.0.0. `open` gives a project, as each command makes its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        old = Revision("v1.0.0", self.base)
        self.worlds = {"staging": World.running(old, 1), "production": World.running(old)}
        self.found = find_repository(self.repository.clone)
        self.past = Past(self.found.home)
        self.traffic = Traffic()
        self.check = Agreeable()
        self.consent: Callable[[RunStarted], bool] = lambda started: True

    def open(self, **settings: Any) -> Project:
        """The project, with these settings over the usual ones, and fakes where the world would be."""
        project = Project(self.found, Loaded(Settings.model_validate({**SETTINGS, **settings}), None))
        project.platforms = {(place, "web"): FakePlatform(world) for place, world in self.worlds.items()}
        project.metrics = self.traffic
        project.checks = {"branch": self.check}
        return project

    def deploy(self, project: Project | None = None, *, staging: bool = False, offline: bool = False) -> Ending:
        """Deploy the hotfix to production; staging is skipped, for a reason, unless wanted."""
        project = project or self.open()
        reasons = {} if staging else {"staging": "it burns"}
        request = Request("deploy", "production", BRANCH, operator="ada", reasons=reasons, offline=offline)
        return go(deploy(project, request, project.settings.policy(), self.consent, []))

    def rollback(self, version: str = "", target: str = "production") -> Ending:
        """Ask for a rollback."""
        project = self.open()
        request = Request("rollback", target, version=version, operator="ada")
        return go(rollback(project, request, project.settings.policy(), []))

    def first(self, version: str, target: str = "production") -> Ending:
        """Put a version where nothing runs yet."""
        project = self.open()
        request = Request("rollback", target, version=version, operator="ada", force=True, first=True)
        return go(first(project, request, project.settings.policy(), []))

    def locks(self, *, pid: int | None = None) -> LocalLocks:
        """The locks, as another process of this machine sees them."""
        return LocalLocks(self.found.home / "locks", pid=pid)

    def died(self, *environments: str, **run: Any) -> str:
        """A run that held these environments, and whose process is no more. `run` is as in `Past.run`; its id."""
        name = self.past.run("v1.0.0", "v1.0.1", None, **run)
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.locks(pid=process.pid).acquire(environments, name, "bob")
        process.kill()
        process.communicate()
        return name

    def runs(self) -> list[str]:
        """What the journal knows, newest first."""
        return [row.run for row in self.past.store.runs()]

    def production(self) -> list[str]:
        """The versions that production's instances run."""
        return [i.revision.version for i in self.worlds["production"].instances]
