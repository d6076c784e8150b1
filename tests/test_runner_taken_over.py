"""The loop when another run takes its place: told by the lock, or by the platform's fence."""

import asyncio
import time
from pathlib import Path

from tests.fakes.lab import NEW, OLD, Lab
from tests.fakes.platform import World

from hotfix_deploy_runner.core.ending import ExitCode
from hotfix_deploy_runner.core.events import StepStarted, TakenOver
from hotfix_deploy_runner.ports import ALL, Move
from hotfix_deploy_runner.runner import Runner


class Overtaken(Lab):
    """A lab whose run loses its place as soon as something has been shifted."""

    async def _run(self, action: str, during: object) -> object:  # type: ignore[override]
        taken = lambda: "run two has taken over" if ("shift", 1) in self.world.calls else ""  # noqa: E731
        runner = Runner(self.store, self._all_performers(), clock=time.time, taken_over=taken)
        try:
            return await runner.drive(await self._started(action))
        finally:
            await runner.close()


def test_who_has_lost_the_lock_does_nothing_more(tmp_path: Path) -> None:
    lab = Overtaken(tmp_path)
    ending = lab.run()
    assert ending.code == ExitCode.HELD and "run two has taken over" in ending.summary
    assert [call for call in lab.world.calls if call[0] == "shift"] == [("shift", 1)]
    lost = lab.index(lambda event: isinstance(event, TakenOver))
    after = [event.step for event in lab.events[lost:] if isinstance(event, StepStarted)]
    assert after == ["document", "cleanup"]


def test_who_meets_a_higher_fence_does_not_try_to_go_back(tmp_path: Path) -> None:
    """Another run has brought the old version under a higher fence, between two batches of this one."""
    taken = False
    world = World.running(OLD)

    async def overtake(point: str) -> None:
        nonlocal taken
        if point == "start web-2" and not taken:
            taken = True
            other = Move(OLD, NEW, fence=9)
            await lab.platform.prepare(other)
            await lab.platform.shift(other, ALL)
        await asyncio.sleep(0)

    lab = Lab(tmp_path, world=world, pause=overtake)
    ending = lab.run()
    assert taken and ending.code == ExitCode.HELD
    assert [i.revision.version for i in lab.world.instances] == [OLD.version] * 3
    assert ("shift", 0) not in lab.world.calls
    assert sum(isinstance(event, TakenOver) for event in lab.events) == 1
