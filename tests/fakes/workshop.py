"""What a step works on: a real repository with a hotfix on a branch, the door to it, and a run that is about it."""

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from tests.fakes.repository import Repository, make_repository

from hotfix_deploy_runner.core.check import Line
from hotfix_deploy_runner.core.events import AnyEvent, RunStarted, StepEnded, StepStarted
from hotfix_deploy_runner.core.facts import Action, Facts, Found, Request
from hotfix_deploy_runner.core.fleet import Fleet
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.policy import Policy, Rolling
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.run import Run, apply, begin
from hotfix_deploy_runner.core.step import Ended, Phase, Step
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git import Git
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.steps.preflight import Trees
from hotfix_deploy_runner.steps.work import Outcome, Work

T = TypeVar("T")
BRANCH = "hotfix/auth"
QUICK = Policy(rolling=Rolling(min_healthy=0.0, healthy_deadline=1.0))
ARTIFACT = "sha256:" + "1" * 64


def go(work: Awaitable[T]) -> T:
    """Run it to its end."""

    async def wait() -> T:
        return await work

    return asyncio.run(wait())


def step(does: str, **args: Any) -> Step:
    """A step of this kind, as a plan would have it."""
    return Step(does, does, Phase.PREFLIGHT, args=args)


def texts(outcome: Outcome) -> list[str]:
    """What it says, a line each, details left out."""
    return [f"[{line.status}] {line.text}" for line in outcome.lines]


class Workshop:
    """`v1.0.0` is `base`, on main; `commit` is the fix on it, pushed on `BRANCH`. Main is checked out.

    `said` are the lines that were reported, `emitted` the other events.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository: Repository = make_repository(folder / "git")
        self.base = self.repository.head()
        self.commit = self.branch_off(BRANCH, {"fix.py": "fixed\n"})
        self.commands = Commands(Redactor())
        self.git = Git(self.repository.clone, self.commands)
        self.trees = Trees(folder / "trees", folder / "runs")
        self.said: list[Line] = []
        self.emitted: list[AnyEvent] = []
        self.work = Work(self.said.append, self.emitted.append, time.time)

    def branch_off(self, name: str, *commits: dict[str, str]) -> str:
        """A branch from the base with these commits, pushed; its tip. Main is checked out again."""
        git = self.repository.git
        git("switch", "--quiet", "-c", name, self.base)
        for files in commits:
            self.repository.commit(files, f"Fix {', '.join(files)}")
        git("push", "--quiet", "-u", "origin", name)
        tip = self.repository.head()
        git("switch", "--quiet", "main")
        return tip

    def on_main(self, files: dict[str, str], message: str = "Work on main") -> str:
        """Somebody else's commit on the remote's main."""
        other = self.another()
        commit = self.repository.commit(files, message, cwd=other)
        self.repository.git("push", "--quiet", "origin", "HEAD:main", cwd=other)
        return commit

    def another(self) -> Path:
        """Somebody else's clone, on the remote's main as it is now."""
        path = self.repository.folder / "other"
        if not path.exists():
            self.repository.another_clone("other")
        self.repository.git("fetch", "--quiet", "--tags", "--force", "origin", cwd=path)
        self.repository.git("switch", "--quiet", "--detach", "origin/main", cwd=path)
        return path

    def remote(self, ref: str) -> str:
        """The commit of `ref` on the remote; empty when there is none."""
        asked = ("for-each-ref", "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)", ref)
        return self.repository.git(*asked, cwd=self.repository.origin)

    def local(self, ref: str) -> str:
        """The same, here."""
        asked = ("for-each-ref", "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)", ref)
        return self.repository.git(*asked)

    def unheard(self) -> None:
        """From now on the remote does what is pushed, and its answer is lost."""
        hook = self.repository.origin / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ncat > /dev/null\nkill -9 $PPID\n")
        hook.chmod(0o755)

    def hook(self, script: str) -> None:
        """What the remote runs before it takes a push."""
        path = self.repository.origin / "hooks" / "pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def unreachable(self) -> None:
        """The remote is gone."""
        self.repository.origin.rename(self.repository.folder / "gone.git")

    def run(
        self,
        action: Action = "deploy",
        *,
        policy: Policy = QUICK,
        fleets: dict[str, Fleet] | None = None,
        reasons: dict[str, str] | None = None,
        **facts: Any,
    ) -> Run:
        """A run on the hotfix that has just begun; `fleets` are those found on the platform `web`, by environment."""
        found = {place: (Found("web", "process", fleet),) for place, fleet in (fleets or {}).items()}
        known = Facts(
            old=Revision("v1.0.0", self.base, "sha256:" + "0" * 64),
            old_from="tag",
            base=self.base,
            commit=self.commit,
            version="v1.0.1",
            candidate="v1.0.1-rc.1",
            environments={"production": (), **found},
            checks=("branch", "tests"),
            fence=1,
        )
        known = msgspec.structs.replace(known, **facts)
        request = Request(action, "production", BRANCH, operator="ada", host="ops-1", reasons=reasons or {})
        steps = plan(request, policy, known)
        return begin(RunStarted(at=1000.0, run="run-1", request=request, policy=policy, facts=known, steps=steps))


def after(run: Run, name: str, **found: Any) -> Run:
    """The run once the step `name` has passed with these findings."""
    started = apply(run, StepStarted(at=1001.0, step=name))
    return apply(started, StepEnded(at=1002.0, step=name, ended=Ended.PASSED, found=found))
