"""The check `branch`: it is pushed, clean, cut from the base, and holds nothing else from main.

It asks the repository and its remote; it fetches nothing and changes nothing. What main holds is read from what
was fetched last.
"""

import asyncio
import shlex

from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.phrases import at_most, counted
from ..doors.git import Git
from ..errors import GitFailed
from ..ports import Commit, Settings, Workplace
from ..settings import Table, read_table, reads
from .branch_content import Content

_SHOWN = 10


class BranchSettings(Table):
    """`[checks.branch]`."""

    main: str = Field(
        "main", description="The branch that the fix must not bring along; set from the first of `merge.into`."
    )


class BranchCheck:
    """Passes when nothing is wrong with the branch; every problem is told at once, a line each."""

    def __init__(self, settings: BranchSettings, git: Git, remote: str) -> None:
        self._git = git
        self._remote = remote
        self._content = Content(git, remote, settings.main)

    async def check(self, candidate: Candidate) -> CheckResult:
        """`found` has the tips, `local` and `remote`. Raises `GitFailed` when the repository cannot be read."""
        local = await self._git.branch(candidate.branch)
        try:
            remote, lines = await self._git.remote_branch(candidate.branch), []
        except GitFailed as error:
            remote, lines = local, [self._unreachable(error)]
        found: dict[str, object] = {"local": local, "remote": None if lines else remote}
        if local is None and remote is None:
            return CheckResult((self._absent(candidate.branch), *lines), found)
        lines += await self._published(candidate, local, remote)
        lines += await self._committed(candidate.branch)
        lines += await self._content.lines(candidate)
        if all(line.status is not Status.FAIL for line in lines):
            lines.insert(0, Line(Status.OK, "Branch exists and is clean"))
        return CheckResult(tuple(lines), found)

    def _unreachable(self, error: GitFailed) -> Line:
        detail = (error.message, *error.detail.splitlines()[-3:])
        return Line(Status.FAIL, f"Branch could not be compared with {self._remote}", detail)

    def _absent(self, branch: str) -> Line:
        like = shlex.quote(f"*{branch.rpartition('/')[2]}*")
        look = f"git branch --all --list {like} shows branches of a like name"
        return Line(Status.FAIL, f"Branch {branch} does not exist, neither here nor on {self._remote}", (look,))

    async def _published(self, candidate: Candidate, local: Commit | None, remote: Commit | None) -> list[Line]:
        """The pinned commit has to be on the remote. What the branch does after it was pinned is said, not blocked."""
        lines, tip = [], local or remote
        if tip is not None and tip != candidate.commit:
            what = f"this run deploys {candidate.commit[:12]}; what came later needs a run of its own"
            lines.append(Line(Status.WARN, f"Branch has moved since it was pinned, to {tip[:12]}", (what,)))
        if remote is None:
            push = self._command("push", candidate.branch)
            lines.append(Line(Status.FAIL, f"Branch is not pushed to {self._remote}", (push,)))
        elif local is not None and remote not in (local, candidate.commit):
            lines.append(await self._difference(candidate.branch, local, remote))
        return lines

    async def _difference(self, branch: str, local: Commit, remote: Commit) -> Line:
        git, there = self._git, f"{self._remote}/{branch}"
        if await git.resolve(remote) is None:
            return Line(Status.FAIL, f"Branch lacks commits of {there}", (self._command("fetch", branch),))
        ahead, behind = len(await git.commits(remote, local)), len(await git.commits(local, remote))
        if not behind:
            push = self._command("push", branch)
            return Line(Status.FAIL, f"Branch is {counted(ahead, 'commit')} ahead of {there}", (push,))
        if not ahead:
            pull = self._command("pull --ff-only", branch)
            return Line(Status.FAIL, f"Branch is {counted(behind, 'commit')} behind {there}", (pull,))
        fix = (
            "decide which one is right, or pick the fix onto a fresh branch: hotfix-deploy-runner start NAME --pick SHA"
        )
        return Line(Status.FAIL, f"Branch has diverged from {there}: {ahead} here, {behind} there", (fix,))

    def _command(self, what: str, branch: str) -> str:
        """For a shell: git takes `hotfix/$(reboot)` for a branch."""
        return f"git {what} {shlex.quote(self._remote)} {shlex.quote(branch)}"

    async def _committed(self, branch: str) -> list[Line]:
        """What is not committed where the branch is checked out, if it is, and that place still exists."""
        place = await self._git.checked_out(branch)
        if place is None or not await asyncio.to_thread(place.is_dir):
            return []
        lines = []
        if dirty := await self._git.dirty(place):
            fix = f"commit and push them, or put them aside: git -C {shlex.quote(str(place))} stash"
            lines.append(Line(Status.FAIL, f"Branch has uncommitted changes in {place}", (*_some(dirty), fix)))
        if untracked := await self._git.untracked(place):
            lines.append(Line(Status.WARN, f"Branch has untracked files in {place}", _some(untracked)))
        return lines


def _some(paths: tuple[str, ...]) -> tuple[str, ...]:
    return at_most(_SHOWN, paths)


@reads(BranchSettings)
def make_check(settings: Settings, workplace: Workplace) -> BranchCheck:
    """The check from its table, `[checks.branch]`. Raises `UsageError`."""
    table = read_table(BranchSettings, settings, "checks.branch")
    git = Git.of(workplace)
    return BranchCheck(table, git, workplace.remote)
