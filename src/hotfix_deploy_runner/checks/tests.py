"""The check `tests`: the project's tests pass, in the tree under test, counted from JUnit XML.

It does not install what they need: the candidate's environment is there when it is called. It does not trust an
exit code without a count, nor a count without the exit code.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pydantic import field_validator

from ..core.check import Candidate, CheckResult, Line, Status
from ..core.instant import spoken
from ..doors.command import Commands
from ..doors.junit import Case, Tally, together
from ..doors.suite import Place, Suite, SuiteRun, run_suite
from ..ports import Redact, Settings, Workplace
from .detection import how_to_configure, is_python, test_command
from .imports import Imports, ImportWatch
from .settings import Duration, Table, read_table

_SHOWN = 10
_TAIL = 5
_LONGEST = 300


class SuiteSettings(Table):
    """`[checks.tests]`: `command` runs the tests, `focused` those for what changed (`HOTFIX_CHANGED`, a path a line).

    `timeout` is for each of them; `junit` a pattern in the tree for reports that do not go to `HOTFIX_JUNIT`.
    """

    command: str = ""
    focused: str = ""
    timeout: Duration = 600.0
    junit: str = ""

    @field_validator("junit")
    @classmethod
    def _stays_in_the_tree(cls, pattern: str) -> str:
        if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            raise ValueError("has to be a pattern inside the tree")
        return pattern


class SuiteCheck:
    """Passes when every suite ends with 0, at least one test passed, none failed, and the code was the tree's own."""

    def __init__(self, settings: SuiteSettings, commands: Commands, redact: Redact) -> None:
        self._settings = settings
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


def _failures(failed: Sequence[Case], log: Path) -> list[str]:
    lines = [f"{case.id}: {case.message[:_LONGEST]}   (log: {log})" for case in failed[:_SHOWN]]
    return [*lines, f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else lines


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


def make_check(settings: Settings, workplace: Workplace) -> SuiteCheck:
    """The check from its table, `[checks.tests]`. Raises `UsageError`."""
    table = read_table(SuiteSettings, "checks.tests", settings)
    return SuiteCheck(table, Commands(workplace.redact), workplace.redact)
