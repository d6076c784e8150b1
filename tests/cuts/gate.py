"""A gate before every push: whoever has it decides when the push begins, and knows what it is for."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotfix_deploy_runner.lock.record import from_json

GIT = """#!/bin/sh
# Git, but for a push: that one is announced, and waits until it may begin.
for word; do
    [ "$word" = push ] || continue
    mine={room}/$$
    printf '%s\\n' "$@" > "$mine.new"
    mv "$mine.new" "$mine.push"
    until [ -e "$mine.go" ]; do sleep 0.01; done
    {git} "$@"
    code=$?
    echo "$code" > "$mine.done"
    exit "$code"
done
exec {git} "$@"
"""

SPECIAL = (
    (":refs/hotfix/rolled-back/", "mark"),
    (":refs/heads/main", "merge"),
    (":refs/heads/", "delete branch"),
    ("-rc.", "candidate's tag"),
    (":refs/tags/", "tag"),
)


@dataclass(frozen=True)
class Push:
    """One push at the gate. `path` is its announcement, `refspecs` what it pushes."""

    path: Path
    refspecs: Sequence[str]

    @property
    def done(self) -> bool:
        """Whether it has come to its end; never, where it was killed."""
        return self.path.with_suffix(".done").exists()

    def let_go(self) -> None:
        """Let it begin."""
        self.path.with_suffix(".go").touch()


class Gate:
    """Stands before the pushes of whoever has `env`, which talks from `clone`. Its files are in `room`."""

    def __init__(self, room: Path, clone: Path) -> None:
        self._room, self._clone = room, clone
        room.mkdir(parents=True)
        real = shutil.which("git")
        assert real, "there is no git"
        program = room / "git"
        program.write_text(GIT.format(room=shlex.quote(str(room)), git=shlex.quote(real)))
        program.chmod(0o755)
        self._known: set[Path] = set()

    @property
    def env(self) -> Mapping[str, str]:
        """What a process must have in its environment for its pushes to stop here."""
        return {"PATH": os.pathsep.join([str(self._room), os.environ["PATH"]])}

    def arrived(self) -> list[Push]:
        """The pushes that have come since this was asked last."""
        new = sorted(path for path in self._room.glob("*.push") if path not in self._known)
        self._known |= set(new)
        return [Push(path, _refspecs(path.read_text().splitlines())) for path in new]

    def name(self, push: Push) -> str:
        """What a push is for: its most telling part. `lock` is the lock alone, `events` have it with them."""
        for part, name in SPECIAL:
            if any(part in refspec for refspec in push.refspecs):
                return name
        states = {self._state(refspec.partition(":")[0]) for refspec in push.refspecs if "/lock/" in refspec}
        if states and "held" not in states:
            return "letting go"
        return "events" if any("/runs/" in refspec for refspec in push.refspecs) else "lock"

    def _state(self, commit: str) -> str:
        shown = subprocess.run(
            ["git", "cat-file", "blob", f"{commit}:lock.json"], cwd=self._clone, capture_output=True, check=True
        )
        return from_json(shown.stdout).state


def _refspecs(words: Sequence[str]) -> Sequence[str]:
    """They stand behind the remote's name, which stands behind `--`."""
    return words[words.index("--") + 2 :]
