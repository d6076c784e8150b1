"""The events are those of go 1.27 for packages made for it, without their times, frames of passing tests and stacks."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.checks.places import write

from hotfix_deploy_runner.doors.reports import read
from hotfix_deploy_runner.doors.tally import Case, Outcome, Tally, UnreadableReport


def told(folder: Path, *events: dict[str, Any], cut: int = 0) -> Tally:
    """What is read from these events; of the last one, `cut` characters are missing."""
    text = "\n".join(json.dumps(event) for event in events)
    return read(write(folder, {"report": text[: len(text) - cut]}) / "report", folder)


def event(action: str, test: str = "", package: str = "example.org/shop", **more: str) -> dict[str, Any]:
    return {"Action": action, "Package": package, **({"Test": test} if test else {}), **more}


def output(text: str, test: str = "", **more: str) -> dict[str, Any]:
    return event("output", test, Output=f"{text}\n", **more)


def test_tests_and_subtests_are_counted_and_failures_say_why(tmp_path: Path) -> None:
    tally = told(
        tmp_path,
        event("start"),
        event("run", "TestGood"),
        event("pass", "TestGood"),
        event("run", "TestLater"),
        output("    shop_test.go:4: not today", "TestLater"),
        event("skip", "TestLater"),
        event("run", "TestCart"),
        event("run", "TestCart/takes_off"),
        output("=== RUN   TestCart/takes_off", "TestCart/takes_off", OutputType="frame"),
        output("    shop_test.go:7: a log", "TestCart/takes_off"),
        output("    shop_test.go:7: got 3, want 2", "TestCart/takes_off", OutputType="error"),
        output("--- FAIL: TestCart/takes_off (0.00s)", "TestCart/takes_off", OutputType="frame"),
        event("fail", "TestCart/takes_off"),
        output("--- FAIL: TestCart (0.00s)", "TestCart"),  # older ones do not mark a frame
        event("fail", "TestCart"),
        output("FAIL"),
        event("fail"),
    )
    assert (tally.passed, tally.skipped, tally.total) == (1, 1, 4)
    assert tally.cases[1] == Case("example.org/shop::TestLater", Outcome.SKIPPED, "shop_test.go:4: not today")
    assert tally.failed == (
        Case("example.org/shop::TestCart/takes_off", Outcome.FAILED, "shop_test.go:7: got 3, want 2"),
        Case("example.org/shop::TestCart", Outcome.FAILED),
    )


def test_a_test_that_does_not_end_has_failed(tmp_path: Path) -> None:
    tally = told(
        tmp_path,
        event("run", "TestQuick"),
        event("pass", "TestQuick"),
        event("run", "TestSlow"),
        output("panic: test timed out after 2s", "TestSlow"),
        event("fail"),
    )
    assert (tally.passed, tally.total) == (1, 2)
    assert tally.failed == (Case("example.org/shop::TestSlow", Outcome.FAILED, "panic: test timed out after 2s"),)


def test_a_package_that_does_not_build_or_is_ended_has_failed(tmp_path: Path) -> None:
    built = "example.org/broken [example.org/broken.test]"
    tally = told(
        tmp_path,
        {"ImportPath": built, "Action": "build-output", "Output": f"# {built}\n"},
        {"ImportPath": built, "Action": "build-output", "Output": "broken/b_test.go:3:28: undefined: x\n"},
        {"ImportPath": built, "Action": "build-fail"},
        event("fail", package="example.org/broken", FailedBuild=built),
        output("no database"),
        event("fail"),
        event("skip", package="example.org/none"),
    )
    assert tally.cases == (
        Case("example.org/broken", Outcome.FAILED, "broken/b_test.go:3:28: undefined: x"),
        Case("example.org/shop", Outcome.FAILED, "no database"),
    ), "a package without tests is none"


def test_a_test_that_is_run_twice_counts_twice(tmp_path: Path) -> None:
    once = (event("run", "TestA"), event("pass", "TestA"))
    assert told(tmp_path, *once, *once, event("run", "TestA")).passed == 2
    assert told(tmp_path, *once, *once, event("run", "TestA")).total == 3


def test_a_report_that_is_broken_off_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match="report: line 2 is no event"):
        told(tmp_path, event("run", "TestA"), event("pass", "TestA"), cut=3)


@pytest.mark.parametrize("line", ['{"a": 1}', '{"Action": 1}'])
def test_another_json_cannot_be_read(tmp_path: Path, line: str) -> None:
    with pytest.raises(UnreadableReport, match="line 1 is no event"):
        read(write(tmp_path, {"report": f"{line}\n"}) / "report", tmp_path)


def test_what_a_test_starts_may_write_in_between(tmp_path: Path) -> None:
    text = f"{json.dumps(event('run', 'TestA'))}\nlistening on :80\n{json.dumps(event('pass', 'TestA'))}\n"
    assert read(write(tmp_path, {"report": text}) / "report", tmp_path).passed == 1


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
def test_what_go_itself_prints_is_read(tmp_path: Path) -> None:
    source = 'package shop\nimport "testing"\nfunc TestA(t *testing.T) {}\nfunc TestB(t *testing.T) { t.Error("no") }\n'
    tree = write(tmp_path, {"go.mod": "module example.org/shop\n\ngo 1.21\n", "shop_test.go": source})
    env = {**os.environ, "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    with (tree / "report").open("wb") as report:
        subprocess.run(["go", "test", "-json", "./..."], cwd=tree, env=env, stdout=report, check=False)
    tally = read(tree / "report", tree)
    assert (tally.passed, tally.total) == (1, 2)
    assert tally.failed == (Case("example.org/shop::TestB", Outcome.FAILED, "shop_test.go:4: no"),)
