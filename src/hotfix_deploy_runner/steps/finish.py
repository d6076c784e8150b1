"""After it is live: the fix goes back to main, the branch goes away, the incident is written down."""

import asyncio
import shlex
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..core.check import Line, Status
from ..core.instant import Seconds
from ..core.run import Run
from ..core.step import Ended, Step
from ..doors.git import Git
from ..errors import GitFailed, GitRefused, Unreachable
from .patience import PATIENCE, patiently
from .preflight import Trees
from .work import Outcome, Publish, Work, failed, passed, plain_push, warned

ATTEMPTS = 3
PAUSE: Seconds = 1.0
WriteDocument = Callable[[Run], Path]
"""Writes the incident document of a run from its journal; returns where it is."""


class Finish:
    """Git work and paper work; production is not touched by any of it."""

    def __init__(
        self, git: Git, trees: Trees, write_document: WriteDocument, remote: str, push: Publish | None = None
    ) -> None:
        self._git, self._trees, self._write, self._remote = git, trees, write_document, remote
        self._push = push or plain_push(git)

    async def merge(self, step: Step, run: Run, work: Work) -> Outcome:
        """Merge the pinned commit into a branch of the remote, with a merge commit, in a worktree.

        Main may move while we merge, or the network be away: then it is looked at and merged anew, a few times. A
        conflict is a human's work, and so is a branch that nobody may push to.
        """
        branch, begun = step.args["branch"], work.clock()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._merge(branch, run)
            except (GitFailed, Unreachable) as error:
                refused = isinstance(error, GitRefused)
                if attempt == ATTEMPTS or work.clock() - begun > PATIENCE:
                    how = "was refused" if refused else "did not go through"
                    return self._by_hand(f"{how}: {error.message}", branch, run, *error.detail.splitlines()[-3:])
                # What was refused may be merged anew at once; a network that is away needs a moment.
                await asyncio.sleep(0 if refused else PAUSE * attempt)
        raise AssertionError("unreachable")

    async def _merge(self, branch: str, run: Run) -> Outcome:
        await self._git.fetch()
        tip = await self._git.resolve(f"refs/remotes/{self._remote}/{branch}")
        if tip is None:
            return failed(f"Merge back: {self._remote} has no branch {branch}", "[merge] into names it")
        if await self._git.is_ancestor(run.facts.commit, tip):
            return passed(f"{branch} contains the fix already", merge=tip)
        preview = await self._git.try_merge(tip, run.facts.commit)
        if not preview.clean:
            return self._by_hand(f"conflicts in {', '.join(preview.conflicts)}", branch, run)
        merge = await self._merge_and_push(branch, tip, run)
        return passed(f"Merged back to {branch} ({merge[:7]})", merge=merge)

    async def _merge_and_push(self, branch: str, tip: str, run: Run) -> str:
        tree = self._trees.merge(run)
        await self._git.remove_worktree(tree)
        await self._git.add_worktree(tree, tip)
        message = f"Merge hotfix {run.facts.version} into {branch}\n\nHotfix-Run: {run.id}\n"
        merge = await self._git.merge(tree, run.facts.commit, message)
        ref = f"refs/heads/{branch}"
        await self._push([f"{merge}:{ref}"], {ref: tip})
        return merge

    def _by_hand(self, why: str, branch: str, run: Run, *seen: str) -> Outcome:
        """What a human has to do: a command a line, between the lines that say what no command can do."""
        version, remote = run.facts.version, self._remote
        mine = f"merge-{version}-into-{branch}"
        return failed(
            f"Merge back to {branch} {why}",
            *seen,
            f"git fetch {remote} && git switch --no-track -c {mine} {remote}/{branch}",
            f"git merge --no-ff {version}",
            "where it conflicts: resolve, git add, git commit",
            f"git push {remote} HEAD:{branch}",
            f"where {branch} is protected: git push {remote} {mine}, and open a pull request",
        )

    async def delete_branch(self, step: Step, run: Run, work: Work) -> Outcome:
        """Delete the branch, here and on the remote, now that the remote's main contains it.

        One that has moved on since it was pinned is kept, and so is one here that is checked out: both are said.
        """
        branch, commit = run.request.branch, run.facts.commit
        gone: list[str] = []
        kept = ""
        if (tip := await patiently(lambda: self._git.remote_branch(branch))) is not None:
            if tip != commit:
                return warned(f"Branch {branch} kept: it has moved on to {tip[:7]} on {self._remote}")
            await self._delete(branch, commit)
            gone.append(f"on {self._remote}")
        if (tip := await self._git.branch(branch)) is not None:
            place = await self._git.checked_out(branch)
            if place is not None:
                kept = f"it is checked out in {place}: {self._leave(branch, place, run)}"
            elif tip != commit:
                kept = f"it has moved on to {tip[:7]}"
            else:
                await self._git.delete_branch(branch, commit)
                gone.insert(0, "here")
        lines: list[Line] = []
        if gone or not kept:
            lines.append(Line(Status.OK, f"Deleted branch {branch} ({' and '.join(gone) or 'it was gone'})"))
        if kept:
            lines.append(Line(Status.WARN, f"Branch {branch} kept here", (kept,)))
        return Outcome(lines=tuple(lines))

    async def _delete(self, branch: str, commit: str) -> None:
        """Delete it on the remote. One that is gone was deleted: only the answer was lost."""
        ref = f"refs/heads/{branch}"
        try:
            await self._push([f":{ref}"], {ref: commit})
        except GitFailed:
            if await patiently(lambda: self._git.remote_branch(branch)) is not None:
                raise

    def _leave(self, branch: str, place: Path, run: Run) -> str:
        """The command that deletes a branch that is checked out in `place`."""
        git, main = f"git -C {shlex.quote(str(place))}", run.policy.merge_into[0]
        return f"{git} switch {shlex.quote(main)} && {git} branch -D {shlex.quote(branch)}"

    async def cleanup(self, step: Step, run: Run, work: Work) -> Outcome:
        """Remove the run's worktrees. What cannot be removed is said and left."""
        try:
            left = await self._git.remove_worktrees(self._trees.all(run))
        except GitFailed as error:
            left = (error,)
        if left:
            return warned("Worktrees left behind", *(error.message for error in left))
        await asyncio.to_thread(_clear, self._trees.folder(run))
        return Outcome()

    async def document(self, step: Step, run: Run, work: Work) -> Outcome:
        """Write the incident document."""
        try:
            path = await asyncio.to_thread(self._write, run)
        except OSError as error:
            return Outcome(Ended.FAILED, (Line(Status.WARN, f"Incident document not written: {error}"),))
        return passed(f"Incident document: {path}", path=str(path))


def _clear(folder: Path) -> None:
    """Remove a run's folder, and the one around it when it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()
