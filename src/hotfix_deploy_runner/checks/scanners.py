"""Security scanners: programs that write SARIF. Bandit is driven from here; any other comes from the configuration.

A scanner says what it finds in one tree. Which findings matter is not its business.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ..core.instant import Seconds, spoken
from ..doors.command import Commands, Finished
from ..doors.programs import is_missing
from . import sarif
from .globs import Globs, anywhere

_NEVER_SCANNED = frozenset({".git", "node_modules", "__pycache__", ".tox", ".nox"})
_AT_ONCE = 1_000  # files on one command line: well below the kernel's limit
_FINDINGS_OR_NONE = frozenset({0, 1})
_GET_BANDIT = 'pip install "hotfix-deploy-runner[scanners]"'


class Scan(msgspec.Struct, frozen=True):
    """What a scanner found in a tree. `files` is how many it scanned and `waved` how many lines are marked to be let
    pass, with `mark`; None where the scanner does not tell.
    """

    log: sarif.Log
    files: int | None = None
    waved: int | None = None
    mark: str = "# nosec"


class ScanFailed(Exception):
    """The scanner could not do it. `detail` is what was seen."""

    def __init__(self, message: str, detail: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.detail = tuple(detail)


class NothingToScan(Exception):
    """There is nothing that this scanner reads, or the scanner is not there; the message says which."""


class Target(msgspec.Struct, frozen=True):
    """What to scan: a tree; `config_from`, the tree whose scanner configuration holds; `log` for the SARIF file.

    `generated(path)` is for files in the tree that are nobody's work, such as `build/`: they are left out. `changed`
    are the paths that differ between the two trees.
    """

    tree: Path
    config_from: Path
    environment: Path
    log: Path
    generated: Callable[[str], bool]
    changed: tuple[str, ...] = ()


class Scanner(Protocol):
    """Something that scans a tree."""

    name: str

    async def scan(self, target: Target) -> Scan:
        """Raises `ScanFailed`, `NothingToScan`, or `CommandFailed` when it cannot be started."""
        ...

    def lacks(self) -> str:
        """How to get what it needs and has not; empty when nothing is known to be missing."""
        ...


class CommandScanner:
    """Any command that writes SARIF to `$HOTFIX_SARIF`, run in the tree. It may end with 1 when it found something."""

    def __init__(self, name: str, command: str, timeout: Seconds, commands: Commands) -> None:
        self.name = name
        self._command = command
        self._timeout = timeout
        self._commands = commands

    async def scan(self, target: Target) -> Scan:
        """One scan of `target`."""
        env = {"HOTFIX_SARIF": str(target.log), "HOTFIX_ENV": str(target.environment)}
        await asyncio.to_thread(target.log.unlink, missing_ok=True)
        done = await self._commands.run(self._command, cwd=target.tree, env=env, timeout=self._timeout)
        log = await asyncio.to_thread(_log, done, target, self._timeout)
        written = tuple(finding for finding in log.findings if not target.generated(finding.path))
        return Scan(msgspec.structs.replace(log, findings=written))

    def lacks(self) -> str:
        """The program that its command begins with, where it is not on the PATH."""
        program = is_missing(self._command)
        return f"install {program}, or change its command under [checks.security.scanners]" if program else ""


class Bandit:
    """Bandit on the Python files of a tree: `excluded` paths, environments and other people's code left out.

    Its own settings (`.bandit`, `[tool.bandit]` in pyproject.toml) are read from `Target.config_from`, so that a
    fix cannot switch off the rule that would catch it.
    """

    name = "bandit"

    def __init__(self, excluded: Iterable[str], timeout: Seconds, commands: Commands) -> None:
        self._excluded = anywhere(excluded)
        self._timeout = timeout
        self._commands = commands

    async def scan(self, target: Target) -> Scan:
        """One scan of `target`, some files at a time."""
        program = _find_bandit()
        if program is None:
            raise NothingToScan(f"bandit is not installed: {_GET_BANDIT}")
        files = await asyncio.to_thread(python_files, target, self._excluded)
        parts = [await self._part(program, files[at : at + _AT_ONCE], target) for at in range(0, len(files), _AT_ONCE)]
        if not any(part.files for part in parts):
            raise NothingToScan("there is no Python file to scan")
        return Scan(
            sarif.joined(part.log for part in parts),
            sum(part.files or 0 for part in parts),
            sum(part.waved or 0 for part in parts),
        )

    def lacks(self) -> str:
        """How to install it, where it is not."""
        return "" if _find_bandit() else _GET_BANDIT

    async def _part(self, program: str, files: Sequence[str], target: Target) -> Scan:
        options = ["-q", "-f", "sarif", "-o", str(target.log), *await asyncio.to_thread(_options, target.config_from)]
        await asyncio.to_thread(target.log.unlink, missing_ok=True)
        argv = [program, *options, "--", *files]
        done = await self._commands.run(argv, cwd=target.tree, timeout=self._timeout)
        log = await asyncio.to_thread(_log, done, target, self._timeout)
        return Scan(log, *await asyncio.to_thread(_bandit_metrics, target.log))


def python_files(target: Target, excluded: Globs) -> list[str]:
    """The `.py` files of a tree as sorted relative paths, without environments and what is generated or `excluded`."""
    return sorted(path for path in own_files(target) if path.endswith(".py") and not excluded.matches(path))


def own_files(target: Target) -> Iterator[str]:
    """The files of a tree as relative paths, without environments, other people's code and what is generated."""
    environment = target.environment.resolve()
    for folder, folders, files in os.walk(target.tree):
        here = Path(folder)
        folders[:] = [name for name in folders if not _is_foreign(here / name, environment)]
        paths = ((here / name).relative_to(target.tree).as_posix() for name in files if name != ".git")
        yield from (path for path in paths if not target.generated(path))


def _is_foreign(folder: Path, environment: Path) -> bool:
    return folder.name in _NEVER_SCANNED or (folder / "pyvenv.cfg").exists() or folder.resolve() == environment


def _find_bandit() -> str | None:
    """The one installed beside this program, else the one on PATH."""
    beside = Path(sys.executable).parent / "bandit"
    return str(beside) if beside.exists() else shutil.which("bandit")


def _options(config_from: Path) -> list[str]:
    """Bandit's own settings. Without them its default exclusions are switched off: they match parts of names."""
    ini, project = config_from / ".bandit", config_from / "pyproject.toml"
    options = ["--ini", str(ini)] if ini.is_file() else ["-x", ""]
    if project.is_file() and "[tool.bandit" in project.read_text(encoding="utf-8", errors="replace"):
        options += ["-c", str(project)]
    return options


def _bandit_metrics(log: Path) -> tuple[int, int]:
    """How many files bandit says it scanned, and how many lines it passed over for `# nosec`."""
    runs: list[dict[str, Any]] = json.loads(log.read_bytes())["runs"]
    metrics = [run.get("properties", {}).get("metrics", {}) for run in runs]
    files = sum(len(of_run.keys() - {"_totals"}) for of_run in metrics)
    return files, sum(int(of_run.get("_totals", {}).get("nosec", 0)) for of_run in metrics)


def _log(done: Finished, target: Target, limit: Seconds) -> sarif.Log:
    """The log of a scan that ended well. The code of a finding is read from the tree where the scanner left it out."""
    if done.timed_out:
        raise ScanFailed(f"it did not end within {spoken(limit)}", done.tail[-5:])
    if done.exit_code not in _FINDINGS_OR_NONE:
        raise ScanFailed(f"it ended with {done.exit_code}", done.tail[-5:])
    if not target.log.exists():
        raise ScanFailed("it wrote no SARIF", done.tail[-5:])
    try:
        log = sarif.read(target.log, target.tree)
    except sarif.UnreadableLog as error:
        raise ScanFailed(f"its SARIF cannot be read: {error}", done.tail[-5:]) from error
    if done.exit_code == 1 and not log.findings and not log.suppressed:
        raise ScanFailed("it ended with 1 and reported nothing", done.tail[-5:])
    return msgspec.structs.replace(log, findings=tuple(_with_code(finding, target.tree) for finding in log.findings))


def _with_code(finding: sarif.Finding, tree: Path) -> sarif.Finding:
    if finding.snippet or not finding.line:
        return finding
    try:
        lines = (tree / finding.path).read_text(encoding="utf-8", errors="replace").splitlines()
        return msgspec.structs.replace(finding, snippet=lines[finding.line - 1])
    except (OSError, IndexError):
        return finding
