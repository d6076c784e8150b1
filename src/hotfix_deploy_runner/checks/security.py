"""The check `security`: the fix brings no finding that the base does not already have.

Old findings are told, and block nothing: the worst hour of the week is not the time to mend them.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field, field_validator

from ..core.check import Candidate, CheckResult, Line, Status
from ..doors.command import Commands
from ..doors.together import together
from ..errors import CommandFailed
from ..ports import Redact, Settings, Workplace
from ..settings import Duration, Table, read_table, reads
from .findings import compare
from .sarif import Level
from .scan_report import Answer, found, lines, remarks
from .scanners import Bandit, CommandScanner, NothingToScan, Scan, ScanFailed, Scanner, Target
from .secret_scan import DetectSecrets

_DRIVEN = (Bandit.name, DetectSecrets.name)
"""Scanners that need no command."""


class ScannerSettings(Table):
    """`[checks.security.scanners.NAME]`: a `command` that writes SARIF to `$HOTFIX_SARIF`; `bandit` and
    `detect-secrets` need none.
    """

    command: str = Field("", description="Writes SARIF to $HOTFIX_SARIF, run in the tree.")


class SecuritySettings(Table):
    """`[checks.security]`: scanners, and which of their findings stop a hotfix."""

    level: Literal["note", "warning", "error"] = Field(
        "warning", description="New findings of this level or worse fail the check."
    )
    exclude: tuple[str, ...] = Field(
        ("tests", "smoke", ".hotfix-env"), description="Paths that bandit and detect-secrets leave out."
    )
    secrets: Literal["changed", "all"] = Field(
        "changed", description="Where detect-secrets looks: in the files that the fix changes, or in the whole tree."
    )
    timeout: Duration = Field(300.0, description="How long one scan may take.", gt=0)
    scanners: dict[str, ScannerSettings] = Field(
        dict.fromkeys(_DRIVEN, ScannerSettings()),
        description="By name; replaces the default, bandit and detect-secrets.",
        min_length=1,
    )

    @field_validator("scanners")
    @classmethod
    def _have_commands(cls, scanners: dict[str, ScannerSettings]) -> dict[str, ScannerSettings]:
        for name, scanner in scanners.items():
            if not scanner.command and name not in _DRIVEN:
                raise ValueError(f"{name} needs a command that writes SARIF to $HOTFIX_SARIF")
            if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
                raise ValueError(f"{name!r} is no name for a scanner: letters, digits, dot, dash, underscore")
        return scanners


class SecurityCheck:
    """Passes when every scanner could do its work and none has a new finding at or above the level."""

    def __init__(self, scanners: Sequence[Scanner], level: Level, redact: Redact) -> None:
        self._scanners = tuple(scanners)
        self._level = level
        self._redact = redact

    async def check(self, candidate: Candidate) -> CheckResult:
        """Scan both trees with every scanner, side by side. `found` has new and old findings, by scanner."""
        await asyncio.to_thread(Path(candidate.logs).mkdir, parents=True, exist_ok=True)
        answers = await together(*(self._ask(scanner, candidate) for scanner in self._scanners))
        told = tuple(self._redacted(line) for line in lines(answers, self._level))
        return CheckResult(told, {a.scanner: found(a, self._redact) for a in answers})

    async def examine(self) -> Sequence[Line]:
        """Whether each scanner is installed. A run goes on without one, and says so."""
        return [_installed(scanner.name, scanner.lacks()) for scanner in self._scanners]

    async def _ask(self, scanner: Scanner, candidate: Candidate) -> Answer:
        tree, base = Path(candidate.tree), Path(candidate.base_tree)
        ours, theirs = await together(_scan(scanner, candidate, tree, "tree"), _scan(scanner, candidate, base, "base"))
        if isinstance(ours, Answer):
            return ours
        if isinstance(theirs, Answer) and theirs.failed:
            return msgspec.structs.replace(theirs, failed=f"on the base: {theirs.failed}")
        before = theirs if isinstance(theirs, Scan) else None
        old = before.log.findings if before else ()
        compared = compare(ours.log.findings, old, gone=lambda path: not (tree / path).exists())
        known = before.log.complaints if before else ()
        complaints = tuple(complaint for complaint in ours.log.complaints if complaint not in known)
        return Answer(scanner.name, compared, complaints, tuple(remarks(ours, before, compared)))

    def _redacted(self, line: Line) -> Line:
        return Line(line.status, self._redact(line.text), tuple(map(self._redact, line.detail)))


def _installed(name: str, how: str) -> Line:
    text = f"Scanner {name} is not installed" if how else f"Scanner {name} is installed"
    return Line(Status.WARN, text, (how,)) if how else Line(Status.OK, text)


async def _scan(scanner: Scanner, candidate: Candidate, tree: Path, name: str) -> "Scan | Answer":
    log = Path(candidate.logs) / f"{scanner.name}-{name}.sarif"
    base = Path(candidate.base_tree)
    generated = _generated(candidate.changed, base)
    target = Target(tree, base, Path(candidate.environment), log, generated, candidate.changed)
    try:
        return await scanner.scan(target)
    except NothingToScan as error:
        return Answer(scanner.name, skipped=str(error))
    except ScanFailed as error:
        return Answer(scanner.name, failed=str(error), detail=error.detail)
    except CommandFailed as error:
        return Answer(scanner.name, failed=error.message, detail=(error.detail,))


def _generated(changed: Sequence[str], base: Path) -> Callable[[str], bool]:
    """A file that the base lacks and that the fix does not bring was made here, by the setup or by the tests."""
    brought = frozenset(changed)
    return lambda path: bool(brought) and path not in brought and not (base / path).exists()


@reads(SecuritySettings)
def make_check(settings: Settings, workplace: Workplace) -> SecurityCheck:
    """The check from its table, `[checks.security]`. Raises `UsageError`."""
    table = read_table(SecuritySettings, settings, "checks.security")
    commands = Commands(workplace.redact, children=workplace.children)
    scanners = [_scanner(name, given, table, commands) for name, given in table.scanners.items()]
    return SecurityCheck(scanners, Level[table.level], workplace.redact)


def _scanner(name: str, given: ScannerSettings, table: SecuritySettings, commands: Commands) -> Scanner:
    if given.command:
        return CommandScanner(name, given.command, table.timeout, commands)
    if name == DetectSecrets.name:
        whole_tree = table.secrets == "all"
        return DetectSecrets(table.exclude, whole_tree=whole_tree, timeout=table.timeout, commands=commands)
    return Bandit(table.exclude, table.timeout, commands)
