"""The runner dies, or is stopped, in the middle of a rollout."""

import signal

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, ROLL_BACK, MakePlace, others_in
from tests.fakes.processes import wait_for

pytestmark = pytest.mark.slow

GOING_ON = "Next: hotfix-deploy-runner resume "


def test_after_a_kill_the_way_back_is_one_command_and_nothing_else_goes(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    run.send(signal.SIGKILL)
    run.end()
    serving = world.serving()
    assert serving.count(NEXT) >= 1 and len(serving) == 3, "the instances go on without the runner"
    status = world.run("hotfix-deploy-runner", "status").out
    assert "production: held" in status and "its process has ended" in status and "not ended" in status
    for _ in range(2):
        refused = world.run(*DEPLOY)
        assert refused.end() == 7 and GOING_ON in refused.err, "asking twice changes nothing"
    back = world.run("rollback-deploy-auto")
    assert back.end() == 0, back.out + back.err
    assert world.serving() == [BASE] * 3
    marks = world.git("for-each-ref", "--format=%(refname)", "refs/hotfix/rolled-back").splitlines()
    assert marks == [f"refs/hotfix/rolled-back/{NEXT}"], "the new version is marked, not the good one"
    again = world.run(*DEPLOY, "--window", "1s")
    assert again.end() == 0, again.out + again.err
    assert world.serving() == ["v2.14.5"] * 3
    assert world.failures() == ()


def test_a_rollback_that_cannot_begin_leaves_the_mark_on_what_is_half_way(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    run.send(signal.SIGKILL)
    run.end()
    wrong = world.run("rollback-deploy-auto", "--version", "v9.9.9")
    assert wrong.end() == 2, wrong.err
    assert "production: free" not in world.run("hotfix-deploy-runner", "status").out
    assert world.run(*DEPLOY).end() == 7
    assert world.run(*ROLL_BACK).end() == 0
    assert world.serving() == [BASE] * 3
    assert "production: free" in world.run("hotfix-deploy-runner", "status").out


def test_a_runner_that_was_stopped_and_wakes_up_does_nothing_more(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    run.send(signal.SIGSTOP)
    back = world.run(*ROLL_BACK)
    assert back.end() == 0, back.out + back.err
    assert "No answer within 10 s: taking over." in back.err
    assert world.serving() == [BASE] * 3
    run.send(signal.SIGCONT)
    assert run.end(20) == 7, run.out + run.err
    assert "has taken over" in run.lines[-2] and run.lines[-1] == "Next: hotfix-deploy-runner status --instances"
    assert "Rollback:" not in run.out and "marked as rolled back" not in run.out, "no second way back"
    assert world.serving() == [BASE] * 3
    wait_for(lambda: not others_in(world.layout.folder), "nothing is left at work")
    status = world.run("hotfix-deploy-runner", "status").out
    assert "production: free" in status and "staging: free" in status
    assert world.failures() == ()
