"""What git answers, as values; and how its output is read. Nothing here runs anything."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

Commit = str
"""A full commit id, 40 hex (64 in a SHA-256 repository)."""

COMMIT_FORMAT = "%H%x00%an%x00%at%x00%s"
"""git's pretty-format for `CommitInfo`, one commit a line."""


class CommitInfo(msgspec.Struct, frozen=True):
    """One commit. `at` is the author's date in seconds since 1970-01-01 UTC; `subject` the message's first line."""

    commit: Commit
    author: str
    at: float
    subject: str


class Change(msgspec.Struct, frozen=True):
    """One changed path, relative to the tree. `status` is git's letter: A, M, D or T; a rename is a D and an A."""

    status: str
    path: str


class Size(msgspec.Struct, frozen=True):
    """How much of one path changed, in lines; a binary file counts none."""

    path: str
    added: int = 0
    deleted: int = 0


class MergePreview(msgspec.Struct, frozen=True):
    """Whether two commits merge without help; `conflicts` are the paths where they do not."""

    clean: bool
    conflicts: tuple[str, ...] = ()


class Worktree(msgspec.Struct, frozen=True):
    """A worktree of the repository. `branch` is empty when its HEAD is detached."""

    path: Path
    head: Commit = ""
    branch: str = ""


class Rejection(msgspec.Struct, frozen=True):
    """A ref that a push did not update, and why, in git's words."""

    ref: str
    why: str


def commits(text: str) -> tuple[CommitInfo, ...]:
    """The lines that `COMMIT_FORMAT` wrote."""
    rows = (line.split("\0", 3) for line in text.split("\n") if line)
    return tuple(CommitInfo(commit, author, float(at), subject) for commit, author, at, subject in rows)


def changes(text: str) -> tuple[Change, ...]:
    """What `diff-tree -z --name-status --no-renames` wrote: letter and path in turn."""
    fields = names(text)
    return tuple(Change(status, path) for status, path in zip(fields[::2], fields[1::2], strict=True))


def sizes(text: str) -> tuple[Size, ...]:
    """What `diff-tree -z --numstat --no-renames` wrote: `added TAB deleted TAB path`; `-` of a binary file."""
    rows = (field.split("\t", 2) for field in names(text))
    return tuple(Size(path, *(int(n) if n.isdigit() else 0 for n in (added, deleted))) for added, deleted, path in rows)


def names(text: str) -> tuple[str, ...]:
    """The parts of a text that ends each with a NUL."""
    return tuple(text.split("\0")[:-1])


def refs(text: str) -> dict[str, str]:
    """`<id> <ref>` lines, as `show-ref` (a space) and `ls-remote` (a tab) write them, as ref to id."""
    rows = (line.split(None, 1) for line in text.split("\n") if line)
    return {ref: commit for commit, ref in rows}


def peeled_tags(found: dict[str, str]) -> dict[str, Commit]:
    """Tag names to what they point at, from refs: an annotated tag's `^{}` line stands for the tag itself."""
    plain = {ref: commit for ref, commit in found.items() if ref.startswith("refs/tags/") and not ref.endswith("^{}")}
    return {ref.removeprefix("refs/tags/"): found.get(f"{ref}^{{}}", commit) for ref, commit in plain.items()}


def worktrees(text: str) -> tuple[Worktree, ...]:
    """What `worktree list --porcelain -z` wrote: records of `key value` lines, an empty line after each."""
    return tuple(_worktree(record) for record in text.split("\0\0") if record)


def _worktree(record: str) -> Worktree:
    found = dict(line.partition(" ")[::2] for line in record.split("\0") if line)
    branch = found.get("branch", "").removeprefix("refs/heads/")
    return Worktree(Path(found["worktree"]), found.get("HEAD", ""), branch)


def status(text: str) -> Iterator[tuple[str, str]]:
    """What `status --porcelain=v1 -z --no-renames` wrote: the two letters and the path of each entry."""
    for entry in names(text):
        yield entry[:2], entry[3:]


def rejections(text: str) -> tuple[Rejection, ...]:
    """The refs that `push --porcelain` marks with `!`. Those refused only because another one was, come last."""
    rows = (line.split("\t") for line in text.split("\n") if line.startswith("!\t"))
    found = [Rejection(pair.rpartition(":")[2], why) for _, pair, why in rows]
    return tuple(sorted(found, key=lambda rejection: "atomic push failed" in rejection.why))
