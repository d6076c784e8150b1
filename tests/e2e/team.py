"""A team: one remote, one production, and an engineer in each of several clones."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.town import Town
from tests.e2e.place import Command

TTL = 6.0
"""Seconds that a holder may be silent here; a third more, and it is taken over."""


class Team(Town):
    """A town with clones by name. What a command prints goes to files, so that it can be read while it runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clones: dict[str, Path] = {}
        self.started: list[Command] = []

    def __exit__(self, *problem: object) -> None:
        for command in self.started:
            if command.process.poll() is None:
                command.process.kill()
                command.process.wait(10)
        super().__exit__(*problem)

    def clone(self, name: str) -> Path:
        """An engineer's own clone."""
        if name not in self.clones:
            self.clones[name] = self.repository.another_clone(name)
        return self.clones[name]

    def lose(self, name: str) -> None:
        """The clone is gone, with all that was kept in it."""
        shutil.rmtree(self.clones.pop(name))

    def start(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Command:
        """The command, at work in the clone of `name`."""
        where, number = self.clone(name), len(self.started)
        out, err = (self.folder / f"{name}-{number}.{stream}" for stream in ("out", "err"))
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(
                [sys.executable, "-m", "hotfix_deploy_runner", *arguments],
                cwd=where,
                env={**self._environment(), "HOTFIX_OPERATOR": name, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
                process_group=0,
            )
        self.started.append(Command(process, out, err))
        return self.started[-1]

    def ended(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Command:
        """The command, to its end."""
        command = self.start(name, *arguments, env=env)
        command.end(90)
        return command

    def deploy(self, name: str, branch: str, *more: str, env: Mapping[str, str] | None = None) -> Command:
        """Have the engineer deploy a hotfix, and go on."""
        return self.start(name, "--branch", f"hotfix/{branch}", "--target", "production", "--yes", *more, env=env)

    def cut_the_remote(self) -> None:
        """Nobody reaches the remote."""
        self.repository.origin.rename(self._away)

    def mend_the_remote(self) -> None:
        """Everybody does again."""
        self._away.rename(self.repository.origin)

    def refs(self, room: str) -> list[str]:
        """The remote's refs in `room`, without it."""
        listed = self.repository.git("for-each-ref", "--format=%(refname)", room, cwd=self.repository.origin)
        return [ref.removeprefix(f"{room}/") for ref in listed.splitlines()]

    @property
    def _away(self) -> Path:
        return self.repository.origin.with_name("away.git")

    def _settings(self) -> str:
        quick = f'lock_ttl = "{TTL}s"\nremote_timeout = "3s"\n'
        return quick + super()._settings()
