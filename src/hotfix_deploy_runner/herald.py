"""Tells people, in the background. A channel that fails or hangs never stops or slows a run.

A notice is told at most once: what may have arrived is not sent again, and what the journal says was told is left
out. A terminal one is told at least once, as far as the channel lets it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .core.events import AnyEvent, NoticeFailed, NoticeTold
from .core.instant import Instant, Seconds
from .core.notice import Notice, Severity, Thread
from .core.notices import notices
from .core.run import Run
from .errors import NotTold
from .ports import Board, Notifier, Redact

ATTEMPTS = 4
PAUSE: Seconds = 0.5
"""Before the second attempt; before each further one four times as long."""
LONGEST_PAUSE: Seconds = 60.0
"""How long a channel that asks to be left alone is left alone, at most."""
LIMIT: Seconds = 10.0
"""On one attempt."""
TOO_LATE = "the run ended first"

Tell = Callable[[AnyEvent], None]


class Memory(NamedTuple):
    """What a run's earlier process has told: channel and notice, and each channel's thread."""

    told: frozenset[tuple[str, str]] = frozenset()
    threads: Mapping[str, Thread] = {}

    @classmethod
    def of(cls, events: Iterable[AnyEvent]) -> "Memory":
        """What the journal knows of it."""
        tellings = [event for event in events if isinstance(event, NoticeTold)]
        threads = {event.channel: event.thread for event in tellings if event.thread is not None}
        return cls(frozenset((event.channel, event.notice) for event in tellings), threads)


class Herald:
    """One queue and one task a channel, so that notices arrive in order and channels do not wait for each other.

    `severities` says from which severity on a channel is told; from the lowest unless said. `memory` is what a resumed
    run has told before. `redact` is for the words of plug-ins. Made inside of a running loop.
    """

    def __init__(
        self,
        channels: Mapping[str, Notifier],
        tell: Tell,
        clock: Callable[[], Instant],
        *,
        severities: Mapping[str, Severity] | None = None,
        memory: Memory | None = None,
        redact: Redact = str,
    ) -> None:
        least, known = severities or {}, memory or Memory()
        self._heard = set(known.told)
        self._posts = [
            _Post(name, channel, _Clerk(name, tell, clock, redact), least.get(name, Severity.INFO), known)
            for name, channel in channels.items()
        ]

    def heard(self, before: Run | None, event: AnyEvent, after: Run) -> None:
        """Queue what this event is worth telling."""
        for notice in notices(before, event, after):
            for post in self._posts:
                if (post.name, notice.id) not in self._heard:
                    self._heard.add((post.name, notice.id))
                    post.queue.put_nowait(notice)

    async def close(self, patience: Seconds = 5.0) -> None:
        """Wait for what is queued, but no longer than `patience`; what is left then is told as not delivered.

        How the run ended gets a try of its own where the queue did not come to it, for as long again.
        """
        await asyncio.gather(*(post.close(patience) for post in self._posts))


class _Clerk:
    """Has written down what came of one channel's notices."""

    def __init__(self, channel: str, tell: Tell, clock: Callable[[], Instant], redact: Redact) -> None:
        self._channel, self._tell, self._clock, self._redact = channel, tell, clock, redact

    def told(self, notice: Notice, thread: Thread | None) -> None:
        """It was delivered."""
        self._tell(NoticeTold(at=self._clock(), notice=notice.id, channel=self._channel, thread=thread))

    def dropped(self, notice: Notice, why: str) -> None:
        """It was given up. A plug-in's own words may hold anything."""
        self._tell(NoticeFailed(at=self._clock(), notice=notice.id, channel=self._channel, why=self._redact(why)))


class _Post:
    """One channel: what is queued for it, and the task that delivers it."""

    def __init__(self, name: str, channel: Notifier, clerk: _Clerk, least: Severity, known: Memory) -> None:
        self.name = name
        self.queue: asyncio.Queue[Notice] = asyncio.Queue()
        self._channel, self._clerk, self._least = channel, clerk, least
        self._thread = known.threads.get(name)
        self._closing = asyncio.Event()
        self._task = asyncio.create_task(self._work())

    async def close(self, patience: Seconds) -> None:
        """Hurry, then stop, then give the terminal notice that nobody came to its one chance."""
        self._closing.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.queue.join(), patience)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        while not self.queue.empty():
            notice = self.queue.get_nowait()
            if not notice.severity.reaches(self._least):
                continue
            miss = await self._attempt(notice, patience) if notice.terminal else NotTold(TOO_LATE)
            if miss is not None:
                self._clerk.dropped(notice, miss.message)

    async def _work(self) -> None:
        while True:
            notice = await self.queue.get()
            if notice.severity.reaches(self._least):
                await self._deliver(notice)
            else:
                await self._show(notice)
            self.queue.task_done()

    async def _deliver(self, notice: Notice) -> None:
        why = ""
        try:
            for attempt in range(1, ATTEMPTS + 1):
                miss = await self._attempt(notice, LIMIT)
                if miss is None:
                    return
                why = miss.message
                if miss.maybe and not notice.terminal:
                    break
                if attempt < ATTEMPTS:
                    await self._pause(PAUSE * 4 ** (attempt - 1), min(miss.after, LONGEST_PAUSE))
        except asyncio.CancelledError:
            self._clerk.dropped(notice, why or TOO_LATE)
            raise
        self._clerk.dropped(notice, why)

    async def _attempt(self, notice: Notice, limit: Seconds) -> NotTold | None:
        """Try once; what went wrong. Of a failure that is no `NotTold` nobody knows whether the notice arrived."""
        try:
            async with asyncio.timeout(limit):
                self._thread = await self._channel.tell(notice, self._thread) or self._thread
        except TimeoutError:
            return NotTold(f"no answer in {limit:g} s", maybe=True)
        except NotTold as miss:
            return miss
        except Exception as error:  # a bug in somebody's plug-in: the next notice gets its chance
            return NotTold(str(error) or repr(error), maybe=True)
        self._clerk.told(notice, self._thread)
        return None

    async def _show(self, notice: Notice) -> None:
        """A message that is kept up to date is so also when nobody is to be told. The next notice mends a failure."""
        if self._thread is not None and isinstance(self._channel, Board):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(LIMIT):
                    await self._channel.show(notice, self._thread)

    async def _pause(self, length: Seconds, at_least: Seconds) -> None:
        """Until the next attempt; once the run has ended no longer than it has to be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(length, at_least)):
                await self._closing.wait()
                await asyncio.sleep(max(PAUSE, at_least))
