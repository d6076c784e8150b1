"""Running one test command and reading what it reported."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ..core.instant import Seconds
from . import reports
from .command import Commands, Finished
from .tally import Tally, UnreadableReport


class Suite(msgspec.Struct, frozen=True):
    """A test command of the configuration. `junit` are the reports it writes, relative to the tree (`build/*.xml`);
    empty: it writes the one that `HOTFIX_JUNIT` names.
    """

    name: str
    command: str
    timeout: Seconds
    junit: str = ""


class SuiteRun(msgspec.Struct, frozen=True):
    """How a suite ended. `tally` is None when there was no report or it cannot be read; `problem` says which."""

    suite: Suite
    finished: Finished
    tally: Tally | None = None
    problem: str = ""


class Place(msgspec.Struct, frozen=True):
    """Where suites run: the tree, the directory for reports, the log, the variables to add."""

    tree: Path
    reports: Path
    log: Path
    env: Mapping[str, str]


async def run_suite(suite: Suite, place: Place, commands: Commands) -> SuiteRun:
    """Run `suite` to its end or time limit, and read its reports. Those of an earlier run are removed first.

    Raises `CommandFailed` when no shell can be started there.
    """
    own = place.reports / f"junit-{suite.name}.xml"
    await asyncio.to_thread(_remove, _reports(suite, place.tree, own))
    env = {**place.env, "HOTFIX_JUNIT": str(own)}
    finished = await commands.run(suite.command, cwd=place.tree, env=env, timeout=suite.timeout, log=place.log)
    if finished.timed_out:
        return SuiteRun(suite, finished, problem="it did not end in time")
    return await asyncio.to_thread(_read, suite, finished, place.tree, own)


def _read(suite: Suite, finished: Finished, tree: Path, own: Path) -> SuiteRun:
    files = _reports(suite, tree, own)
    if not files:
        expected = suite.junit or "$HOTFIX_JUNIT"
        return SuiteRun(suite, finished, problem=f"it left no test report ({expected})")
    try:
        tally = Tally(tuple(case for file in files for case in reports.read(file, tree).cases))
    except UnreadableReport as error:
        return SuiteRun(suite, finished, problem=f"its test report cannot be read: {error}")
    return SuiteRun(suite, finished, tally)


def _reports(suite: Suite, tree: Path, own: Path) -> list[Path]:
    configured = sorted(tree.glob(suite.junit)) if suite.junit else []
    return [file for file in [*configured, own] if file.is_file()]


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink()
