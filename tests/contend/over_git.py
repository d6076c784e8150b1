"""Contenders over a git remote: a plain push with a lease. It stands in for the lock of the runner itself."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.contend.arena import HELD
from tests.contend.contender import Lost
from tests.remotes.transports import Remote

REF = "refs/hotfix/lock/production"
SEEN = "refs/seen"
FREE = "free"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Every repository has it, without its having been written."""

NAMED = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True)
class OverGit:
    """Makes contenders for the remote at `url`, each with a repository of its own in `folder`."""

    url: str
    env: Mapping[str, str]
    folder: Path

    def __call__(self, name: str) -> "GitContender":
        """In its process."""
        return GitContender(self, name)


def over_git(remote: Remote, folder: Path) -> OverGit:
    """For this remote, on which the environment is free then."""
    make = OverGit(remote.url, remote.env, folder)
    first = GitContender(make, "first")
    first.put(FREE, "")
    return make


class GitContender:
    """The lock is a commit on `REF`, whose message is the holder."""

    def __init__(self, place: OverGit, name: str) -> None:
        self._place = place
        self._name = name
        self._held = ""
        self._folder = place.folder / name
        place.folder.mkdir(exist_ok=True)
        subprocess.run(["git", "init", "--quiet", "--bare", str(self._folder)], check=True)

    def acquire(self) -> Lost | None:
        """Take it from what was seen."""
        seen, holder = self._look()
        if holder == FREE:
            self._held = self.put(self._name, seen)
            if self._held:
                return None
            _, holder = self._look()
        return Lost(f"production is held by {holder}", HELD)

    def release(self) -> None:
        """Put a commit there that says so."""
        if not self.put(FREE, self._held):
            raise RuntimeError("what was won is somebody else's")

    def put(self, holder: str, seen: str) -> str:
        """A new lock in the place of `seen`; its commit, or nothing when it was something else."""
        commit = self._git("commit-tree", "-m", holder, *(("-p", seen) if seen else ()), EMPTY_TREE).stdout.strip()
        lease = f"--force-with-lease={REF}:{seen}"
        pushed = self._git("push", "--quiet", lease, self._place.url, f"{commit}:{REF}", check=False)
        if pushed.returncode and not any(word in pushed.stderr for word in ("rejected", "failed to push")):
            raise RuntimeError(pushed.stderr)
        return "" if pushed.returncode else commit

    def _look(self) -> tuple[str, str]:
        self._git("fetch", "--quiet", self._place.url, f"+{REF}:{SEEN}")
        commit, _, holder = self._git("log", "-1", "--format=%H %s", SEEN).stdout.strip().partition(" ")
        return commit, holder

    def _git(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, **NAMED, **self._place.env}
        command = ["git", "--git-dir", str(self._folder), *arguments]
        return subprocess.run(command, env=env, check=check, capture_output=True, text=True, timeout=60)
