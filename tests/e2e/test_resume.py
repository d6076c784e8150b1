"""A run whose process died goes on from what is true, or is given up."""

import signal

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, Command, MakePlace, Place, others_in

pytestmark = pytest.mark.slow


def killed(world: Place, pattern: str, *options: str) -> Command:
    """A deploy that was killed as soon as it had told `pattern`."""
    run = world.start(*DEPLOY, *options).until(pattern)
    run.send(signal.SIGKILL)
    run.end()
    return run


def test_it_goes_on_to_the_end_it_would_have_had(place: MakePlace) -> None:
    """Under live traffic, which loses nothing by it; every other moment is the business of `tests/chaos`."""
    world = place()
    killed(world, r"Process 1/3 healthy", "--window", "3s")
    resumed = world.run("hotfix-deploy-runner", "resume")
    assert resumed.end() == 0, resumed.out + resumed.err
    assert f"Hotfix {NEXT} deployed successfully." in resumed.out and "Resumed by ada on " in resumed.out
    assert world.serving() == [NEXT] * 3
    assert [tag for tag in world.tags() if tag.startswith(NEXT)] == [NEXT, f"{NEXT}-rc.1"]
    assert world.git("log", "--merges", "--format=%s", "main").splitlines() == [f"Merge hotfix {NEXT} into main"]
    assert others_in(world.layout.folder) == {}
    assert world.failures() == ()
    again = world.run("hotfix-deploy-runner", "resume")
    assert again.end() == 2 and "no run is unfinished" in again.err


def test_it_can_be_given_up_instead(place: MakePlace) -> None:
    world = place()
    killed(world, r"Process 2/3 healthy", "--window", "60s")
    back = world.run("hotfix-deploy-runner", "abort", "--reason", "the customer called")
    assert back.end() == 0, back.out + back.err
    assert "Abort asked for by ada: the customer called" in back.out, back.err
    assert f"Production runs {BASE} again, verified everywhere." in back.out
    assert world.serving() == [BASE] * 3
    assert "production: free" in world.run("hotfix-deploy-runner", "status").out
    assert others_in(world.layout.folder) == {}


def test_other_settings_have_to_be_accepted(place: MakePlace) -> None:
    world = place()
    killed(world, r"Process 1/3 healthy", "--window", "2s")
    other = world.run("hotfix-deploy-runner", "resume", env={"HOTFIX_ROLLBACK_THRESHOLD": "50"})
    assert other.end() == 2 and "rollback_threshold is 50.0, was 5.0" in other.err, other.err
    accepted = world.run("hotfix-deploy-runner", "resume", "--accept", env={"HOTFIX_ROLLBACK_THRESHOLD": "50"})
    assert accepted.end() == 0, accepted.out + accepted.err
    assert "Note: rollback_threshold is 50.0, was 5.0" in accepted.out


def test_a_live_run_is_paused_promoted_and_aborted_from_another_terminal(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    paused = world.run("hotfix-deploy-runner", "pause", "--reason", "wait for the bank")
    assert paused.end() == 0, paused.err
    run.until(r"\[WARN\] Paused: asked for by ada: wait for the bank")
    world.run("hotfix-deploy-runner", "continue")
    run.until(r"Process 3/3 healthy")
    assert world.run("hotfix-deploy-runner", "promote").end() == 0
    assert run.end() == 6, run.out + run.err
    assert "the watch ended after" in run.out and "promotion asked for by ada" in run.out
    assert world.serving() == [NEXT] * 3
    assert world.run("hotfix-deploy-runner", "pause").end() == 2


def test_a_live_run_is_aborted(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 2/3 healthy")
    aborted = world.run("hotfix-deploy-runner", "abort")
    assert aborted.end() == 0, aborted.out + aborted.err
    assert run.end() == 4
    assert world.serving() == [BASE] * 3
