"""Smoke tests: a command against a URL, counted from its JUnit XML."""

from pathlib import Path

from ..doors.command import Commands
from ..doors.suite import Place, Suite, SuiteRun, run_suite
from .work import Outcome, failed, passed


class SmokeTests:
    """The configured command. It runs in the checks' worktree, with the tree's own dependencies."""

    def __init__(self, commands: Commands, command: str, timeout: float) -> None:
        self._commands, self._suite = commands, Suite("smoke", command, timeout)

    @property
    def configured(self) -> bool:
        """Whether there are any."""
        return bool(self._suite.command)

    async def run(self, url: str, tree: Path, environment: str, logs: Path) -> Outcome:
        """Run them against `url`, a base URL without a trailing slash."""
        log = logs / "smoke.log"
        env = {"HOTFIX_URL": url, "HOTFIX_ENV": environment}
        return _judged(await run_suite(self._suite, Place(tree, logs, log, env), self._commands), log)


def _judged(run: SuiteRun, log: Path) -> Outcome:
    where = f"(log: {log})"
    if run.tally is None:
        return failed(f"Smoke tests: {run.problem}", *run.finished.tail[-5:], where)
    tally = run.tally
    text = f"Smoke tests pass ({tally.passed}/{tally.total})"
    figures = {"passed": tally.passed, "total": tally.total}
    if tally.failed:
        return failed(text, *(f"{case.id}: {case.message}" for case in tally.failed[:10]), where, **figures)
    if tally.passed == 0:
        return failed(f"{text}: none has passed", where, **figures)
    if not run.finished.ok:
        return failed(f"{text}, but exit code {run.finished.exit_code}", *run.finished.tail[-5:], where, **figures)
    return passed(text, **figures)
