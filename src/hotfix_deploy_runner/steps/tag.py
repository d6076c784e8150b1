"""Tags: made once, pushed, never moved; and the mark of those that were rolled back."""

from ..core.check import Line, Status
from ..core.run import Run
from ..core.step import Step
from ..doors.git import Git
from ..errors import GitFailed
from .work import Outcome, Work, failed, passed, warned

ROLLED_BACK = "refs/hotfix/rolled-back/"
"""Under it a ref a rolled-back tag, here and on the remote: everybody sees it, and the tag itself stays."""


class Tags:
    """Makes and marks tags, with the run's own facts as trailers."""

    def __init__(self, git: Git, remote: str) -> None:
        self._git, self._remote = git, remote

    async def tag(self, step: Step, run: Run, work: Work) -> Outcome:
        """An annotated tag on the pinned commit, pushed create-only.

        Whoever has taken the version in the meantime keeps it: a tag is never moved and never used twice.
        """
        name, candidate = step.args["tag"], step.args["candidate"]
        taken = (await self._git.remote_tags()).get(name)
        if taken not in (None, run.facts.commit):
            return failed(f"Tag {name} exists already, at {taken[:7] if taken else ''}", "run again: the next is taken")
        await self._git.tag(name, run.facts.commit, _message(name, run))
        ref = f"refs/tags/{name}"
        if taken is None:
            await self._push_or_forget(name, ref)
        return Outcome() if candidate else passed(f"Tagged {name}")

    async def _push_or_forget(self, name: str, ref: str) -> None:
        """A tag that the remote refused does not stay here either: the next run may use the version."""
        try:
            await self._git.push([f"{ref}:{ref}"], leases={ref: ""})
        except GitFailed:
            if name not in await self._git.remote_tags():
                await self._git.delete_local_tag(name)
            raise

    async def mark(self, step: Step, run: Run, work: Work) -> Outcome:
        """Mark a tag as rolled back, here and on the remote; say where its fix has been merged already.

        A failure is said, and holds nothing up.
        """
        name = step.args["tag"]
        commit = await self._git.resolve(f"refs/tags/{name}")
        if commit is None:
            return Outcome()
        ref = ROLLED_BACK + name
        try:
            await self._git.update_ref(ref, commit, None)
            await self._git.push([f"{ref}:{ref}"])
        except GitFailed as error:
            return warned(f"{name} is not marked as rolled back for everybody", *error.detail.splitlines()[-3:])
        marked = Line(Status.OK, f"{name} marked as rolled back")
        merged = [await self._merged(name, commit, branch) for branch in run.policy.merge_into]
        return Outcome(lines=(marked, *(line for line in merged if line is not None)))

    async def _merged(self, name: str, commit: str, branch: str) -> Line | None:
        """A word on a branch that has the fix: the next ordinary release would bring it again."""
        tip = await self._git.resolve(f"refs/remotes/{self._remote}/{branch}")
        if tip is None or not await self._git.is_ancestor(commit, tip):
            return None
        merges = [
            c.commit for c in await self._git.commits(commit, tip) if c.subject.startswith(f"Merge hotfix {name} ")
        ]
        how = f"git revert -m 1 {merges[0][:12]}" if merges else f"git revert {commit[:12]}"
        return Line(Status.WARN, f"The fix is on {branch} already", (f"to take it out again: {how}",))


def _message(name: str, run: Run) -> str:
    request = run.request
    return (
        f"{name}: {request.branch}\n\n"
        f"Hotfix-Base: {run.facts.old.version}\n"
        f"Hotfix-Commit: {run.facts.commit}\n"
        f"Hotfix-Run: {run.id}\n"
        f"Hotfix-Operator: {request.operator}\n"
    )
