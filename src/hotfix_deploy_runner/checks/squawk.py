"""SQL migrations read by squawk (https://squawkhq.com, 2.x): what blocks a busy table, and what breaks running clients.

It is run offline and knows PostgreSQL only. What it says is advice beside the migration's name: it fails nothing.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..core.instant import Seconds
from ..doors.command import Commands, Finished
from ..errors import CommandFailed

GET = 'pip install "hotfix-deploy-runner[scanners]"'
CONFIG = ".squawk.toml"

_SYNTAX = "syntax-error"
_NO_WAY_BACK = frozenset(
    {"ban-drop-column", "ban-drop-table", "ban-drop-database", "ban-truncate-cascade", "renaming-column"}
    | {"renaming-table"}
)


class Remark(msgspec.Struct, frozen=True):
    """One thing that squawk says of a file."""

    rule: str
    line: int
    message: str

    @property
    def irreversible(self) -> bool:
        """Whether its rule is about what a rollback of the code cannot take back."""
        return self.rule in _NO_WAY_BACK


class Linted(msgspec.Struct, frozen=True):
    """What came of it: the remarks by file, and why there are none for all or some."""

    remarks: Mapping[str, tuple[Remark, ...]] = {}
    problem: str = ""


class Squawk:
    """Runs squawk on the text that matters of each file; `timeout` in seconds."""

    def __init__(self, commands: Commands, timeout: Seconds) -> None:
        self._commands, self._timeout = commands, timeout

    async def lint(self, files: Mapping[str, str], config_from: Path, scratch: Path) -> Linted:
        """Lint `files`, path to text. `scratch` is a directory for copies; the configuration is the base's.

        A linter that cannot be run is told of, and stops nobody.
        """
        program = find()
        if not files or program is None:
            return Linted(problem="" if not files else f"squawk is not installed: {GET}")
        copies = await asyncio.to_thread(_copies, files, scratch)
        config = await asyncio.to_thread(_config, config_from, scratch)
        argv = [program, "--reporter", "json", "--config", str(config), *copies]
        try:
            done = await self._commands.run(argv, cwd=scratch, timeout=self._timeout, capture=True)
        except CommandFailed as error:
            return Linted(problem=f"squawk: {error.message}")
        return _linted(done, copies)


def find() -> str | None:
    """The one installed beside this program, else the one on PATH."""
    beside = Path(sys.executable).parent / "squawk"
    return str(beside) if beside.exists() else shutil.which("squawk")


def _copies(files: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Copies by a name that no pattern or option can be, each with the path it stands for."""
    scratch.mkdir(parents=True, exist_ok=True)
    named = {f"{number}.sql": path for number, path in enumerate(files)}
    for name, path in named.items():
        (scratch / name).write_text(files[path], encoding="utf-8")
    return named


def _config(config_from: Path, scratch: Path) -> Path:
    """The base's own, else an empty one: without, squawk looks for one in the folders above."""
    given, empty = config_from / CONFIG, scratch / "squawk.toml"
    if given.is_file():
        return given
    empty.write_text("", encoding="utf-8")
    return empty


def _linted(done: Finished, copies: Mapping[str, str]) -> Linted:
    if done.timed_out or done.exit_code not in (0, 1):
        how = "did not end in time" if done.timed_out else f"ended with {done.exit_code}"
        return Linted(problem=" ".join((f"squawk {how}:", *done.tail[-1:])))
    try:
        said = [(copies[entry["file"]], entry) for entry in json.loads(done.output)]
        remarks = [(path, Remark(e["rule_name"], int(e["line"]) + 1, str(e["message"]))) for path, e in said]
    except (ValueError, KeyError, TypeError) as error:
        return Linted(problem=f"squawk's answer cannot be read: {error!r}")
    unread = sorted({path for path, remark in remarks if remark.rule == _SYNTAX})
    by_file = {
        path: tuple(remark for of, remark in remarks if of == path)
        for path in dict.fromkeys(of for of, _ in remarks)
        if path not in unread
    }
    problem = f"squawk cannot read {', '.join(unread)}: it knows PostgreSQL only" if unread else ""
    return Linted(by_file, problem)
