"""Restarts and failing health of the new instances."""

import pytest
from tests.fakes.release import NEW, OLD, instance

from hotfix_deploy_runner.core.fleet import Fleet, Instance, State
from hotfix_deploy_runner.core.lives import Lives


def seen(*fleets: tuple[Instance, ...]) -> Lives:
    """One look a second."""
    lives = Lives()
    for at, instances in enumerate(fleets):
        lives = lives.seen(float(at), Fleet(instances), NEW)
    return lives


READY = instance("pod-1", NEW)
FAILED = instance("pod-1", NEW, State.FAILED, why="exited with 1")
AGAIN = instance("pod-1", NEW, life=2)
STARTING = instance("pod-1", NEW, State.STARTING)


def test_another_incarnation_after_having_been_ready_is_a_restart() -> None:
    assert seen((READY,), (AGAIN,)).restarted == ("pod-1",)
    assert seen((READY,), (), (AGAIN,)).restarted == ("pod-1",)
    assert seen((READY,), (FAILED,), (instance("pod-1", NEW, State.STARTING, life=2),)).restarted == ("pod-1",)


def test_a_restart_is_told_once() -> None:
    assert seen((READY,), (AGAIN,), (AGAIN,), ()).restarted == ("pod-1",)
    assert seen((READY,), (AGAIN,), (instance("pod-1", NEW, life=3),)).restarted == ("pod-1", "pod-1")


@pytest.mark.parametrize(
    "fleets",
    [
        ((STARTING,), (AGAIN,)),
        ((instance("pod-1", OLD),), (READY,)),
        ((instance("pod-1", OLD),), (instance("pod-1", OLD, life=2),)),
        ((READY,), (READY, instance("pod-2", NEW))),
        ((READY,), ()),
        ((READY,), (READY, instance("pod-1", NEW, life=7)), (READY, instance("pod-1", NEW, life=7))),
        ((READY, instance("pod-1", NEW, life=7)), (READY,)),
    ],
    ids=["never ready", "replaces the old", "old", "another name", "gone", "one name in two places", "one of two gone"],
)
def test_what_is_no_restart(fleets: tuple[tuple[Instance, ...], ...]) -> None:
    assert seen(*fleets).restarted == ()


def test_unhealthy_for_long_enough_after_having_been_ready() -> None:
    lives = seen((READY,), (FAILED,), (FAILED,), (FAILED,))
    assert [life.name for life in lives.unhealthy(2.0)] == ["pod-1"]
    assert lives.unhealthy(2.0)[0].why == "exited with 1"
    assert lives.unhealthy(2.5) == ()


def test_recovered_health_starts_the_count_again() -> None:
    assert seen((READY,), (FAILED,), (FAILED,), (READY,), (FAILED,), (FAILED,)).unhealthy(2.0) == ()


def test_never_ready_and_gone_are_not_unhealthy() -> None:
    assert seen((STARTING,), (STARTING,), (STARTING,), (STARTING,)).unhealthy(1.0) == ()
    assert seen((READY,), (FAILED,), (), (), ()).unhealthy(1.0) == ()
    assert seen((instance("pod-1", OLD),), *[(instance("pod-1", OLD, State.FAILED),)] * 4).unhealthy(1.0) == ()
