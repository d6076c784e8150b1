"""A real repository with a real remote, for tests: a bare origin and a clone of it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

NO_USER = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


class Repository:
    """`origin` is bare; `clone` is the operator's checkout of it, on `main`, with a name to commit under."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        self.clone = folder / "clone"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """What git says, without its line end; raises when it fails."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.clone,
            env={**os.environ, **NO_USER},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.removesuffix("\n")

    def commit(self, files: Mapping[str, str], message: str = "change", *, cwd: Path | None = None) -> str:
        """Write `files`, commit them on what is checked out, and say which commit that is."""
        where = cwd or self.clone
        for name, text in files.items():
            path = where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all", cwd=where)
        self.git("commit", "--quiet", "--allow-empty", "-m", message, cwd=where)
        return self.head(cwd=where)

    def head(self, ref: str = "HEAD", *, cwd: Path | None = None) -> str:
        """The commit that `ref` means."""
        return self.git("rev-parse", f"{ref}^{{commit}}", cwd=cwd)

    def another_clone(self, name: str) -> Path:
        """A second checkout of the origin, for what somebody else does."""
        self.git("clone", "--quiet", str(self.origin), name, cwd=self.folder)
        path = self.folder / name
        name_committer(self, path)
        return path


def name_committer(repository: Repository, checkout: Path) -> None:
    """Give a checkout a committer, in its own configuration."""
    repository.git("config", "user.name", "Ada", cwd=checkout)
    repository.git("config", "user.email", "ada@example.org", cwd=checkout)


def make_repository(folder: Path) -> Repository:
    """An origin and a clone with one commit on `main`, tagged `v1.0.0` (annotated), both pushed."""
    folder.mkdir(parents=True, exist_ok=True)
    repository = Repository(folder)
    repository.git("init", "--quiet", "--bare", "--initial-branch=main", "origin.git", cwd=folder)
    repository.git("init", "--quiet", "--initial-branch=main", "clone", cwd=folder)
    repository.git("remote", "add", "origin", str(repository.origin))
    name_committer(repository, repository.clone)
    repository.commit({"app.py": "VERSION = 1\n", "README": "read me\n"}, "First")
    repository.git("tag", "--annotate", "-m", "one", "v1.0.0")
    repository.git("push", "--quiet", "--set-upstream", "origin", "main", "v1.0.0")
    return repository
