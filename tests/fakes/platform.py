"""A platform in memory that passes the same contract as the real ones. For tests of the runner."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from hotfix_deploy_runner.core.fleet import Fleet, Instance, Role, State
from hotfix_deploy_runner.core.revision import UNKNOWN, Revision
from hotfix_deploy_runner.errors import PlatformFailed, Superseded
from hotfix_deploy_runner.ports import All, Move

Pause = Callable[[str], Awaitable[None]]
"""Called at every await point with its name: `fleet`, `prepare`, `shift`, `start web-1`, `drain web-1`, `settle`.

It may wait (a slow platform), raise (a failing one), or cancel the test's own task.
"""


async def no_pause(point: str) -> None:
    """Give others a turn, no more."""
    await asyncio.sleep(0)


@dataclass
class World:
    """What outlives a FakePlatform object, as real processes outlive the runner.

    `broken` are versions whose instances exit when started. `calls` are the method calls, in order, as
    `("shift", count)`, `("prepare", version)`, `("settle", version)`. `failures` are raised once each by the next
    call of the named method.
    """

    size: int = 3
    name: str = "web"
    broken: set[str] = field(default_factory=set)
    instances: list[Instance] = field(default_factory=list)
    fence: int = 0
    moves: list[Move] = field(default_factory=list)
    calls: list[tuple[str, object]] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    born: int = 0

    @classmethod
    def running(cls, revision: Revision, size: int = 3, *, broken: Iterable[str] = ()) -> "World":
        """One in which `size` instances of `revision` serve."""
        world = cls(size=size, broken=set(broken))
        for slot in world.slots:
            world.begin(slot, revision, State.READY)
        return world

    @property
    def slots(self) -> list[str]:
        """The names of the instances that there should be."""
        return [f"{self.name}-{number}" for number in range(1, self.size + 1)]

    def begin(self, slot: str, revision: Revision, state: State = State.STARTING) -> Instance:
        """A new incarnation in `slot`."""
        self.born += 1
        born = Instance(slot, f"{slot}.{self.born}", revision, state, endpoint=f"http://fake.invalid/{slot}")
        self.instances.append(born)
        return born

    def change(self, incarnation: str, **fields: object) -> None:
        """Set fields of one instance: `world.change(i.incarnation, state=State.FAILED, why="killed by signal 9")`."""
        self.instances = [replace(i, **fields) if i.incarnation == incarnation else i for i in self.instances]

    def remove(self, incarnation: str) -> None:
        """End one instance, without a trace."""
        self.instances = [i for i in self.instances if i.incarnation != incarnation]

    def sicken(self, version: str, state: State = State.UNREACHABLE, why: str = "GET /readyz: 500") -> None:
        """Every instance of `version` stops being ready."""
        for instance in [i for i in self.instances if i.revision.version == version]:
            self.change(instance.incarnation, state=state, why=why)


class FakePlatform:
    """Behaves as `ports.Platform` says; what it runs is in `world`."""

    noun = "process"

    def __init__(self, world: World | None = None, *, pause: Pause = no_pause) -> None:
        self.world = World() if world is None else world
        self.pause = pause

    async def fleet(self) -> Fleet:
        await self._enter("fleet", None)
        return Fleet(tuple(sorted(self.world.instances, key=lambda i: (i.name, i.incarnation))))

    async def prepare(self, move: Move) -> None:
        self._admit(move.fence)
        await self._enter("prepare", move.new.version)
        self._admit(move.fence)
        self.world.moves.append(move)

    async def shift(self, move: Move, count: int | All) -> None:
        self._admit(move.fence)
        await self._enter("shift", count)
        slots = self.world.slots if isinstance(count, All) or count == 0 else self.world.slots[:count]
        if count == 0 and move.old == UNKNOWN:
            for slot in slots:
                await self._retire(slot, self._of(slot), move.fence)
            return
        want = move.old if count == 0 else move.new
        whys = [why for slot in slots if (why := await self._turn(slot, want, move.fence))]
        if whys and count == 0:
            raise PlatformFailed(f"{want.version} cannot be brought back", detail="\n".join(whys))

    async def settle(self, keep: Revision, fence: int) -> None:
        self._admit(fence)
        await self._enter("settle", keep.version)
        self._admit(fence)
        leaving = [i for i in self.world.instances if i.role is Role.DRAINING or i.state is State.FAILED]
        for instance in leaving:
            self.world.remove(instance.incarnation)

    async def explain(self, instance: Instance) -> str:
        return f"{instance.name}: {instance.why or instance.state}\nstarting {instance.revision.version}"

    async def _enter(self, method: str, what: object) -> None:
        if method != "fleet":
            self.world.calls.append((method, what))
        await self.pause(method)
        with contextlib.suppress(KeyError, IndexError):
            raise self.world.failures[method].pop(0)

    def _admit(self, fence: int) -> None:
        if fence < self.world.fence:
            raise Superseded(f"fence {fence} is lower than {self.world.fence}")
        self.world.fence = fence

    def _of(self, slot: str) -> list[Instance]:
        return [i for i in self.world.instances if i.name == slot]

    async def _turn(self, slot: str, want: Revision, fence: int) -> str:
        """Have `slot` serve `want`; why it does not, or an empty string. The one that served goes on until it does."""
        mine = self._usable(slot, want) or self._begin(slot, want)
        if mine.state is State.STARTING:
            await self.pause(f"start {slot}")
            self._admit(fence)
            if want.version in self.world.broken:
                self.world.change(mine.incarnation, state=State.FAILED, why="exited with 1")
                return f"{slot}: exited with 1"
            self.world.change(mine.incarnation, state=State.READY)
        self.world.change(mine.incarnation, role=Role.SERVING)
        await self._retire(slot, [i for i in self._of(slot) if i.incarnation != mine.incarnation], fence)
        return ""

    def _usable(self, slot: str, want: Revision) -> Instance | None:
        usable = (i for i in self._of(slot) if i.revision == want and i.state in (State.READY, State.STARTING))
        return next(usable, None)

    def _begin(self, slot: str, want: Revision) -> Instance:
        for failed in [i for i in self._of(slot) if i.revision == want]:
            self.world.remove(failed.incarnation)
        return self.world.begin(slot, want)

    async def _retire(self, slot: str, leaving: list[Instance], fence: int) -> None:
        for instance in leaving:
            self.world.change(instance.incarnation, role=Role.DRAINING)
        if leaving:
            await self.pause(f"drain {slot}")
            self._admit(fence)
        for instance in leaving:
            self.world.remove(instance.incarnation)
