"""The check with real test runs: pytest, and shell commands that write what a broken runner would."""

import os
import sys
import venv
from pathlib import Path

import pytest
from tests.checks.places import PYTEST, PYTHON, SECRET, candidate, check, line, texts, workplace, write

from hotfix_deploy_runner.checks.tests import make_check
from hotfix_deploy_runner.core.check import CheckResult, Status
from hotfix_deploy_runner.errors import CommandFailed

PASSING = {"tests/test_a.py": "def test_one(): pass\ndef test_two(): pass\n"}
FAILING = {
    "tests/test_auth.py": "def test_token_expiry():\n    raise AssertionError('401 != 200')\ndef test_b(): pass\n"
}


def answer(root: Path, files: dict[str, str], **settings: object) -> CheckResult:
    """The answer on a tree of `files`."""
    return check(make_check(settings, workplace(root)), candidate(root, files))


def writes(cases: str, code: int = 0) -> str:
    """A command that reports these `<testcase>` elements and ends with `code`."""
    return f'echo "<testsuite>{cases}</testsuite>" > $HOTFIX_JUNIT; exit {code}'


def test_all_passed_is_the_contracts_line(tmp_path: Path) -> None:
    result = answer(tmp_path, PASSING, command=PYTEST)
    assert [(line.status, line.text, line.detail) for line in result.lines] == [(Status.OK, "Tests pass (2/2)", ())]
    assert (result.found["passed"], result.found["total"], result.found["exit_codes"]) == (2, 2, {"tests": 0})
    assert "2 passed" in (tmp_path / "logs/tests.log").read_text()


def test_a_failure_is_named_with_file_message_and_log(tmp_path: Path) -> None:
    result = answer(tmp_path, FAILING, command=PYTEST)
    failed = line(result, "Tests pass (1/2)")
    assert failed.status is Status.FAIL
    log = tmp_path / "logs/tests.log"
    assert failed.detail == (f"tests/test_auth.py::test_token_expiry: AssertionError: 401 != 200   (log: {log})",)
    assert result.found["failed"] == ["tests/test_auth.py::test_token_expiry"]


def test_more_than_ten_failures_are_cut(tmp_path: Path) -> None:
    cases = "".join(f"<testcase name='t{n}'><failure message='no'/></testcase>" for n in range(14))
    result = answer(tmp_path, {}, command=writes(cases, 1))
    failed = line(result, "Tests pass (0/14)")
    assert len(failed.detail) == 11
    assert failed.detail[-1] == "and 4 more"


def test_skipped_tests_did_not_pass_and_are_counted(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('later')\n"}
    result = answer(tmp_path, files, command=PYTEST)
    assert line(result, "Tests pass (1/2, 1 skipped)").status is Status.OK


def test_only_skipped_tests_prove_nothing(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command=writes("<testcase name='a'><skipped/></testcase>"))
    failed = line(result, "Tests pass (0/1, 1 skipped)")
    assert failed.status is Status.FAIL
    assert failed.detail == ("tests: every test was skipped",)


def test_zero_tests_are_a_failure(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command=writes(""))
    failed = line(result, "Tests pass (0/0)")
    assert (failed.status, failed.detail) == (Status.FAIL, ("tests: no test was run",))


def test_pytest_that_collects_nothing_is_a_failure(tmp_path: Path) -> None:
    result = answer(tmp_path, {"tests/test_a.py": ""}, command=PYTEST)
    assert line(result, "Tests pass (0/0)").status is Status.FAIL
    assert result.found["exit_codes"] == {"tests": 5}


def test_a_test_file_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    result = answer(tmp_path, {"tests/test_a.py": "import nothing_of_this_name\n"}, command=PYTEST)
    assert result.status is Status.FAIL
    said = "tests/test_a.py: ModuleNotFoundError: No module named 'nothing_of_this_name'"
    assert line(result, "Tests pass (0/1)").detail[0].startswith(said)


def test_no_report_says_so_with_the_last_words(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command="echo cannot find the database; exit 4")
    failed = line(result, "Tests cannot be counted: it left no test report ($HOTFIX_JUNIT)")
    assert failed.status is Status.FAIL
    assert "ended with 4" in failed.detail[0]
    assert failed.detail[1] == "cannot find the database"


def test_an_unreadable_report_says_why(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command="echo '<!DOCTYPE a><testsuite/>' > $HOTFIX_JUNIT")
    (text,) = texts(result, Status.FAIL)
    assert text.startswith("Tests cannot be counted: its test report cannot be read:")
    assert "document type" in text


def test_a_report_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    stale = "<testsuite><testcase name='old'/></testsuite>"
    write(tmp_path / "logs", {"junit-tests.xml": stale, "tests.log": "old\n"})
    result = answer(tmp_path, {"build/TEST-old.xml": stale}, command="true", junit="build/TEST-*.xml")
    assert texts(result, Status.FAIL) == ["Tests cannot be counted: it left no test report (build/TEST-*.xml)"]
    assert not (tmp_path / "logs/tests.log").exists() or "old" not in (tmp_path / "logs/tests.log").read_text()


def test_several_reports_by_a_pattern_are_added(tmp_path: Path) -> None:
    command = (
        "mkdir build; for n in 1 2 3; do echo \"<testsuite><testcase name='t$n'/></testsuite>\" > build/T-$n.xml; done"
    )
    assert texts(answer(tmp_path, {}, command=command, junit="build/*.xml")) == ["Tests pass (3/3)"]


def test_the_time_limit_is_said_and_nothing_is_left_running(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command="echo $$ > pid; echo begun; exec sleep 60", timeout="500ms")
    failed = line(result, "Tests did not end within 0.5 s")
    assert (failed.status, failed.detail[1]) == (Status.FAIL, "begun")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "tree/pid").read_text()), 0)


def test_a_run_that_hangs_after_its_report_has_not_passed(tmp_path: Path) -> None:
    command = writes("<testcase name='a'/>").replace("exit 0", "exec sleep 60")
    assert texts(answer(tmp_path, {}, command=command, timeout="500ms")) == ["Tests did not end within 0.5 s"]


def test_all_passed_but_a_bad_exit_code_is_a_failure_that_says_the_code(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command="echo coverage too low; " + writes("<testcase name='a'/>", 3))
    failed = line(result, "Tests pass (1/1), but their command ended with 3")
    assert failed.status is Status.FAIL
    assert failed.detail[1] == "coverage too low"


def test_failures_behind_an_exit_code_of_0_are_failures(tmp_path: Path) -> None:
    cases = "<testcase name='a'><failure message='no'/></testcase><testcase name='b'/>"
    failed = line(answer(tmp_path, {}, command=writes(cases, 0)), "Tests pass (1/2)")
    assert failed.status is Status.FAIL
    assert "ended with 0 all the same" in failed.detail[-1]


def test_focused_and_all_tests_are_counted_together(tmp_path: Path) -> None:
    focused = writes("<testcase name='a'/><testcase name='only-focused'/>")
    result = answer(tmp_path, {}, command=writes("<testcase name='a'/><testcase name='b'/>"), focused=focused)
    assert texts(result) == ["Tests pass (3/3)"]
    assert result.found["exit_codes"] == {"focused": 0, "tests": 0}


def test_a_focused_failure_fails_though_all_the_others_pass(tmp_path: Path) -> None:
    focused = writes("<testcase name='a'><failure message='no'/></testcase>", 1)
    result = answer(tmp_path, {}, command=writes("<testcase name='a'/><testcase name='b'/>"), focused=focused)
    assert texts(result, Status.FAIL) == ["Tests pass (1/2)"]


def test_a_focused_run_without_tests_fails_beside_the_others_count(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command=writes("<testcase name='a'/>"), focused=writes("", 0))
    failed = line(result, "Tests pass (1/1)")
    assert (failed.status, failed.detail) == (Status.FAIL, ("focused: no test was run",))


def test_a_broken_suite_does_not_hide_the_other(tmp_path: Path) -> None:
    result = answer(tmp_path, {}, command=writes("<testcase name='a'/>"), focused="exit 9")
    assert texts(result, Status.FAIL) == ["Tests cannot be counted: it left no test report ($HOTFIX_JUNIT)"]
    assert texts(result, Status.OK) == ["Tests pass (1/1)"]


def test_the_command_gets_what_it_needs(tmp_path: Path) -> None:
    what = candidate(tmp_path, changed=("src/a b.py", "src/c.py"))
    command = 'printf "%s|" "$PWD" "$HOTFIX_ENV" "$HOTFIX_BASE" "$HOTFIX_COMMIT" "$HOTFIX_CHANGED" > got; '
    check(make_check({"command": command + writes("<testcase name='a'/>")}, workplace(tmp_path)), what)
    expected = [what.tree, what.environment, "b" * 40, "c" * 40, "src/a b.py\nsrc/c.py", ""]
    assert (tmp_path / "tree/got").read_text().split("|") == expected


def test_no_secret_reaches_the_answer_or_the_log(tmp_path: Path) -> None:
    cases = f"<testcase name='a'><failure message='key {SECRET}'/></testcase>"
    result = answer(tmp_path, {}, command=f"echo {SECRET}; " + writes(cases, 1))
    assert SECRET not in str(result.lines)
    assert SECRET not in (tmp_path / "logs/tests.log").read_text()
    assert "[redacted]" in str(result.lines)


def test_a_directory_that_is_gone_cannot_be_answer(tmp_path: Path) -> None:
    what = candidate(tmp_path)
    (tmp_path / "tree").rmdir()
    with pytest.raises(CommandFailed):
        check(make_check({"command": "true"}, workplace(tmp_path)), what)


def test_pytest_is_detected_and_run_with_the_environments_python(tmp_path: Path) -> None:
    write(tmp_path / "environment", {"bin/.keep": ""})
    (tmp_path / "environment/bin/python").write_text(f'#!/bin/sh\ntouch used\nexec {PYTHON} "$@"\n')
    (tmp_path / "environment/bin/python").chmod(0o755)
    assert texts(answer(tmp_path, PASSING)) == ["Tests pass (2/2)"]
    assert (tmp_path / "tree/used").exists()


@pytest.mark.parametrize(
    ("files", "said"),
    [({"package.json": "{}"}, "npm test"), ({"main.go": ""}, "the command has to write JUnit XML")],
)
def test_nothing_configured_and_nothing_detected_fails_with_the_way_out(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    result = answer(tmp_path, files)
    failed = line(result, "Tests could not be run: no command is configured, and none was detected")
    assert failed.status is Status.FAIL
    assert said in failed.detail[0]
    assert "[checks.tests] command" in failed.detail[-1]


SERVICE = {"src/service/__init__.py": "STATUS = 200\n", "pyproject.toml": "[project]\nname = 'service'\n"}
USING_IT = {"tests/test_a.py": "import service\ndef test_status(): assert service.STATUS == 200\n"}


def editable(root: Path, checkout: Path) -> Path:
    """A real environment into which `checkout` is installed as `pip install -e` does it: by a `.pth` file."""
    environment = root / "environment"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    (ours,) = {path for path in map(Path, sys.path) if path.name == "site-packages" and (path / "pytest").exists()}
    write(site, {"__editable__.service.pth": f"{checkout / 'src'}\n", "pytest.pth": f"{ours}\n"})
    return environment


def run_in(environment: Path, root: Path, command: str = PYTEST) -> CheckResult:
    what = candidate(root, {**SERVICE, **USING_IT}, environment=environment)
    command = command.replace(PYTHON, '"$HOTFIX_ENV/bin/python"')
    return check(make_check({"command": command}, workplace(root)), what)


@pytest.mark.slow
def test_tests_that_import_the_operators_checkout_fail_though_they_pass(tmp_path: Path) -> None:
    checkout = write(tmp_path / "checkout", SERVICE)
    result = run_in(editable(tmp_path, checkout), tmp_path)
    assert texts(result, Status.OK) == ["Tests pass (1/1)"]
    failed = line(result, "Tests ran against another copy of the code")
    assert failed.status is Status.FAIL
    assert failed.detail[0] == f"service came from {checkout / 'src/service/__init__.py'}"
    assert result.found["foreign_modules"] == {"service": str(checkout / "src/service/__init__.py")}


@pytest.mark.slow
def test_an_editable_install_of_the_tree_itself_is_right(tmp_path: Path) -> None:
    result = run_in(editable(tmp_path, tmp_path / "tree"), tmp_path)
    assert texts(result) == ["Tests pass (1/1)"], result.lines
    assert result.found["own_modules_seen"] == 1


@pytest.mark.slow
def test_workers_of_a_parallel_run_are_watched_too(tmp_path: Path) -> None:
    checkout = write(tmp_path / "checkout", SERVICE)
    result = run_in(editable(tmp_path, checkout), tmp_path, PYTEST + " -n 1")
    assert "Tests ran against another copy of the code" in texts(result, Status.FAIL)


@pytest.mark.slow
def test_a_python_that_cannot_be_watched_is_said(tmp_path: Path) -> None:
    what = candidate(tmp_path, {**SERVICE, **PASSING})
    command = PYTEST.replace(" -m", " -E -m", 1)
    result = check(make_check({"command": command}, workplace(tmp_path)), what)
    assert texts(result, Status.OK) == ["Tests pass (2/2)"]
    assert texts(result, Status.WARN) == ["Tests did not show which copy of the code they ran"]
