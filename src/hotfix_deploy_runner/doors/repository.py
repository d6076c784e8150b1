"""Where we are: the repository around a folder. Synchronous and quick, for commands that need nothing else of git."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError


class Repository(NamedTuple):
    """`top` is the operator's checkout, `common` the git directory that all its worktrees share."""

    top: Path
    common: Path

    @property
    def home(self) -> Path:
        """Where everything of ours is kept: journal, locks, artifacts, documents."""
        return self.common / "hotfix"

    @property
    def trees(self) -> Path:
        """Where worktrees are made: in the user's cache, not in `.git`, where Jest, for one, finds no test at all.

        In `home` all the same where that cache cannot be written.
        """
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
        there = next(folder for folder in (cache, *cache.parents) if folder.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            return self.home / "trees"
        import hashlib  # it brings OpenSSL along, and most commands make no worktree

        return cache / "hotfix-deploy-runner" / hashlib.sha256(os.fsencode(self.common)).hexdigest()[:16]


def find_repository(folder: Path) -> Repository:
    """The repository that `folder` is in. Raises `UsageError` outside of one, or without git."""
    asked = ["git", "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir"]
    try:
        done = subprocess.run(
            asked,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("git cannot be run", detail=str(error)) from error
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 2:
        raise UsageError(f"{folder} is not in a git checkout", detail=done.stderr.strip())
    return Repository(Path(lines[0]), Path(lines[1]))
