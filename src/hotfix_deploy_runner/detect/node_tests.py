"""How the tests of a Node project are made to write JUnit XML."""

import re
from collections.abc import Collection
from typing import NamedTuple

from .found import Guess, joined

_PATH = "export PATH=$PWD/node_modules/.bin:$PATH"


class _Runner(NamedTuple):
    """A test runner: where it stands in a script (the first group), and what has to take that place."""

    name: str
    place: str
    command: str
    variable: str = ""


_NODE = _Runner(
    "node",
    r"\bnode\b.*?(--test)(?![\w-])",
    "--test --test-reporter=junit --test-reporter-destination=$HOTFIX_JUNIT",
)
_JEST = _Runner(
    "jest",
    r"(?<![\w./-])(jest)(?![\w-])",
    "jest --ci --reporters=default --reporters=jest-junit",
    "JEST_JUNIT_OUTPUT_FILE=$HOTFIX_JUNIT",
)
_INSTALLED = (
    _Runner(
        "vitest",
        r"(?<![\w./-])(vitest(?: run)?)(?![\w-])",
        "vitest run --reporter=default --reporter=junit --outputFile.junit=$HOTFIX_JUNIT",
    ),
    _JEST,
    _Runner("mocha", r"(?<![\w./-])(mocha)(?![\w-])", "mocha --reporter xunit --reporter-option output=$HOTFIX_JUNIT"),
)


def command(script: object, needs: Collection[str], link: str) -> Guess | None:
    """`script`, which is scripts.test, up to its runner, told to write JUnit XML; the runner alone where it has none.

    `needs` are the packages that are installed, `link` what puts them into the tree.
    """
    runner = _runner(script, needs)
    if runner is None:
        return None
    own, why = _own(str(script), runner) or ([_with(runner, f"npx {runner.command}")], f"{runner.name} is installed")
    return Guess(joined(link, _PATH, *own) if needs else joined(*own), why)


def lacks_formatter(script: object, needs: Collection[str]) -> bool:
    """Whether the tests are run by Jest, which writes no JUnit XML by itself, and nothing is there that does."""
    return _runner(script, needs) is _JEST and "jest-junit" not in needs


def _runner(script: object, needs: Collection[str]) -> _Runner | None:
    if re.search(_NODE.place, str(script)):
        return _NODE
    return next((runner for runner in _INSTALLED if runner.name in needs), None)


def _own(script: str, runner: _Runner) -> tuple[list[str], str] | None:
    """The parts of the script up to the one that runs the tests: a lint that follows is no test."""
    parts = [part.strip() for part in script.split("&&")]
    for number, part in enumerate(parts):
        if match := re.search(runner.place, part):
            ran = part[: match.start(1)] + runner.command + part[match.end(1) :]
            return [*parts[:number], _with(runner, ran)], f"scripts.test is {script!r}"
    return None


def _with(runner: _Runner, ran: str) -> str:
    return f"{runner.variable} {ran}".strip()
