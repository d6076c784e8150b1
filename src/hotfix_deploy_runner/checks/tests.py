"""The check `tests`: the project's tests pass, in the tree under test, counted from their report.

It does not install what they need: the candidate's environment is there when it is called. It does not trust an
exit code without a count, nor a count without the exit code.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.instant import spoken
from ..core.phrases import at_most
from ..doors.command import Commands
from ..doors.programs import is_missing
from ..doors.suite import Place, Suite, SuiteRun, run_suite
from ..doors.tally import Case, Tally, together
from ..ports import Redact, Settings, Workplace
from ..settings import Duration, InsidePath, Table, read_table, reads
from .detection import how_to_configure, is_python, test_command
from .imports import Imports, ImportWatch

_SHOWN = 10
_TAIL = 5
_LONGEST = 300


class SuiteSettings(Table):
    """`[checks.tests]`: which tests have to pass."""

    command: str = Field(
        "",
        description="Runs the tests; writes JUnit XML, or what `go test -json` prints, to $HOTFIX_JUNIT. "
        "Empty: pytest is detected.",
    )
    focused: str = Field("", description="Runs those for what changed, before: $HOTFIX_CHANGED has a path a line.")
    timeout: Duration = Field(600.0, description="How long each of the two may take.", gt=0)
    junit: InsidePath = Field("", description="Pattern in the tree for reports that do not go to $HOTFIX_JUNIT.")


class SuiteCheck:
    """Passes when every suite ends with 0, at least one test passed, none failed, and the code was the tree's own."""

    def __init__(self, settings: SuiteSettings, commands: Commands, redact: Redact, checkout: Path) -> None:
        self._settings = settings
        self._checkout = checkout
        self._commands = commands
        self._redact = redact

    async def check(self, candidate: Candidate) -> CheckResult:
        """Run the suites one after the other. `found` has `passed`, `total`, `skipped`, `failed`, `exit_codes`.

        Raises `CommandFailed` when a command cannot be started at all.
        """
        tree, logs = Path(candidate.tree), Path(candidate.logs)
        suites = await asyncio.to_thread(self._suites, candidate)
        if not suites:
            text = "Tests could not be run: no command is configured, and none was detected"
            return CheckResult((Line(Status.FAIL, text, how_to_configure(tree)),), {"passed": 0, "total": 0})
        log = logs / "tests.log"
        log.unlink(missing_ok=True)
        watch = await asyncio.to_thread(ImportWatch, tree, Path(candidate.environment), logs / "imports")
        place = Place(tree, logs, log, {**_variables(candidate), **watch.prepare(os.environ)})
        runs = [await run_suite(suite, place, self._commands) for suite in suites]
        imports = await asyncio.to_thread(watch.result)
        lines = [*_lines(runs, log), *_import_lines(imports, expected=_expects_reports(runs, watch, tree))]
        return CheckResult(tuple(map(self._redacted, lines)), _found(runs, imports, self._redact))

    async def examine(self) -> Sequence[Line]:
        """Whether there is a command for the tests of the operator's checkout. It is not run."""
        command = self._settings.command or test_command(self._checkout, Path())
        if not command:
            text = "Tests: no command is configured, and none was detected"
            return [Line(Status.FAIL, text, how_to_configure(self._checkout))]
        if program := is_missing(command):
            return [Line(Status.FAIL, f"Tests: {program} is not on the PATH", (f"install it, or change: {command}",))]
        return [self._redacted(Line(Status.OK, f"Tests: {command}"))]

    def _suites(self, candidate: Candidate) -> list[Suite]:
        settings = self._settings
        command = settings.command or test_command(Path(candidate.tree), Path(candidate.environment)) or ""
        named = {"focused": settings.focused, "tests": command}
        return [Suite(name, c, settings.timeout, settings.junit) for name, c in named.items() if c] if command else []

    def _redacted(self, line: Line) -> Line:
        return Line(line.status, self._redact(line.text), tuple(map(self._redact, line.detail)))


def _variables(candidate: Candidate) -> dict[str, str]:
    return {
        "HOTFIX_ENV": candidate.environment,
        "HOTFIX_BASE": candidate.base.commit,
        "HOTFIX_COMMIT": candidate.commit,
        "HOTFIX_CHANGED": "\n".join(candidate.changed),
    }


def _lines(runs: Sequence[SuiteRun], log: Path) -> list[Line]:
    broken = [_broken(run, log) for run in runs if run.tally is None]
    tally = together(run.tally for run in runs if run.tally is not None)
    return broken if broken and not tally.total else [*broken, _count(runs, tally, log)]


def _broken(run: SuiteRun, log: Path) -> Line:
    """A suite that cannot be counted."""
    if run.finished.timed_out:
        text = f"Tests did not end within {spoken(run.suite.timeout)}"
    else:
        text = f"Tests cannot be counted: {run.problem}"
    return Line(Status.FAIL, text, (_ended(run, log), *run.finished.tail[-_TAIL:]))


def _count(runs: Sequence[SuiteRun], tally: Tally, log: Path) -> Line:
    counted = [run for run in runs if run.tally is not None]
    unexplained = [run for run in counted if run.tally and not run.tally.failed and not run.finished.ok]
    empty = [run for run in counted if run.tally and not run.tally.passed and not run.tally.failed]
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    text = f"Tests pass ({tally.passed}/{tally.total}{skipped})"
    if unexplained and tally.passed:
        text += f", but their command ended with {unexplained[0].finished.exit_code}"
    detail = [
        *_failures(tally.failed, log),
        *(_silent(run) for run in counted if run.tally and run.tally.failed and run.finished.ok),
        *(_empty(run) for run in empty),
        *(line for run in unexplained for line in (_ended(run, log), *run.finished.tail[-_TAIL:])),
    ]
    return Line(Status.FAIL if tally.failed or unexplained or empty else Status.OK, text, tuple(detail))


def _failures(failed: Sequence[Case], log: Path) -> tuple[str, ...]:
    return at_most(_SHOWN, [f"{_told(case)}   (log: {log})" for case in failed])


def _told(case: Case) -> str:
    return f"{case.id}: {case.message[:_LONGEST]}" if case.message else case.id


def _silent(run: SuiteRun) -> str:
    return f"{run.suite.name}: the command ended with 0 all the same; its exit code does not tell of failures"


def _empty(run: SuiteRun) -> str:
    return f"{run.suite.name}: " + ("every test was skipped" if run.tally and run.tally.total else "no test was run")


def _ended(run: SuiteRun, log: Path) -> str:
    how = "was stopped" if run.finished.timed_out else f"ended with {run.finished.exit_code}"
    return f"{run.suite.name}: `{run.suite.command}` {how}   (log: {log})"


def _expects_reports(runs: Sequence[SuiteRun], watch: ImportWatch, tree: Path) -> bool:
    return bool(watch.names) and is_python(tree) and all(run.tally and run.tally.total for run in runs)


def _import_lines(imports: Imports, *, expected: bool) -> list[Line]:
    if imports.strangers:
        seen = [f"{stranger.module} came from {stranger.path}" for stranger in imports.strangers[:_TAIL]]
        if len(imports.strangers) > _TAIL:
            seen.append(f"and {len(imports.strangers) - _TAIL} more")
        why = "the usual cause is `pip install -e` of another checkout, or PYTHONPATH; install the tree itself"
        return [Line(Status.FAIL, "Tests ran against another copy of the code", (*seen, why))]
    if expected and not imports.processes:
        text = "Tests did not show which copy of the code they ran"
        return [Line(Status.WARN, text, ("no Python process left a report: PYTHONPATH is dropped on the way to it",))]
    return []


def _found(runs: Sequence[SuiteRun], imports: Imports, redact: Redact) -> dict[str, object]:
    tally = together(run.tally for run in runs if run.tally is not None)
    return {
        "passed": tally.passed,
        "total": tally.total,
        "skipped": tally.skipped,
        "failed": [redact(case.id) for case in tally.failed],
        "exit_codes": {run.suite.name: run.finished.exit_code for run in runs},
        "own_modules_seen": imports.modules,
        "foreign_modules": {stranger.module: stranger.path for stranger in imports.strangers},
    }


@reads(SuiteSettings)
def make_check(settings: Settings, workplace: Workplace) -> SuiteCheck:
    """The check from its table, `[checks.tests]`. Raises `UsageError`."""
    table = read_table(SuiteSettings, settings, "checks.tests")
    return SuiteCheck(
        table, Commands(workplace.redact, children=workplace.children), workplace.redact, workplace.repository
    )
