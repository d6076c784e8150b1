"""One slot's change to a revision."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass

from msgspec.structs import replace

from ...core.instant import Seconds, spoken
from ...core.pacing import pause
from ...core.revision import Revision
from ...doors.together import together
from ...errors import PlatformFailed
from .fence import Fence
from .layout import Layout, Record, Stage
from .observer import Observer
from .ports import Ports, holder
from .releases import Releases
from .retirement import Retirement
from .supervisor import Supervisor

POLL: Seconds = 0.1
PATIENCE: Seconds = 3.0
"""How long one that has served before may be silent before it is not relied on."""

_PREFERRED = (Stage.SERVING, Stage.DRAINING, Stage.STARTING)


@dataclass(frozen=True)
class Parts:
    """What a turn works with. `start_limit` is how long a new process may take to be ready, in seconds."""

    layout: Layout
    fence: Fence
    supervisor: Supervisor
    observer: Observer
    retirement: Retirement
    ports: Ports
    releases: Releases
    start_limit: Seconds


class Turn:
    """Has `slot` serve `want`. What serves there goes on until its successor is ready.

    `back`: on the way back, where one that serves `want` but does not answer is replaced too. `room` has a permit for
    every port to spare; None when there is none: then the slot is emptied before its successor is started.
    """

    def __init__(
        self, parts: Parts, slot: str, want: Revision, fence: int, *, back: bool, room: asyncio.Semaphore | None
    ) -> None:
        self._parts = parts
        self._slot = slot
        self._want = want
        self._fence = fence
        self._back = back
        self._room = room

    async def run(self) -> str:
        """Make the turn; why the slot does not serve `want`, or an empty string. Raises `PlatformFailed`."""
        mine = await self._usable()
        useless = [r for r in self._records() if self._useless(r)]
        why, _ = await together(self._serve(mine), self._retire(useless))
        return why

    async def _retire(self, leaving: list[Record], successor: Record | None = None) -> str:
        """End `leaving`, in favour of `successor`; there is no reason then why the slot should not serve."""
        if leaving or successor is not None:
            await self._parts.retirement.replace(leaving, successor, self._fence)
        return ""

    async def _serve(self, mine: Record | None) -> str:
        if mine is not None:
            return await self._take_over(mine)
        others = [r for r in self._records() if not self._useless(r) and self._parts.supervisor.present(r)]
        if others and await self._must_empty(others):
            await self._retire(others)
            others = []
        async with self._room if others and self._room is not None else nullcontext():
            return await self._take_over(await self._start())

    async def _usable(self) -> Record | None:
        """The process of `want` that is there already and can be relied on, or still may become ready."""
        alive = [
            r
            for r in self._records()
            if r.revision == self._want and r.stage in _PREFERRED and not r.given_up and self._alive(r)
        ]
        for record in sorted(alive, key=lambda r: _PREFERRED.index(r.stage)):
            counts_as_serving = record.stage is Stage.SERVING and not self._back
            if record.stage is Stage.STARTING or counts_as_serving or not await self._until_ready(record, PATIENCE):
                return record
        return None

    async def _must_empty(self, others: list[Record]) -> bool:
        """Whether the slot has no successor beside it: no port to spare, or nothing to lose and others waiting."""
        if self._room is None:
            return True
        if not self._back:
            return False
        whys = await together(*(self._parts.observer.not_ready(r) for r in others))
        return all(whys) and self._room.locked()

    async def _start(self) -> Record:
        """A new process on a free port; waits for one that a retiring instance is about to leave."""
        parts = self._parts
        release = await parts.releases.provide(self._want)
        deadline = time.monotonic() + parts.start_limit
        while True:
            async with parts.fence.effect(self._fence):
                known = [r for r in parts.layout.records() if self._alive(r)]
                port = parts.ports.free(r.port for r in known)
                if port is not None:
                    return parts.supervisor.begin(self._slot, self._want, release, port)
            if not self._one_will_leave(known) or time.monotonic() > deadline:
                raise self._no_port(known)
            await asyncio.sleep(POLL)

    async def _take_over(self, mine: Record) -> str:
        """Wait until `mine` is ready, give it the traffic, end the others. If it is not, it is ended and they stay."""
        if mine.stage is Stage.STARTING and (why := await self._until_ready(mine, self._time_left(mine))):
            await self._give_up(mine, why)
            return f"{self._slot}: {why}"
        others = [r for r in self._records() if r.incarnation != mine.incarnation and not self._useless(r)]
        return await self._retire(others, mine)

    async def _until_ready(self, record: Record, patience: Seconds) -> str:
        """Why `record` is not ready within `patience` seconds, at once when its process has ended; or nothing."""
        begun = time.monotonic()
        while why := await self._parts.observer.not_ready(record):
            if not self._alive(record):  # by now it is known how it ended, which says more than what was seen before
                return await self._parts.observer.not_ready(record) or why
            waited = time.monotonic() - begun
            if waited > patience:
                return f"not ready within {spoken(self._parts.start_limit)}: {why}"
            await asyncio.sleep(pause(waited))
        return ""

    def _time_left(self, record: Record) -> Seconds:
        return self._parts.start_limit - (time.time() - record.begun)

    async def _give_up(self, mine: Record, why: str) -> None:
        """End one that never got ready, and leave its record: it is shown as failed."""
        async with self._parts.fence.effect(self._fence):
            mine = self._parts.layout.write(replace(mine, given_up=why))
        await self._parts.supervisor.stop(mine, self._fence, stage=mine.stage)

    def _one_will_leave(self, alive: Collection[Record]) -> bool:
        """Whether a port gets free by itself: somebody is being ended, or another slot has its successor already."""
        known = self._parts.layout.records()
        useless = any(self._useless(r) for r in known if r.slot == self._slot)
        others = Counter(r.slot for r in alive if r.slot != self._slot)
        return useless or any(map(_leaving, known)) or any(number > 1 for number in others.values())

    def _no_port(self, alive: Collection[Record]) -> PlatformFailed:
        strangers = self._parts.ports.strangers(r.port for r in alive)
        taken = [f"port {port} is taken by {holder(port)}" for port in strangers]
        return PlatformFailed(
            f"{self._slot} has no port to start on: {'; '.join(taken) or 'all are in use'}",
            detail=f"the pool is {', '.join(map(str, self._parts.ports.pool))}",
            next_step="end what holds it, or give `ports` more of them",
        )

    def _records(self) -> list[Record]:
        return self._parts.layout.records(self._slot)

    def _useless(self, record: Record) -> bool:
        """Left by a turn that was cut off or failed, and of no use to this one: also one that never came to serve."""
        if record.stage is Stage.STOPPING or (record.given_up and self._alive(record)):
            return True
        wanted = record.revision == self._want
        return not self._alive(record) if wanted else record.stage in (Stage.DRAINING, Stage.STARTING)

    def _alive(self, record: Record) -> bool:
        return self._parts.supervisor.alive(record)


def _leaving(record: Record) -> bool:
    return record.stage in (Stage.DRAINING, Stage.STOPPING)
