"""Branches and tags of this repository."""

from collections.abc import Mapping

from ...errors import GitFailed
from . import records
from .records import Commit
from .worktrees import Worktrees

_FOUND_OR_NOT = frozenset({0, 1})


class Refs(Worktrees):
    """Names for commits, here; what is on the remote is in `remotes`."""

    async def valid_branch_name(self, name: str) -> bool:
        """Whether git would take `name` for a new branch. Shorthands such as `@` and `@{-1}` are no names."""
        if "\0" in name or name == "@":
            return False
        asked = ("check-ref-format", "--branch", name)
        done = await self._call.run(*asked, what="check a branch name", accept=frozenset({0, 1, 128, 129}))
        return done.exit_code == 0 and done.output == f"{name}\n"

    async def branch(self, name: str) -> Commit | None:
        """The tip of the local branch of exactly this name."""
        return await self._ref(f"refs/heads/{name}")

    async def tags(self) -> dict[str, Commit]:
        """All local tags, each with the commit it means in the end."""
        done = await self._call.run("show-ref", "--tags", "--dereference", what="list tags", accept=_FOUND_OR_NOT)
        return records.peeled_tags(records.refs(done.output))

    async def local_refs(self, prefix: str) -> dict[str, str]:
        """The refs here that begin with `prefix`, which ends in `/`, each with what it points to."""
        asked = ("for-each-ref", "--format=%(objectname) %(refname)", "--", prefix)
        return records.refs(await self._call.text(*asked, what=f"list {prefix}"))

    async def tags_in(self, commit: Commit) -> tuple[str, ...]:
        """The local tags, by name, on `commit` or on one that it holds."""
        asked = ("for-each-ref", "--format=%(refname:strip=2)", f"--merged={commit}", "--", "refs/tags")
        return tuple((await self._call.text(*asked, what=f"list the tags in {commit}")).splitlines())

    async def tag(self, name: str, commit: Commit, message: str) -> None:
        """Make the annotated tag `name` here. Nothing to do when it is there already and means `commit`.

        Raises `GitFailed` when it means another commit: a version once tagged is never moved.
        """
        existing = (await self.tags()).get(name)
        if existing == commit:
            return
        if existing is not None:
            raise GitFailed(f"the tag {name} exists already", detail=f"it is {existing}, not {commit}")
        asked = ("tag", "--annotate", "--no-sign", "--cleanup=verbatim", f"--message={message}", "--", name, commit)
        await self._call.run(*asked, what=f"make the tag {name}", env=await self._call.identity())

    async def delete_local_tag(self, name: str) -> None:
        """Remove a tag here, and only here. Nothing to do when there is none."""
        await self._call.run("update-ref", "-d", f"refs/tags/{name}", what=f"delete the tag {name}")

    async def update_ref(self, ref: str, commit: Commit, expected: str | None) -> None:
        """Point `ref` (a full name, `refs/…`) at `commit`, if it is at `expected` now.

        `expected` "" means that it must not exist, None that it does not matter. Refuses a branch that is checked
        out: its worktree would show the difference as somebody's changes.
        """
        if not ref.startswith("refs/"):
            raise GitFailed(f"{ref} is not the full name of a ref")
        await self._not_checked_out(ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None)
        values = [commit] if expected is None else [commit, expected]
        await self._call.run("update-ref", "-m", "hotfix-deploy-runner", "--", ref, *values, what=f"update {ref}")

    async def delete_branch(self, name: str, expected: Commit) -> None:
        """Delete a local branch that is still at `expected`. Nothing to do when there is none.

        Raises `GitFailed` when it has moved, or is checked out (and says where).
        """
        if await self.branch(name) is None:
            return
        await self._not_checked_out(name)
        await self._call.run("update-ref", "-d", f"refs/heads/{name}", expected, what=f"delete the branch {name}")
        section = ("config", "--local", "--remove-section", f"branch.{name}")  # as `git branch -d` does
        await self._call.run(*section, what="forget the branch's settings", accept=frozenset({0, 1, 128}))

    async def _not_checked_out(self, branch: str | None) -> None:
        place = None if branch is None else await self.checked_out(branch)
        if place is not None:
            raise GitFailed(f"the branch {branch} is checked out", detail=f"in {place}")

    async def _ref(self, ref: str) -> str | None:
        """The id behind exactly this ref; no revision syntax is understood."""
        asked = ("for-each-ref", "--format=%(objectname) %(refname)", "--", ref)
        found: Mapping[str, str] = records.refs(await self._call.text(*asked, what=f"look for {ref}"))
        return found.get(ref)
