"""What every platform has to pass. A test file subclasses `PlatformContract` and gives it a `harness` fixture."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable

import pytest

from hotfix_deploy_runner.core.fleet import Fleet, State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.errors import Superseded
from hotfix_deploy_runner.ports import ALL, All, Move, Platform


class Harness(ABC):
    """One place with a platform of `size` instances; `open` gives another object on the same place each time."""

    size = 3

    @abstractmethod
    def open(self) -> Platform: ...

    @abstractmethod
    def revision(self, version: str, *, good: bool = True) -> Revision:
        """A revision that can be deployed; one that is not good ends itself when it is started."""

    @abstractmethod
    def log_line(self, revision: Revision) -> str:
        """A line that an instance of `revision` logs when it is started."""

    @abstractmethod
    async def moment(self, number: int) -> None:
        """Wait for the `number`-th of some moments that lie within a change of a whole fleet."""

    async def running(self, version: str = "v1.0.0") -> Revision:
        """Have `version` everywhere."""
        revision = self.revision(version)
        platform = self.open()
        first = Move(revision, UNKNOWN, 1)
        await platform.prepare(first)
        await platform.shift(first, ALL)
        return revision


class PlatformContract:
    """A class of tests that any platform passes."""

    def test_where_nothing_was_deployed_the_fleet_is_empty(self, harness: Harness) -> None:
        assert asyncio.run(harness.open().fleet()) == Fleet()

    def test_the_first_deployment_starts_everything_and_its_way_back_is_nothing(self, harness: Harness) -> None:
        async def story() -> None:
            platform, new = harness.open(), harness.revision("v1.0.0")
            move = Move(new, UNKNOWN, 1)
            await platform.prepare(move)
            assert await platform.fleet() == Fleet()
            await platform.shift(move, ALL)
            assert (await platform.fleet()).only(new, harness.size)
            await platform.shift(move, 0)
            assert await platform.fleet() == Fleet()

        asyncio.run(story())

    def test_the_dial_goes_up_step_by_step_and_each_step_can_be_repeated(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            for count in range(1, harness.size + 1):
                await platform.shift(move, count)
                fleet = await platform.fleet()
                assert (fleet.ready(move.new), fleet.ready(move.old)) == (count, harness.size - count)
                await platform.shift(move, count)
                assert await platform.fleet() == fleet

        asyncio.run(story())

    def test_the_dial_never_goes_down_but_to_zero(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            await platform.shift(move, 2)
            before = await platform.fleet()
            await platform.shift(move, 1)
            assert await platform.fleet() == before

        asyncio.run(story())

    def test_preparing_changes_nothing_that_serves(self, harness: Harness) -> None:
        async def story() -> None:
            old = await harness.running()
            platform = harness.open()
            before = await platform.fleet()
            await platform.prepare(Move(harness.revision("v1.0.1"), old, 2))
            assert await platform.fleet() == before

        asyncio.run(story())

    @pytest.mark.parametrize("count", [0, 1, 2, 3])
    def test_zero_brings_the_old_one_back_from_every_point(self, harness: Harness, count: int) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            if count:
                await platform.shift(move, count)
            await platform.shift(move, 0)
            fleet = await platform.fleet()
            assert fleet.only(move.old, harness.size)
            await platform.shift(move, 0)
            assert await platform.fleet() == fleet

        asyncio.run(story())

    def test_as_many_serve_at_every_moment_as_did_before(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            watched: list[int] = []
            for count in (2, ALL, 0):
                change = asyncio.create_task(platform.shift(move, count))
                while not change.done():
                    watched.append(sum(i.ready for i in (await harness.open().fleet()).serving))
                    await asyncio.sleep(0)
                await change
            assert len(watched) > 3
            assert min(watched) >= harness.size

        asyncio.run(story())

    def test_settling_keeps_what_serves_and_can_be_repeated(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            await platform.shift(move, ALL)
            before = await platform.fleet()
            for _ in range(2):
                await platform.settle(move.new, move.fence)
                assert await platform.fleet() == before
            assert before.only(move.new, harness.size)

        asyncio.run(story())

    @pytest.mark.parametrize("number", range(6))
    @pytest.mark.parametrize("count", [1, ALL, 0])
    def test_after_a_cancel_at_any_moment_zero_leaves_only_the_old_one(
        self, harness: Harness, number: int, count: int | All
    ) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            if count == 0:
                await platform.shift(move, ALL)
            await cancelled(platform, move, count, harness.moment(number))
            again = harness.open()
            await again.prepare(move)
            await again.shift(move, 0)
            assert (await again.fleet()).only(move.old, harness.size)

        asyncio.run(story())

    @pytest.mark.parametrize("number", range(3))
    def test_after_a_cancel_the_same_step_completes(self, harness: Harness, number: int) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            await cancelled(platform, move, ALL, harness.moment(number))
            again = harness.open()
            await again.shift(move, ALL)
            assert (await again.fleet()).only(move.new, harness.size)

        asyncio.run(story())

    def test_a_lower_fence_is_refused_everywhere_and_changes_nothing(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            stale = Move(move.new, move.old, move.fence - 1)
            before = await platform.fleet()
            with pytest.raises(Superseded):
                await platform.prepare(stale)
            with pytest.raises(Superseded):
                await platform.shift(stale, 1)
            with pytest.raises(Superseded):
                await platform.shift(stale, 0)
            with pytest.raises(Superseded):
                await platform.settle(stale.new, stale.fence)
            assert await harness.open().fleet() == before

        asyncio.run(story())

    def test_one_that_was_taken_over_stops_in_the_middle(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            overtaken = asyncio.create_task(platform.shift(move, ALL))
            await asyncio.sleep(0)
            other = harness.open()
            higher = Move(move.new, move.old, move.fence + 1)
            await other.prepare(higher)
            with pytest.raises(Superseded):
                await overtaken
            await other.shift(higher, 0)
            assert (await other.fleet()).only(move.old, harness.size)

        asyncio.run(story())

    def test_another_object_on_the_same_place_sees_the_same_fleet(self, harness: Harness) -> None:
        async def story() -> None:
            platform, move = await begun(harness)
            await platform.shift(move, 1)
            fleet = await platform.fleet()
            assert fleet.mixed
            assert await harness.open().fleet() == fleet

        asyncio.run(story())

    def test_a_new_one_that_fails_leaves_the_old_one_serving_and_is_seen(self, harness: Harness) -> None:
        async def story() -> None:
            old, broken = await harness.running(), harness.revision("v1.0.1", good=False)
            platform, move = harness.open(), Move(broken, old, 2)
            await platform.prepare(move)
            before = await platform.fleet()
            await platform.shift(move, 1)
            fleet = await platform.fleet()
            assert set(before.instances) <= set(fleet.instances)
            (failed,) = fleet.of(broken)
            assert failed.state is State.FAILED
            assert failed.why
            assert harness.log_line(broken) in await platform.explain(failed)
            await platform.shift(move, 0)
            assert await platform.fleet() == before

        asyncio.run(story())

    def test_a_failed_one_is_started_anew_by_a_repetition(self, harness: Harness) -> None:
        async def story() -> None:
            old, broken = await harness.running(), harness.revision("v1.0.1", good=False)
            platform, move = harness.open(), Move(broken, old, 2)
            await platform.prepare(move)
            await platform.shift(move, 1)
            (first,) = (await platform.fleet()).of(broken)
            await platform.shift(move, 1)
            (second,) = (await platform.fleet()).of(broken)
            assert (second.name, second.state) == (first.name, State.FAILED)
            assert second.incarnation != first.incarnation

        asyncio.run(story())

    def test_explaining_shows_the_log(self, harness: Harness) -> None:
        async def story() -> None:
            old = await harness.running()
            platform = harness.open()
            for instance in (await platform.fleet()).instances:
                assert harness.log_line(old) in await platform.explain(instance)

        asyncio.run(story())


async def begun(harness: Harness) -> tuple[Platform, Move]:
    """A platform that runs an old revision everywhere, prepared to move to a new one."""
    old = await harness.running()
    platform, move = harness.open(), Move(harness.revision("v1.0.1"), old, 2)
    await platform.prepare(move)
    return platform, move


async def cancelled(platform: Platform, move: Move, count: int | All, moment: Awaitable[None]) -> None:
    """Begin a shift and cancel it at `moment`, unless it has ended by then."""
    shift = asyncio.create_task(platform.shift(move, count))
    await moment
    shift.cancel()
    await asyncio.gather(shift, return_exceptions=True)
