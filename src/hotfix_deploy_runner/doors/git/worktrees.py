"""Checkouts of the repository: the operator's, which are read, and our own, which are made and removed."""

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...errors import GitFailed
from . import records
from .history import History
from .records import Commit, Worktree

# A sparse checkout is the operator's choice for the operator's tree; ours must hold every file.
_WHOLE = ("-c", "core.sparseCheckout=false")
_FORCE_LOCKED = ("--force", "--force")  # twice: also one that git left locked when it was killed while making it


class Worktrees(History):
    """Worktrees, and what is not committed in them."""

    async def checked_out(self, branch: str) -> Path | None:
        """The worktree that has this local branch checked out."""
        return next((tree.path for tree in await self._worktrees() if tree.branch == branch), None)

    async def dirty(self, worktree: Path) -> tuple[str, ...]:
        """Tracked paths with changes that are not committed, staged or not. Untracked files are not among them."""
        return tuple(path for letters, path in await self._status(worktree, "no") if letters != "??")

    async def untracked(self, worktree: Path) -> tuple[str, ...]:
        """Paths that git neither tracks nor ignores; a directory of such is one path that ends in `/`."""
        return tuple(path for letters, path in await self._status(worktree, "normal") if letters == "??")

    async def add_worktree(self, path: Path, commit: Commit) -> None:
        """Have a worktree of `commit` at `path`, on no branch, complete and with no tracked file changed.

        One that is so already is left as it is, one of ours that is not is made again. Raises `GitFailed` when
        something else is there.
        """
        here = _ours(path, await self._worktrees())
        if here is not None:
            if here.head == commit and await self._whole(path):
                return
            await self.remove_worktree(path)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        asked = (*_WHOLE, "worktree", "add", "--detach", "--", str(path.absolute()), commit)
        await self._call.run(*asked, what=f"make a worktree at {path}")

    async def remove_worktree(self, path: Path) -> None:
        """Remove a worktree and everything in it. Nothing to do when there is none.

        Raises `GitFailed` for a directory that is no worktree of this repository, for one that is on a branch (ours
        never are), and for the operator's checkout.
        """
        await self._remove(path, await self._worktrees())

    async def remove_worktrees(self, paths: Iterable[Path]) -> tuple[GitFailed, ...]:
        """As `remove_worktree`, for several of which none hinders another: what failed."""
        listed, failed = await self._worktrees(), []
        for path in paths:
            try:
                await self._remove(path, listed)
            except GitFailed as error:
                failed.append(error)
        return tuple(failed)

    async def _remove(self, path: Path, listed: Sequence[Worktree]) -> None:
        if _ours(path, listed) is None:
            if path.exists():
                raise GitFailed(f"{path} is no worktree of this repository", detail="it was left as it is")
            return
        # Git would have it whole or gone, and one half made or half removed is neither: the files go first.
        await asyncio.to_thread(shutil.rmtree, path.resolve(), ignore_errors=True)
        asked = ("worktree", "remove", *_FORCE_LOCKED, "--", str(path.absolute()))
        await self._call.run(*asked, what=f"remove the worktree {path}")

    async def merge(self, worktree: Path, commit: Commit, message: str) -> Commit:
        """Merge `commit` into the detached HEAD of `worktree` with a merge commit; the new HEAD.

        When HEAD holds it already, that is HEAD as it was. A conflict is undone, and raises `GitFailed` naming the
        paths.
        """
        await self._detached(worktree)
        form = ("--no-ff", "--commit", "--no-edit", "--no-squash", "--no-verify", "--no-log", "--no-autostash")
        trust = ("--no-gpg-sign", "--no-verify-signatures", "--no-rerere-autoupdate", "--cleanup=whitespace")
        asked = (*_WHOLE, "merge", *form, *trust, "-m", message, commit)
        try:
            await self._call.run(*asked, what=f"merge {commit}", cwd=worktree, env=await self._call.identity())
        except GitFailed as error:
            raise await self._undo_merge(worktree, commit, error) from error
        return await self._call.text("rev-parse", "--verify", "HEAD", what="find the merge commit", cwd=worktree)

    async def _undo_merge(self, worktree: Path, commit: Commit, error: GitFailed) -> GitFailed:
        listed = ("diff", "--name-only", "--diff-filter=U", "-z")
        conflicts = records.names(await self._call.text(*listed, what="list conflicts", cwd=worktree))
        if not conflicts:
            return error
        await self._call.run("merge", "--abort", what="undo the merge", cwd=worktree)
        return GitFailed(f"{commit[:12]} does not merge: conflicts in {', '.join(conflicts)}", detail=error.detail)

    async def _detached(self, worktree: Path) -> None:
        asked = ("symbolic-ref", "--quiet", "--short", "HEAD")
        done = await self._call.run(*asked, what="read HEAD", cwd=worktree, accept=frozenset({0, 1}))
        if done.exit_code == 0:
            raise GitFailed(f"{worktree} is on the branch {done.output.strip()}", detail="a merge there would move it")

    async def _status(self, worktree: Path, untracked: str) -> tuple[tuple[str, str], ...]:
        asked = ("status", "--porcelain=v1", "-z", "--no-renames", f"--untracked-files={untracked}")
        text = await self._call.text(*asked, what=f"look for changes in {worktree}", cwd=worktree)
        return tuple(records.status(text))

    async def _whole(self, path: Path) -> bool:
        try:
            return (path / ".git").is_file() and not await self.dirty(path)
        except GitFailed:
            return False

    async def _worktrees(self) -> tuple[Worktree, ...]:
        asked = ("worktree", "list", "--porcelain", "-z")
        try:
            text = await self._call.text(*asked, what="list worktrees")
        except GitFailed:
            if not _mended(await self.common_dir()):
                raise
            text = await self._call.text(*asked, what="list worktrees")
        return records.worktrees(text)


def _ours(path: Path, listed: Sequence[Worktree]) -> Worktree | None:
    """The worktree at `path`, as one that may be removed. Raises `GitFailed` for one that is somebody's."""
    found = next((tree for tree in listed if tree.path == path.resolve()), None)
    if found is not None and (found is listed[0] or found.branch):
        raise GitFailed(f"{path} is somebody's checkout", detail=f"on {found.branch or 'no branch'}")
    return found


def _mended(common_dir: Path) -> bool:
    """Fill in the `commondir` of worktrees whose `git worktree add` was killed while writing it; whether any was.

    Left empty, it makes every later `git worktree` fail. Git writes the same into all (gitrepository-layout(5)).
    """
    empty = [file for file in common_dir.glob("worktrees/*/commondir") if file.stat().st_size == 0]
    for file in empty:
        file.write_text("../..\n")
    return bool(empty)
