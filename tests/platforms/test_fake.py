"""The fake is held to the platforms' contract."""

import asyncio

import pytest
from tests.fakes.platform import FakePlatform, World
from tests.platforms.contract import Harness, PlatformContract

from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.core.revision import Revision
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.ports import ALL, Move


class FakeHarness(Harness):
    def __init__(self) -> None:
        self.world = World(size=self.size)

    def open(self) -> FakePlatform:
        return FakePlatform(self.world)

    def revision(self, version: str, *, good: bool = True) -> Revision:
        if not good:
            self.world.broken.add(version)
        return Revision(version, version[1:].replace(".", "").rjust(40, "a"), f"sha256:{version[1:].rjust(64, 'b')}")

    def log_line(self, revision: Revision) -> str:
        return f"starting {revision.version}"

    async def moment(self, number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)


class TestFakePlatform(PlatformContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness()


OLD, NEW = Revision("v1.0.0"), Revision("v1.0.1")


def test_a_failure_is_raised_once() -> None:
    async def story() -> None:
        platform = FakePlatform(World.running(OLD))
        platform.world.failures["shift"] = [PlatformFailed("no answer")]
        with pytest.raises(PlatformFailed, match="no answer"):
            await platform.shift(Move(NEW, OLD, 1), 1)
        await platform.shift(Move(NEW, OLD, 1), ALL)
        assert (await platform.fleet()).only(NEW, 3)
        assert platform.world.calls == [("shift", 1), ("shift", ALL)]

    asyncio.run(story())


def test_instances_that_sicken_are_shown_and_brought_back() -> None:
    async def story() -> None:
        platform = FakePlatform(World.running(OLD))
        await platform.shift(Move(NEW, OLD, 1), 2)
        platform.world.sicken("v1.0.1")
        assert [i.state for i in (await platform.fleet()).of(NEW)] == [State.UNREACHABLE] * 2
        await platform.shift(Move(NEW, OLD, 1), 0)
        assert (await platform.fleet()).only(OLD, 3)

    asyncio.run(story())


def test_an_old_one_that_does_not_start_is_an_error_on_the_way_back() -> None:
    async def story() -> None:
        platform = FakePlatform(World.running(OLD, broken=["v1.0.0"]))
        await platform.shift(Move(NEW, OLD, 1), 1)
        with pytest.raises(PlatformFailed, match=r"v1\.0\.0 cannot be brought back"):
            await platform.shift(Move(NEW, OLD, 1), 0)
        assert (await platform.fleet()).ready(NEW) == 1

    asyncio.run(story())
