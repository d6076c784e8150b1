"""Questions about commits. None of them changes anything but the object store."""

from pathlib import Path

from . import records
from .call import GitCall
from .records import Change, Commit, CommitInfo, MergePreview, Size

_YES_OR_NO = frozenset({0, 1})


class History:
    """What commits there are and how they hang together."""

    def __init__(self, call: GitCall, remote: str) -> None:
        self._call = call
        self._remote = remote

    async def common_dir(self) -> Path:
        """The repository's own directory (`.git`), absolute; the same for all its worktrees."""
        asked = ("rev-parse", "--path-format=absolute", "--git-common-dir")
        return Path(await self._call.text(*asked, what="find the repository"))

    async def toplevel(self) -> Path:
        """The top of the checkout that `repository` lies in. Raises `GitFailed` for a bare repository."""
        return Path(await self._call.text("rev-parse", "--show-toplevel", what="find the top of the checkout"))

    async def is_shallow(self) -> bool:
        """Whether history was cut off when this was cloned: ancestry cannot be trusted then."""
        asked = ("rev-parse", "--is-shallow-repository")
        return await self._call.text(*asked, what="tell whether the clone is shallow") == "true"

    async def resolve(self, ref: str) -> Commit | None:
        """The commit that `ref` (a name, an id, any revision) means; tags are peeled. None when there is none."""
        if ref.startswith("^"):  # to rev-parse that is "not", and no error
            return None
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        done = await self._call.run(*asked, what=f"resolve {ref}", accept=_YES_OR_NO)
        return done.output.strip() if done.exit_code == 0 else None

    async def tree(self, commit: Commit) -> str:
        """The id of the commit's tree: equal trees hold equal files."""
        asked = ("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
        return await self._call.text(*asked, what=f"find the tree of {commit}")

    async def is_ancestor(self, ancestor: Commit, descendant: Commit) -> bool:
        """Whether `descendant` holds `ancestor`. A commit is its own ancestor."""
        asked = ("merge-base", "--is-ancestor", "--", ancestor, descendant)
        done = await self._call.run(*asked, what="compare two commits", accept=_YES_OR_NO)
        return done.exit_code == 0

    async def merge_base(self, one: Commit, other: Commit) -> Commit | None:
        """The best common ancestor; None when the two have no history in common."""
        asked = ("merge-base", "--", one, other)
        done = await self._call.run(*asked, what="find where two commits part", accept=_YES_OR_NO)
        return done.output.strip() or None

    async def commits(self, base: Commit, tip: Commit) -> tuple[CommitInfo, ...]:
        """The commits that `tip` holds and `base` does not, newest first."""
        return await self._log(tip, f"^{base}")

    async def contains_other(self, base: Commit, tip: Commit, other: Commit) -> tuple[CommitInfo, ...]:
        """The commits between `base` and `tip` that `other` holds too: what slipped in from there. Newest first."""
        own = {info.commit for info in await self._log(tip, f"^{base}", f"^{other}")}
        return tuple(info for info in await self.commits(base, tip) if info.commit not in own)

    async def changes(self, base: Commit, commit: Commit) -> tuple[Change, ...]:
        """The paths whose content, mode or existence differs between the two trees."""
        asked = ("diff-tree", "-r", "-z", "--name-status", "--no-renames", "--end-of-options", base, commit, "--")
        return records.changes(await self._call.text(*asked, what="list what changed"))

    async def sizes(self, base: Commit, commit: Commit) -> tuple[Size, ...]:
        """How many lines each path that differs between the two trees has gained and lost."""
        asked = ("diff-tree", "-r", "-z", "--numstat", "--no-renames", "--end-of-options", base, commit, "--")
        return records.sizes(await self._call.text(*asked, what="measure what changed"))

    async def paths(self, commit: Commit, *under: str) -> tuple[str, ...]:
        """The files that `commit` has at or below the paths `under`; of a path that is not there, none."""
        asked = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", commit, "--", *under)
        return records.names(await self._call.text(*asked, what=f"list the files of {commit}"))

    async def content(self, commit: Commit, path: str) -> str:
        """The text of the file `path` as `commit` has it."""
        asked = ("cat-file", "blob", f"{commit}:{path}")
        return await self._call.text(*asked, what=f"read {path}")

    async def diffstat(self, base: Commit, commit: Commit) -> str:
        """`git diff --stat` between the two, for a person; empty when they are the same."""
        asked = ("diff-tree", "-r", "--stat=100", "--no-color", "--end-of-options", base, commit, "--")
        return self._call.redact(await self._call.text(*asked, what="sum up what changed"))

    async def try_merge(self, ours: Commit, theirs: Commit) -> MergePreview:
        """Whether `theirs` would merge into `ours`, tried in the object store only."""
        asked = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--", ours, theirs)
        done = await self._call.run(*asked, what="try the merge", accept=_YES_OR_NO)
        _tree, *conflicts = records.names(done.output)
        return MergePreview(clean=done.exit_code == 0, conflicts=tuple(conflicts))

    async def _log(self, *revisions: str) -> tuple[CommitInfo, ...]:
        form = ("--no-commit-header", "--encoding=UTF-8", f"--format={records.COMMIT_FORMAT}")
        asked = ("rev-list", *form, "--end-of-options", *revisions, "--")
        found = records.commits(await self._call.text(*asked, what="list commits"))
        hidden = self._call.redact
        return tuple(CommitInfo(c.commit, hidden(c.author), c.at, hidden(c.subject)) for c in found)
