from pathlib import Path

import pytest
from tests.fakes.past import Past, digest

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.steps.known_good import artifact_of, known_good


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path)


def good(past: Past, target: str = "production") -> list[str]:
    return list(known_good(past.store, target))


def test_nothing_is_known_of_a_new_journal(past: Past) -> None:
    assert good(past) == []


def test_what_ended_done_and_what_it_replaced_are_good_newest_first(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1")
    past.run("v1.0.1", "v1.0.2")
    assert good(past) == ["v1.0.2", "v1.0.1", "v1.0.0"]


def test_what_was_rolled_back_is_not_good_and_what_it_replaced_is(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1", ExitCode.ROLLED_BACK)
    assert good(past) == ["v1.0.0"]


@pytest.mark.parametrize(
    "code", [ExitCode.UNPROVEN, ExitCode.NEEDS_HUMAN, ExitCode.STOPPED, ExitCode.INTERRUPTED, None]
)
def test_what_did_not_end_done_is_not_known_to_be_good(past: Past, code: ExitCode | None) -> None:
    past.run("v1.0.0", "v1.0.1", code)
    assert good(past) == ["v1.0.0"]


def test_what_was_unproven_is_good_once_the_next_run_found_it_serving(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1", ExitCode.UNPROVEN)
    past.run("v1.0.1", "v1.0.2", ExitCode.ROLLED_BACK)
    assert good(past) == ["v1.0.1", "v1.0.0"]


@pytest.mark.parametrize("code", [ExitCode.DONE, ExitCode.NEEDS_HUMAN, None])
def test_what_somebody_rolled_back_from_is_not_good_however_that_ended(past: Past, code: ExitCode | None) -> None:
    past.run("v1.0.0", "v1.0.1")
    past.run("v1.0.1", "v1.0.0", code, action="rollback")
    assert good(past) == ["v1.0.0"]


def test_a_rollback_to_what_ran_anyway_says_nothing_against_it(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1")
    past.run("v1.0.1", "v1.0.1", ExitCode.NEEDS_HUMAN, action="rollback")
    assert good(past) == ["v1.0.1", "v1.0.0"]


def test_a_version_that_was_brought_again_after_a_rollback_is_good_again(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1")
    past.run("v1.0.1", "v1.0.0", action="rollback")
    past.run("v1.0.0", "v1.0.1", action="rollback")
    assert good(past) == ["v1.0.1"], "and v1.0.0 was left behind"


def test_another_environments_runs_say_nothing(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1", target="canary")
    assert good(past) == []
    assert good(past, "canary") == ["v1.0.1", "v1.0.0"]


def test_what_nobody_could_name_is_not_good(past: Past) -> None:
    past.run("unknown", "v1.0.1")
    assert good(past) == ["v1.0.1"]


def test_each_version_has_the_artifact_of_the_newest_run_that_knew_it(past: Past) -> None:
    past.run("v1.0.0", "v1.0.1")
    past.run("v1.0.1", "v1.0.0", action="rollback")
    rows = known_good(past.store, "production")
    assert rows["v1.0.0"].run == "run-2"
    assert artifact_of(past.store, rows["v1.0.0"], "v1.0.0") == digest("v1.0.0")
    past.run("v1.0.0", "v1.0.2", ExitCode.ROLLED_BACK)
    rows = known_good(past.store, "production")
    assert rows["v1.0.0"].run == "run-3"
    assert artifact_of(past.store, rows["v1.0.0"], "v1.0.0") == digest("v1.0.0")
