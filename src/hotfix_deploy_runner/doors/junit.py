"""JUnit XML: what a test run counted. Reading only; what it means is the caller's to say.

There is no one standard; the common ground of Ant's, Maven's, Gradle's and pytest's files is read: `testcase`
elements, at any depth of `testsuite` or in none, with `failure`, `error` or `skipped` inside.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import msgspec
from junitparser import JUnitXml, JUnitXmlError, TestCase
from junitparser.junitparser import FinalResult

SIZE_LIMIT = 50_000_000


class UnreadableReport(Exception):
    """The file is no JUnit XML that may be read; the message says why."""


class Outcome(StrEnum):
    """How one test ended, from good to bad."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


class Case(msgspec.Struct, frozen=True):
    """One test. `message` is the first line of its failure, or why it was skipped."""

    id: str
    outcome: Outcome
    message: str = ""


class Tally(msgspec.Struct, frozen=True):
    """The cases of one or more reports."""

    cases: tuple[Case, ...] = ()

    @property
    def total(self) -> int:
        """How many tests there are, skipped ones included."""
        return len(self.cases)

    @property
    def passed(self) -> int:
        """How many passed; a skipped test did not."""
        return sum(case.outcome is Outcome.PASSED for case in self.cases)

    @property
    def skipped(self) -> int:
        """How many were skipped."""
        return sum(case.outcome is Outcome.SKIPPED for case in self.cases)

    @property
    def failed(self) -> tuple[Case, ...]:
        """Those that failed, or ended in an error."""
        return tuple(case for case in self.cases if case.outcome is Outcome.FAILED)


def together(tallies: Iterable[Tally]) -> Tally:
    """Several runs as one: a test that was in more than one counts once, with its worst outcome."""
    cases: dict[tuple[str, int], Case] = {}
    for tally in tallies:
        seen: Counter[str] = Counter()
        for case in tally.cases:
            key = (case.id, seen[case.id])
            seen[case.id] += 1
            cases[key] = max(cases.get(key, case), case, key=lambda c: list(Outcome).index(c.outcome))
    return Tally(tuple(cases.values()))


def read(path: Path, tree: Path) -> Tally:
    """The cases in the report at `path`; `tree` is where the tests are, to name them by their files.

    Raises `UnreadableReport`: too large (50 MB), not XML, with a DTD (entity bombs need one), or not JUnit's.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise UnreadableReport(f"{path.name} is larger than {SIZE_LIMIT // 1_000_000} MB")
        content = path.read_bytes()
        _refuse_dtd(content)
        suites = JUnitXml.fromstring(content)
        # Node's own runner puts them beside the suites.
        beside = suites.iterchildren(TestCase) if suites._tag == "testsuites" else ()  # type: ignore[no-untyped-call]
        cases = [*beside, *(case for suite in suites for case in suite)]
        return Tally(tuple(_case(case, tree) for case in cases))
    except (OSError, ParseError, expat.ExpatError, JUnitXmlError, RecursionError, ValueError, LookupError) as error:
        raise UnreadableReport(f"{path.name}: {error}") from error


def _refuse_dtd(content: bytes) -> None:
    def refuse(name: str, *_: object) -> None:
        raise UnreadableReport(f"it has a document type ({name}), which no test report needs")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def _case(case: TestCase, tree: Path) -> Case:
    results = case.result
    worst = next((r for r in results if r._tag in ("failure", "error")), results[0] if results else None)
    outcome = Outcome.PASSED
    if worst is not None:
        outcome = Outcome.SKIPPED if worst._tag == "skipped" else Outcome.FAILED
    return Case(_id(case, tree), outcome, _message(worst) if worst else "")


def _id(case: TestCase, tree: Path) -> str:
    """The test as one would name it to pytest where that is known (`tests/test_a.py::TestB::test_c`)."""
    owner, name = case.classname or "", case.name or "(no name)"
    named = [name] if owner else []
    for file, classes in _splits(owner or name):
        if (tree / file).is_file():
            return "::".join([file, *classes, *named])
    return f"{owner}::{name}" if owner else name


def _splits(dotted: str) -> Iterator[tuple[str, list[str]]]:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        yield "/".join(parts[:end]) + ".py", parts[end:]


def _message(result: FinalResult) -> str:
    """The first line of what is said; the last where pytest says only that it could not collect: that is the cause."""
    message, text = _lines(result.message), _lines(result.text)
    if message == ["collection failure"] and text:
        return text[-1].removeprefix("E ").strip()
    return next(iter([*message, *text, *_lines(result.type)]), "")


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
