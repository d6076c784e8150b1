"""The demo's service, as its team meets it: its tests, its smoke tests, its code."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .conftest import Checkout, MakeDemo, Start

pytestmark = pytest.mark.slow
BRANCH = "hotfix/auth-bypass"
STAGING = {"TOKEN_AUDIENCE": "staging"}


def run_tests(python: Path, tree: Path, *arguments: str, url: str = "") -> tuple[int, dict[str, str]]:
    """How many tests ran, and the messages of those that failed, by name."""
    report = tree / "report.xml"
    command = [str(python / "bin/python"), "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    subprocess.run(command, cwd=tree, env={**os.environ, "HOTFIX_URL": url}, capture_output=True, check=False)
    cases = list(ElementTree.parse(report).iter("testcase"))
    broken = [
        (case.get("name", ""), failure) for case in cases for failure in (*case.iter("failure"), *case.iter("error"))
    ]
    assert not [case for case in cases if case.find("skipped") is not None]
    return len(cases), {name: failure.get("message", "") for name, failure in broken}


PASSING = ["good", "errors", "crash", "leaked-secret", "migration", "hang", "slow", "not-worse", "blind"]
"""The scenarios whose branch passes its tests; of those with the same branch, one."""


@pytest.mark.parametrize("name", PASSING)
def test_the_hotfix_passes_47_tests(demo: MakeDemo, tree: Checkout, environment: Path, name: str) -> None:
    assert run_tests(environment, tree(demo(name), BRANCH)) == (47, {})


def test_one_of_47_tests_fails_where_it_should(demo: MakeDemo, tree: Checkout, environment: Path) -> None:
    count, failed = run_tests(environment, tree(demo("failing-test"), BRANCH))
    assert count == 47
    assert [*failed] == ["test_token_expiry"]
    assert failed["test_token_expiry"].splitlines()[0] == "AssertionError: 401 != 200"


@pytest.mark.parametrize("ref", ["v2.13.0", "v2.14.1", "v2.14.3"])
def test_releases_pass_their_tests(demo: MakeDemo, tree: Checkout, environment: Path, ref: str) -> None:
    assert run_tests(environment, tree(demo("good"), ref)) == (41, {})


def test_the_merge_passes_all_tests(demo: MakeDemo, tree: Checkout, environment: Path) -> None:
    folder = tree(demo("good"), "v2.14.3")
    merge = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "merge", "-q", "origin/main", f"origin/{BRANCH}"]
    subprocess.run(merge, cwd=folder, check=True, capture_output=True)
    assert run_tests(environment, folder) == (47, {})


def test_the_new_tests_catch_the_bug_of_the_release(demo: MakeDemo, tree: Checkout, environment: Path) -> None:
    folder = tree(demo("good"), BRANCH)
    subprocess.run(["git", "checkout", "-q", "v2.14.3", "--", "service"], cwd=folder, check=True)
    count, failed = run_tests(environment, folder)
    assert count == 47
    assert {*failed} == {
        "test_token_expiry",
        "test_expired_token_shows_no_account",
        "test_unsigned_token",
        "test_unsigned_token_moves_no_money",
    }


@pytest.mark.parametrize(
    ("name", "ref"), [("good", "v2.14.3"), ("not-worse", "v2.14.3"), *((name, BRANCH) for name in PASSING)]
)
def test_12_smoke_tests_pass_on_staging(
    demo: MakeDemo, tree: Checkout, environment: Path, start: Start, name: str, ref: str
) -> None:
    folder = tree(demo(name), ref)
    running = start(folder, STAGING)
    assert run_tests(environment, folder, "smoke", url=running.url) == (12, {})
    assert running.end() == 0


def test_smoke_tests_bear_a_bank_that_is_silent_now_and_then(
    demo: MakeDemo, tree: Checkout, environment: Path, start: Start
) -> None:
    folder = tree(demo("good"), BRANCH)
    running = start(folder, {"BANK_FAILURES": "0.05", "BANK_MEDIAN": "0"})
    assert run_tests(environment, folder, "smoke", url=running.url)[0] == 12


def test_smoke_tests_fail_where_nobody_answers(demo: MakeDemo, tree: Checkout, environment: Path) -> None:
    count, failed = run_tests(environment, tree(demo("good"), BRANCH), "smoke", url="http://127.0.0.1:1")
    assert count == len(failed) == 12


@pytest.mark.parametrize("name", [*PASSING, "failing-test"])
def test_the_generated_code_is_clean(demo: MakeDemo, tree: Checkout, name: str) -> None:
    ruff, folder = str(Path(sys.executable).with_name("ruff")), tree(demo(name), BRANCH)
    for command in (["check", "--select=E,F,W,I,UP,B,SIM"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--line-length=120", "."],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [*PASSING, "failing-test"])
def test_only_one_hotfix_brings_a_security_finding(demo: MakeDemo, tree: Checkout, name: str) -> None:
    def findings(ref: str) -> Counter[tuple[str, str]]:
        bandit = [str(Path(sys.executable).with_name("bandit")), "-q", "-r", "service", "-f", "json"]
        done = subprocess.run(bandit, cwd=tree(demo(name), ref), capture_output=True, check=False)
        return Counter((found["test_id"], found["filename"]) for found in json.loads(done.stdout)["results"])

    new = [("B105", "service/tokens.py")] if name == "leaked-secret" else []
    assert findings(BRANCH) - findings("v2.14.3") == Counter(new)
