"""Others who want something while a run is in progress."""

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, ROLL_BACK, MakePlace

from hotfix_deploy_runner.core.events import RunStarted

pytestmark = pytest.mark.slow


def test_a_second_run_is_refused_and_the_first_goes_on_unharmed(place: MakePlace) -> None:
    world = place()
    first = world.start(*DEPLOY, "--window", "1s").until(r"Branch exists")
    second = world.run(*DEPLOY, env={"HOTFIX_OPERATOR": "bob"})
    assert (second.end(), second.out) == (7, "")
    begun = world.events()[0]
    assert isinstance(begun, RunStarted)
    assert f"run {begun.run} of ada, process {first.process.pid} on " in second.err
    assert first.end() == 0, first.out + first.err
    assert world.serving() == [NEXT] * 3
    assert world.failures() == ()


def test_a_rollback_asked_for_is_made_by_the_run_in_progress(place: MakePlace) -> None:
    world = place()
    first = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    other = world.run(*ROLL_BACK, "--reason", "customers call", env={"HOTFIX_OPERATOR": "bob"})
    assert other.end() == 0, other.out + other.err
    assert world.serving() == [BASE] * 3
    assert first.end() == 4, first.out + first.err
    assert f"Hotfix {NEXT} was rolled back: rollback asked for by bob: customers call." in first.out
    assert first.out.splitlines()[-1] == other.out.splitlines()[-1], "both tell the same end"
    assert world.failures() == ()


def test_a_rollback_of_staging_does_not_roll_production_back(place: MakePlace) -> None:
    world = place()
    first = world.start(*DEPLOY, "--window", "1s").until(r"Rolling deploy started")
    other = world.run("rollback-deploy-auto", "--target", "staging")
    assert other.end() == 7 and "in progress on production" in other.err
    assert first.end() == 0, first.out + first.err
    assert world.serving() == [NEXT] * 3
