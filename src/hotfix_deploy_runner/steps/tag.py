"""Tags: made once, pushed, never moved; and the mark of those that were rolled back."""

import asyncio
import contextlib

from ..core.check import Line, Status
from ..core.instant import Seconds
from ..core.run import Run
from ..core.step import Step
from ..doors.git import Git
from ..errors import GitFailed
from .patience import patiently
from .work import Outcome, Publish, Work, failed, passed, plain_push, warned

ROLLED_BACK = "refs/hotfix/rolled-back/"
"""Under it a ref a rolled-back tag, here and on the remote: everybody sees it, and the tag itself stays."""

BEFORE = "before/"
"""In front of a version: the tag of what ran before it, where that had none."""

MARKS_WITHIN: Seconds = 20.0
"""How long the end of a rollback waits for git; a fetch of a whole repository may take longer elsewhere."""


class Tags:
    """Makes and marks tags, with the run's own facts as trailers."""

    def __init__(self, git: Git, remote: str, push: Publish | None = None) -> None:
        self._git, self._remote = git, remote
        self._push = push or plain_push(git)

    async def tag(self, step: Step, run: Run, work: Work) -> Outcome:
        """An annotated tag on the pinned commit, pushed create-only.

        Whoever has taken the version in the meantime keeps it: a tag is never moved and never used twice.
        """
        name, candidate = step.args["tag"], step.args["candidate"]
        if run.request.offline:
            await self._git.tag(name, run.facts.commit, _message(f"{name}: {run.request.branch}", run))
            return warned(f"Tagged {name} here only", f"once {self._remote} answers: hotfix-deploy-runner reconcile")
        taken = (await patiently(self._git.remote_tags)).get(name)
        if not await self._make(name, run.facts.commit, taken, _message(f"{name}: {run.request.branch}", run)):
            return failed(f"Tag {name} exists already, at {taken[:7] if taken else ''}", "run again: the next is taken")
        found = () if taken is None else (f"found on {self._remote} at {taken[:7]}: not made again",)
        return Outcome() if candidate else passed(f"Tagged {name}", *found)

    async def before(self, step: Step, run: Run, work: Work) -> Outcome:
        """A tag on what runs, which has none of its own: the way back has a name. Made and pushed like any other."""
        name, base = step.args["tag"], run.facts.base
        if run.request.offline:
            await self._git.tag(name, base, _message(f"{name}: what ran before {run.facts.version}", run))
            return warned(f"Tagged what runs here only: {name}")
        taken = (await patiently(self._git.remote_tags)).get(name)
        if not await self._make(name, base, taken, _message(f"{name}: what ran before {run.facts.version}", run)):
            forget = f"git push {self._remote} :refs/tags/{name} && git tag -d {name}"
            seen = taken[:7] if taken else ""
            return failed(f"Tag {name} exists already, at {seen}", f"if it is of no use: {forget}")
        return passed(f"Tagged what runs: {name} ({base[:7]})")

    async def _make(self, name: str, commit: str, taken: str | None, message: str) -> bool:
        """Have the tag `name` on `commit`, here and on the remote. False where it is on another there, `taken`."""
        if taken not in (None, commit):
            return False
        await self._git.tag(name, commit, message)
        if taken is None:
            await self._push_or_forget(name, commit)
        return True

    async def _push_or_forget(self, name: str, commit: str) -> None:
        """A tag that the remote refused, or has at another commit by now, does not stay here either.

        One that is there all the same is pushed: only the answer was lost.
        """
        ref = f"refs/tags/{name}"
        try:
            await self._push([f"{ref}:{ref}"], {ref: ""})
        except GitFailed:
            if (await patiently(self._git.remote_tags)).get(name) == commit:
                return
            await self._git.delete_local_tag(name)
            raise

    async def mark(self, step: Step, run: Run, work: Work) -> Outcome:
        """Mark a tag as rolled back, here and on the remote; say where its fix has been merged already.

        A failure is said, and holds nothing up. A version that runs again after an asked rollback is not marked.
        """
        name = step.args["tag"]
        commit = await self._git.resolve(f"refs/tags/{name}")
        if commit is None or (run.request.action == "rollback" and name == run.facts.version):
            return Outcome()
        marked = await self._mark(name, commit)
        base = run.facts.commit if run.request.action == "rollback" else run.facts.base
        merged = [await self._merged(base, commit, branch) for branch in run.policy.merge_into]
        return Outcome(lines=(marked, *(line for line in merged if line is not None)))

    async def _mark(self, name: str, commit: str) -> Line:
        ref = ROLLED_BACK + name
        text = f"{name} is not marked as rolled back for everybody"
        try:
            await self._git.update_ref(ref, commit, None)
            async with asyncio.timeout(MARKS_WITHIN):
                await self._git.push([f"{ref}:{ref}"])
        except GitFailed as error:
            return Line(Status.WARN, text, tuple(error.detail.splitlines()[-3:]))
        except TimeoutError:
            return Line(Status.WARN, text, (f"{self._remote} does not answer within {MARKS_WITHIN:g} s",))
        # Somebody may have merged the fix; without news, what is known must do.
        with contextlib.suppress(GitFailed, TimeoutError):
            async with asyncio.timeout(MARKS_WITHIN):
                await self._git.fetch()
        return Line(Status.OK, f"{name} marked as rolled back")

    async def _merged(self, base: str, commit: str, branch: str) -> Line | None:
        """A word on a branch that has the fix: the next ordinary release would bring it again."""
        tip = await self._git.resolve(f"refs/remotes/{self._remote}/{branch}")
        if tip is None or not await self._git.is_ancestor(commit, tip):
            return None
        brought = await self._brought(commit, tip)
        what = f"{base[:12]}..{commit[:12]}" if brought == commit else f"-m 1 {brought[:12]}"
        return Line(Status.WARN, f"The fix is on {branch} already", (f"to take it out again: git revert {what}",))

    async def _brought(self, commit: str, tip: str) -> str:
        """The commit on the branch's own line, that of first parents, that brought `commit`: a merge, or itself.

        All of the line from there to `tip` hold `commit` and none before, so that halving finds it.
        """
        holds, lacks = 0, len(await self._git.commits(commit, tip)) + 1
        found = tip
        while lacks - holds > 1:
            middle = (holds + lacks) // 2
            candidate = await self._git.resolve(f"{tip}~{middle}")
            if candidate is not None and await self._git.is_ancestor(commit, candidate):
                holds, found = middle, candidate
            else:
                lacks = middle
        return found


def _message(subject: str, run: Run) -> str:
    request = run.request
    return (
        f"{subject}\n\n"
        f"Hotfix-Base: {run.facts.old.version}\n"
        f"Hotfix-Commit: {run.facts.commit}\n"
        f"Hotfix-Run: {run.id}\n"
        f"Hotfix-Operator: {request.operator}\n"
    )
