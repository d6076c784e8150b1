"""The process platform without a port to spare: a slot is emptied before its successor is started."""

import asyncio
import os
import signal

import pytest
from tests.platforms.process_place import Place

from hotfix_deploy_runner.core.fleet import State
from hotfix_deploy_runner.errors import PlatformFailed
from hotfix_deploy_runner.platforms.process.liveness import Processes
from hotfix_deploy_runner.ports import ALL, Move

pytestmark = pytest.mark.slow


def test_never_more_than_one_is_down(tight: Place) -> None:
    async def story() -> None:
        platform, move = await tight.moving()
        for count, want in ((ALL, move.new), (0, move.old)):
            change = asyncio.create_task(platform.shift(move, count))
            published = []
            while not change.done():
                published.append(len(tight.endpoints))
                await asyncio.sleep(0.005)
            await change
            assert min(published) == 2
            assert (await platform.fleet()).only(want, 3)
            assert len(tight.endpoints) == 3

    asyncio.run(story())


def test_the_first_that_fails_stops_the_others_and_zero_brings_it_back(tight: Place) -> None:
    async def story() -> None:
        platform, move = await tight.moving("exits")
        await platform.shift(move, ALL)
        fleet = await platform.fleet()
        assert [(i.name, i.state) for i in fleet.of(move.new)] == [("web-1", State.FAILED)]
        assert fleet.ready(move.old) == 2
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 3)

    asyncio.run(story())


def test_ones_that_do_not_answer_are_replaced_all_at_once(tight: Place) -> None:
    async def story() -> None:
        platform, move = await tight.moving()
        await platform.shift(move, ALL)
        tree = tight.layout.releases / move.new.artifact.removeprefix("sha256:") / "tree"
        for port in tight.ports:
            (tree / f"sick-{port}").touch()
        change = asyncio.create_task(tight.open(env={"WARM_UP": "0.5"}).shift(move, 0))
        most_starting = 0
        while not change.done():
            starting = [i for i in (await platform.fleet()).of(move.old) if i.state is State.STARTING]
            most_starting = max(most_starting, len(starting))
            await asyncio.sleep(0.01)
        await change
        assert most_starting == 3
        assert (await platform.fleet()).only(move.old, 3)

    asyncio.run(story())


@pytest.mark.parametrize("number", range(5))
def test_a_cancel_at_any_moment_loses_no_slot(tight: Place, number: int) -> None:
    async def story() -> None:
        platform, move = await tight.moving()
        change = asyncio.create_task(platform.shift(move, ALL))
        await tight.moment(number)
        change.cancel()
        await asyncio.gather(change, return_exceptions=True)
        await tight.open().shift(move, 0)
        assert (await platform.fleet()).only(move.old, 3)

    asyncio.run(story())


def test_a_service_that_lost_its_wrapper_makes_room(tight: Place) -> None:
    async def story() -> None:
        platform, move = await tight.moving()
        await platform.shift(move, ALL)
        victim = (await platform.fleet()).instances[0]
        record = tight.record(victim)
        os.kill(tight.pid(victim), signal.SIGKILL)
        await platform.shift(move, 0)
        assert (await platform.fleet()).only(move.old, 3)
        assert Processes().members(record) == []

    asyncio.run(story())


def test_an_old_version_that_cannot_be_started_takes_down_one_slot_only(tight: Place) -> None:
    async def story() -> None:
        good, broken = tight.revision("v1.0.1"), tight.revision("v1.0.0", good=False)
        platform, move = tight.open(), Move(good, broken, 1)
        await platform.prepare(move)
        await platform.shift(move, ALL)
        with pytest.raises(PlatformFailed, match=r"v1\.0\.0 cannot be brought back: web-1: exited with 3"):
            await platform.shift(move, 0)
        assert (await platform.fleet()).ready(good) == 2

    asyncio.run(story())
