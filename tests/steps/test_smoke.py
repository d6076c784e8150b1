from pathlib import Path

import pytest
from tests.fakes.workshop import go, texts

from hotfix_deploy_runner.core.step import Ended
from hotfix_deploy_runner.doors.command import Commands
from hotfix_deploy_runner.doors.redaction import Redactor
from hotfix_deploy_runner.steps.smoke import SmokeTests
from hotfix_deploy_runner.steps.work import Outcome

URL = "http://127.0.0.1:1"


def smoke(folder: Path, command: str, timeout: float = 20.0) -> Outcome:
    tree = folder / "tree"
    tree.mkdir()
    tests = SmokeTests(Commands(Redactor()), command, timeout)
    return go(tests.run(URL, tree, "/the/environment", folder / "logs"))


def report(cases: str) -> str:
    return f"echo '<testsuite>{cases}</testsuite>' > $HOTFIX_JUNIT"


GOOD, SKIPPED = '<testcase name="a"/>', '<testcase name="b"><skipped/></testcase>'
BAD = '<testcase classname="smoke" name="login"><failure message="500 != 200"/></testcase>'


def test_it_is_configured_or_not() -> None:
    commands = Commands(Redactor())
    assert SmokeTests(commands, "pytest", 1.0).configured
    assert not SmokeTests(commands, "", 1.0).configured


def test_it_gets_the_address_and_the_installed_dependencies(tmp_path: Path) -> None:
    smoke(tmp_path, "echo $HOTFIX_URL in $HOTFIX_ENV at $(basename $PWD)")
    assert (tmp_path / "logs" / "smoke.log").read_text().strip() == f"{URL} in /the/environment at tree"


def test_all_that_passed_are_counted(tmp_path: Path) -> None:
    outcome = smoke(tmp_path, report(GOOD + GOOD))
    assert (outcome.ended, texts(outcome)) == (Ended.PASSED, ["[OK] Smoke tests pass (2/2)"])


def test_one_that_failed_is_named_with_its_reason_and_the_log(tmp_path: Path) -> None:
    outcome = smoke(tmp_path, f"{report(GOOD + BAD)}; exit 1")
    assert (outcome.ended, texts(outcome)) == (Ended.FAILED, ["[FAIL] Smoke tests pass (1/2)"])
    detail = outcome.lines[0].detail
    assert "login" in detail[0] and "500 != 200" in detail[0]
    assert detail[-1] == f"(log: {tmp_path / 'logs' / 'smoke.log'})"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (report(""), "(0/0): none has passed"),
        (report(SKIPPED), "none has passed"),
        (f"{report(GOOD)}; exit 5", "(1/1), but exit code 5"),
        ("echo broken > $HOTFIX_JUNIT", "cannot be read"),
        ("echo it died; exit 1", "left no test report"),
        ("exec not-a-program", "left no test report"),
    ],
)
def test_whatever_is_not_clearly_good_fails(tmp_path: Path, command: str, words: str) -> None:
    outcome = smoke(tmp_path, command)
    assert outcome.ended is Ended.FAILED
    assert words in outcome.lines[0].text


def test_what_does_not_end_in_time_fails(tmp_path: Path) -> None:
    outcome = smoke(tmp_path, f"{report(GOOD)}; exec sleep 60", timeout=0.3)
    assert (outcome.ended, texts(outcome)) == (Ended.FAILED, ["[FAIL] Smoke tests: it did not end in time"])


def test_a_report_of_an_earlier_try_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "junit-smoke.xml").write_text(f"<testsuite>{GOOD}</testsuite>")
    assert "left no test report" in smoke(tmp_path, "true").lines[0].text
