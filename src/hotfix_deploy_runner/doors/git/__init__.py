"""The door to git: the git program itself, one method an operation.

`Git` is the whole of it. What it is made of: `call` runs one git command, `records` are the answers' shapes and how
git's output is read; `history`, `worktrees`, `refs` and `remotes` are the operations, each built on the one before.
"""

from pathlib import Path
from typing import Self

from ...core.instant import Seconds
from ...ports import Workplace
from ..command import Commands
from .call import GitCall
from .records import Change, Commit, CommitInfo, MergePreview, Size
from .remotes import Remotes

__all__ = ["Change", "Commit", "CommitInfo", "Git", "MergePreview", "Size"]


class Git(Remotes):
    """Git in one repository. The operator's files, index and HEAD are never changed; refs and worktrees of ours are.

    Needs git 2.38 or newer (`merge-tree --write-tree`). Every method raises `GitFailed` when git refuses, cannot be
    started, or takes longer than `timeout` seconds.
    """

    def __init__(
        self, repository: Path, commands: Commands, *, remote: str = "origin", timeout: Seconds = 120.0
    ) -> None:
        super().__init__(GitCall(repository, commands, timeout), remote)

    @classmethod
    def of(cls, workplace: Workplace) -> Self:
        """Git for a plug-in: in the operator's repository, with the configured remote and time limit."""
        commands = Commands(workplace.redact, children=workplace.children)
        return cls(workplace.repository, commands, remote=workplace.remote, timeout=workplace.remote_timeout)
