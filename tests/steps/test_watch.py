import asyncio
import time
from collections.abc import Callable

import msgspec
from tests.fakes.lab import POLICY
from tests.fakes.metrics import FakeMetrics
from tests.fakes.target import Target

from hotfix_deploy_runner.core.events import ReadingMissed, ReadingTaken
from hotfix_deploy_runner.core.policy import Watching
from hotfix_deploy_runner.core.reading import Reading, Sample
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.steps.watch import WatchTarget

WATCHED = msgspec.structs.replace(POLICY, watching=Watching(interval=0.02))


def reading(number: int) -> Reading:
    return Reading(float(number), number + 1.0, (Sample("web-1", "1", "v2.14.3", number, 0),))


def watch(target: Target, source: FakeMetrics, enough: Callable[[], bool]) -> None:
    """Watch until there is enough, then stop it as the runner does."""

    async def until_enough() -> None:
        step = target.step("watch")
        task = asyncio.create_task(WatchTarget(target.platforms, source).watch(step, target.run, target.work))
        deadline = time.monotonic() + 10
        while not enough() and not task.done():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(result, asyncio.CancelledError), result

    asyncio.run(until_enough())


def test_reading_after_reading_is_recorded_each_with_its_cursor_and_the_fleet() -> None:
    target = Target(WATCHED, web=2, api=1)
    source = FakeMetrics([reading(1), reading(2)])
    watch(target, source, lambda: len(target.emitted) >= 3)
    first, second, third = target.emitted[:3]
    assert isinstance(first, ReadingTaken) and isinstance(second, ReadingTaken) and isinstance(third, ReadingTaken)
    assert (second.reading, third.reading) == (reading(1), reading(2))
    assert [event.cursor.state["given"] for event in (first, second, third)] == [0, 1, 2]
    assert len(second.fleet.instances) == 3, "of all the platforms"
    assert source.fleets[1] == second.fleet


def test_a_reading_that_does_not_come_is_recorded_as_missed_and_the_next_goes_on() -> None:
    target = Target(WATCHED)
    watch(target, FakeMetrics([reading(1), None, reading(2)]), lambda: len(target.emitted) >= 4)
    kinds = [type(event) for event in target.emitted[:4]]
    assert kinds == [ReadingTaken, ReadingTaken, ReadingMissed, ReadingTaken]
    missed, last = target.emitted[2:4]
    assert isinstance(missed, ReadingMissed) and isinstance(last, ReadingTaken)
    assert missed.why == "the script has no reading here"
    assert len(missed.fleet.instances) == 3, "the fleet was seen all the same"
    assert last.reading == reading(2)


def test_a_platform_that_does_not_answer_is_a_missed_reading_of_nothing() -> None:
    target = Target(WATCHED)
    target.world.failures["fleet"] = [PlatformFailed("no answer")]
    watch(target, FakeMetrics([reading(1)]), lambda: len(target.emitted) >= 2)
    missed, taken = target.emitted[:2]
    assert isinstance(missed, ReadingMissed) and isinstance(taken, ReadingTaken)
    assert (missed.why, missed.fleet.instances) == ("no answer", ())


def test_the_interval_counts_from_the_start_of_each_reading() -> None:
    """A slow source does not stretch it: 10 readings of 90 ms each, 100 ms apart."""
    target = Target(msgspec.structs.replace(POLICY, watching=Watching(interval=0.1)))

    class Slow(FakeMetrics):
        async def read(self, fleet: object, cursor: object) -> object:  # type: ignore[override]
            await asyncio.sleep(0.09)
            return await super().read(fleet, cursor)  # type: ignore[arg-type]

    began = time.monotonic()
    watch(target, Slow([reading(n) for n in range(30)]), lambda: len(target.emitted) >= 10)
    assert 0.9 <= time.monotonic() - began < 1.6, "not 10 times 190 ms"


def test_a_reading_that_is_wanted_is_taken_at_once_and_the_interval_counts_from_there() -> None:
    """With an hour between readings, each comes when it is asked for, and no more than those."""
    target = Target(msgspec.structs.replace(POLICY, watching=Watching(interval=3600.0)))
    source = FakeMetrics([reading(1), reading(2), reading(3)])
    watching = WatchTarget(target.platforms, source)

    async def ask_twice() -> None:
        task = asyncio.create_task(watching.watch(target.step("watch"), target.run, target.work))
        for number in (1, 2, 3):
            async with asyncio.timeout(10):
                while len(target.emitted) < number:
                    await asyncio.sleep(0.001)
            watching.read_soon()
            watching.read_soon()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(ask_twice())
    taken = [event.reading for event in target.emitted if isinstance(event, ReadingTaken)]
    assert taken[1:3] == [reading(1), reading(2)] and len(taken) <= 4
