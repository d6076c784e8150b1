"""Contenders for the very lock that runs take: the rules, over the git remote or over PostgreSQL."""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.contend.contender import Lost

from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.git.objects import Objects
from hotfix_deploy_runner.doors.postgres.database import Database
from hotfix_deploy_runner.doors.process_mark import mark
from hotfix_deploy_runner.errors import LockHeld
from hotfix_deploy_runner.shared.commons import Change, Commons
from hotfix_deploy_runner.shared.git_remote import GitCommons
from hotfix_deploy_runner.shared.locks import Hold, SharedLocks, fresh
from hotfix_deploy_runner.shared.place import parse
from hotfix_deploy_runner.shared.postgres.commons import PostgresCommons
from hotfix_deploy_runner.shared.sightings import Sightings

PLACE = "production"


@dataclass(frozen=True)
class OverGit:
    """Makes contenders for the remote at `url`, each with a clone of its own in `folder`."""

    url: str
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> "CommonsContender":
        """In its process."""
        os.environ.update(self.env)
        clone = self.folder / name
        for asked in (["init", "--quiet", str(clone)], ["-C", str(clone), "remote", "add", "origin", self.url]):
            subprocess.run(["git", *asked], check=True)
        return CommonsContender(GitCommons(Objects(clone, Commands(str), timeout=60.0), "origin"), name, clone)


@dataclass(frozen=True)
class OverPostgres:
    """Makes contenders for the database at `url`."""

    url: str
    folder: Path

    def __call__(self, name: str) -> "CommonsContender":
        """In its process."""
        database = parse(self.url)
        assert isinstance(database, Database)
        return CommonsContender(PostgresCommons(database), name, self.folder / name)


class CommonsContender:
    """A run that wants `PLACE`, in a process of its own."""

    def __init__(self, commons: Commons, name: str, folder: Path) -> None:
        self._commons, self._name = commons, name
        self._locks = SharedLocks(commons, mark(os.getpid()), Sightings(folder / "sightings.json"))
        self._runner = asyncio.Runner()
        self._hold: Hold | None = None

    def acquire(self) -> Lost | None:
        """Take it, or be told who has it."""
        try:
            self._hold = self._runner.run(self._locks.take([PLACE], self._name, self._name))
        except LockHeld as error:
            return Lost(f"{error.message}: {error.detail}", error.exit_code)
        return None

    def release(self) -> None:
        """Free it, as a run does at its end."""
        assert self._hold is not None
        record = fresh(self._hold.locks[PLACE]._replace(state="free"))
        self._runner.run(self._commons.change(Change(self._hold.tokens, {PLACE: record})))
