import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.platform import FakePlatform, World

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.steps import health
from hotfix_deploy_runner.steps.health import until_healthy

NEW = Revision("v1.0.1")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BETWEEN", 0.002)


def ticking(step: float = 1.0) -> Callable[[], float]:
    """A clock that goes on by `step` seconds each time it is read."""
    counter = itertools.count()
    return lambda: 1000.0 + step * next(counter)


def wait(world: World, count: int = 3, *, changes: dict[int, Callable[[], None]] | None = None, **more: Any) -> Fleet:
    """Until it is healthy; before the look of that number, a change happens."""
    looks = itertools.count()

    async def look(point: str) -> None:
        if point == "fleet":
            (changes or {}).get(next(looks), lambda: None)()
        await asyncio.sleep(0)

    settings: dict[str, Any] = {"min_healthy": 0.0, "deadline": 60.0, "clock": ticking(), **more}
    return asyncio.run(until_healthy(FakePlatform(world, pause=look), NEW, count, **settings))


def looks_needed(world: World, **more: Any) -> int:
    """How often the fleet is looked at before it is healthy enough, a second each time."""
    counter = itertools.count()
    wait(world, clock=lambda: 1000.0 + next(counter), **more)
    return next(counter) - 1  # one reading of the clock is for the beginning


def test_a_healthy_fleet_is_given_at_once() -> None:
    assert wait(World.running(NEW)).ready(NEW) == 3


def test_it_waits_for_the_last_one() -> None:
    world = World.running(NEW)
    last = world.instances[-1].incarnation
    world.change(last, state=State.STARTING)
    fleet = wait(world, changes={3: lambda: world.change(last, state=State.READY)})
    assert fleet.ready(NEW) == 3


def test_health_has_to_last_without_a_break() -> None:
    """A clock of one second a look; it breaks off once, and the time counts anew from there."""
    world = World.running(NEW)
    first = world.instances[0].incarnation
    changes: dict[int, Callable[[], None]] = {
        4: lambda: world.change(first, state=State.STARTING),
        5: lambda: world.change(first, state=State.READY),
    }
    assert looks_needed(world, min_healthy=6.0) == 7
    assert looks_needed(world, min_healthy=6.0, changes=changes) == 12, "from the sixth look on, six seconds more"


def test_one_that_failed_for_good_ends_the_wait_with_the_platforms_explanation() -> None:
    world = World.running(NEW)
    world.change(world.instances[1].incarnation, state=State.FAILED, why="exited with 1")
    with pytest.raises(PlatformFailed, match="Process web-2 failed: exited with 1") as failed:
        wait(world)
    assert "starting v1.0.1" in failed.value.detail


def test_one_that_failed_and_was_replaced_at_once_is_forgiven() -> None:
    world = World.running(NEW)
    victim = world.instances[0]
    world.change(victim.incarnation, state=State.FAILED)

    def replace() -> None:
        world.remove(victim.incarnation)
        world.begin(victim.name, NEW, State.READY)

    assert wait(world, changes={1: replace}).ready(NEW) == 3


def test_the_deadline_ends_it_and_names_the_worst() -> None:
    world = World.running(NEW)
    world.change(world.instances[0].incarnation, state=State.STARTING)
    world.change(world.instances[2].incarnation, state=State.UNREACHABLE, why="GET /readyz: 503")
    with pytest.raises(PlatformFailed, match=r"Process web-3 not healthy within 12 s: GET /readyz: 503"):
        wait(world, deadline=12.0)


def test_what_never_began_is_said_too() -> None:
    with pytest.raises(PlatformFailed, match=r"v1\.0\.1 not healthy within .*: 0 of 3 ready, nothing else to see"):
        wait(World(), deadline=12.0)


def test_a_platform_that_cannot_explain_hides_no_failure() -> None:
    class Silent(FakePlatform):
        async def explain(self, instance: object) -> str:
            raise PlatformFailed("no logs")

    world = World.running(NEW)
    world.change(world.instances[0].incarnation, state=State.FAILED)
    with pytest.raises(PlatformFailed, match="web-1 failed") as failed:
        asyncio.run(until_healthy(Silent(world), NEW, 3, min_healthy=0.0, deadline=9.0, clock=time.time))
    assert failed.value.detail == "no logs"


def test_more_can_be_asked_than_a_number() -> None:
    """Nothing else may be left running."""
    world = World.running(NEW, 2)
    old = world.begin("web-9", Revision("v1.0.0"), State.READY)
    wanted: Callable[[Fleet], bool] = lambda fleet: fleet.only(NEW, 2)  # noqa: E731
    fleet = wait(world, 2, enough=wanted, changes={3: lambda: world.remove(old.incarnation)})
    assert fleet.only(NEW, 2)
    world.begin("web-9", Revision("v1.0.0"), State.READY)
    with pytest.raises(PlatformFailed):
        wait(world, 2, enough=wanted, deadline=9.0)


def test_the_last_look_comes_when_it_has_been_healthy_for_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the next of some interval: the pauses end where `min_healthy` does."""
    pauses: list[float] = []
    real = asyncio.sleep

    async def noting(seconds: float) -> None:
        pauses.append(seconds)
        await real(seconds)

    monkeypatch.setattr(health, "BETWEEN", 60.0)
    monkeypatch.setattr(asyncio, "sleep", noting)
    wait(World.running(NEW), min_healthy=0.05, clock=time.time)
    assert max(pauses) == pytest.approx(0.05, abs=0.005)
