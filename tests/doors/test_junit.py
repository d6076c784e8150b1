from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checks.places import write

from hotfix_deploy_runner.doors.reports import read
from hotfix_deploy_runner.doors.tally import Case, Outcome, Tally, UnreadableReport, together

CASES = """
<testcase classname="tests.test_auth" name="test_good"/>
<testcase classname="tests.test_auth.TestToken" name="test_expiry">
  <failure message="AssertionError: 401 != 200&#10;more">trace</failure></testcase>
<testcase classname="com.shop.CartTest" name="adds"><error type="NullPointerException"/></testcase>
<testcase classname="tests.test_auth" name="test_later"><skipped message="not today"/></testcase>
"""
SUITE = f"<testsuite name='s' tests='99'>{CASES}</testsuite>"


def report(root: Path, content: str) -> Path:
    return write(root, {"junit.xml": content, "tests/test_auth.py": ""}) / "junit.xml"


@pytest.mark.parametrize(
    "content",
    [
        SUITE,
        f"<testsuites>{SUITE}</testsuites>",
        f"<testsuites><testsuite name='outer'>{SUITE}</testsuite></testsuites>",
        f"<testsuites>{CASES}<!-- tests 4 --></testsuites>",
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="é">{SUITE}</testsuites>',
    ],
)
def test_cases_are_counted_whatever_the_nesting_and_the_claims(content: str, tmp_path: Path) -> None:
    tally = read(report(tmp_path, content), tmp_path)
    assert (tally.passed, tally.total, tally.skipped) == (1, 4, 1)
    assert tally.failed == (
        Case("tests/test_auth.py::TestToken::test_expiry", Outcome.FAILED, "AssertionError: 401 != 200"),
        Case("com.shop.CartTest::adds", Outcome.FAILED, "NullPointerException"),
    )


@pytest.mark.parametrize("kind", ["failure", "error"])
def test_a_test_that_failed_and_was_skipped_has_failed(kind: str, tmp_path: Path) -> None:
    content = f"<testsuite><testcase name='t'><skipped/><{kind} message='no'/></testcase></testsuite>"
    assert read(report(tmp_path, content), tmp_path).cases == (Case("t", Outcome.FAILED, "no"),)


ENTITY_BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite name="&b;"/>"""
OUTSIDE_FILE = """<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuite name="&f;"/>"""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ENTITY_BOMB, "document type (lolz)"),
        (OUTSIDE_FILE, "document type (x)"),
        ("<!DOCTYPE testsuite><testsuite/>", "document type (testsuite)"),
        ("", "no element found"),
        ("<testsuite>", "no element found"),
        ("<html/>", "Invalid format"),
        ('<?xml version="1.0" encoding="no-such-encoding"?><testsuite/>', "encoding"),
        ("<testsuite>" * 3_000 + "<testcase name='t'/>" + "</testsuite>" * 3_000, "recursion"),
    ],
)
def test_what_cannot_or_must_not_be_read_is_refused(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match="(?i)" + why.replace("(", r"\(").replace(")", r"\)")):
        read(report(tmp_path, content), tmp_path)


def test_a_report_beyond_the_limit_is_not_even_opened(tmp_path: Path) -> None:
    large = report(tmp_path, "")
    with large.open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(UnreadableReport, match="larger than 50 MB"):
        read(large, tmp_path)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport):
        read(tmp_path / "none.xml", tmp_path)


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=20)


@given(st.lists(st.tuples(PRINTABLE, st.sampled_from(["", "<failure/>", "<error/>", "<skipped/>"])), max_size=8))
def test_every_case_is_counted_once(tmp_path_factory: pytest.TempPathFactory, cases: list[tuple[str, str]]) -> None:
    xml = "".join(f"<testcase name={quoteattr(name)}>{inside}</testcase>" for name, inside in cases)
    tally = read(report(tmp_path_factory.mktemp("j"), f"<testsuite>{xml}</testsuite>"), Path("/nowhere"))
    assert tally.total == len(cases)
    assert tally.passed + tally.skipped + len(tally.failed) == tally.total
    assert tally.passed == sum(inside == "" for _, inside in cases)


def test_together_counts_a_test_of_two_runs_once_with_its_worst_outcome() -> None:
    first = Tally((Case("a", Outcome.PASSED), Case("b", Outcome.FAILED, "x"), Case("c", Outcome.SKIPPED)))
    second = Tally((Case("a", Outcome.FAILED, "y"), Case("b", Outcome.PASSED), Case("c", Outcome.PASSED)))
    assert [case.outcome for case in together([first, second]).cases] == ["failed", "failed", "skipped"]


def test_together_keeps_tests_of_one_name_in_one_run_apart() -> None:
    twice = Tally((Case("a", Outcome.PASSED), Case("a", Outcome.PASSED)))
    assert together([twice, Tally((Case("a", Outcome.PASSED),))]).total == 2
