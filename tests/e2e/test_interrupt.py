"""Ctrl-C and TERM, before and after production is touched."""

import signal
import time

import pytest
from tests.e2e.place import BASE, DEPLOY, NEXT, ROLL_BACK, MakePlace, Place, others_in

pytestmark = pytest.mark.slow


def test_during_pre_flight_everything_is_as_it_was(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY).until(r"^Pre-flight checks:")
    begun = time.monotonic()
    run.interrupt()
    assert run.end() == 130, run.out + run.err
    assert time.monotonic() - begun < 5
    assert f"Hotfix interrupted before production. Production is untouched: {BASE}." in run.out
    assert run.lines[-1].startswith("Next: hotfix-deploy-runner resume ")
    assert world.serving() == [BASE] * 3
    assert not [tag for tag in world.tags() if tag.startswith(NEXT)]
    assert others_in(world.layout.folder) == {}
    assert "production: free" in status(world) and "staging: free" in status(world)
    resumed = world.run(*run.lines[-1].removeprefix("Next: ").split())
    assert resumed.end() == 0, resumed.out + resumed.err
    assert world.serving() == [NEXT] * 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_during_the_rollout_production_is_left_and_said_and_one_command_goes_on(
    place: MakePlace, number: signal.Signals, code: int
) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s").until(r"Process 1/3 healthy")
    begun = time.monotonic()
    run.send(number)
    assert run.end() == code, run.out + run.err
    assert time.monotonic() - begun < 5
    assert f"Production is mixed: about 1 of 3 on {NEXT}, the others on {BASE}." in run.lines[-2]
    assert run.lines[-1].startswith("Next: hotfix-deploy-runner resume ")
    assert others_in(world.layout.folder) == {}
    assert len(world.serving()) == 3
    assert "production: suspended" in status(world) and "staging: free" in status(world)
    assert world.run(*DEPLOY).end() == 7
    back = world.run(*ROLL_BACK)
    assert back.end() == 0, back.out + back.err
    assert world.serving() == [BASE] * 3
    assert "production: free" in status(world)
    assert world.failures() == ()


def test_in_ci_the_way_back_is_ordered_before_it_ends(place: MakePlace) -> None:
    world = place()
    run = world.start(*DEPLOY, "--window", "60s", env={"CI": "true"}).until(r"Process 2/3 healthy")
    begun = time.monotonic()
    run.send(signal.SIGTERM)
    code = run.end()
    assert time.monotonic() - begun < 5
    assert code in (4, 143), run.out + run.err
    if code == 143:
        assert f"The rollback to {BASE} is ordered and not verified" in run.out
        assert world.run("hotfix-deploy-runner", "resume").end() == 4
    assert world.serving() == [BASE] * 3
    assert others_in(world.layout.folder) == {}
    assert world.failures() == ()


def status(world: Place) -> str:
    return world.run("hotfix-deploy-runner", "status").out
