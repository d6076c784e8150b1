"""Runs of the past, written into a real journal as they would stand there."""

import itertools
from pathlib import Path
from typing import Any

from hotfix_deploy_runner.core.ending import Ending, ExitCode
from hotfix_deploy_runner.core.events import AnyEvent, RunEnded, RunStarted, StepEnded, StepStarted
from hotfix_deploy_runner.core.facts import Action, Facts, Found, Request
from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.plan import plan
from hotfix_deploy_runner.core.policy import Policy
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.journal.sqlite import SqliteStore


def digest(version: str) -> str:
    """The artifact's digest that a version has in these runs."""
    return f"sha256:of-{version}"


class Past:
    """A journal in `folder`; each `run` is later than the one before, and is called `run-1`, `run-2`, …"""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = SqliteStore(folder / "journal.db")
        self._numbers = itertools.count(1)

    def run(
        self,
        old: str,
        version: str,
        code: ExitCode | None = ExitCode.DONE,
        *,
        action: Action = "deploy",
        target: str = "production",
        touched: bool = True,
        policy: Policy | None = None,
        **ending: Any,
    ) -> str:
        """A run that brought `version` where `old` ran, and ended with `code`; None: it never ended. Its id."""
        number = next(self._numbers)
        name, at = f"run-{number}", 1000.0 * number
        facts = Facts(
            old=Revision(old, "", digest(old)),
            old_from="tag",
            base="",
            commit="",
            version=version,
            candidate=f"{version}-rc.1",
            environments={"staging": (Found("web", "process", Fleet()),), target: (Found("web", "process", _fleet()),)},
        )
        request = Request(action, target, branch="hotfix/x", version=version)
        policy = policy or Policy()
        steps = plan(request, policy, facts)
        made = "artifact" if action == "rollback" else "build"
        shifts = next(step.id for step in steps if step.does in ("turn", "batch")) if target != "staging" else made
        events: list[AnyEvent] = [
            RunStarted(at=at, run=name, request=request, policy=policy, facts=facts, steps=steps),
            StepStarted(at=at, step=made),
            StepEnded(at=at, step=made, ended=Ended.PASSED, found={"artifact": digest(version)}),
        ]
        events += [StepStarted(at=at, step=shifts)] if touched else []
        if code is not None:
            events.append(RunEnded(at=at + 1, ending=Ending(code, "It ended.", "", **ending)))
        self.store.append(name, 0, events)
        return name


def _fleet() -> Fleet:
    return Fleet((Instance("web-1", "1", Revision("v1.0.0"), State.READY),))
