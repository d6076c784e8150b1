"""What the pinned commit holds, compared with the base and with main."""

from ..core.check import Candidate, Line, Status
from ..doors.git import CommitInfo, Git
from ..ports import Commit

_SHOWN = 10
_FRESH = "pick the fix onto a fresh branch from {base}: hotfix-deploy-runner start NAME --pick SHA"


class Content:
    """Judges a commit by its ancestry: from the base, nothing else from main, and it merges back."""

    def __init__(self, git: Git, remote: str, main: str) -> None:
        self._git = git
        self._remote = remote
        self._main = main

    async def lines(self, candidate: Candidate) -> list[Line]:
        """What is wrong or worth knowing. Raises `GitFailed` when the pinned commit is not here."""
        main = await self._main_tip()
        return [*await self._against_base(candidate, main), *await self._against_main(candidate, main)]

    async def _main_tip(self) -> Commit | None:
        """The remote's main as last fetched: the local one may be weeks old."""
        fetched = await self._git.resolve(f"refs/remotes/{self._remote}/{self._main}")
        return fetched or await self._git.branch(self._main)

    async def _against_base(self, candidate: Candidate, main: Commit | None) -> list[Line]:
        base = candidate.base
        if not base.commit:
            name = "the commit it was built from is not known; name it with --base"
            return [Line(Status.FAIL, f"Branch cannot be compared with {base.version}", (name,))]
        lines = []
        if not await self._git.is_ancestor(base.commit, candidate.commit):
            lines.append(Line(Status.FAIL, f"Branch is not cut from {base.version}", await self._way_out(base.version)))
        elif base.commit == candidate.commit:
            lines.append(Line(Status.WARN, f"Branch holds nothing that {base.version} does not have"))
        others = await self._git.contains_other(base.commit, candidate.commit, main) if main else ()
        return [*lines, self._slipped_in(others, base.version)] if others else lines

    async def _way_out(self, base: str) -> tuple[str, ...]:
        if await self._git.is_shallow():
            return ("this clone is shallow, so that ancestry cannot be seen: git fetch --unshallow",)
        return (_FRESH.format(base=base),)

    def _slipped_in(self, others: tuple[CommitInfo, ...], base: str) -> Line:
        listed = [f"{info.commit[:12]} {info.subject}" for info in others[:_SHOWN]]
        if len(others) > _SHOWN:
            listed.append(f"and {len(others) - _SHOWN} more")
        text = f"Branch holds {len(others)} commit{'' if len(others) == 1 else 's'} of {self._main} that {base} lacks"
        return Line(Status.FAIL, text, (*listed, _FRESH.format(base=base)))

    async def _against_main(self, candidate: Candidate, main: Commit | None) -> list[Line]:
        if main is None:
            key = "name the branch that fixes are merged back to: checks.branch.main"
            return [Line(Status.WARN, f"There is no branch {self._main} to compare with", (key,))]
        if await self._git.merge_base(main, candidate.commit) is None:
            return [Line(Status.WARN, f"Branch has no history in common with {self._main}: it cannot be merged back")]
        merged = await self._git.try_merge(main, candidate.commit)
        if merged.clean:
            return []
        text = f"Branch will not merge back into {self._main} without conflict"
        return [Line(Status.WARN, text, merged.conflicts[:_SHOWN])]
