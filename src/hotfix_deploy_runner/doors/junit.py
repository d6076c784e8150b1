"""Test reports in JUnit XML.

There is no one standard; the common ground of Ant's, Maven's, Gradle's and pytest's files is read: `testcase`
elements, at any depth of `testsuite` or in none, with `failure`, `error` or `skipped` inside.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from junitparser import JUnitXml, JUnitXmlError, TestCase
from junitparser.junitparser import FinalResult

from .tally import Case, Outcome, Tally, UnreadableReport


def read(content: bytes, tree: Path) -> Tally:
    """The cases in a report; `tree` is where the tests are, to name them by their files.

    Raises `UnreadableReport`: not XML, with a DTD (entity bombs need one), or not JUnit's.
    """
    try:
        _refuse_dtd(content)
        suites = JUnitXml.fromstring(content)
        # Node's own runner puts them beside the suites.
        beside = suites.iterchildren(TestCase) if suites._tag == "testsuites" else ()  # type: ignore[no-untyped-call]
        cases = [*beside, *(case for suite in suites for case in suite)]
        return Tally(tuple(_case(case, tree) for case in cases))
    except (OSError, ParseError, expat.ExpatError, JUnitXmlError, RecursionError, ValueError, LookupError) as error:
        raise UnreadableReport(str(error)) from error


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
