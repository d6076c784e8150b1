"""Tells people, in the background. A channel that fails or hangs never stops or slows a run."""

import asyncio
from collections.abc import Callable, Mapping

from .core.events import AnyEvent, NoticeFailed, NoticeTold
from .core.instant import Instant, Seconds
from .core.notice import Notice, Thread
from .core.notices import notices
from .core.run import Run
from .errors import NotTold
from .ports import Notifier

ATTEMPTS = 3
PAUSE: Seconds = 0.5
LIMIT: Seconds = 10.0


class Herald:
    """One queue and one task a channel, so that notices arrive in order and channels do not wait for each other."""

    def __init__(
        self, channels: Mapping[str, Notifier], tell: Callable[[AnyEvent], None], clock: Callable[[], Instant]
    ) -> None:
        self._tell, self._clock = tell, clock
        self._queues: dict[str, asyncio.Queue[Notice]] = {name: asyncio.Queue() for name in channels}
        self._tasks = [asyncio.create_task(self._deliver(name, channel)) for name, channel in channels.items()]

    def heard(self, before: Run | None, event: AnyEvent, after: Run) -> None:
        """Queue what this event is worth telling."""
        for notice in notices(before, event, after):
            for queue in self._queues.values():
                queue.put_nowait(notice)

    async def close(self, patience: Seconds = 5.0) -> None:
        """Wait for what is queued, but no longer than `patience`; what is left then is told as not delivered."""
        waiting = [asyncio.create_task(queue.join()) for queue in self._queues.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=patience)
        for task in [*waiting, *self._tasks]:
            task.cancel()
        await asyncio.gather(*waiting, *self._tasks, return_exceptions=True)
        for name, queue in self._queues.items():
            while not queue.empty():
                self._failed(name, queue.get_nowait(), "the run ended first")

    async def _deliver(self, name: str, channel: Notifier) -> None:
        queue, thread = self._queues[name], None
        while True:
            notice = await queue.get()
            thread = await self._try(name, channel, notice, thread)
            queue.task_done()

    async def _try(self, name: str, channel: Notifier, notice: Notice, thread: Thread | None) -> Thread | None:
        why = ""
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(PAUSE * attempt)
            try:
                async with asyncio.timeout(LIMIT):
                    thread = await channel.tell(notice, thread) or thread
            except (NotTold, TimeoutError) as error:
                why = str(error) or f"no answer in {LIMIT:g} s"
            except asyncio.CancelledError:
                self._failed(name, notice, "the run ended first")
                raise
            else:
                self._tell(NoticeTold(at=self._clock(), notice=notice.id, channel=name, thread=thread))
                return thread
        self._failed(name, notice, why)
        return thread

    def _failed(self, name: str, notice: Notice, why: str) -> None:
        self._tell(NoticeFailed(at=self._clock(), notice=notice.id, channel=name, why=why))
