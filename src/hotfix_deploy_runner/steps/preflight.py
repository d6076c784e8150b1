"""Before anything is deployed: a clean tree of the pinned commit, its dependencies, and the checks on it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from ..core.check import Candidate, Line, Status
from ..core.instant import Instant, Seconds, spoken
from ..core.run import Run
from ..core.step import Ended, Step
from ..doors.git import Git
from ..doors.install import Installer, Setup
from ..doors.together import together
from ..errors import HotfixError
from ..ports import Check
from .work import Outcome, Work, failed, failure_of


class Trees:
    """Where a run keeps its worktrees and logs: everything under folders of its own, never in the checkout.

    `tree` is for the checks, `base` for what they compare with, `pristine` is only ever packed.
    """

    def __init__(self, trees: Path, runs: Path) -> None:
        self._trees, self._runs = trees, runs

    def tree(self, run: Run) -> Path:
        """The checkout in which the checks run."""
        return self._trees / run.id / "tree"

    def base(self, run: Run) -> Path:
        """The checkout of the base's commit."""
        return self._trees / run.id / "base"

    def pristine(self, run: Run) -> Path:
        """A checkout in which nothing but the build runs."""
        return self._trees / run.id / "pristine"

    def merge(self, run: Run) -> Path:
        """Where the merge back is made."""
        return self._trees / run.id / "merge"

    def all(self, run: Run) -> tuple[Path, ...]:
        """All of them."""
        return (self.tree(run), self.base(run), self.pristine(run), self.merge(run))

    def folder(self, run: Run) -> Path:
        """What holds all of them."""
        return self._trees / run.id

    def logs(self, run: Run) -> Path:
        """The run's logs; kept."""
        return self._runs / run.id / "logs"


class Preflight:
    """The worktrees, the installation, and the checks by name; `budget` is the seconds for all of these together."""

    def __init__(
        self,
        git: Git,
        installer: Installer,
        setup: Setup,
        checks: Mapping[str, Check],
        trees: Trees,
        budget: Seconds = 600.0,
    ) -> None:
        self._git, self._installer, self._setup = git, installer, setup
        self._checks, self._trees, self._budget = checks, trees, budget

    async def worktree(self, step: Step, run: Run, work: Work) -> Outcome:
        """Check the pinned commit out beside the operator's checkout, and the base's; list what lies between."""
        facts = run.facts
        changes, commits, diffstat, _ = await together(
            self._git.changes(facts.base, facts.commit),
            self._git.commits(facts.base, facts.commit),
            self._git.diffstat(facts.base, facts.commit),
            self._check_out(run),
        )
        return Outcome(
            found={
                "changed": [change.path for change in changes],
                "commits": [{"commit": c.commit, "author": c.author, "subject": c.subject} for c in commits],
                "diffstat": diffstat,
            }
        )

    async def again(self, run: Run) -> None:
        """What the process that has left `run` may have taken away: the worktrees, and what is installed in them."""
        if run.passed("worktree"):
            await self._check_out(run)
        if run.passed("install"):
            await self._install(run)

    async def _check_out(self, run: Run) -> None:
        """One after the other: git does not promise to make several worktrees at a time."""
        await self._git.add_worktree(self._trees.tree(run), run.facts.commit)
        await self._git.add_worktree(self._trees.pristine(run), run.facts.commit)
        await self._git.add_worktree(self._trees.base(run), run.facts.base)

    async def _install(self, run: Run) -> Path:
        return await self._installer.install(self._trees.tree(run), self._setup, self._trees.logs(run) / "setup.log")

    async def install(self, step: Step, run: Run, work: Work) -> Outcome:
        """Install the tree's dependencies: the tests and the smoke tests run with them."""
        return Outcome(found={"environment": str(await self._install(run))})

    async def check(self, step: Step, run: Run, work: Work) -> Outcome:
        """One check, by name, within what is left of the time for all. One that is overridden does not fail."""
        name = step.args["check"]
        try:
            async with asyncio.timeout(self._left(run, work.clock())) as limit:
                result = await self._checks[name].check(self._candidate(run))
            outcome = Outcome(lines=result.lines, found=dict(result.found))
        except TimeoutError:
            if not limit.expired():
                raise
            outcome = failed(f"{name}: out of time ({spoken(self._budget).removesuffix(' 00s')})")
        except HotfixError as error:
            if name not in run.request.reasons:
                raise
            outcome = failure_of(error)
        if (reason := run.request.reasons.get(name)) is not None:
            outcome = msgspec.structs.replace(outcome, lines=tuple(_overridden(outcome.lines, run, reason)))
        bad = any(line.status is Status.FAIL for line in outcome.lines)
        return msgspec.structs.replace(outcome, ended=Ended.FAILED if bad else Ended.PASSED)

    def _left(self, run: Run, now: Instant) -> Seconds:
        """What is left of the budget, which is counted from the first check on; of a resumed run, the first since."""
        since = run.resumed or run.started
        starts = [p.started for p in run.steps.values() if p.step.does == "check" and (p.started or 0.0) >= since]
        return max(0.0, min(filter(None, starts), default=now) + self._budget - now)

    async def channels(self, step: Step, run: Run, work: Work) -> Outcome:
        """Say which of the channels that were asked for cannot be told."""
        missing = run.facts.unconfigured.items()
        lines = (Line(Status.SKIP, f"Notifications: {name} is not configured", (how,)) for name, how in missing)
        return Outcome(lines=tuple(lines))

    def _candidate(self, run: Run) -> Candidate:
        facts, logs = run.facts, self._trees.logs(run)
        logs.mkdir(parents=True, exist_ok=True)
        return Candidate(
            branch=run.request.branch,
            commit=facts.commit,
            base=msgspec.structs.replace(facts.old, commit=facts.base),
            tree=str(self._trees.tree(run)),
            base_tree=str(self._trees.base(run)),
            environment=environment_of(run) or str(self._trees.tree(run) / ".hotfix-env"),
            logs=str(logs),
            changed=tuple(run.steps["worktree"].found.get("changed", ())),
            tags=tuple(p.step.args["tag"] for p in run.steps.values() if p.step.does in ("tag", "before")),
            merges=tuple(p.step.args["branch"] for p in run.steps.values() if p.step.does == "merge"),
        )


def _overridden(lines: Iterable[Line], run: Run, reason: str) -> Iterator[Line]:
    """What failed, as a warning that names who wanted it so, and why."""
    for line in lines:
        said = f"{line.text} (overridden by {run.request.operator or 'unknown'}: {reason})"
        yield Line(Status.WARN, said, line.detail) if line.status is Status.FAIL else line


def environment_of(run: Run) -> str:
    """The directory the tree's dependencies were installed in; empty until they are."""
    return str(run.steps["install"].found.get("environment", "")) if "install" in run.steps else ""
