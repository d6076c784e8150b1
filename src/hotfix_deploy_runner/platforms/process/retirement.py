"""Taking instances out of service without losing a request."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from ...core.instant import Seconds
from ...doors.together import together
from .fence import Fence
from .layout import Layout, Record, Stage
from .publisher import Publisher
from .supervisor import Supervisor


class Retirement:
    """Unpublish, wait, end: in this order. `drain` is the time given to requests under way, in seconds."""

    def __init__(
        self, layout: Layout, fence: Fence, supervisor: Supervisor, publisher: Publisher, drain: Seconds
    ) -> None:
        self._layout = layout
        self._fence = fence
        self._supervisor = supervisor
        self._publisher = publisher
        self._drain = drain

    async def replace(self, leaving: Sequence[Record], successor: Record | None, fence: int) -> None:
        """End `leaving`; `successor` (None: nobody) takes their traffic in the same change of the endpoints.

        Returns when their processes are gone. Raises `PlatformFailed` when the endpoints cannot be published: then
        nothing was ended.
        """
        taking = any(r.stage in (Stage.SERVING, Stage.DRAINING) and self._supervisor.alive(r) for r in leaving)
        async with self._fence.effect(fence):
            if successor is not None and successor.stage is not Stage.SERVING:
                self._layout.write(replace(successor, stage=Stage.SERVING))
            drained = [self._drained(record) for record in leaving]
        await self._publisher.update(fence)
        if taking:
            await asyncio.sleep(self._drain)
        await together(*(self._end(record, fence) for record in drained))

    def _drained(self, record: Record) -> Record:
        if record.stage is Stage.STOPPING:
            return record
        return self._layout.write(replace(record, stage=Stage.DRAINING))

    async def _end(self, record: Record, fence: int) -> None:
        stopped = await self._supervisor.stop(record, fence)
        async with self._fence.effect(fence):
            self._layout.write(replace(stopped, stage=Stage.OVER))
